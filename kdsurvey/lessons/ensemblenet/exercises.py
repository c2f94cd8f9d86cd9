"""Exercises of notebook 12."""

import torch
import torch.nn.functional as F

from kdsurvey.lessons.exercise import Exercise, close, example

z = example(3, 6, 4)  # three heads
y = torch.tensor([0, 1, 2, 3, 0, 1])
other = (y + 1) % 4

split = Exercise(
    "What the mean loss of heads consists of",
    (
        ("three numbers", lambda f: [t.ndim for t in f(z, y)] == [0, 0, 0]),
        ("the first is the mean of the heads' losses", lambda f: close(f(z, y)[0], sum(F.cross_entropy(z_i, y) for z_i in z) / 3)),
        ("the second is the loss of the mean logits", lambda f: close(f(z, y)[1], F.cross_entropy(z.mean(0), y))),
        ("the first is the sum of the others", lambda f: close(f(z, y)[0], f(z, y)[1] + f(z, y)[2])),
        ("the third does not depend on the labels", lambda f: close(f(z, y)[2], f(z, other)[2])),
        ("heads that agree are not apart", lambda f: close(f(z[:1].expand(3, 6, 4), y)[2], 0.0)),
    ),
    (
        "Take the mean over the heads of the logits, not of the probabilities.",
        "log p_i is z_i.log_softmax(-1), log p is z.mean(0).log_softmax(-1).",
        "The third: sum over classes of p (log p - log p_i), mean over heads and images.",
    ),
    "def answer(z, y):\n"
    "    F = torch.nn.functional\n"
    "    log_p_i, log_p = z.log_softmax(-1), z.mean(0).log_softmax(-1)\n"
    "    heads = torch.stack([F.cross_entropy(z_i, y) for z_i in z]).mean()\n"
    "    apart = (log_p.exp() * (log_p - log_p_i)).sum(-1).mean()\n"
    "    return heads, F.cross_entropy(z.mean(0), y), apart\n",
)  # fmt: skip

slope = Exercise(
    "How a head is pulled",
    (
        ("a number for every head, image and class", lambda f: f(z, y, 1.5).shape == z.shape),
        ("lambda = 1: every head learns for itself", lambda f: close(f(z, y, 1.0), _slope(z, y, 1.0))),
        ("lambda = 0: all heads are pulled alike", lambda f: close(f(z, y, 0.0), _slope(z, y, 0.0))),
        ("lambda = 2: the slope of heads and ensemble", lambda f: close(f(z, y, 2.0), _slope(z, y, 2.0))),
        ("heads that agree are pulled alike whatever lambda", lambda f: close(f(z[:1].expand(3, 6, 4), y, 5.0), f(z[:1].expand(3, 6, 4), y, 0.0))),
    ),
    (
        "For one head and one image the slope of H(y, p_i) in z_i is p_i - y, y one-hot.",
        "The ensemble's logits are the mean of the heads': each head gets 1/m of the slope p - y. So does the mean over heads.",
        "(p - y + lambda (p_i - p)) / (m n), m heads and n images.",
    ),
    "def answer(z, y, lam):\n"
    "    m, n, c = z.shape\n"
    "    p_i, p = z.softmax(-1), z.mean(0).softmax(-1)\n"
    "    return (p - torch.nn.functional.one_hot(y, c) + lam * (p_i - p)) / (m * n)\n",
)  # fmt: skip

price = Exercise(
    "What branches cost",
    (
        ("one net answers for a trunk and a branch", lambda f: tuple(f(10, 100, 1))[:2] == (110, 110)),
        ("of three branches one is served for as much", lambda f: f(10, 100, 3)[0] == 110),
        ("all three share the trunk", lambda f: f(10, 100, 3)[1] == 310),
        ("training one net: there, back for the weights, back for the maps, of which the images need none", lambda f: f(10, 100, 1)[2] == 320),
        ("training three", lambda f: f(10, 100, 3)[2] == 920),
        ("a trunk that is nothing shares nothing", lambda f: f(0, 100, 3)[1] == 300),
    ),
    (
        "Whatever the number of branches, the trunk runs once.",
        "A layer's way back is two products, each as dear as the way there: the slope in its weights, and in what it was given.",
        "The trunk here is one layer on the images. Its slope in the images is not wanted: 2 trunk + 3 m branch.",
    ),
    "def answer(trunk, branch, m):\n    return trunk + branch, trunk + m * branch, 2 * trunk + 3 * m * branch\n",
)  # fmt: skip


def _slope(z: torch.Tensor, y: torch.Tensor, lam: float) -> torch.Tensor:
    """The slope of lam mean_i H(y, p_i) + (1 - lam) H(y, p) in z, by autograd."""
    z = z.clone().requires_grad_()
    heads = torch.stack([F.cross_entropy(z_i, y) for z_i in z]).mean()
    return torch.autograd.grad(
        lam * heads + (1 - lam) * F.cross_entropy(z.mean(0), y), z
    )[0]


questions = (
    (
        "In the identity the KL term does not depend on the labels. What follows?",
        [
            ("Nothing: it is a curiosity", "It is what makes the weight lambda a weight of agreement, and nothing else.", False),
            ("How far heads are apart can be measured on images without labels", "Yes: and pushed up or down there.", True),
            ("The heads learn without labels", "The other term, H(y, p), has them.", False),
        ],
    ),
    (
        "At lambda = 0 each head is a poor net, and their mean a good one. How?",
        [
            ("The test images are easier for the mean", "All were asked the same images.", False),
            ("Only the mean is trained: a head may be wrong where the others make up for it", "Yes: no term asks a head to be right.", True),
            ("The heads are over-fitted", "Their errors on training images are as many.", False),
        ],
    ),
    (
        "A method with three branches beats one net at equal epochs. What should you ask first?",
        [
            ("whether it would with four branches", "That is a further question.", False),
            ("what the one net does with three times the epochs, another rate, or smooth labels", "Yes: as dear, and as well tuned.", True),
            ("which temperature it had", "A detail of the method, not a control.", False),
        ],
    ),
)  # fmt: skip

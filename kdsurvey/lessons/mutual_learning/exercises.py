"""Exercises of notebook 07."""

import torch
import torch.nn.functional as F

from kdsurvey.lessons.exercise import Exercise, close, example

z, peers = example(6, 4), example(3, 6, 4, seed=1)
y = torch.tensor([0, 1, 2, 3, 0, 1])

peer_loss = Exercise(
    "The loss of one peer",
    (
        ("a number", lambda f: f(z, peers, y).ndim == 0),
        ("peers that agree leave the hard loss", lambda f: close(f(z, z.expand(3, 6, 4), y), F.cross_entropy(z, y))),
        ("for two nets it is H(y, q) + KL(p || q)", lambda f: close(f(z, peers[:1], y), F.cross_entropy(z, y) + _kl(peers[0], z))),
        ("for four it is the mean over the three others", lambda f: close(f(z, peers, y), F.cross_entropy(z, y) + sum(_kl(v, z) for v in peers) / 3)),
        ("the others only watch", lambda f: not _reached(f)),
    ),
    (
        "Two terms: cross-entropy with the labels, and the mean of the divergences from the others.",
        "The other peer is the target: p log(p / q), p of the other. Sum over classes, mean over the batch.",
        "F.kl_div takes log q first, then p: F.kl_div(z.log_softmax(1), v.detach().softmax(1), reduction='batchmean').",
    ),
    "def answer(z, peers, y):\n"
    "    F = torch.nn.functional\n"
    "    log_q = z.log_softmax(1)\n"
    "    mutual = [F.kl_div(log_q, v.detach().softmax(1), reduction='batchmean') for v in peers]\n"
    "    return F.cross_entropy(z, y) + sum(mutual) / len(mutual)\n",
)  # fmt: skip

slope = Exercise(
    "One slope for two targets",
    (
        ("a number for every image and class", lambda f: f(z, peers).shape == z.shape),
        ("nothing pulls where all agree", lambda f: close(f(z, z.expand(3, 6, 4)), torch.zeros(6, 4))),
        ("the classes pull against each other", lambda f: close(f(z, peers).sum(1), torch.zeros(6))),
        ("it is the slope of the mean of the divergences", lambda f: close(f(z, peers), _slope(lambda z: sum(_kl(v, z) for v in peers) / 3))),
        ("and of the divergence from the mean", lambda f: close(f(z, peers), _slope(lambda z: _kl(peers.softmax(2).mean(0).log(), z)))),
    ),
    (
        "For one image and one peer the slope of KL(p || q) in the logits of q is q - p.",
        "It is linear in p: take the mean of the p first or last.",
        "The loss is a mean over the batch, so divide by its size.",
    ),
    "def answer(z, peers):\n    return (z.softmax(1) - peers.softmax(2).mean(0)) / len(z)\n",
)  # fmt: skip

passes = Exercise(
    "What a step costs",
    (
        (
            "a net alone: one pass forward, one back",
            lambda f: tuple(f(1, True)) == tuple(f(1, False)) == (1, 1),
        ),
        ("two at once: one each", lambda f: tuple(f(2, False)) == (2, 2)),
        (
            "two by turns: each looks at the other anew",
            lambda f: tuple(f(2, True)) == (4, 2),
        ),
        ("five by turns", lambda f: tuple(f(5, True)) == (25, 5)),
        ("five at once", lambda f: tuple(f(5, False)) == (5, 5)),
    ),
    (
        "Back: every net learns once from a batch, whatever the order.",
        "At once, one pass forward of each net serves all.",
        "By turns, each of the K nets needs its own pass and a fresh one of the K - 1 others.",
    ),
    "def answer(K, turns):\n    return (K * K if turns else K), K\n",
)


def _kl(v: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return F.kl_div(z.log_softmax(1), v.softmax(1), reduction="batchmean")


def _slope(loss) -> torch.Tensor:
    at = z.clone().requires_grad_()
    return torch.autograd.grad(loss(at), at)[0]


def _reached(f) -> bool:
    """Does the loss have a slope in the logits of the others?"""
    others, own = peers.clone().requires_grad_(), z.clone().requires_grad_()
    return (
        torch.autograd.grad(f(own, others, y), others, allow_unused=True)[0] is not None
    )


questions = (
    (
        "Two peers start from the same weights and see the same batches. What do they learn from each other?",
        [
            ("Nothing: they give the same answers", "Yes. KL(p || p) is 0 and so is its slope; peers need weights of their own.", True),
            ("As much as any two peers", "What would one know that the other does not?", False),
            ("More: they agree sooner", "They agree from the start, and that teaches nothing.", False),
        ],
    ),
    (
        "K peers, and the divergences are summed in place of their mean. What else changes with K?",
        [
            ("Nothing", "A sum of K - 1 divergences pulls about K - 1 times as hard as their mean.", False),
            ("The weight of the mutual term", "Yes: so two peers with that weight are the control.", True),
            ("The direction of its slope", "The direction is the same, its length is not.", False),
        ],
    ),
    (
        "Mutual learning gives softer answers than a net alone. What has to be equal before that explains a better net?",
        [
            ("The training loss", "Yes: a net that fits its training labels less is softer anyway.", True),
            ("The number of peers", "A net alone has none to count.", False),
            ("Nothing", "Softer answers come with less training as well.", False),
        ],
    ),
)  # fmt: skip

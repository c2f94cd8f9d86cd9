"""Exercises of notebook 10."""

import math

import torch
import torch.nn.functional as F

from kdsurvey import branches, nets
from kdsurvey.lessons.exercise import Exercise, close, example
from kdsurvey.losses import ramp_up

z, z_f = example(3, 6, 4), example(6, 4, seed=1)
y = torch.tensor([0, 1, 2, 3, 0, 1])

size = Exercise(
    "The size of the fusion module",
    (
        ("twice the width, twice the pointwise weights", lambda f: f([8, 8], 32)[1] == 2 * f([8, 8], 16)[1]),
        ("one more branch, one more depthwise filter a channel", lambda f: f([8, 8, 5], 16)[0] - f([8, 8], 16)[0] == 9 * 5),
        ("branches may differ in their channels", lambda f: tuple(f([5, 11], 16)) == tuple(f([8, 8], 16))),
        ("together far fewer than one full convolution", lambda f: 5 * sum(f([64, 64], 64)) < 9 * 128 * 64),
        ("they are the package's", lambda f: tuple(f([6, 12], 7)) == _weights(6, 12, width=7)),
    ),
    (
        "Side by side, the maps have as many channels as all branches together.",
        "Depthwise: a 3 x 3 filter for each of these channels. No biases.",
        "Pointwise: a 1 x 1 filter from all of them to each of `width` channels.",
    ),
    "def answer(channels, width):\n    c = sum(channels)\n    return 9 * c, c * width\n",
)  # fmt: skip

loss = Exercise(
    "The loss of FFL",
    (
        ("a number", lambda f: f(z, z_f, y, 3.0, 1.0).ndim == 0),
        ("at w = 0 only the labels teach", lambda f: close(f(z, z_f, y, 3.0, 0.0), _labels(z, z_f))),
        ("where all agree only the labels teach", lambda f: close(f(z_f.expand(3, 6, 4), z_f, y, 3.0, 1.0), _labels(z_f.expand(3, 6, 4), z_f))),
        ("the ensemble teaches, and the fused classifier teaches each branch", lambda f: close(f(z, z_f, y, 3.0, 0.5), _labels(z, z_f) + 4.5 * _arrows())),
        ("z_f learns from z_e, and not through what it teaches", lambda f: close(_slope(f), _slope_of_z_f())),
    ),
    (
        "Three kinds of logits: the z_k, their mean z_e, and z_f. Labels teach the z_k and z_f.",
        "F.kl_div takes log q of the learner first, then p of the target; reduction='batchmean'; both at T; times T².",
        "Detach a target where it teaches, not before: z_f is the learner in one term and the target in the others.",
    ),
    "def answer(z, z_f, y, T, w):\n"
    "    F = torch.nn.functional\n"
    "    kl = lambda v, z: F.kl_div((z / T).log_softmax(-1), (v.detach() / T).softmax(-1), reduction='batchmean')\n"
    "    labels = sum(F.cross_entropy(z_k, y) for z_k in z) + F.cross_entropy(z_f, y)\n"
    "    return labels + w * T**2 * (kl(z.mean(0), z_f) + sum(kl(z_f, z_k) for z_k in z))\n",
)  # fmt: skip

ramp = Exercise(
    "The ramp",
    (
        ("it begins at exp(-5)", lambda f: close(f(0, 80), math.exp(-5))),
        (
            "it ends at 1, and stays there",
            lambda f: close(f(80, 80), 1.0) and close(f(299, 80), 1.0),
        ),
        ("half way it is exp(-5 / 4)", lambda f: close(f(40, 80), math.exp(-1.25))),
        ("it never falls", lambda f: all(f(t, 80) <= f(t + 1, 80) for t in range(100))),
        (
            "it is the package's",
            lambda f: all(
                close(f(t, 50), ramp_up(t / 300, 50 / 300)) for t in (0, 10, 33, 60)
            ),
        ),
    ),
    (
        "Put t = 0 and t = t_r into exp(-5 (1 - t / t_r)²).",
        "After t_r the bracket is negative, but its square is not.",
        "Cut the bracket off at 0: max(0, 1 - t / t_r).",
    ),
    "import math\n\ndef answer(t, t_r):\n    return math.exp(-5 * max(0.0, 1 - t / t_r) ** 2)\n",
)


def _weights(*channels: int, width: int) -> tuple[int, int]:
    module = branches.fusion(*channels, width=width, head=torch.nn.Identity())
    return tuple(
        nets.parameters(layer) for layer in module if isinstance(layer, torch.nn.Conv2d)
    )


def _labels(z: torch.Tensor, z_f: torch.Tensor) -> torch.Tensor:
    return sum(F.cross_entropy(z_k, y) for z_k in z) + F.cross_entropy(z_f, y)


def _kl(v: torch.Tensor, z: torch.Tensor, T: float = 3.0) -> torch.Tensor:
    return F.kl_div((z / T).log_softmax(1), (v / T).softmax(1), reduction="batchmean")


def _arrows() -> torch.Tensor:
    return _kl(z.mean(0), z_f) + sum(_kl(z_f, z_k) for z_k in z)


def _slope(f) -> torch.Tensor:
    at = z_f.clone().requires_grad_()
    return torch.autograd.grad(f(z, at, y, 3.0, 1.0), at)[0]


def _slope_of_z_f() -> torch.Tensor:
    """(q_f - y + T (q_f at T - p_e at T)) / n"""
    soft = (z_f / 3).softmax(1) - (z.mean(0) / 3).softmax(1)
    return (z_f.softmax(1) - F.one_hot(y, 4) + 3 * soft) / len(y)


questions = (
    (
        "In FFL the fused classifier is both a student and a teacher. Of whom?",
        [
            ("A student of the ensemble, a teacher of every branch", "Yes: ensemble KD, then fusion KD.", True),
            ("A student of the branches, a teacher of the ensemble", "The ensemble is a mean: it has no weights to teach.", False),
            ("It has no teacher, only labels", "That is FFL with its first arrow taken away.", False),
        ],
    ),
    (
        "A loss sums the cross-entropies of three branches, another takes their mean. Both have the same learning rate. What do they compare?",
        [
            ("Two methods", "The losses differ by a factor of 3 and by nothing else.", False),
            ("Two learning rates", "Yes: with SGD the sum makes the steps of the mean at three times the rate.", True),
            ("Two batch sizes", "Both see the same batches.", False),
        ],
    ),
    (
        "What may a branch of FFL cost more than the same net alone when it is served?",
        [
            ("The fusion module", "It is needed for training, and for the fused answer only.", False),
            ("Nothing", "Yes: the other branches and the fusion module are dropped. The price was paid in training.", True),
            ("Three times as much", "That is the price of the average of three branches.", False),
        ],
    ),
)  # fmt: skip

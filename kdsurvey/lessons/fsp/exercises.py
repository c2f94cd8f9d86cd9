"""Exercises of notebook 05."""

import torch
import torch.nn.functional as F

from kdsurvey.lessons.exercise import Exercise, close, example
from kdsurvey.losses import fsp_matrix

a, b = example(5, 3, 6, 4), example(5, 2, 6, 4, seed=1)
large = example(5, 2, 12, 8, seed=2)
t, s = example(7, 3, 4), example(7, 3, 4, seed=3)
order = [2, 0, 1]

matrix = Exercise(
    "The FSP matrix",
    (
        ("one matrix an image: (n, channels of a, channels of b)", lambda f: f(a, b).shape == (5, 3, 2)),
        ("maps of ones give ones: a mean over places, not a sum", lambda f: close(f(torch.ones_like(a), torch.ones_like(b)), torch.ones(5, 3, 2))),
        ("twice the first map, twice the matrix", lambda f: close(f(2 * a, b), 2 * f(a, b))),
        ("the maps in the other order give the transposes", lambda f: close(f(b, a), f(a, b).mT)),
        ("it agrees with the package", lambda f: close(f(a, b), fsp_matrix(a, b))),
        ("the larger map is max-pooled to the smaller", lambda f: close(f(a, large), fsp_matrix(a, large)) and close(f(large, a), fsp_matrix(large, a))),
    ),
    (
        "Bring both maps to one height and width first, then multiply and take the mean over places.",
        "torch.einsum('nist,njst->nij', a, b) sums over the places s, t.",
        "F.adaptive_max_pool2d(m, (h, w)) does nothing to a map that is h x w already.",
    ),
    "import torch.nn.functional as F\n\n\n"
    "def answer(a, b):\n"
    "    h, w = (min(sizes) for sizes in zip(a.shape[2:], b.shape[2:]))\n"
    "    a, b = (F.adaptive_max_pool2d(m, (h, w)) for m in (a, b))\n"
    "    return torch.einsum('nist,njst->nij', a, b) / (h * w)\n",
)  # fmt: skip

shuffle = Exercise(
    "Shuffle a matrix, not the maps",
    (
        ("the same shape", lambda f: f(_g(), order).shape == (5, 3, 3)),
        ("the order as it is changes nothing", lambda f: close(f(_g(), [0, 1, 2]), _g())),
        ("it gives what shuffled maps give", lambda f: close(f(_g(), order), fsp_matrix(a[:, order], (a + 1)[:, order]))),
        ("the numbers are the same ones, elsewhere", lambda f: close(f(_g(), order).flatten(1).sort()[0], _g().flatten(1).sort()[0])),
    ),
    (
        "G has a row for each channel of F1 and a column for each channel of F2.",
        "Both are shuffled by the same order: rows, then columns.",
        "g[:, order] takes the rows of every matrix; then [:, :, order].",
    ),
    "def answer(g, order):\n    return g[:, order][:, :, order]\n",
)  # fmt: skip

weight = Exercise(
    "A weight that makes the loss start near 1",
    (
        ("one number above 0", lambda f: float(f(t, s)) > 0),
        ("four times smaller where matrices are twice as large", lambda f: close(f(2 * t, 2 * s), f(t, s) / 4)),
        ("a mean over images: the same ones twice change nothing", lambda f: close(f(torch.cat([t, t]), torch.cat([s, s])), f(t, s))),
        ("a student at 0 starts at 1 exactly", lambda f: close(f(t, 0 * s) * _loss(t, 0 * s), 1.0)),
        ("and so does a teacher at 0", lambda f: close(f(0 * t, s) * _loss(0 * t, s), 1.0)),
    ),
    (
        "The squared distance of two matrices that have nothing in common is the sum of their squared norms.",
        "Squared norms: g.square().sum((1, 2)), one an image.",
        "1 / (squared norm of t + squared norm of s).mean().",
    ),
    "def answer(t, s):\n    return 1 / (t.square().sum((1, 2)) + s.square().sum((1, 2))).mean()\n",
)  # fmt: skip


def _g() -> torch.Tensor:
    return fsp_matrix(a, a + 1)


def _loss(g_t: torch.Tensor, g_s: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(g_s, g_t, reduction="sum") / len(g_t)


questions = (
    (
        "What does stage 1 of FSP learn from?",
        [
            (
                "from the teacher's logits",
                "Those come after the last section; no matrix holds them.",
                False,
            ),
            (
                "from images without labels, by the teacher's matrices",
                "Yes: the labels come in stage 2, without the teacher.",
                True,
            ),
            ("from the labels", "Not before stage 2.", False),
        ],
    ),
    (
        "Can a student with half the teacher's channels learn its FSP matrices?",
        [
            (
                "No: the matrices would have other shapes",
                "Yes: only the depth may differ, or one needs an adapter.",
                True,
            ),
            (
                "Yes, max-pooling brings them to one size",
                "It pools height and width, not channels.",
                False,
            ),
            ("Yes, by a smaller weight", "A weight changes no shape.", False),
        ],
    ),
    (
        "FSP takes fewer steps in stage 2 than a plain net to one accuracy. What must be said beside it?",
        [
            ("the teacher's accuracy", "Useful, but it is no part of the cost.", False),
            ("the number of channels", "It is the same in both.", False),
            (
                "the steps of stage 1, and the teacher's own training",
                "Yes: they are steps too.",
                True,
            ),
        ],
    ),
)

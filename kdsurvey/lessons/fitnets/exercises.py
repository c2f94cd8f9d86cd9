"""Exercises of notebook 04."""

import torch

from kdsurvey.lessons.exercise import Exercise, close, example

u = example(6, 5, seed=1).relu()  # a hint
v = example(6, 3, seed=2).relu()  # guided features
W, b = example(5, 3, scale=1.0, seed=3), example(5, scale=1.0, seed=4)
fitted = torch.relu(v @ W.T + b)

regressor = Exercise(
    "The size of the regressor",
    (
        (
            "maps of 8 x 8 to maps of 6 x 6 take a kernel of 3 x 3",
            lambda f: tuple(f((16, 8, 8), (32, 6, 6))[0]) == (3, 3),
        ),
        (
            "equal maps take a kernel of 1 x 1",
            lambda f: tuple(f((4, 7, 7), (9, 7, 7))[0]) == (1, 1),
        ),
        (
            "height and width may differ",
            lambda f: tuple(f((4, 9, 7), (9, 5, 6))[0]) == (5, 2),
        ),
        (
            "the convolution has k1 k2 O_h O_g weights",
            lambda f: f((16, 8, 8), (32, 6, 6))[1] == 3 * 3 * 32 * 16,
        ),
        (
            "a full matrix has one for every pair of values",
            lambda f: f((16, 8, 8), (32, 6, 6))[2] == 16 * 8 * 8 * 32 * 6 * 6,
        ),
    ),
    (
        "A valid convolution with kernel k makes a map of N into one of N - k + 1.",
        "So k = N_g - N_h + 1, in each direction.",
        "A weight of the kernel for every pair of channels; in the full matrix for every pair of values.",
    ),
    "def answer(guided, hint):\n"
    "    (o_g, *n_g), (o_h, *n_h) = guided, hint\n"
    "    k1, k2 = (g - h + 1 for g, h in zip(n_g, n_h))\n"
    "    full = o_g * n_g[0] * n_g[1] * o_h * n_h[0] * n_h[1]\n"
    "    return (k1, k2), k1 * k2 * o_h * o_g, full\n",
)

hint_loss = Exercise(
    "Equation 3",
    (
        ("one number for the whole batch", lambda f: f(u, v, W, b).ndim == 0),
        ("a regressor that fits has no loss", lambda f: close(f(fitted, v, W, b), 0.0)),
        ("one unit off by 2 in every example costs 2", lambda f: close(f(fitted + 2 * torch.eye(5)[0], v, W, b), 2.0)),
        ("a batch twice over has the same loss", lambda f: close(f(torch.cat([u, u]), torch.cat([v, v]), W, b), f(u, v, W, b))),
        ("units that are 0 twice over cost nothing more", lambda f: close(f(_padded(u), v, _padded(W.T).T, _padded(b)), f(u, v, W, b))),
        ("a unit whose sum is negative counts as 0", lambda f: close(f(torch.zeros(6, 5), v, W, b - 1e6), 0.0)),
    ),
    (
        "The regressor of flat features is a linear layer with the hint's own non-linearity.",
        "Square, sum over the units, halve, then take the mean over the batch.",
        "0.5 * (u - torch.relu(v @ W.T + b)).square().sum(1).mean().",
    ),
    "def answer(u, v, W, b):\n    return 0.5 * (u - torch.relu(v @ W.T + b)).square().sum(1).mean()\n",
)  # fmt: skip

schedule = Exercise(
    "λ over the second stage",
    (
        ("it begins at the first value", lambda f: close(f(0.0, 4.0, 1.0), 4.0)),
        ("it ends at the last", lambda f: close(f(1.0, 4.0, 1.0), 1.0)),
        ("half way it is their mean", lambda f: close(f(0.5, 4.0, 1.0), 2.5)),
        ("equal steps change it by equal amounts", lambda f: close(f(0.1, 4.0, 1.0) - f(0.2, 4.0, 1.0), 0.3)),
        ("it may rise as well", lambda f: close(f(0.25, 0.0, 2.0), 0.5)),
    ),
    ("A straight line in the progress p.", "It starts at the first value and moves by last - first in all.", "first + (last - first) * p."),
    "def answer(p, first, last):\n    return first + (last - first) * p\n",
)  # fmt: skip


def _padded(t: torch.Tensor) -> torch.Tensor:
    """t (..., d) with d zeros more."""
    return torch.cat([t, torch.zeros_like(t)], -1)


questions = (
    (
        "What happens to the regressor after the first stage?",
        [
            ("It is thrown away", "Yes: it only brings the guided layer to the hint's shape.", True),
            ("It becomes part of the student", "Then the student would be as wide as the teacher there.", False),
            ("It learns on in the second stage", "Equation 2 has no term for it.", False),
        ],
    ),
    (
        "Plain training answers one class for every image from some depth on. What is lacking?",
        [
            ("capacity", "A deeper net can do what a shallower one can.", False),
            ("a trace of the image in the last layers, and with it a gradient in the first", "Yes: see the spread at every layer.", True),
            ("a teacher", "Batch norm, or He's initial weights, need none.", False),
        ],
    ),
    (
        "Two arms are compared, one with three tries at its learning rate and one with a single try. What does that show?",
        [
            ("which of the methods is better", "It may show which arm had more luck with its setting.", False),
            ("nothing, unless three seeds agree", "Seeds do not mend unequal effort.", False),
            ("little: equal effort is part of a fair comparison", "Yes. It decided one of the claims on this page.", True),
        ],
    ),
)  # fmt: skip

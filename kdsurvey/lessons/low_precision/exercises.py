"""Exercises of notebook 09."""

import torch

from kdsurvey.lessons.exercise import Exercise, close, example

w = torch.linspace(-1.6, 1.6, 641)  # steps of 0.005

quantiser = Exercise(
    "k-bit weights",
    (
        ("two bits have 3 levels", lambda f: len(f(w, 2).unique()) == 3),
        ("four bits have 15", lambda f: len(f(w, 4).unique()) == 15),
        ("0 stays 0", lambda f: close(f(torch.zeros(3), 5), torch.zeros(3))),
        ("what is above 1 becomes 1, what is below -1 becomes -1", lambda f: close(f(torch.tensor([1.6, -1.3]), 3), [1.0, -1.0])),
        ("a weight and its negative have opposite levels", lambda f: close(f(w, 3), -f(-w, 3))),
        ("inside, no weight moves by more than half a step", lambda f: bool((f(inside(), 4) - inside()).abs().max() <= 0.5 / 7 + 1e-6)),
        ("a level is its own level", lambda f: close(f(f(w, 4), 4), f(w, 4))),
    ),
    (
        "Clip to the range from -1 to 1, then round to the nearest multiple of a step.",
        "With k bits there are n = 2^(k-1) - 1 steps on either side of 0.",
        "Multiply the clipped weight by n, round, divide by n.",
    ),
    "def answer(w, bits):\n    n = 2 ** (bits - 1) - 1\n    return (n * w.clamp(-1, 1)).round() / n\n",
)  # fmt: skip

straight = Exercise(
    "The straight-through gradient",
    (
        ("inside the range the gradient passes", lambda f: close(f(torch.tensor([0.3, -0.9]), torch.tensor([2.0, -5.0])), [2.0, -5.0])),
        ("outside nothing passes", lambda f: close(f(torch.tensor([1.2, -1.6]), torch.tensor([2.0, -5.0])), [0.0, 0.0])),
        ("at both ends of the range it passes", lambda f: close(f(torch.tensor([1.0, -1.0]), torch.ones(2)), [1.0, 1.0])),
        ("one example has nothing to do with the next", lambda f: close(f(w, pull).flip(0), f(w.flip(0), pull.flip(0)))),
    ),
    (
        "The rounding is left out: what remains of the formula is the clipping.",
        "Its slope is 1 where it does nothing, and 0 where it holds the weight at an end.",
        "The gradient that comes from above, times (|w| <= 1).",
    ),
    "def answer(w, above):\n    return above * (w.abs() <= 1)\n",
)  # fmt: skip

size = Exercise(
    "Bytes of a layer",
    (
        ("a thousand weights of 32 bits, none of them 0", lambda f: f(1000, 32, 0) == 4000),
        ("of 2 bits: a quarter of a byte each", lambda f: f(1000, 2, 0) == 250),
        ("bits that do not fill a byte take a whole one", lambda f: f(3, 3, 0) == 2),
        ("900 zeros: a bit each for all, and 4 bits for the rest", lambda f: f(1000, 4, 900) == 125 + 50),
        ("at 8 bits, 100 zeros of 1000 do not pay", lambda f: f(1000, 8, 100) == 1000),
    ),
    (
        "Dense: k bits for each weight. Sparse: a bit for each weight, and k bits for those that are not 0.",
        "Each part ends on a whole byte: -(-bits // 8).",
        "min(bytes(k n), bytes(n) + bytes(k (n - zeros))).",
    ),
    "def answer(n, k, zeros):\n"
    "    def whole(bits):\n"
    "        return -(-bits // 8)\n"
    "    return min(whole(k * n), whole(n) + whole(k * (n - zeros)))\n",
)  # fmt: skip

pull = example(641, seed=5)


def inside() -> torch.Tensor:
    """Weights of the range."""
    return w[w.abs() <= 1]


questions = (
    (
        "Why does a low-precision net keep full-precision weights while it learns?",
        [
            ("because the file stores them", "The file holds the levels alone; the full-precision weights are gone.", False),
            ("because a step of the optimiser is too small to move a weight by a whole level", "Yes: steps add up behind the rounding, until a weight crosses a limit.", True),
            ("because the forward pass uses them", "The forward pass sees the quantised weights.", False),
        ],
    ),
    (
        "Scheme C beats training a ternary net from scratch. What has to be asked?",
        [
            ("whether the teacher was large enough", "It may matter; but the first question is what C has besides a teacher.", False),
            ("what the same second training does without a teacher", "Yes: C has twice the epochs and a good start.", True),
            ("whether more seeds would widen the lead", "Seeds narrow the interval; they do not tell what the lead comes from.", False),
        ],
    ),
    (
        "Inner layers have 2 bits, first and last layer 32. How much smaller is the file?",
        [
            ("16 times", "Only the inner layers shrink by that much.", False),
            ("it depends on how much of the net lies in the first and the last layer", "Yes: here the first layer holds most of the weights.", True),
            ("not at all, as the full-precision weights must be kept", "They are needed for training only.", False),
        ],
    ),
)  # fmt: skip

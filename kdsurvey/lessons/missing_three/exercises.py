"""Exercises of notebook 03."""

import torch

from kdsurvey.lessons.exercise import Exercise, close, example

y = torch.arange(200) % 10
z = example(200, 10) + 4 * torch.eye(10)[y]
handicapped = z - 6 * torch.eye(10)[3]  # class 3 has too low a bias

recall = Exercise(
    "Recall of each class",
    (
        ("ten numbers, each from 0 to 1", lambda f: f(z, y).shape == (10,) and bool(((f(z, y) >= 0) & (f(z, y) <= 1)).all())),
        ("a perfect net has ten ones", lambda f: close(f(torch.eye(10)[y], y), torch.ones(10))),
        ("a net that always answers 7 is right on 7s only", lambda f: close(f(torch.eye(10)[[7] * 200], y), torch.eye(10)[7])),
        ("with equal classes its mean is the accuracy", lambda f: close(f(z, y).mean(), (z.argmax(1) == y).double().mean())),
    ),
    ("Which rows are right?", "Look at one class at a time: right[y == k].", "torch.stack([right[y == k].float().mean() for k in range(10)])."),
    "def answer(z, y):\n    right = (z.argmax(1) == y).float()\n    return torch.stack([right[y == k].mean() for k in range(10)])\n",
)  # fmt: skip

correction = Exercise(
    "Find the bias",
    (
        ("it returns one number", lambda f: isinstance(float(f(handicapped, y, 3)), float)),
        ("the corrected net makes fewer errors", lambda f: _errors(handicapped, 3, f(handicapped, y, 3)) < _errors(handicapped, 3, 0.0)),
        ("no number from -20 to 20 would do better", lambda f: _errors(handicapped, 3, f(handicapped, y, 3)) <= _best()),
        ("a net without a handicap needs little", lambda f: abs(float(f(z, y, 3))) < 3),
    ),
    ("Try many numbers.", "For each, add it to column k of a copy of z and count the errors.", "min(numbers, key=errors)."),
    "def answer(z, y, k):\n"
    "    def errors(b):\n"
    "        return ((z + b * torch.eye(10)[k]).argmax(1) != y).sum().item()\n"
    "    return min((b / 10 for b in range(-200, 201)), key=errors)\n",
)  # fmt: skip

carries = Exercise(
    "What the other digits say about 3",
    (
        ("one number an image", lambda f: f(z, 3, 4.0).shape == (200,)),
        (
            "a probability",
            lambda f: bool(((f(z, 3, 4.0) >= 0) & (f(z, 3, 4.0) <= 1)).all()),
        ),
        (
            "at a very high T it is a tenth",
            lambda f: close(f(z, 3, 1e6), torch.full((200,), 0.1), 1e-3),
        ),
        (
            "a higher T gives images that are no 3 more of it, on average",
            lambda f: (f(z, 3, 8.0) - f(z, 3, 1.0))[y != 3].mean() > 0,
        ),
    ),
    (
        "It is one column of a table that you know.",
        "The softened answers.",
        "torch.softmax(v / T, -1)[:, k].",
    ),
    "def answer(v, k, T):\n    return torch.softmax(v / T, -1)[:, k]\n",
)


def _errors(logits: torch.Tensor, k: int, bias: float) -> int:
    return int(((logits + float(bias) * torch.eye(10)[k]).argmax(1) != y).sum())


def _best() -> int:
    return min(_errors(handicapped, 3, b / 10) for b in range(-200, 201))


questions = (
    (
        "Where does the student learn about 3?",
        [
            ("from the 3s in the test set", "It never trains on those.", False),
            (
                "from how much every other digit resembles a 3 for the teacher",
                "Yes: the small probabilities carry it.",
                True,
            ),
            ("from the labels", "The soft loss does not look at them.", False),
        ],
    ),
    (
        "The paper chose the bias on the test set. What is wrong with that?",
        [
            (
                "The count after it is too good: it was chosen to be",
                "Yes. A validation set costs nothing here.",
                True,
            ),
            ("The test set has no 3s", "It has a tenth of them.", False),
            (
                "A bias cannot be changed after training",
                "It is one number in the last layer.",
                False,
            ),
        ],
    ),
    (
        "At T = 1 fewer 3s come back than at T = 20. Why?",
        [
            (
                "The learning rate is too low",
                "T² keeps the size of the gradient.",
                False,
            ),
            (
                "At T = 1 the teacher is less accurate",
                "No temperature changes which class is largest.",
                False,
            ),
            (
                "At T = 1 the mass on 3 is next to nothing on most images",
                "Yes: what is not said cannot be learnt.",
                True,
            ),
        ],
    ),
)

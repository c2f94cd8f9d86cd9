"""Exercises of notebook 00."""

import math

import torch

from kdsurvey.lessons.exercise import Exercise, close

weights = Exercise(
    "Count the weights",
    (
        ("one layer from 3 to 2 units has 8 numbers", lambda f: f([3, 2]) == 8),
        (
            "the small net of the paper has 1,276,810",
            lambda f: f([784, 800, 800, 10]) == 1_276_810,
        ),
        ("layers add up", lambda f: f([5, 4, 3]) == f([5, 4]) + f([4, 3])),
    ),
    (
        "A linear layer from m to n units has a matrix and a vector.",
        "m times n weights and n biases.",
        "Pair each width with the next one: zip(widths, widths[1:]).",
    ),
    "def answer(widths):\n    return sum(m * n + n for m, n in zip(widths, widths[1:]))\n",
)

spread = Exercise(
    "Entropy of an answer",
    (
        ("an answer that is sure has none", lambda f: close(f(torch.tensor([1.0, 0.0, 0.0])), 0.0)),
        ("ten equal shares have log 10", lambda f: close(f(torch.full((10,), 0.1)), math.log(10))),
        ("the order of the classes does not matter", lambda f: close(f(torch.tensor([0.7, 0.2, 0.1])), f(torch.tensor([0.1, 0.7, 0.2])))),
    ),
    (
        "H = -sum p log p. What is 0 log 0?",
        "Its limit is 0, but a computer says nan.",
        "torch.special.entr(p) is -p log p with the limit built in.",
    ),
    "def answer(p):\n    return torch.special.entr(p).sum()\n",
)  # fmt: skip

share = Exercise(
    "How much of the gap?",
    (
        (
            "a student as good as its teacher closes all of it",
            lambda f: close(f(alone=60, distilled=30, teacher=30), 1.0),
        ),
        (
            "one that learnt nothing closes none",
            lambda f: close(f(alone=60, distilled=60, teacher=30), 0.0),
        ),
        (
            "half way is a half",
            lambda f: close(f(alone=60, distilled=45, teacher=30), 0.5),
        ),
        (
            "one that got worse is below 0",
            lambda f: f(alone=60, distilled=70, teacher=30) < 0,
        ),
    ),
    (
        "What did the student gain?",
        "What could it have gained?",
        "Divide the first by the second.",
    ),
    "def answer(alone, distilled, teacher):\n    return (alone - distilled) / (alone - teacher)\n",
)

questions = (
    (
        "What does a soft target tell a student that a label does not?",
        [
            (
                "Which class is right",
                "The label says that too, and more reliably.",
                False,
            ),
            (
                "How much the wrong classes come into question",
                "Yes: the ratios among the wrong classes are the news.",
                True,
            ),
            (
                "How the teacher is built",
                "No: the student sees answers, never weights.",
                False,
            ),
        ],
    ),
    (
        "An interval of [-0.3, +1.9] points over five seeds. The line says …",
        [
            (
                "HOLDS, since the mean is positive",
                "The interval contains zero: chance alone may have done it.",
                False,
            ),
            ("FAILS", "FAILS needs an interval below zero.", False),
            ("NOT RESOLVED", "Yes. More seeds may resolve it; wishing does not.", True),
        ],
    ),
    (
        "Why do both students of a pair start from the same weights and see the same order?",
        [
            (
                "So that chance hits both alike, and their difference is the target",
                "Yes: that is what pairing buys.",
                True,
            ),
            ("Because training is faster that way", "It takes the same time.", False),
            (
                "Otherwise the teacher would not fit",
                "A teacher fits any student with the same classes.",
                False,
            ),
        ],
    ),
)

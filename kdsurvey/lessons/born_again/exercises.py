"""Exercises of notebook 08."""

import torch

from kdsurvey.lessons.exercise import Exercise, close, example

z = example(6, 5)
v = example(6, 5, seed=1)
y = torch.tensor([0, 4, 2, 2, 1, 3])
q, p = z.softmax(1), v.softmax(1)
rows, order = torch.arange(6), torch.tensor([2, 0, 3, 1])

split = Exercise(
    "A gradient in two parts",
    (
        (
            "both parts have a number an image and class",
            lambda f: [tuple(part.shape) for part in f(z, v, y)] == [(6, 5), (6, 5)],
        ),
        (
            "together they are the gradient q - p",
            lambda f: close(sum(f(z, v, y)), q - p),
        ),
        (
            "the first is q - p at the label",
            lambda f: close(f(z, v, y)[0][rows, y], (q - p)[rows, y]),
        ),
        ("and 0 elsewhere", lambda f: (f(z, v, y)[0] != 0).sum() == len(y)),
        (
            "the second is 0 at the label",
            lambda f: bool((f(z, v, y)[1][rows, y] == 0).all()),
        ),
        (
            "a student that is its teacher has no gradient",
            lambda f: close(torch.stack(f(v, v, y)), torch.zeros(2, 6, 5)),
        ),
    ),
    (
        "Both nets speak in logits: take the softmax of each, over the classes.",
        "g = q - p has all of it. Which entries of g belong to the labels?",
        "torch.nn.functional.one_hot(y, c) is 1 there and 0 elsewhere: multiply by it, and by 1 minus it.",
    ),
    "def answer(z, v, y):\n    g = z.softmax(1) - v.softmax(1)\n"
    "    at_label = torch.nn.functional.one_hot(y, z.shape[1])\n    return g * at_label, g * (1 - at_label)\n",
)

weights = Exercise(
    "Weights from a teacher's confidence",
    (
        ("a weight an image", lambda f: tuple(f(v).shape) == (6,)),
        ("they sum to 1 over the batch", lambda f: close(f(v).sum(), 1)),
        (
            "in proportion to the teacher's largest probability",
            lambda f: close(f(v) / f(v)[0], p.amax(1) / p[0].amax()),
        ),
        (
            "the class that is largest does not matter",
            lambda f: close(f(v.flip(1)), f(v)),
        ),
        (
            "a teacher equally sure of every image weighs all alike",
            lambda f: close(f(torch.eye(5)), torch.full((5,), 0.2)),
        ),
    ),
    (
        "The teacher's confidence is its largest probability, whatever the label.",
        "softmax over the classes, then the maximum over the classes: one number an image.",
        "Divide those numbers by their sum over the batch.",
    ),
    "def answer(v):\n    confidence = v.softmax(1).amax(1)\n    return confidence / confidence.sum()\n",
)

permute = Exercise(
    "Dark knowledge, permuted",
    (
        ("a probability a class", lambda f: tuple(f(p[0], order).shape) == (5,)),
        (
            "the largest stays where it is",
            lambda f: all(f(r, order)[r.argmax()] == r.max() for r in p),
        ),
        (
            "no probability is lost, and none is new",
            lambda f: all(close(f(r, order).sort().values, r.sort().values) for r in p),
        ),
        (
            "the others go where the order says",
            lambda f: all(
                close(_others(f(r, order), r), _others(r, r)[order]) for r in p
            ),
        ),
        (
            "the order 0, 1, 2, 3 changes nothing",
            lambda f: close(f(p[0], torch.arange(4)), p[0]),
        ),
        (
            "p itself is left as it was",
            lambda f: close((kept := p[0].clone(), f(kept, order))[0], p[0]),
        ),
    ),
    (
        "Which places may change? All but p.argmax().",
        "places = the four other classes, in order; p[places] are their probabilities.",
        "Copy p, then put p[places][order] at places.",
    ),
    "def answer(p, order):\n    places = torch.arange(len(p))[torch.arange(len(p)) != p.argmax()]\n"
    "    moved = p.clone()\n    moved[places] = p[places][order]\n    return moved\n",
)


def _others(row: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return row[torch.arange(len(like)) != like.argmax()]


questions = (
    (
        "A born-again student beats its teacher by a point. What has to be asked first?",
        [
            ("Whether a net without a teacher, from the student's seed, beats that teacher too", "Yes: one net may beat another by luck alone. Pair the student with that net.", True),
            ("Whether the teacher was larger", "It is as large as the student: that is what born again means.", False),
            ("Whether the temperature was right", "The paper has none: T = 1.", False),
        ],
    ),
    (
        "What does DKPP leave of the teacher's answer?",
        [
            ("Which wrong classes look like the right one", "That is what the permutation destroys.", False),
            ("Its largest class, its confidence and its entropy", "Yes: all that does not depend on which of the other classes is which.", True),
            ("Nothing", "The largest probability stays in place.", False),
        ],
    ),
    (
        "BAN+L adds the labels' term to the teacher's. Why compare it with half of each, too?",
        [
            ("Because probabilities must sum to 1", "Both targets are distributions already.", False),
            ("Because the teacher's term is always larger", "It may be either; what matters is their sum.", False),
            ("Because a sum of two losses is about a doubled learning rate", "Yes: the rate alone can win or lose what the labels seem to.", True),
        ],
    ),
)  # fmt: skip

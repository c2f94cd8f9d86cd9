"""Exercises of notebook 00."""

import math

import torch

import kdsurvey as kd
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design, best
from kdsurvey.lessons.exercise import Exercise, close, read_questions
from kdsurvey.lessons.taught import few_digits_and_teacher, small_net

weights = Exercise(
    "Count the weights",
    hints=(
        "Of what does a linear layer from m to n units consist, and how large is each part?",
        "for each pair of neighbouring widths m, n: add the matrix's numbers and the biases.",
        "for m, n in zip(widths, widths[1:]): what is to be added?",
    ),
)


@weights.expects("one layer from 3 to 2 units has 8 numbers")
def _(answer):
    return answer([3, 2]) == 8


@weights.expects("the small net of the paper has 1,276,810")
def _(answer):
    return answer([784, 800, 800, 10]) == 1276810


@weights.expects("layers add up")
def _(answer):
    return answer([5, 4, 3]) == answer([5, 4]) + answer([4, 3])


@weights.tried_on
def _(draw):
    return ([draw.whole(2, 9) for _ in range(draw.whole(3, 5))],)


@weights.solved_by
def _(widths):
    return sum(m * n + n for m, n in zip(widths, widths[1:]))


@weights.refuses
def _(widths):
    return sum((m * n for m, n in zip(widths, widths[1:])))


weights.refuses(
    lambda w: sum(m * n + m for m, n in zip(w, w[1:]))
)  # biases at the input
weights.refuses(lambda w: w[0] * w[-1] + w[-1])  # the layers between are left out
weights.refuses(lambda w: sum(m * n for m, n in zip(w, w[1:])) + sum(w))
weights.refuses(lambda w: sum(m * n + n for m, n in zip(w[:-1], w[1:-1])))


spread = Exercise(
    "Entropy of an answer",
    hints=(
        "What is 0 log 0 as a limit, and what does a computer say?",
        "for each class: -p log p, or 0 where p is 0; then add them up.",
        "torch.special.entr(p) is -p log p for each class, with the limit built in.",
    ),
)


@spread.expects("an answer that is sure has none")
def _(answer):
    return close(answer(torch.tensor([1.0, 0.0, 0.0])), 0.0)


@spread.expects("ten equal shares have log 10")
def _(answer):
    return close(answer(torch.full((10,), 0.1)), math.log(10))


@spread.expects("the order of the classes does not matter")
def _(answer):
    return close(
        answer(torch.tensor([0.7, 0.2, 0.1])), answer(torch.tensor([0.1, 0.7, 0.2]))
    )


@spread.tried_on
def _(draw):
    return (draw.shares(draw.whole(3, 8)),)


@spread.solved_by
def _(p):
    return torch.special.entr(p).sum()


@spread.refuses
def _(p):
    return -(p * p.log()).sum()


spread.refuses(lambda p: torch.special.entr(p).sum() / math.log(2))  # in bits
spread.refuses(lambda p: torch.special.entr(p).mean())
spread.refuses(lambda p: -torch.special.entr(p).sum())
spread.refuses(lambda p: 1 - p.square().sum())


share = Exercise(
    "How much of the gap?",
    hints=(
        "How many errors fewer has the student than the net alone, and how many could it have?",
        "share = (what was gained) / (what could be gained), both from the net alone.",
        "gained = alone - distilled; what could be gained has the teacher in it.",
    ),
)


@share.expects("a student as good as its teacher closes all of it")
def _(answer):
    return close(answer(alone=60, distilled=30, teacher=30), 1.0)


@share.expects("one that learnt nothing closes none")
def _(answer):
    return close(answer(alone=60, distilled=60, teacher=30), 0.0)


@share.expects("half way is a half")
def _(answer):
    return close(answer(alone=60, distilled=45, teacher=30), 0.5)


@share.expects("one that got worse is below 0")
def _(answer):
    return answer(alone=60, distilled=70, teacher=30) < 0


@share.tried_on
def _(draw):
    return draw.number(40, 80), draw.number(25, 38), draw.number(5, 20)


@share.solved_by
def _(alone, distilled, teacher):
    return (alone - distilled) / (alone - teacher)


@share.refuses
def _(alone, distilled, teacher):
    return (alone - distilled) / alone


share.refuses(lambda alone, distilled, teacher: (alone - distilled) / teacher)
share.refuses(
    lambda alone, distilled, teacher: 100 * (alone - distilled) / (alone - teacher)
)
share.refuses(
    lambda alone, distilled, teacher: (distilled - teacher) / (alone - teacher)
)
share.refuses(
    lambda alone, distilled, teacher: max(0, (alone - distilled) / (alone - teacher))
)


first_pair = Design(
    title="Your first pair",
    hints=(
        "The labels of 180 images are few. What else is there to learn from on each of them?",
        (
            "Make kd.nets.mlp(196, 30, 10, seed=seed); train it by kd.methods.hinton with "
            "the teacher, for 30 epochs; return it. Does alpha weigh the labels or the teacher?"
        ),
        "T = 4, alpha = 1 and kd.Config(epochs=30, lr=0.2, seed=seed).",
    ),
    weights=7_000,
    steps=60,
    margin=2,
    seeds=(0, 1, 2, 3, 4),
)


@first_pair.deals
def _(seed):
    """180 digits, and a net that learnt from 3,000."""
    return few_digits_and_teacher(seed)


@first_pair.rival
def _(data, teacher, seed):
    """Learn from the labels, at the better of two rates on validation images."""
    tried = [_alone(data, seed, lr) for lr in (0.1, 0.3)]
    return best(tried, data)


def _alone(data, seed, lr=0.2) -> torch.nn.Module:
    return on_labels(small_net(seed), data, kd.Config(epochs=30, lr=lr), seed)


@first_pair.solved_by
def _(data, teacher, seed):
    student = kd.nets.mlp(196, 30, 10, seed=seed)
    stages = kd.methods.hinton(student, teacher, T=4.0, alpha=1.0)
    kd.train(stages, data, kd.Config(epochs=30, lr=0.2, seed=seed), progress=False)
    return student


@first_pair.refuses
def _(data, teacher, seed):
    """The teacher itself, which is too large."""
    return teacher


@first_pair.refuses
def _(data, teacher, seed):
    """Stages that nobody trains by."""
    student = small_net(seed)
    kd.methods.hinton(student, teacher, T=4.0, alpha=1.0)
    return student


@first_pair.refuses
def _(data, teacher, seed):
    """Student and teacher in the other's place."""
    student, how = small_net(seed), kd.Config(epochs=30, lr=0.2, seed=seed)
    fit(teacher, kd.methods.hinton(teacher, student, alpha=1.0), data, how)
    return student


@first_pair.refuses
def _(data, teacher, seed):
    """Alpha taken for the weight of the labels."""
    student, how = small_net(seed), kd.Config(epochs=30, lr=0.2, seed=seed)
    return fit(student, kd.methods.hinton(student, teacher, alpha=0.0), data, how)


@first_pair.refuses
def _(data, teacher, seed):
    """The labels, for twice as long."""
    return on_labels(small_net(seed), data, kd.Config(epochs=60, lr=0.2), seed)


questions = read_questions(__package__)

"""Exercises of notebook 03."""

from functools import partial

import torch

import kdsurvey as kd
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.taught import digits_and_teacher, small_net

y = torch.arange(200) % 10
z = example(200, 10) + 4 * torch.eye(10)[y]
handicapped = z - 6 * torch.eye(10)[3]  # class 3 has too low a bias
recall = Exercise(
    "Recall of each class",
    hints=(
        "Which rows are right?",
        "Look at one class at a time: right[y == k].",
        "torch.stack([right[y == k].float().mean() for k in range(10)]).",
    ),
)


@recall.expects("ten numbers, each from 0 to 1")
def _(answer):
    return answer(z, y).shape == (10,) and bool(
        ((answer(z, y) >= 0) & (answer(z, y) <= 1)).all()
    )


@recall.expects("a perfect net has ten ones")
def _(answer):
    return close(answer(torch.eye(10)[y], y), torch.ones(10))


@recall.expects("a net that always answers 7 is right on 7s only")
def _(answer):
    return close(answer(torch.eye(10)[[7] * 200], y), torch.eye(10)[7])


@recall.expects("with equal classes its mean is the accuracy")
def _(answer):
    return close(answer(z, y).mean(), (z.argmax(1) == y).double().mean())


@recall.tried_on
def _(draw):
    y = torch.cat([torch.arange(10), draw.labels(80, 10)])
    return draw.logits(90, 10) + 2 * torch.eye(10)[y], y


@recall.solved_by
def _(z, y):
    right = (z.argmax(1) == y).float()
    return torch.stack([right[y == k].mean() for k in range(10)])


@recall.refuses
def _(z, y):
    return (z.argmax(1) == y).float().mean().expand(10)


@recall.refuses
def _(z, y):
    """As if all classes had equally many images."""
    right = z.argmax(1) == y
    return torch.stack([right[y == k].sum() / (len(y) / 10) for k in range(10)])


@recall.refuses
def _(z, y):
    """The precision: of the images that are called k."""
    called = z.argmax(1)
    return torch.stack([(y == k)[called == k].float().mean() for k in range(10)])


@recall.refuses
def _(z, y):
    """In per cent."""
    right = (z.argmax(1) == y).float()
    return 100 * torch.stack([right[y == k].mean() for k in range(10)])


@recall.refuses
def _(z, y):
    """The errors."""
    wrong = (z.argmax(1) != y).float()
    return torch.stack([wrong[y == k].mean() for k in range(10)])


correction = Exercise(
    "Find the bias",
    hints=(
        "Try many numbers.",
        "For each, add it to column k of a copy of z and count the errors.",
        "min(numbers, key=errors).",
    ),
    seconds=30,  # many numbers, many times
)


@correction.expects("it returns one number")
def _(answer):
    return isinstance(float(answer(handicapped, y, 3)), float)


@correction.expects("the corrected net makes fewer errors")
def _(answer):
    found = answer(handicapped, y, 3)
    return _errors(handicapped, y, 3, found) < _errors(handicapped, y, 3, 0.0)


@correction.expects("no number from -20 to 20 would do better")
def _(answer):
    return _errors(handicapped, y, 3, answer(handicapped, y, 3)) <= _best()


@correction.expects("a net without a handicap needs little")
def _(answer):
    return abs(float(answer(z, y, 3))) < 3


@correction.tried_on
def _(draw):
    k, y = draw.whole(0, 9), torch.cat([torch.arange(10), draw.labels(110, 10)])
    z = draw.logits(120, 10).round() + 3 * torch.eye(10)[y]
    return z - 5.5 * torch.eye(10)[k], y, k  # whole numbers are no ties


@correction.judged_by
def _(bias, z, y, k):
    """Many numbers are right: those that leave the fewest errors."""
    return _errors(z, y, k, bias)


@correction.solved_by
def _(z, y, k):
    def errors(b):
        return ((z + b * torch.eye(10)[k]).argmax(1) != y).sum().item()

    return min((b / 10 for b in range(-200, 201)), key=errors)


@correction.refuses
def _(z, y, k):
    return 20.0


correction.refuses(lambda z, y, k: 0.0)
correction.refuses(lambda z, y, k: 6.0)
correction.refuses(lambda z, y, k: -_found(z, y, k))
correction.refuses(lambda z, y, k: _found(z, y, 3))  # whatever k
correction.refuses(lambda z, y, k: _found(z[y == k], y[y == k], k) + 15)
correction.refuses(lambda z, y, k: max(range(-20, 21), key=partial(_errors, z, y, k)))


carries = Exercise(
    "What the other digits say about 3",
    hints=(
        "It is one column of a table that you know.",
        "The softened answers.",
        "torch.softmax(v / T, -1)[:, k].",
    ),
)


@carries.expects("one number an image")
def _(answer):
    return answer(z, 3, 4.0).shape == (200,)


@carries.expects("a probability")
def _(answer):
    return bool(((answer(z, 3, 4.0) >= 0) & (answer(z, 3, 4.0) <= 1)).all())


@carries.expects("at a very high T it is a tenth")
def _(answer):
    return close(answer(z, 3, 1000000.0), torch.full((200,), 0.1), 0.001)


@carries.expects("a higher T gives images that are no 3 more of it, on average")
def _(answer):
    return (answer(z, 3, 8.0) - answer(z, 3, 1.0))[y != 3].mean() > 0


@carries.tried_on
def _(draw):
    return draw.logits(20, 10), draw.whole(1, 9), draw.number(1.5, 5)


@carries.solved_by
def _(v, k, T):
    return torch.softmax(v / T, -1)[:, k]


@carries.refuses
def _(v, k, T):
    return v[:, k] / T


carries.refuses(lambda v, k, T: torch.softmax(v / T, -1)[:, 0])
carries.refuses(lambda v, k, T: torch.softmax(v, -1)[:, k])
carries.refuses(lambda v, k, T: torch.softmax(v / T, 0)[:, k])
carries.refuses(lambda v, k, T: 1 - torch.softmax(v / T, -1)[:, k])
carries.refuses(lambda v, k, T: torch.softmax(v, -1)[:, k] / T)
carries.refuses(lambda v, k, T: torch.softmax(v / T, -1)[:, k - 1])


def _errors(logits: torch.Tensor, y: torch.Tensor, k: int, bias: float) -> int:
    return int(((logits + float(bias) * torch.eye(10)[k]).argmax(1) != y).sum())


def _best() -> int:
    return _errors(handicapped, y, 3, _found(handicapped, y, 3))


def _found(logits: torch.Tensor, y: torch.Tensor, k: int) -> float:
    numbers = (b / 10 for b in range(-200, 201))
    return min(numbers, key=partial(_errors, logits, y, k))


without_threes = Design(
    title="Threes that it never saw",
    hints=(
        "Is class 3 in the teacher's answers to images that are no 3s? At which T is it heard?",
        (
            "Distil at a T well above 1 with alpha = 1. Then try a few numbers b: add b to the "
            "logit of 3 for all validation images, and keep the b that leaves most of them right."
        ),
        "T = 8 and lr = 0.2; under torch.no_grad(), student[-1].bias[3] += b.",
    ),
    weights=7_000,
    steps=88,
    margin=4,
    seeds=(0, 1, 2, 3, 4),
)


@without_threes.deals
def _(seed):
    """2,700 digits without a 3, and a net that knows all ten."""
    digits, teacher = digits_and_teacher(seed)
    return digits.without([3]), teacher


@without_threes.rival
def _(data, teacher, seed):
    """Learn from the teacher's answers as they are, at T = 1."""
    return _distilled(data, teacher, seed, T=1.0)


def _distilled(data, teacher, seed, T) -> torch.nn.Module:
    student, how = small_net(seed), kd.Config(epochs=4, lr=0.2, seed=seed)
    return fit(student, kd.methods.hinton(student, teacher, T=T, alpha=1.0), data, how)


@without_threes.solved_by
def _(data, teacher, seed):
    student = kd.nets.mlp(196, 30, 10, seed=seed)
    stages = kd.methods.hinton(student, teacher, T=8.0, alpha=1.0)
    kd.train(stages, data, kd.Config(epochs=4, lr=0.2, seed=seed), progress=False)
    x, y = data.validation

    def right(b):
        with torch.no_grad():
            z = student(x)
            z[:, 3] += b
        return (z.argmax(1) == y).sum().item()

    with torch.no_grad():
        student[-1].bias[3] += max([k / 4 for k in range(17)], key=right)
    return student


def _with_bias(student, b) -> torch.nn.Module:
    with torch.no_grad():
        student[-1].bias[3] += b
    return student


@without_threes.refuses
def _(data, teacher, seed):
    """The teacher itself, which is too large."""
    return teacher


@without_threes.refuses
def _(data, teacher, seed):
    """The labels alone, and a bias: there is nothing that it could bring back."""
    student = on_labels(small_net(seed), data, kd.Config(epochs=4, lr=0.2), seed)
    return _with_bias(student, 1.5)


@without_threes.refuses
def _(data, teacher, seed):
    """A bias, but answers as they are."""
    return _with_bias(_distilled(data, teacher, seed, T=1.0), 1.5)


@without_threes.refuses
def _(data, teacher, seed):
    """A bias so large that every digit is a 3."""
    return _with_bias(_distilled(data, teacher, seed, T=8.0), 20.0)


@without_threes.refuses
def _(data, teacher, seed):
    """Trained on the validation images, which have 3s, once the steps are spent."""
    student = _distilled(data, teacher, seed, T=1.0)
    known = kd.data.Data(data.validation, data.test, data.classes, "validation images")
    return on_labels(student, known, kd.Config(), seed)


questions = read_questions(__package__)

"""Exercises of notebook 08."""

from dataclasses import replace
from functools import cache

import torch
import torch.nn.functional as F

import kdsurvey as kd
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import mean_doubt, on_labels
from kdsurvey.lessons.born_again import experiments as lesson
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.stage import Teacher

z = example(6, 5)
v = example(6, 5, seed=1)
y = torch.tensor([0, 4, 2, 2, 1, 3])
q, p = z.softmax(1), v.softmax(1)
rows, order = torch.arange(6), torch.tensor([2, 0, 3, 1])
split = Exercise(
    "A gradient in two parts",
    hints=(
        "Both nets speak in logits: over what is the softmax of each taken?",
        "g = q - p has all of it: one part is g at the labels and 0 elsewhere.",
        (
            "torch.nn.functional.one_hot(y, c) is 1 there and 0 elsewhere: multiply"
            " by it, and by 1 minus it."
        ),
    ),
)


@split.expects("both parts have a number an image and class")
def _(answer):
    return [tuple(part.shape) for part in answer(z, v, y)] == [(6, 5), (6, 5)]


@split.expects("together they are the gradient q - p")
def _(answer):
    return close(sum(answer(z, v, y)), q - p)


@split.expects("the first is q - p at the label")
def _(answer):
    return close(answer(z, v, y)[0][rows, y], (q - p)[rows, y])


@split.expects("and 0 elsewhere")
def _(answer):
    return (answer(z, v, y)[0] != 0).sum() == len(y)


@split.expects("the second is 0 at the label")
def _(answer):
    return bool((answer(z, v, y)[1][rows, y] == 0).all())


@split.expects("a student that is its teacher has no gradient")
def _(answer):
    return close(torch.stack(answer(v, v, y)), torch.zeros(2, 6, 5))


@split.tried_on
def _(draw):
    return draw.logits(6, 5), draw.logits(6, 5), draw.labels(6, 5)


@split.solved_by
def _(z, v, y):
    g = z.softmax(1) - v.softmax(1)
    at_label = torch.nn.functional.one_hot(y, z.shape[1])
    return g * at_label, g * (1 - at_label)


@split.refuses
def _(z, v, y):
    return (
        (g := (z.softmax(1) - v.softmax(1)))
        * (top := torch.nn.functional.one_hot(v.argmax(1), z.shape[1])),
        g * (1 - top),
    )


split.refuses(lambda z, v, y: _at_label(v.softmax(1) - z.softmax(1), y))
split.refuses(lambda z, v, y: _at_label(z.softmax(1) - v.softmax(1), y)[::-1])
split.refuses(lambda z, v, y: _at_label(z - v, y))  # of the logits
split.refuses(lambda z, v, y: _at_label((z.softmax(1) - v.softmax(1)) / len(z), y))
split.refuses(lambda z, v, y: _at_label(z.softmax(1) - F.one_hot(y, z.shape[1]), y))


weights = Exercise(
    "Weights from a teacher's confidence",
    hints=(
        "How sure is a teacher of an image, whatever its label?",
        (
            "softmax over the classes, then the maximum over the classes: one "
            "number an image."
        ),
        "Divide those numbers by their sum over the batch.",
    ),
)


@weights.expects("a weight an image")
def _(answer):
    return tuple(answer(v).shape) == (6,)


@weights.expects("they sum to 1 over the batch")
def _(answer):
    return close(answer(v).sum(), 1)


@weights.expects("in proportion to the teacher's largest probability")
def _(answer):
    return close(answer(v) / answer(v)[0], p.amax(1) / p[0].amax())


@weights.expects("the class that is largest does not matter")
def _(answer):
    return close(answer(v.flip(1)), answer(v))


@weights.expects("a teacher equally sure of every image weighs all alike")
def _(answer):
    return close(answer(torch.eye(5)), torch.full((5,), 0.2))


@weights.tried_on
def _(draw):
    return (draw.logits(draw.whole(4, 8), 5),)


@weights.solved_by
def _(v):
    confidence = v.softmax(1).amax(1)
    return confidence / confidence.sum()


@weights.refuses
def _(v):
    return v.softmax(1).amax(1) / len(v)


weights.refuses(lambda v: v.softmax(1).amax(1))
weights.refuses(lambda v: v.softmax(1).amax(1).softmax(0))
weights.refuses(lambda v: v.amax(1) / v.amax(1).sum())  # of the logits
weights.refuses(lambda v: v.softmax(0).amax(1) / v.softmax(0).amax(1).sum())
weights.refuses(lambda v: v.softmax(1)[:, 0] / v.softmax(1)[:, 0].sum())


permute = Exercise(
    "Dark knowledge, permuted",
    hints=(
        "Which places may change? All but p.argmax().",
        (
            "places = the four other classes, in order; p[places] are their "
            "probabilities."
        ),
        "Copy p, then put p[places][order] at places.",
    ),
)


@permute.expects("a probability a class")
def _(answer):
    return tuple(answer(p[0], order).shape) == (5,)


@permute.expects("the largest stays where it is")
def _(answer):
    return all(answer(r, order)[r.argmax()] == r.max() for r in p)


@permute.expects("no probability is lost, and none is new")
def _(answer):
    return all(close(answer(r, order).sort().values, r.sort().values) for r in p)


@permute.expects("the others go where the order says")
def _(answer):
    return all(close(_others(answer(r, order), r), _others(r, r)[order]) for r in p)


@permute.expects("the order 0, 1, 2, 3 changes nothing")
def _(answer):
    return close(answer(p[0], torch.arange(4)), p[0])


@permute.expects("p itself is left as it was")
def _(answer):
    kept = p[0].clone()
    answer.as_given(kept, order.clone())  # not on a copy
    return torch.equal(kept, p[0])


@permute.tried_on
def _(draw):
    c = draw.whole(4, 7)
    return draw.shares(c), draw.order(c - 1)


@permute.solved_by
def _moved(p, order):
    places = torch.arange(len(p))[torch.arange(len(p)) != p.argmax()]
    moved = p.clone()
    moved[places] = p[places][order]
    return moved


@permute.refuses
def _(p, order):
    return torch.cat([p.max()[None], p[p != p.max()][order]])


permute.refuses(lambda p, order: _moved(p, order.argsort()))  # the inverse order
permute.refuses(lambda p, order: torch.cat([p[:1], p[1:][order]]))  # the first stays
permute.refuses(lambda p, order: torch.cat([p[order], p[-1:]]))  # the last stays
permute.refuses(lambda p, order: _moved(p, order.flip(0)))
permute.refuses(lambda p, order: p)


one_number = Design(
    title="One number in place of a teacher",
    hints=(
        "Which labels are, on the mean, as unsure as that teacher, and know nothing else?",
        (
            "Share an amount of each label among all classes, and train as long as the "
            "student did. How large may the amount be, for a doubt of 0.2?"
        ),
        "kd.methods.plain(net, smoothing=s) takes the amount s: find it from the doubt.",
    ),
    weights=50_000,
    margin=1,
)


# larger batches than on the page, and so fewer steps
QUICK = replace(lesson.CONFIG, batch_size=128, lr=0.1)


@cache
def _taught(seed: int) -> tuple[Data, Teacher]:
    """Deal about 1,000 digits, a fifth of whose labels is drawn anew, and train a teacher."""
    digits = mnist_5k().hold_out(500).dealt(seed).halved().fraction(2 / 7, seed)
    data = digits.mislabelled(0.2, seed)
    return data, Teacher(lesson.born("alone", None, data, seed, QUICK))


@one_number.deals
def _(seed):
    """The digits, and how unsure the teacher is of them."""
    data, teacher = _taught(seed)
    return data, mean_doubt(teacher, data)


@one_number.rival
def _(data, doubt, seed):
    """Be born again from the teacher, of whom all answers are known."""
    return lesson.born("BAN", _taught(seed)[1], data, 1000 + seed, QUICK)


@one_number.solved_by
def _(data, doubt, seed):
    net = kd.nets.mlp(196, 128, 128, 10, seed=seed)
    how = kd.Config(
        epochs=40, batch_size=128, lr=0.1, schedule="cosine", nesterov=True, seed=seed
    )
    smoothed = kd.methods.plain(net, smoothing=doubt * 10 / 9)
    kd.train(smoothed, data, how, progress=False)
    return net


@one_number.refuses
def _(data, doubt, seed):
    """The labels alone, stopped early."""
    return lesson.born("alone", None, data, 1000 + seed, replace(QUICK, epochs=10))


@one_number.refuses
def _(data, doubt, seed):
    """The right smoothing, and hardly trained."""
    return on_labels(lesson.mlp(data, seed), data, lesson.ONCE, seed, smoothing=doubt)


@one_number.refuses
def _(data, doubt, seed):
    """Too large."""
    return lesson.mlp(data, seed, 256, 128)


def _at_label(g: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What of g stands at the label, and the rest."""
    there = F.one_hot(y, g.shape[1])
    return g * there, g * (1 - there)


def _others(row: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return row[torch.arange(len(like)) != like.argmax()]


questions = read_questions(__package__)

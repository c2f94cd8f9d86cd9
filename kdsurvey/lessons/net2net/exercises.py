"""Exercises of notebook 06."""

import torch
import torch.nn.functional as F

import kdsurvey as kd
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design, best
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.net2net.experiments import random_block
from kdsurvey.lessons.taught import small_digits

x = example(50, 4)
W = example(4, 3, seed=1)
W2 = example(3, 2, seed=2)
g = torch.tensor([0, 1, 2, 0, 2, 2])
maps = example(2, 5, 6, 6, seed=3)
a = example(8, 3, scale=0.1, seed=4) + 5
widen = Exercise(
    "Wider, by hand",
    hints=(
        "Which column of W, and which row of W', does new unit j take, and what changes?",
        (
            "Index the columns of W by g, the rows of W' by g; count how often each of "
            "g occurs in g, and divide each row by that."
        ),
        "(g[:, None] == g).sum(1) counts the copies of each new unit's original.",
    ),
)


@widen.expects("U has a column a unit, U' a row a unit")
def _(answer):
    return [tuple(u.shape) for u in answer(W, W2, g)] == [(4, 6), (6, 2)]


@widen.expects("every column of U is one of W")
def _(answer):
    return close(answer(W, W2, g)[0], W[:, g])


@widen.expects("the function is the same")
def _(answer):
    return close(_function(*answer(W, W2, g)), _function(W, W2))


@widen.expects("copies of a unit speak with one voice")
def _(answer):
    return all(
        (
            close(answer(W, W2, g)[1][i], answer(W, W2, g)[1][j])
            for i, j in ((0, 3), (2, 4), (4, 5))
        )
    )


@widen.expects("without copies nothing changes")
def _(answer):
    return close(answer(W, W2, g[:3])[0], W) and close(answer(W, W2, g[:3])[1], W2)


@widen.tried_on
def _(draw):
    n = draw.whole(2, 4)
    g = torch.cat([torch.arange(n), draw.labels(3, n)])
    return draw.logits(4, n), draw.logits(n, 2), g


@widen.solved_by
def _(W, W2, g):
    copies = (g[:, None] == g).sum(1)
    return W[:, g], W2[g] / copies[:, None]


@widen.refuses
def _(W, W2, g):
    return (W[:, g], W2[g])


widen.refuses(lambda W, W2, g: (W[:, g] / _copies(g), W2[g]))  # the wrong matrix
widen.refuses(lambda W, W2, g: (W[:, g] / _copies(g), W2[g] / _copies(g)[:, None]))
widen.refuses(lambda W, W2, g: (W[:, g], W2[g] / len(g) * len(W2)))  # all alike
widen.refuses(lambda W, W2, g: (W[:, g], W2[g] / (_copies(g)[:, None] + 1)))
widen.refuses(lambda W, W2, g: (W[:, g], W2[g] / _copies(g)[:, None].sqrt()))


identity = Exercise(
    "A convolution that does nothing",
    hints=(
        "Which channels should a channel reach, and which of the k x k pixels?",
        "All weights 0; for every channel i, a 1 from i to i at the kernel's centre.",
        "w = torch.zeros(n, n, k, k); the centre is at [k // 2, k // 2].",
    ),
)


@identity.expects("the shape of n kernels for n channels")
def _(answer):
    return tuple(answer(5, 3).shape) == (5, 5, 3, 3)


@identity.expects("for k = 3, five maps come back as they are")
def _(answer):
    return close(F.conv2d(maps, answer(5, 3), padding=1), maps)


@identity.expects("for k = 5 too")
def _(answer):
    return close(F.conv2d(maps, answer(5, 5), padding=2), maps)


@identity.expects("and for k = 1")
def _(answer):
    return close(F.conv2d(maps, answer(5, 1)), maps)


@identity.tried_on
def _(draw):
    return draw.whole(2, 6), draw.one_of(1, 3, 5)


@identity.solved_by
def _(n, k):
    U, i = torch.zeros(n, n, k, k), torch.arange(n)
    U[i, i, k // 2, k // 2] = 1.0
    return U


@identity.refuses
def _(n, k):
    return torch.zeros(n, n, k, k).index_fill_(2, torch.tensor(k // 2), 1.0)


identity.refuses(lambda n, k: torch.eye(n)[..., None, None].expand(n, n, k, k))
identity.refuses(lambda n, k: torch.eye(n)[..., None, None].expand(n, n, k, k) / k**2)
identity.refuses(lambda n, k: torch.ones(n, n, 1, 1) * _centre(k))
identity.refuses(lambda n, k: torch.ones(n, 1, 1, 1) * _centre(k))  # depthwise
identity.refuses(lambda n, k: torch.eye(n)[..., None, None] * torch.eye(k))


undo = Exercise(
    "A batch norm that undoes itself",
    hints=(
        "What does batch norm take away from a unit, and by what does it divide?",
        "beta brings the mean back, gamma the scale; eps belongs to the scale.",
        "Batch norm's variance divides by n: a.var(0, correction=0).",
    ),
)


@undo.expects("a gamma and a beta a unit")
def _(answer):
    return [tuple(v.shape) for v in answer(a, 0.1)] == [(3,), (3,)]


@undo.expects("in train mode the batch comes back as it is")
def _(answer):
    return close(_normed(a, *answer(a, 1e-05), 1e-05), a)


@undo.expects("also where eps is large")
def _(answer):
    return close(_normed(a, *answer(a, 0.1), 0.1), a)


@undo.expects("a unit that never moves comes back too")
def _(answer):
    return close(
        _normed(torch.ones(8, 3), *answer(torch.ones(8, 3), 1e-05), 1e-05),
        torch.ones(8, 3),
    )


@undo.tried_on
def _(draw):
    return 0.3 * draw.logits(8, 3) + 2, draw.number(0.05, 1)


@undo.solved_by
def _(a, eps):
    return (a.var(0, correction=0) + eps).sqrt(), a.mean(0)


@undo.refuses
def _(a, eps):
    return (a.std(0), a.mean(0))


undo.refuses(lambda a, eps: (a.std(0, correction=0), a.mean(0)))  # without eps
undo.refuses(lambda a, eps: ((a.var(0) + eps).sqrt(), a.mean(0)))  # by n - 1
undo.refuses(lambda a, eps: (a.var(0, correction=0) + eps, a.mean(0)))
undo.refuses(lambda a, eps: (1 / (a.var(0, correction=0) + eps).sqrt(), -a.mean(0)))
undo.refuses(lambda a, eps: (a.mean(0), (a.var(0, correction=0) + eps).sqrt()))
undo.refuses(lambda a, eps: (a.std(0, correction=0) + eps, a.mean(0)))


def _copies(g: torch.Tensor) -> torch.Tensor:
    return (g[:, None] == g).sum(1)


def _centre(k: int) -> torch.Tensor:
    """A kernel of zeros around a 1."""
    kernel = torch.zeros(k, k)
    kernel[k // 2, k // 2] = 1
    return kernel


def _function(W: torch.Tensor, W2: torch.Tensor) -> torch.Tensor:
    return torch.relu(x @ W) @ W2


def _normed(
    a: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float
) -> torch.Tensor:
    return F.batch_norm(a, None, None, gamma, beta, training=True, eps=eps)


grow = Design(
    title="Six layers in 24 steps",
    hints=(
        "Which weights may a new layer have, so that the net answers as it did before?",
        (
            "kd.surgery.deepen(net, block, data=images) puts a layer that changes nothing after "
            "a block. Do it four times; then train for half an epoch, at a rate that keeps "
            "what is there."
        ),
        "Deepen after blocks 2, 2, 1 and 1; then epochs=1, batch_size=64 and lr=0.01.",
    ),
    least=4_500,
    weights=5_000,
    steps=24,
    margin=7,
    seeds=(0, 1, 2, 3, 4),
)
PLACES = (2, 2, 1, 1)  # the blocks after which a layer comes, one after the other


@grow.deals
def _(seed):
    """1,500 digits, and a net of two hidden layers that learnt from 3,000."""
    digits = small_digits(seed)
    teacher = kd.nets.mlp(196, 16, 16, 10, norm=True, seed=seed)
    how = kd.Config(epochs=4, batch_size=64)
    return digits.fraction(0.5, seed), on_labels(teacher, digits, how, seed)


@grow.rival
def _(data, teacher, seed):
    """Six layers, four of them random, at the better of two rates on validation images."""
    tried = [_tuned(_random(teacher, seed), data, seed, lr) for lr in (0.03, 0.1)]
    return best(tried, data)


def _random(net, seed) -> torch.nn.Module:
    for k, block in enumerate(PLACES):
        net = random_block(net, block, seed=10 * seed + k)
    return net


def _deeper(net, data) -> torch.nn.Module:
    for block in PLACES:
        net = kd.surgery.deepen(net, block, data=data.train[0][:512])
    return net


def _tuned(net, data, seed, lr=0.01) -> torch.nn.Module:
    how = kd.Config(epochs=1, batch_size=64, lr=lr, schedule="cosine")
    return on_labels(net, data, how, seed)


@grow.solved_by
def _(data, teacher, seed):
    net = teacher
    for block in (2, 2, 1, 1):
        net = kd.surgery.deepen(net, block, data=data.train[0][:512])
    how = kd.Config(epochs=1, batch_size=64, lr=0.01, schedule="cosine", seed=seed)
    kd.train(kd.methods.plain(net), data, how, progress=False)
    return net


@grow.refuses
def _(data, teacher, seed):
    """The teacher, trained on: it has not grown."""
    return _tuned(teacher, data, seed)


@grow.refuses
def _(data, teacher, seed):
    """Random layers, at the teacher's rate."""
    return _tuned(_random(teacher, seed), data, seed, lr=0.1)


@grow.refuses
def _(data, teacher, seed):
    """Nothing kept: a net of this shape from scratch."""
    net = kd.nets.mlp(196, 16, 16, 16, 16, 16, 16, 10, norm=True, seed=seed)
    return _tuned(net, data, seed, lr=0.3)


@grow.refuses
def _(data, teacher, seed):
    """The start is right, and a rate for random weights loses it."""
    return _tuned(_deeper(teacher, data), data, seed, lr=0.3)


questions = read_questions(__package__)

"""Exercises of notebook 05."""

from dataclasses import replace
from itertools import islice

import torch
import torch.nn.functional as F
from torch import nn

import kdsurvey as kd
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.fsp import experiments as lesson
from kdsurvey.losses import fsp_matrix
from kdsurvey.training import accuracy

a, b = example(5, 3, 6, 4), example(5, 2, 6, 4, seed=1)
large = example(5, 2, 12, 8, seed=2)
t, s = example(7, 3, 4), example(7, 3, 4, seed=3)
order = [2, 0, 1]
matrix = Exercise(
    "The FSP matrix",
    hints=(
        "Over what is the sum, and what has to be equal in a and b before it can be taken?",
        (
            "h, w = the smaller height and width; max-pool both maps to them; multiply "
            "each channel of a with each of b; mean over the places."
        ),
        (
            "torch.nn.functional.adaptive_max_pool2d(m, (h, w)) for both; then "
            "torch.einsum('nist,njst->nij', a, b), which is a sum, not yet a mean."
        ),
    ),
)


@matrix.expects("one matrix an image: (n, channels of a, channels of b)")
def _(answer):
    return answer(a, b).shape == (5, 3, 2)


@matrix.expects("maps of ones give ones: a mean over places, not a sum")
def _(answer):
    return close(answer(torch.ones_like(a), torch.ones_like(b)), torch.ones(5, 3, 2))


@matrix.expects("twice the first map, twice the matrix")
def _(answer):
    return close(answer(2 * a, b), 2 * answer(a, b))


@matrix.expects("the maps in the other order give the transposes")
def _(answer):
    return close(answer(b, a), answer(a, b).mT)


@matrix.expects("it agrees with the package")
def _(answer):
    return close(answer(a, b), fsp_matrix(a, b))


@matrix.expects("the larger map is max-pooled to the smaller")
def _(answer):
    return close(answer(a, large), fsp_matrix(a, large)) and close(
        answer(large, a), fsp_matrix(large, a)
    )


@matrix.tried_on
def _(draw):
    n, h, w, times = (draw.whole(2, 3) for _ in range(4))
    small, large = draw.logits(n, 4, h, w), draw.logits(n, 3, times * h, times * w)
    return draw.one_of((small, large), (large, small))


@matrix.solved_by
def _(a, b):
    import torch.nn.functional as F

    h, w = (min(sizes) for sizes in zip(a.shape[2:], b.shape[2:]))
    a, b = (F.adaptive_max_pool2d(m, (h, w)) for m in (a, b))
    return torch.einsum("nist,njst->nij", a, b) / (h * w)


@matrix.refuses
def _(a, b):
    return (
        torch.einsum(
            "nist,njst->nij", a, torch.nn.functional.adaptive_avg_pool2d(b, a.shape[2:])
        )
        / 24
    )


matrix.refuses(lambda a, b: torch.einsum("nist,njst->nij", *_pooled(a, b)))  # a sum
matrix.refuses(lambda a, b: fsp_matrix(a, b).mT)
matrix.refuses(lambda a, b: fsp_matrix(a, b) / a.shape[1])
matrix.refuses(lambda a, b: fsp_matrix(a, b).mean(0))
matrix.refuses(lambda a, b: fsp_matrix(*_cropped(a, b)))


shuffle = Exercise(
    "Shuffle a matrix, not the maps",
    hints=(
        "Which channels do the rows of a matrix stand for, and which its columns?",
        "Take the rows of every matrix in the new order, then its columns.",
        "g[:, order] has the rows; the columns are left.",
    ),
)


@shuffle.expects("the same shape")
def _(answer):
    return answer(_g(), order).shape == (5, 3, 3)


@shuffle.expects("the order as it is changes nothing")
def _(answer):
    return close(answer(_g(), [0, 1, 2]), _g())


@shuffle.expects("it gives what shuffled maps give")
def _(answer):
    return close(answer(_g(), order), fsp_matrix(a[:, order], (a + 1)[:, order]))


@shuffle.expects("the numbers are the same ones, elsewhere")
def _(answer):
    return close(answer(_g(), order).flatten(1).sort()[0], _g().flatten(1).sort()[0])


@shuffle.tried_on
def _(draw):
    c = draw.whole(3, 5)
    return draw.logits(6, c, c), draw.order(c).tolist()


@shuffle.solved_by
def _(g, order):
    return g[:, order][:, :, order]


@shuffle.refuses
def _(g, order):
    return g[:, order]


shuffle.refuses(lambda g, order: g[:, :, order])
shuffle.refuses(lambda g, order: g[order])  # the images
shuffle.refuses(lambda g, order: g[:, order, order])  # the diagonal
shuffle.refuses(lambda g, order: g[:, _inverse(order)][:, :, _inverse(order)])
shuffle.refuses(lambda g, order: g[:, order][:, :, order].mT)


weight = Exercise(
    "A weight that makes the loss start near 1",
    hints=(
        "How far apart are two matrices with nothing in common, given their norms?",
        "Add the two squared norms of each image, take the mean over images, invert.",
        "g.square().sum((1, 2)) is the squared norm of a matrix, one an image.",
    ),
)


@weight.expects("one number above 0")
def _(answer):
    return float(answer(t, s)) > 0


@weight.expects("four times smaller where matrices are twice as large")
def _(answer):
    return close(answer(2 * t, 2 * s), answer(t, s) / 4)


@weight.expects("a mean over images: the same ones twice change nothing")
def _(answer):
    return close(answer(torch.cat([t, t]), torch.cat([s, s])), answer(t, s))


@weight.expects("a student at 0 starts at 1 exactly")
def _(answer):
    return close(answer(t, 0 * s) * _loss(t, 0 * s), 1.0)


@weight.expects("and so does a teacher at 0")
def _(answer):
    return close(answer(0 * t, s) * _loss(0 * t, s), 1.0)


@weight.tried_on
def _(draw):
    return draw.logits(5, 3, 4), draw.logits(5, 3, 4)


@weight.solved_by
def _(t, s):
    return 1 / (t.square().sum((1, 2)) + s.square().sum((1, 2))).mean()


@weight.refuses
def _(t, s):
    return 1 / t.square().sum((1, 2)).mean()


weight.refuses(lambda t, s: 1 / s.square().sum((1, 2)).mean())
weight.refuses(lambda t, s: 1 / (t.norm(dim=(1, 2)) + s.norm(dim=(1, 2))).mean())
weight.refuses(lambda t, s: 1 / (t.square() + s.square()).mean())
weight.refuses(lambda t, s: 1 / (t.square() + s.square()).sum())
weight.refuses(lambda t, s: (1 / (t.square() + s.square()).sum((1, 2))).mean())
weight.refuses(lambda t, s: 1 / (t - s).square().sum((1, 2)).mean())


headless = Design(
    title="A teacher that lost its head",
    hints=(
        "What of a net without a head can a student copy, and does that need a label?",
        (
            "First the flow of the body, on all images; then the hundred labels. Whose "
            "labels does the first stage look at?"
        ),
        (
            "itertools.islice(kd.methods.fsp(net, body, pairs=..., teacher_pairs=...), 1) "
            "is the first stage alone. Train on images with labels of torch.zeros."
        ),
    ),
    weights=8_000,
    margin=6,
)


@headless.deals
def _(seed):
    """About a hundred labelled digits of 7 x 7, 3,500 without labels, and a trained net
    that lost its head, with the blocks where its sections begin and end.
    """
    digits = mnist_5k().hold_out(500).dealt(seed).halved().halved()
    teacher = _seven(1000 + seed, blocks=2)
    lesson.trained(teacher, digits, replace(lesson.TEACHER, epochs=4, seed=seed))
    body, sections = teacher[:-1], kd.nets.sections(teacher)
    return digits.fraction(1 / 35, seed), digits.train[0], body, sections


def _seven(seed: int, blocks: int = 1) -> nn.Sequential:
    """Return a net for digits of 7 x 7."""
    return kd.nets.residual(1, 4, 8, 16, blocks=blocks, seed=seed)


@headless.rival
def _(data, images, body, sections, seed):
    """The hundred labels alone: the better of two rates on validation images."""
    nets = [_labelled(_seven(seed), data, seed, lr) for lr in (0.05, 0.1)]
    return max(nets, key=lambda net: accuracy(net, *data.held_out))


def _labelled(net: nn.Sequential, data: Data, seed: int, lr: float) -> nn.Sequential:
    return on_labels(net, data, kd.Config(25, 20, lr, schedule="cosine"), seed)


@headless.solved_by
def _(data, images, body, sections, seed):
    from dataclasses import replace
    from itertools import islice

    net = kd.nets.residual(1, 4, 8, 16, seed=seed)
    pairs = {"pairs": kd.nets.sections(net), "teacher_pairs": sections}
    flow = kd.methods.fsp(net, body, **pairs, flow_epochs=0.5, flow_lr=1.0)
    unlabelled = replace(
        data, train=(images, torch.zeros(len(images), dtype=torch.long))
    )
    # half of the epochs are those of the flow
    how = kd.Config(epochs=8, batch_size=64, lr=0.8, seed=seed)
    kd.train(islice(flow, 1), unlabelled, how, progress=False)
    how = kd.Config(epochs=25, batch_size=20, lr=0.05, schedule="cosine", seed=seed)
    kd.train(kd.methods.plain(net), data, how, progress=False)
    return net


@headless.refuses
def _(data, images, body, sections, seed):
    """The flow of the hundred images that have a label, for as many epochs."""
    net = _flowed(body, sections, data, seed, kd.Config(8, 20, 0.8))
    return _labelled(net, data, seed, 0.05)


@headless.refuses
def _(data, images, body, sections, seed):
    """The flow of a net that knows nothing."""
    blank = lesson.calibrated(_seven(3000 + seed, blocks=2), images)[:-1]
    everything = replace(data, train=(images, torch.zeros(len(images)).long()))
    net = _flowed(blank, sections, everything, seed, kd.Config(8, 64, 0.8))
    return _labelled(net, data, seed, 0.05)


@headless.refuses
def _(data, images, body, sections, seed):
    """The body itself, with a new head: more weights than may be."""
    return nn.Sequential(*body, _seven(seed)[-1])


def _flowed(
    body: nn.Sequential,
    sections: list[tuple[int, int]],
    data: Data,
    seed: int,
    how: kd.Config,
) -> nn.Sequential:
    """Return a student after the first stage, half of the epochs."""
    net = _seven(seed)
    flow = kd.methods.fsp(
        net,
        body,
        pairs=kd.nets.sections(net),
        teacher_pairs=sections,
        flow_epochs=0.5,
        flow_lr=1.0,
    )
    kd.train(islice(flow, 1), data, replace(how, seed=seed), progress=False)
    return net


def _pooled(a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    size = tuple(map(min, a.shape[2:], b.shape[2:]))
    return [F.adaptive_max_pool2d(m, size) for m in (a, b)]


def _cropped(a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    h, w = map(min, a.shape[2:], b.shape[2:])
    return [m[..., :h, :w] for m in (a, b)]


def _inverse(order: list[int]) -> list[int]:
    return torch.tensor(order).argsort().tolist()


def _g() -> torch.Tensor:
    return fsp_matrix(a, a + 1)


def _loss(g_t: torch.Tensor, g_s: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(g_s, g_t, reduction="sum") / len(g_t)


questions = read_questions(__package__)

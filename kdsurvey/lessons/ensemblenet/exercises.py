"""Exercises of notebook 12."""

import torch
import torch.nn.functional as F
from torch import nn

import kdsurvey as kd
from kdsurvey.branches import Mixed, branched
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.taught import LONG, noisy_digits, wide_net

z = example(3, 6, 4)  # three heads
y = torch.tensor([0, 1, 2, 3, 0, 1])
other = (y + 1) % 4
split = Exercise(
    "What the mean loss of heads consists of",
    hints=(
        "Take the mean over the heads of the logits, not of the probabilities.",
        "log q_i is z_i.log_softmax(-1), log q is z.mean(0).log_softmax(-1).",
        (
            "The third: sum over classes of q (log q - log q_i), mean over heads "
            "and images."
        ),
    ),
)


@split.expects("three numbers")
def _(answer):
    return [t.ndim for t in answer(z, y)] == [0, 0, 0]


@split.expects("the first is the mean of the heads' losses")
def _(answer):
    return close(answer(z, y)[0], sum(F.cross_entropy(z_i, y) for z_i in z) / 3)


@split.expects("the second is the loss of the mean logits")
def _(answer):
    return close(answer(z, y)[1], F.cross_entropy(z.mean(0), y))


@split.expects("the first is the sum of the others")
def _(answer):
    return close(answer(z, y)[0], answer(z, y)[1] + answer(z, y)[2])


@split.expects("the third does not depend on the labels")
def _(answer):
    return close(answer(z, y)[2], answer(z, other)[2])


@split.expects("heads that agree are not apart")
def _(answer):
    return close(answer(z[:1].expand(3, 6, 4), y)[2], 0.0)


@split.tried_on
def _(draw):
    return draw.logits(draw.whole(2, 4), 6, 4), draw.labels(6, 4)


@split.solved_by
def _(z, y):
    F = torch.nn.functional
    log_q_i, log_q = z.log_softmax(-1), z.mean(0).log_softmax(-1)
    heads = torch.stack([F.cross_entropy(z_i, y) for z_i in z]).mean()
    apart = (log_q.exp() * (log_q - log_q_i)).sum(-1).mean()
    return heads, F.cross_entropy(z.mean(0), y), apart


@split.refuses
def _(z, y):
    return (
        (
            heads := torch.stack(
                [torch.nn.functional.cross_entropy(z_i, y) for z_i in z]
            ).mean()
        ),
        (together := torch.nn.functional.nll_loss(z.softmax(-1).mean(0).log(), y)),
        heads - together,
    )


@split.refuses
def _(z, y):
    """The divergence the wrong way round."""
    log_q_i, log_q = z.log_softmax(-1), z.mean(0).log_softmax(-1)
    apart = (log_q_i.exp() * (log_q_i - log_q)).sum(-1).mean()
    return _heads(z, y), F.cross_entropy(z.mean(0), y), apart


@split.refuses
def _(z, y):
    """Sums over the heads."""
    together = len(z) * F.cross_entropy(z.mean(0), y)
    return len(z) * _heads(z, y), together, len(z) * _heads(z, y) - together


@split.refuses
def _(z, y):
    """A mean over the classes."""
    together = F.cross_entropy(z.mean(0), y)
    return _heads(z, y), together, (_heads(z, y) - together) / z.shape[-1]


@split.refuses
def _(z, y):
    """How far the heads' losses differ."""
    losses = torch.stack([F.cross_entropy(z_i, y) for z_i in z])
    return losses.mean(), F.cross_entropy(z.mean(0), y), losses.std()


slope = Exercise(
    "How a head is pulled",
    hints=(
        (
            "For one head and one image the slope of H(y, q_i) in z_i is q_i - y, y"
            " one-hot."
        ),
        (
            "The ensemble's logits are the mean of the heads': each head gets 1/m "
            "of the slope q - y. So does the mean over heads."
        ),
        "(q - y + lambda (q_i - q)) / (m n), m heads and n images.",
    ),
)


@slope.expects("a number for every head, image and class")
def _(answer):
    return answer(z, y, 1.5).shape == z.shape


@slope.expects("lambda = 1: every head learns for itself")
def _(answer):
    return close(answer(z, y, 1.0), _slope(z, y, 1.0))


@slope.expects("lambda = 0: all heads are pulled alike")
def _(answer):
    return close(answer(z, y, 0.0), _slope(z, y, 0.0))


@slope.expects("lambda = 2: the slope of heads and ensemble")
def _(answer):
    return close(answer(z, y, 2.0), _slope(z, y, 2.0))


@slope.expects("heads that agree are pulled alike whatever lambda")
def _(answer):
    return close(
        answer(z[:1].expand(3, 6, 4), y, 5.0), answer(z[:1].expand(3, 6, 4), y, 0.0)
    )


@slope.tried_on
def _(draw):
    return draw.logits(draw.whole(2, 4), 6, 4), draw.labels(6, 4), draw.number(0.2, 2.5)


@slope.solved_by
def _(z, y, lam):
    m, n, c = z.shape
    q_i, q = z.softmax(-1), z.mean(0).softmax(-1)
    return (q - torch.nn.functional.one_hot(y, c) + lam * (q_i - q)) / (m * n)


@slope.refuses
def _(z, y, lam):
    return (
        lam * (z.softmax(-1) - torch.nn.functional.one_hot(y, z.shape[-1])) / z.shape[1]
        + (1 - lam)
        * (z.mean(0).softmax(-1) - torch.nn.functional.one_hot(y, z.shape[-1]))
        / z.shape[1]
    )


slope.refuses(lambda z, y, lam: len(z) * _slope(z, y, lam))  # not shared by the heads
slope.refuses(lambda z, y, lam: z.shape[1] * _slope(z, y, lam))  # summed over images
slope.refuses(lambda z, y, lam: _slope(z, y, 1 - lam))
slope.refuses(lambda z, y, lam: -_slope(z, y, lam))
slope.refuses(lambda z, y, lam: lam * _slope(z, y, 1.0))  # the heads alone


price = Exercise(
    "What branches cost",
    hints=(
        "Whatever the number of branches, the trunk runs once.",
        (
            "A layer's way back is two products, each as dear as the way there: the"
            " slope in its weights, and in what it was given."
        ),
        (
            "The trunk here is one layer on the images. Its slope in the images is "
            "not wanted: 2 trunk + 3 m branch."
        ),
    ),
)


@price.expects("one net answers for a trunk and a branch")
def _(answer):
    return tuple(answer(10, 100, 1))[:2] == (110, 110)


@price.expects("of three branches one is served for as much")
def _(answer):
    return answer(10, 100, 3)[0] == 110


@price.expects("all three share the trunk")
def _(answer):
    return answer(10, 100, 3)[1] == 310


@price.expects(
    "training one net: there, back for the weights, back for the maps, of "
    "which the images need none"
)
def _(answer):
    return answer(10, 100, 1)[2] == 320


@price.expects("training three")
def _(answer):
    return answer(10, 100, 3)[2] == 920


@price.expects("a trunk that is nothing shares nothing")
def _(answer):
    return answer(0, 100, 3)[1] == 300


@price.tried_on
def _(draw):
    return draw.whole(10, 99), draw.whole(10, 99), draw.whole(2, 6)


@price.solved_by
def _(trunk, branch, m):
    return trunk + branch, trunk + m * branch, 2 * trunk + 3 * m * branch


@price.refuses
def _(trunk, branch, m):
    return (trunk + branch, m * (trunk + branch), 3 * m * (trunk + branch))


price.refuses(lambda t, b, m: (t + b, t + m * b, 3 * (t + m * b)))  # to the images
price.refuses(lambda t, b, m: (t + b, t + m * b, 2 * (t + m * b)))
price.refuses(lambda t, b, m: (t + b, t + m * b, 2 * t + 3 * b))
price.refuses(lambda t, b, m: (t + m * b, t + b, 2 * t + 3 * m * b))
price.refuses(lambda t, b, m: (t + b, t + m * b, t + 3 * m * b))


split_up = Design(
    title="The same weights, in three heads",
    hints=(
        "Do three heads of a third of the weights learn the same wrong labels by heart?",
        (
            "Three branches of a thin kd.nets.mlp, nothing shared, kd.methods.ensemblenet; "
            "count the weights; then return what answers for all heads."
        ),
        (
            "branched(make, at=0, count=3, seed=seed) of 196-24-24-10, lam=1.0, 16 epochs; what "
            "answers for all is Mixed(net, None)."
        ),
    ),
    weights=17_418,
    margin=5,
)


@split_up.deals
def _(seed):
    """600 digits of 14 x 14, two fifths of the labels drawn anew."""
    return (noisy_digits(seed, count=600),)


@split_up.rival
def _(data, seed):
    """Learn as one net of 17,418 weights for 16 epochs, wrong labels by heart."""
    return on_labels(wide_net(seed), data, LONG, seed)


@split_up.solved_by
def _(data, seed):
    def make(seed):
        return kd.nets.mlp(196, 24, 24, 10, seed=seed)

    net = kd.branches.branched(make, at=0, count=3, seed=seed)
    how = kd.Config(
        epochs=16, batch_size=50, lr=0.1, schedule="cosine", nesterov=True, seed=seed
    )
    kd.train(kd.methods.ensemblenet(net, lam=1.0), data, how, progress=False)
    return kd.branches.Mixed(net, None)


def _thin(seed: int) -> nn.Sequential:
    return kd.nets.mlp(196, 24, 24, 10, seed=seed)


@split_up.refuses
def _(data, seed):
    """Three heads as wide as the net: three times the weights."""
    return Mixed(branched(wide_net, at=0, count=3, seed=seed), None)


@split_up.refuses
def _(data, seed):
    """One thin net alone: it learns by heart what it can."""
    return on_labels(_thin(seed), data, LONG, seed)


@split_up.refuses
def _(data, seed):
    """One head of three that only their ensemble was asked to be right: lam = 0."""
    net = branched(_thin, at=0, count=3, seed=seed)
    return fit(net, kd.methods.ensemblenet(net, lam=0.0), data, LONG)[0]


def _heads(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.stack([F.cross_entropy(z_i, y) for z_i in z]).mean()


def _slope(z: torch.Tensor, y: torch.Tensor, lam: float) -> torch.Tensor:
    """The slope of lam mean_i H(y, q_i) + (1 - lam) H(y, q) in z, by autograd."""
    z = z.clone().requires_grad_()
    return torch.autograd.grad(
        lam * _heads(z, y) + (1 - lam) * F.cross_entropy(z.mean(0), y), z
    )[0]


questions = read_questions(__package__)

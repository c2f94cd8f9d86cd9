"""Exercises of notebook 04."""

import copy
import math
from dataclasses import replace

import torch

from kdsurvey import nets
from kdsurvey.config import Config
from kdsurvey.data import mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.fitnets.experiments import CONFIG, DEEP, rescale, thin

u = example(6, 5, seed=1).relu()  # a hint
v = example(6, 3, seed=2).relu()  # guided features
W, b = example(5, 3, scale=1.0, seed=3), example(5, scale=1.0, seed=4)
fitted = torch.relu(v @ W.T + b)
regressor = Exercise(
    "The size of the regressor",
    hints=(
        "In how many places does a kernel of k fit along a row of N values?",
        (
            "For each direction: k = N_g - N_h + 1. Then count the pairs of channels "
            "that each weight of the kernel joins."
        ),
        "The full matrix has O_g * N_g1 * N_g2 * O_h * N_h1 * N_h2 weights; the kernel fewer.",
    ),
)


@regressor.expects("maps of 8 x 8 to maps of 6 x 6 take a kernel of 3 x 3")
def _(answer):
    return tuple(answer((16, 8, 8), (32, 6, 6))[0]) == (3, 3)


@regressor.expects("equal maps take a kernel of 1 x 1")
def _(answer):
    return tuple(answer((4, 7, 7), (9, 7, 7))[0]) == (1, 1)


@regressor.expects("height and width may differ")
def _(answer):
    return tuple(answer((4, 9, 7), (9, 5, 6))[0]) == (5, 2)


@regressor.expects("the convolution has k1 k2 O_h O_g weights")
def _(answer):
    return answer((16, 8, 8), (32, 6, 6))[1] == 3 * 3 * 32 * 16


@regressor.expects("a full matrix has one for every pair of values")
def _(answer):
    return answer((16, 8, 8), (32, 6, 6))[2] == 16 * 8 * 8 * 32 * 6 * 6


@regressor.tried_on
def _(draw):
    height, width = draw.whole(2, 6), draw.whole(2, 6)
    larger = (height + draw.whole(1, 4), width + draw.whole(1, 4))
    return (draw.whole(2, 9), *larger), (draw.whole(2, 9), height, width)


@regressor.solved_by
def _(guided, hint):
    (o_g, *n_g), (o_h, *n_h) = guided, hint
    k1, k2 = (g - h + 1 for g, h in zip(n_g, n_h))
    full = o_g * n_g[0] * n_g[1] * o_h * n_h[0] * n_h[1]
    return (k1, k2), k1 * k2 * o_h * o_g, full


@regressor.refuses
def _(g, h):
    return (
        ((k := (g[1] - h[1] + 1)), k),
        k * k * h[0],
        g[0] * g[1] * g[2] * h[0] * h[1] * h[2],
    )


@regressor.refuses
def _(g, h):
    """A kernel that is one too small."""
    k1, k2 = g[1] - h[1], g[2] - h[2]
    return (k1, k2), k1 * k2 * g[0] * h[0], math.prod(g) * math.prod(h)


@regressor.refuses
def _(g, h):
    """One filter for all channels that come in."""
    k1, k2 = g[1] - h[1] + 1, g[2] - h[2] + 1
    return (k1, k2), k1 * k2 * h[0], math.prod(g) * math.prod(h)


@regressor.refuses
def _(g, h):
    """With biases."""
    k1, k2 = g[1] - h[1] + 1, g[2] - h[2] + 1
    return (k1, k2), (k1 * k2 * g[0] + 1) * h[0], (math.prod(g) + 1) * math.prod(h)


@regressor.refuses
def _(g, h):
    """A full matrix of the places alone."""
    k1, k2 = g[1] - h[1] + 1, g[2] - h[2] + 1
    return (k1, k2), k1 * k2 * g[0] * h[0], math.prod(g[1:]) * math.prod(h[1:])


hint_loss = Exercise(
    "Equation 3",
    hints=(
        "How does v (n, 3) get the shape of u (n, 5), and can a hint be below 0?",
        "r = relu(v W^T + b); square u - r; sum over units; halve; mean over the batch.",
        "r = torch.relu(v @ W.T + b); one line is left, with .square().",
    ),
)


@hint_loss.expects("one number for the whole batch")
def _(answer):
    return answer(u, v, W, b).ndim == 0


@hint_loss.expects("a regressor that fits has no loss")
def _(answer):
    return close(answer(fitted, v, W, b), 0.0)


@hint_loss.expects("one unit off by 2 in every example costs 2")
def _(answer):
    return close(answer(fitted + 2 * torch.eye(5)[0], v, W, b), 2.0)


@hint_loss.expects("a batch twice over has the same loss")
def _(answer):
    return close(answer(torch.cat([u, u]), torch.cat([v, v]), W, b), answer(u, v, W, b))


@hint_loss.expects("units that are 0 twice over cost nothing more")
def _(answer):
    return close(answer(_padded(u), v, _padded(W.T).T, _padded(b)), answer(u, v, W, b))


@hint_loss.expects("a unit whose sum is negative counts as 0")
def _(answer):
    return close(answer(torch.zeros(6, 5), v, W, b - 1000000.0), 0.0)


@hint_loss.tried_on
def _(draw):
    return (
        draw.logits(6, 5).relu(),
        draw.logits(6, 3).relu(),
        draw.logits(5, 3),
        draw.logits(5),
    )


@hint_loss.solved_by
def _(u, v, W, b):
    return 0.5 * (u - torch.relu(v @ W.T + b)).square().sum(1).mean()


@hint_loss.refuses
def _(u, v, W, b):
    return (u - torch.relu(v @ W.T + b)).square().mean()


hint_loss.refuses(lambda u, v, W, b: (u - (v @ W.T + b).relu()).square().sum(1).mean())
hint_loss.refuses(lambda u, v, W, b: 0.5 * (u - (v @ W.T + b).relu()).square().sum())
hint_loss.refuses(lambda u, v, W, b: 0.5 * (u - v @ W.T - b).square().sum(1).mean())
hint_loss.refuses(
    lambda u, v, W, b: 0.5 * (u - (v @ W.T).relu()).square().sum(1).mean()
)
hint_loss.refuses(
    lambda u, v, W, b: 0.5 * (u - (v @ W.T + b).relu()).norm(dim=1).mean()
)


schedule = Exercise(
    "λ over the second stage",
    hints=(
        "Where is it at p = 0, at p = 1, and half way?",
        "A straight line: where it starts, plus the share p of the way to go.",
        "The way to go is way = last - first, which is negative where it falls.",
    ),
)


@schedule.expects("it begins at the first value")
def _(answer):
    return close(answer(0.0, 4.0, 1.0), 4.0)


@schedule.expects("it ends at the last")
def _(answer):
    return close(answer(1.0, 4.0, 1.0), 1.0)


@schedule.expects("half way it is their mean")
def _(answer):
    return close(answer(0.5, 4.0, 1.0), 2.5)


@schedule.expects("equal steps change it by equal amounts")
def _(answer):
    return close(answer(0.1, 4.0, 1.0) - answer(0.2, 4.0, 1.0), 0.3)


@schedule.expects("it may rise as well")
def _(answer):
    return close(answer(0.25, 0.0, 2.0), 0.5)


@schedule.tried_on
def _(draw):
    return draw.number(0.1, 0.9), draw.number(1, 5), draw.number(6, 9)


@schedule.solved_by
def _(p, first, last):
    return first + (last - first) * p


@schedule.refuses
def _(p, first, last):
    return first * (last / first) ** p if first else last * p


schedule.refuses(lambda p, first, last: last + (first - last) * p)
schedule.refuses(lambda p, first, last: first + last * p)
schedule.refuses(lambda p, first, last: first if p < 0.5 else last)
schedule.refuses(lambda p, first, last: first * (1 - p))


deep = Design(
    title="Ten layers without a teacher",
    hints=(
        "What do the initial weights do to the differences between two images?",
        (
            "Draw larger weights before training, so that a layer neither shrinks nor "
            "stretches; or train the lower half first, with a classifier of its own."
        ),
        "torch.nn.init.kaiming_uniform_(w) for every weight w of two dimensions.",
    ),
    weights=16_138,
    margin=75,
)


QUICK = replace(CONFIG, epochs=12, batch_size=128, lr=0.04, schedule="cosine")


@deep.deals
def _(seed):
    """3,500 small digits, and a net of ten layers of 32 that nobody has trained."""
    digits = mnist_5k().hold_out(500).halved().dealt(seed)
    return digits, thin(digits, DEEP, seed)


@deep.rival
def _(data, net, seed):
    """Learn from the labels, as the net comes."""
    return on_labels(copy.deepcopy(net), data, QUICK, seed)


@deep.solved_by
def _(data, net, seed):
    import kdsurvey as kd

    for w in net.parameters():
        if w.ndim == 2:
            torch.nn.init.kaiming_uniform_(w)
    how = kd.Config(epochs=12, lr=0.04, schedule="cosine", seed=seed)
    kd.train(kd.methods.plain(net), data, how, progress=False)
    return net


@deep.refuses
def _(data, net, seed):
    """Train for longer."""
    return on_labels(net, data, replace(QUICK, epochs=15), seed)


@deep.refuses
def _(data, net, seed):
    """Batch norm, whose weights are too many."""
    return nets.mlp(196, *[32] * DEEP, 10, norm=True, seed=seed)


@deep.refuses
def _(data, net, seed):
    """Another optimiser, from the same weights."""
    adam = Config(epochs=4, lr=0.001, optimiser="adam", seed=seed)
    return on_labels(net, data, adam, seed)


@deep.refuses
def _(data, net, seed):
    """The tiny initial weights of the paper."""
    rescale(net, "tiny")
    return on_labels(net, data, replace(QUICK, epochs=3), seed)


def _padded(t: torch.Tensor) -> torch.Tensor:
    """t (..., d) with d zeros more."""
    return torch.cat([t, torch.zeros_like(t)], -1)


questions = read_questions(__package__)

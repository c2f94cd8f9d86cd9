"""Exercises of notebook 11."""

import math

import torch
import torch.nn.functional as F

import kdsurvey as kd
from kdsurvey import branches, nets
from kdsurvey.data import Data
from kdsurvey.lessons.branched_nets import fusing, parted
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.taught import noisy_digits
from kdsurvey.losses import ramp_up

z, z_f = example(3, 6, 4), example(6, 4, seed=1)
y = torch.tensor([0, 1, 2, 3, 0, 1])
size = Exercise(
    "The size of the fusion module",
    hints=(
        "Side by side, the maps have as many channels as all branches together.",
        "Depthwise: a 3 x 3 filter for each of these channels. No biases.",
        ("Pointwise: a 1 x 1 filter from all of them to each of `width` channels."),
    ),
)


@size.expects("twice the width, twice the pointwise weights")
def _(answer):
    return answer([8, 8], 32)[1] == 2 * answer([8, 8], 16)[1]


@size.expects("one more branch, one more depthwise filter a channel")
def _(answer):
    return answer([8, 8, 5], 16)[0] - answer([8, 8], 16)[0] == 9 * 5


@size.expects("branches may differ in their channels")
def _(answer):
    return tuple(answer([5, 11], 16)) == tuple(answer([8, 8], 16))


@size.expects("together far fewer than one full convolution")
def _(answer):
    return 5 * sum(answer([64, 64], 64)) < 9 * 128 * 64


@size.expects("they are the package's")
def _(answer):
    return tuple(answer([6, 12], 7)) == _weights(6, 12, width=7)


@size.tried_on
def _(draw):
    return [draw.whole(4, 12) for _ in range(draw.whole(2, 4))], draw.whole(5, 20)


@size.solved_by
def _(channels, width):
    c = sum(channels)
    return 9 * c, c * width


@size.refuses
def _(channels, width):
    return (9 * sum(channels), 9 * sum(channels) * width)


size.refuses(lambda channels, width: (10 * sum(channels), (sum(channels) + 1) * width))
size.refuses(lambda channels, width: (9 * len(channels), sum(channels) * width))
size.refuses(lambda channels, width: (sum(channels) * width, 9 * sum(channels)))
size.refuses(lambda channels, width: (3 * sum(channels), sum(channels) * width))
size.refuses(lambda channels, width: (9 * sum(channels), channels[0] * width))


loss = Exercise(
    "The loss of FFL",
    hints=(
        (
            "Three kinds of logits: the z_k, their mean z_e, and z_f. Labels teach "
            "the z_k and z_f."
        ),
        (
            "F.kl_div takes log q of the learner first, then p of the target; "
            "reduction='batchmean'; both at T; times T²."
        ),
        (
            "Detach a target where it teaches, not before: z_f is the learner in "
            "one term and the target in the others."
        ),
    ),
)


@loss.expects("a number")
def _(answer):
    return answer(z, z_f, y, 3.0, 1.0).ndim == 0


@loss.expects("at w = 0 only the labels teach")
def _(answer):
    return close(answer(z, z_f, y, 3.0, 0.0), _labels(z, z_f, y))


@loss.expects("where all agree only the labels teach")
def _(answer):
    return close(
        answer(z_f.expand(3, 6, 4), z_f, y, 3.0, 1.0),
        _labels(z_f.expand(3, 6, 4), z_f, y),
    )


@loss.expects("the ensemble teaches, and the fused classifier teaches each branch")
def _(answer):
    return close(
        answer(z, z_f, y, 3.0, 0.5), _labels(z, z_f, y) + 4.5 * _arrows(z, z_f, 3.0)
    )


@loss.expects("z_f learns from z_e, and not through what it teaches")
def _(answer):
    return close(_slope(answer), _slope_of_z_f())


@loss.tried_on
def _(draw):
    return (
        draw.logits(draw.whole(2, 4), 6, 4),
        draw.logits(6, 4),
        draw.labels(6, 4),
        draw.number(2, 4),
        draw.number(0.3, 2),
    )


@loss.solved_by
def _(z, z_f, y, T, w):
    F = torch.nn.functional

    def kl(v, z):
        p = (v.detach() / T).softmax(-1)
        return F.kl_div((z / T).log_softmax(-1), p, reduction="batchmean")

    labels = sum(F.cross_entropy(z_k, y) for z_k in z) + F.cross_entropy(z_f, y)
    return labels + w * T**2 * (kl(z.mean(0), z_f) + sum(kl(z_f, z_k) for z_k in z))


@loss.refuses
def _(z, z_f, y, T, w):
    """No target is detached."""
    F = torch.nn.functional
    labels = sum(F.cross_entropy(z_k, y) for z_k in (*z, z_f))
    arrows = ((z.mean(0), z_f), *((z_f, z_k) for z_k in z))
    return labels + w * T**2 * sum(
        (
            F.kl_div(
                (q / T).log_softmax(-1), (v / T).softmax(-1), reduction="batchmean"
            )
            for v, q in arrows
        )
    )


@loss.refuses
def _(z, z_f, y, T, w):
    """Without T²."""
    return _labels(z, z_f, y) + w * _arrows(z, z_f, T)


@loss.refuses
def _(z, z_f, y, T, w):
    """T in place of T²."""
    return _labels(z, z_f, y) + w * T * _arrows(z, z_f, T)


@loss.refuses
def _(z, z_f, y, T, w):
    """Means over the branches."""
    hard = F.cross_entropy(z.flatten(0, 1), y.repeat(len(z))) + F.cross_entropy(z_f, y)
    soft = _kl(z.mean(0).detach(), z_f, T)
    return hard + w * T**2 * (
        soft + sum(_kl(z_f.detach(), z_k, T) for z_k in z) / len(z)
    )


@loss.refuses
def _(z, z_f, y, T, w):
    """The fused classifier has no labels."""
    hard = sum(F.cross_entropy(z_k, y) for z_k in z)
    return hard + w * T**2 * _arrows(z, z_f, T)


@loss.refuses
def _(z, z_f, y, T, w):
    """The divergences the wrong way round."""
    soft = _kl(z_f, z.mean(0).detach(), T)
    soft = soft + sum(_kl(z_k, z_f.detach(), T) for z_k in z)
    return _labels(z, z_f, y) + w * T**2 * soft


ramp = Exercise(
    "The ramp",
    hints=(
        "Put t = 0 and t = t_r into exp(-5 (1 - t / t_r)²).",
        "After t_r the bracket is negative, but its square is not.",
        "Cut the bracket off at 0: max(0, 1 - t / t_r).",
    ),
)


@ramp.expects("it begins at exp(-5)")
def _(answer):
    return close(answer(0, 80), math.exp(-5))


@ramp.expects("it ends at 1, and stays there")
def _(answer):
    return close(answer(80, 80), 1.0) and close(answer(299, 80), 1.0)


@ramp.expects("half way it is exp(-5 / 4)")
def _(answer):
    return close(answer(40, 80), math.exp(-1.25))


@ramp.expects("it never falls")
def _(answer):
    return all(answer(t, 80) <= answer(t + 1, 80) for t in range(100))


@ramp.expects("it is the package's")
def _(answer):
    return all(
        close(answer(t, 50), ramp_up(t / 300, 50 / 300)) for t in (0, 10, 33, 60)
    )


@ramp.tried_on
def _(draw):
    return draw.whole(1, 60), draw.whole(61, 90)


@ramp.solved_by
def _(t, t_r):
    import math

    return math.exp(-5 * max(0.0, 1 - t / t_r) ** 2)


@ramp.refuses
def _(t, t_r):
    return math.exp(-5 * (1 - t / t_r) ** 2)


ramp.refuses(lambda t, t_r: math.exp(-5 * max(0.0, 1 - t / t_r)))  # not squared
ramp.refuses(lambda t, t_r: min(1.0, t / t_r))  # a straight line
ramp.refuses(lambda t, t_r: math.exp(-5 * min(1.0, t / t_r) ** 2))  # backwards
ramp.refuses(lambda t, t_r: math.exp(-(max(0.0, 1 - t / t_r) ** 2)))
ramp.refuses(lambda t, t_r: math.exp(-5 * max(0.0, 1 - t / 80) ** 2))  # whatever t_r


def _weights(*channels: int, width: int) -> tuple[int, ...]:
    module = branches.fusion(*channels, width=width, head=torch.nn.Identity())
    return tuple(
        nets.parameters(layer) for layer in module if isinstance(layer, torch.nn.Conv2d)
    )


not_by_heart = Design(
    title="Fused, and not learnt by heart",
    hints=(
        "The labels pull the fused classifier to what is wrong. Who could pull it back?",
        (
            "The average teaches the fused classifier, and that teaches the branches, of "
            "which the average is made. What may the two arrows weigh beside the labels?"
        ),
        (
            "kd.methods.ffl(net, fusion, T=3.0, to_fused=5.0, to_branches=5.0), 12 epochs, "
            "batch_size=50; then return kd.branches.Fused(net, fusion)."
        ),
    ),
    weights=210_000,
    margin=7,
    seeds=(0, 1, 2, 3),
)


@not_by_heart.deals
def _(seed):
    """600 digits of 14 x 14, two fifths of the labels drawn anew."""
    return (noisy_digits(seed, count=600),)


@not_by_heart.rival
def _(data, seed):
    """Train the fused classifier as the page does, each arrow with weight 1."""
    return _fused(data, seed)


def _fused(data: Data, seed: int, **arrows: float) -> branches.Fused:
    net = parted(seed)
    fusion = fusing(net, seed)
    how = kd.Config(12, 50, 0.05, schedule="cosine", nesterov=True, seed=seed)
    kd.train(kd.methods.ffl(net, fusion, T=3.0, **arrows), data, how, progress=False)
    return branches.Fused(net, fusion)


@not_by_heart.solved_by
def _(data, seed):
    def make(seed):
        return kd.nets.conv_mlp((1, 14, 14), 8, 16, hidden=64, seed=seed)

    net = kd.branches.branched(make, at=1, count=3, seed=seed)
    head = make(2000 + seed)[-1]
    fusion = kd.branches.fusion(16, 16, 16, width=16, head=head, seed=seed)
    how = kd.Config(12, 50, 0.05, schedule="cosine", nesterov=True, seed=seed)
    stages = kd.methods.ffl(net, fusion, T=3.0, to_fused=5.0, to_branches=5.0)
    kd.train(stages, data, how, progress=False)
    return kd.branches.Fused(net, fusion)


@not_by_heart.refuses
def _(data, seed):
    """Nobody teaches the fused classifier."""
    return _fused(data, seed, to_fused=0.0, to_branches=5.0)


@not_by_heart.refuses
def _(data, seed):
    """The arrows as they come, from the first step on."""
    return _fused(data, seed, ramp=0.0)


@not_by_heart.refuses
def _(data, seed):
    """Four branches: more weights than may be."""
    net = parted(seed, 4)
    return branches.Fused(net, fusing(net, seed))


def _labels(z: torch.Tensor, z_f: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return sum(F.cross_entropy(z_k, y) for z_k in z) + F.cross_entropy(z_f, y)


def _kl(v: torch.Tensor, z: torch.Tensor, T: float) -> torch.Tensor:
    return F.kl_div((z / T).log_softmax(1), (v / T).softmax(1), reduction="batchmean")


def _arrows(z: torch.Tensor, z_f: torch.Tensor, T: float) -> torch.Tensor:
    """What is learnt from the ensemble and from the fused classifier; targets only teach."""
    from_z_f = sum(_kl(z_f.detach(), z_k, T) for z_k in z)
    return _kl(z.mean(0).detach(), z_f, T) + from_z_f


def _slope(f) -> torch.Tensor:
    at = z_f.clone().requires_grad_()
    return torch.autograd.grad(f(z, at, y, 3.0, 1.0), at)[0]


def _slope_of_z_f() -> torch.Tensor:
    """(q_f - y + T (q_f at T - p_e at T)) / n"""
    soft = (z_f / 3).softmax(1) - (z.mean(0) / 3).softmax(1)
    return (z_f.softmax(1) - F.one_hot(y, 4) + 3 * soft) / len(y)


questions = read_questions(__package__)

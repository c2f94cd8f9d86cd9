"""Exercises of notebook 10."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

import kdsurvey as kd
from kdsurvey.branches import branched
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.taught import LONG, noisy_digits, wide_net

a = example(6, 3, scale=1.5, seed=5)  # what the gate's ReLU gets
z, g = example(3, 6, 4, seed=6), example(6, 3, scale=1.0, seed=7).softmax(1)
y = torch.tensor([0, 1, 2, 3, 0, 1])
weights = Exercise(
    "The gate's weights",
    hints=(
        "First the ReLU, then the softmax over the branches.",
        (
            "A negative value counts as 0; the softmax gives it the weight exp(0) "
            "over the sum, not 0."
        ),
        "a.relu().softmax(1).",
    ),
)


@weights.expects("one weight an image and branch")
def _(answer):
    return answer(a).shape == a.shape


@weights.expects("they sum to 1 for every image")
def _(answer):
    return close(answer(a).sum(1), torch.ones(6))


@weights.expects("all values negative: all branches alike")
def _(answer):
    return close(answer(-a.abs()), torch.full((6, 3), 1 / 3))


@weights.expects("how negative makes no difference")
def _(answer):
    return close(
        answer(torch.tensor([[1.0, -0.1, -9.0]])),
        answer(torch.tensor([[1.0, -5.0, 0.0]])),
    )


@weights.expects("where nothing is negative it is a softmax")
def _(answer):
    return close(answer(a.abs()), a.abs().softmax(1))


@weights.tried_on
def _(draw):
    return (draw.logits(6, draw.whole(3, 5)),)


@weights.solved_by
def _(a):
    return a.relu().softmax(1)


@weights.refuses
def _(a):
    return a.softmax(1).relu()


weights.refuses(lambda a: a.softmax(1))
weights.refuses(lambda a: a.relu() / a.relu().sum(1, keepdim=True))
weights.refuses(lambda a: a.relu().softmax(0))
weights.refuses(lambda a: a.sigmoid())
weights.refuses(lambda a: a.abs().softmax(1))


one_loss = Exercise(
    "The loss of ONE",
    hints=(
        (
            "z_e = torch.einsum('nm,mnc->nc', g, z). Then m cross-entropies, one "
            "more for z_e, and m divergences, all summed."
        ),
        (
            "The teacher only teaches: detach z_e in the divergence, or the gate "
            "learns to please the branches."
        ),
        (
            "T * T * F.kl_div((z_i / T).log_softmax(1), (z_e.detach() / "
            "T).softmax(1), reduction='batchmean') for each branch i."
        ),
    ),
)


@one_loss.expects("a number")
def _(answer):
    return answer(z, g, y, 3.0).ndim == 0


@one_loss.expects("branches that agree leave m + 1 cross-entropies")
def _(answer):
    return close(answer(z[:1].expand(3, 6, 4), g, y, 3.0), 4 * F.cross_entropy(z[0], y))


@one_loss.expects("twice the branches with half the weights: sums, not means")
def _(answer):
    return close(
        answer(torch.cat([z, z]), torch.cat([g, g], 1) / 2, y, 3.0),
        2 * answer(z, g, y, 3.0) - F.cross_entropy(_mixed(z, g), y),
    )


@one_loss.expects("the divergence has T², the teacher first")
def _(answer):
    return close(
        answer(z, g, y, 2.0) - answer(z, g, y, 5.0), _kl(2.0) - _kl(5.0), 0.0001
    )


@one_loss.expects("the gate learns from the labels alone")
def _(answer):
    return close(*(_slope(answer, T) for T in (2.0, 5.0)))


@one_loss.tried_on
def _(draw):
    m = draw.whole(2, 4)
    return (
        draw.logits(m, 6, 4),
        draw.shares(6, m),
        draw.labels(6, 4),
        draw.number(2, 5),
    )


@one_loss.solved_by
def _(z, g, y, T):
    F = torch.nn.functional
    z_e = torch.einsum("nm,mnc->nc", g, z)
    p_e = (z_e.detach() / T).softmax(1)
    hard = sum(F.cross_entropy(z_i, y) for z_i in z) + F.cross_entropy(z_e, y)
    return hard + T * T * sum(
        F.kl_div((z_i / T).log_softmax(1), p_e, reduction="batchmean") for z_i in z
    )


@one_loss.refuses
def _(z, g, y, T):
    """The ensemble is not detached: it learns from what it teaches."""
    z_e = torch.einsum("nm,mnc->nc", g, z)
    p_e = (z_e / T).softmax(1)
    hard = sum(F.cross_entropy(z_i, y) for z_i in z) + F.cross_entropy(z_e, y)
    soft = [F.kl_div((z_i / T).log_softmax(1), p_e, reduction="batchmean") for z_i in z]
    return hard + T**2 * sum(soft)


@one_loss.refuses
def _(z, g, y, T):
    """Without T²."""
    return _hard(z, _mixed(z, g), y) + _soft(z, _mixed(z, g), T)


@one_loss.refuses
def _(z, g, y, T):
    """Means over the branches."""
    z_e = _mixed(z, g)
    hard = sum(F.cross_entropy(z_i, y) for z_i in z) / len(z) + F.cross_entropy(z_e, y)
    return hard + T**2 * _soft(z, z_e, T) / len(z)


@one_loss.refuses
def _(z, g, y, T):
    """The ensemble has no labels."""
    hard = sum(F.cross_entropy(z_i, y) for z_i in z)
    return hard + T**2 * _soft(z, _mixed(z, g), T)


@one_loss.refuses
def _(z, g, y, T):
    """All branches alike, whatever the gate says."""
    return _hard(z, z.mean(0), y) + T**2 * _soft(z, z.mean(0), T)


@one_loss.refuses
def _(z, g, y, T):
    """The divergence the wrong way round."""
    z_e = _mixed(z, g)
    log_p = (z_e.detach() / T).log_softmax(1)
    soft = sum(
        F.kl_div(log_p, (z_i / T).softmax(1), reduction="batchmean") for z_i in z
    )
    return _hard(z, z_e, y) + T**2 * soft


cost = Exercise(
    "What sharing saves",
    hints=(
        "Count what one answer runs: the trunk, and how many branches?",
        "All branches together: trunk + m branch.",
        "m separate nets: m (trunk + branch).",
    ),
)


@cost.expects("one branch is a net: trunk and branch")
def _(answer):
    return close(answer(30, 70, 4)[0], 100)


@cost.expects("the trunk runs once for all of them")
def _(answer):
    return close(answer(30, 70, 4)[1], 310)


@cost.expects("separate nets share nothing")
def _(answer):
    return close(answer(30, 70, 4)[2], 400)


@cost.expects("without a trunk nothing is saved")
def _(answer):
    return close(answer(0, 50, 3)[1], answer(0, 50, 3)[2])


@cost.expects("a single branch is a net alone")
def _(answer):
    return close(answer(30, 70, 1), (100, 100, 100))


@cost.tried_on
def _(draw):
    return draw.whole(10, 99), draw.whole(10, 99), draw.whole(2, 6)


@cost.solved_by
def _(trunk, branch, m):
    return trunk + branch, trunk + m * branch, m * (trunk + branch)


@cost.refuses
def _(trunk, branch, m):
    return (trunk + branch, m * (trunk + branch), m * (trunk + branch))


cost.refuses(lambda t, b, m: (t + b, m * b, m * (t + b)))
cost.refuses(lambda t, b, m: (t + b, m * t + b, m * (t + b)))
cost.refuses(lambda t, b, m: (t + b, m * (t + b), t + m * b))
cost.refuses(lambda t, b, m: (b, t + m * b, m * (t + b)))
cost.refuses(lambda t, b, m: (t + b, t + b, m * (t + b)))


one_of_three = Design(
    title="One branch, and what it learnt from three",
    hints=(
        "Of three nets that learn wrong labels by heart, how many err on one new image alike?",
        (
            "Branches of kd.nets.mlp(196, 64, 64, 10), kd.methods.one with no gate, then return "
            "one branch. What makes them listen more to each other, and less to the labels?"
        ),
        (
            "make(seed) is a net, branched(make, at=0, count=3, seed=seed) are three, by one(net, "
            "None, T=3.0, weight=5.0), 16 epochs, batch_size=50; what is left is to return net[0]."
        ),
    ),
    weights=17_500,
    margin=5,
)


@one_of_three.deals
def _(seed):
    """600 digits of 14 x 14, two fifths of the labels drawn anew."""
    return (noisy_digits(seed, count=600),)


@one_of_three.rival
def _(data, seed):
    """Learn alone for 16 epochs, long enough to learn wrong labels by heart."""
    return on_labels(wide_net(seed), data, LONG, seed)


@one_of_three.solved_by
def _(data, seed):
    def make(seed):
        return kd.nets.mlp(196, 64, 64, 10, seed=seed)

    net = kd.branches.branched(make, at=0, count=3, seed=seed)
    how = kd.Config(
        epochs=16, batch_size=50, lr=0.1, schedule="cosine", nesterov=True, seed=seed
    )
    kd.train(kd.methods.one(net, None, T=3.0, weight=5.0), data, how, progress=False)
    return net[0]


@one_of_three.refuses
def _(data, seed):
    """Branches that learn from labels alone: nobody teaches the one that is served."""
    return _branch(data, seed, weight=0.0)


@one_of_three.refuses
def _(data, seed):
    """All three branches together: too many weights."""
    return kd.branches.Mixed(branched(wide_net, at=0, count=3, seed=seed), None)


@one_of_three.refuses
def _(data, seed):
    """A branch after a single epoch."""
    return _branch(data, seed, weight=5.0, epochs=1)


def _branch(data: Data, seed: int, weight: float, epochs: int = 16) -> nn.Module:
    """Train three branches and return one of them."""
    net = branched(wide_net, at=0, count=3, seed=seed)
    how = replace(LONG, epochs=epochs, seed=seed)
    return fit(net, kd.methods.one(net, None, weight=weight), data, how)[0]


def _mixed(z: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    return torch.einsum("nm,mnc->nc", g, z)


def _hard(z: torch.Tensor, z_e: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return sum(F.cross_entropy(z_i, y) for z_i in z) + F.cross_entropy(z_e, y)


def _soft(z: torch.Tensor, z_e: torch.Tensor, T: float) -> torch.Tensor:
    """The sum of the divergences; the ensemble only teaches."""
    p = (z_e.detach() / T).softmax(1)
    apart = (F.kl_div((z_i / T).log_softmax(1), p, reduction="batchmean") for z_i in z)
    return sum(apart, torch.zeros(()))


def _kl(T: float) -> torch.Tensor:
    """T^2 times the sum of the divergences, for the logits and the weights of this module."""
    return T**2 * _soft(z, _mixed(z, g), T)


def _slope(f, T: float) -> torch.Tensor:
    """What reaches the weights g."""
    given = g.clone().requires_grad_()
    return torch.autograd.grad(f(z, given, y, T), given)[0]


questions = read_questions(__package__)

"""Notebook 12: heads on a trunk, trained with their ensemble, an identity and its
weight. Li, Ng & Natsev 2019, 1905.09979.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.branches import Branches, branched
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import labels, smoothed
from kdsurvey.lessons.arms import alone_first, by_name
from kdsurvey.lessons.branched_nets import (
    COUNT,
    Joint,
    Separate,
    as_heads,
    parted,
)
from kdsurvey.lessons.mutual_learning.experiments import NOISE, clean_digits
from kdsurvey.records import experiment
from kdsurvey.training import Config

CONFIG = branched_nets.CONFIG
LAMBDAS = (0.0, 0.5, 1.0, 1.5, 2.0)
# the weights that are tried at three times the rate too, where their heads' losses
# count as a sum counts them
WIDE = (1.0, 2.0)
THIN_LAMBDAS = (1.0, 1.5)
THIN = 5  # channels of a thin head's convolution, of which a net alone has 16


@dataclass(frozen=True)
class Rate:
    """A learning rate, as a multiple of CONFIG's; lambdas: the weights tried at it;
    controlled: the net alone, and with smooth labels, learn at it too.
    """

    name: str
    times: float
    lambdas: tuple[float, ...] = LAMBDAS
    controlled: bool = True


USUAL = Rate("the rate", 1.0)
RATES = (
    USUAL,
    Rate("a third of it", 1 / 3),
    Rate("three times it", 3.0, WIDE, controlled=False),
)


class Parts(NamedTuple):
    """The parts of the mean loss of heads, each a mean over images; in nats, or in squared
    units.

    heads: the mean over the heads of their losses. together: the loss of their average.
    apart: the mean over the heads of how far they are from it.
    """

    heads: Tensor
    together: Tensor
    apart: Tensor

    @property
    def gap(self) -> float:
        """|heads - together - apart|: 0 where the identity holds."""
        return (self.heads - self.together - self.apart).abs().item()


def parts(z: Tensor, y: Tensor, average: str = "logits") -> Parts:
    """1/m sum_i H(y, q_i), H(y, q) and 1/m sum_i KL(q || q_i), q the softmax of the
    mean logits, or the mean of the q_i.

    z: (m, n, c) logits; y: (n,) labels, or (n, c) probabilities. average: "logits" or
    "probabilities". Nothing is detached.
    """
    log_q_i = z.log_softmax(-1)
    log_q = (
        z.mean(0).log_softmax(-1)
        if average == "logits"
        else log_q_i.exp().mean(0).log()
    )
    target = (
        torch.nn.functional.one_hot(y, z.shape[-1]).to(z.dtype) if y.ndim == 1 else y
    )
    heads, together = (-(target * log).sum(-1).mean() for log in (log_q_i, log_q))
    return Parts(heads, together, (log_q.exp() * (log_q - log_q_i)).sum(-1).mean())


def ambiguity(f: Tensor, y: Tensor) -> Parts:
    """Split the mean squared error of predictions f (m, n) of numbers y (n,) likewise:
    Krogh & Vedelsby 1994.
    """
    return Parts(
        (f - y).square().mean(),
        (f.mean(0) - y).square().mean(),
        (f - f.mean(0)).square().mean(),
    )


def slope_through_ensemble(z: Tensor, average: str = "logits") -> float:
    """Return the largest absolute slope of the mean KL(q || q_i) in what the target q is
    made of, the heads' own q_i held constant.
    """
    made_of = z.detach().clone().requires_grad_()
    log_q = (
        made_of.mean(0).log_softmax(-1)
        if average == "logits"
        else made_of.softmax(-1).mean(0).log()
    )
    apart = (log_q.exp() * (log_q - z.detach().log_softmax(-1))).sum(-1).mean()
    return torch.autograd.grad(apart, made_of)[0].abs().max().item()


def thin(seed: int, count: int = COUNT) -> Branches:
    """Return heads so thin that the whole net has fewer weights, and fewer multiply-adds,
    than one net `branched_nets.small`.
    """

    def make(seed: int) -> nn.Sequential:
        return nets.conv_mlp(branched_nets.SHAPE, 8, THIN, hidden=64, seed=seed)

    return branched(make, 1, count, seed)


def one_thin(seed: int) -> nn.Sequential:
    """Return one thin head with the trunk."""
    return thin(seed)[0]


def name(lam: float) -> str:
    """Name the arm of heads with this weight."""
    return f"lambda = {lam:g}"


def heads(lam: float, make: Callable[[int], Branches] = parted) -> Joint:
    """Return the arm of heads with one weight. make: seed -> branches."""
    return Joint(name(lam), as_heads, make=make, options={"lam": lam})


CONTROLS = by_name(
    Separate("one net", labels, role="control"),
    Separate("label smoothing", smoothed, role="control"),
)
# thin heads learn from the sum of their losses: the mean, counted so many times
SMALLER: dict[str, Separate | Joint] = by_name(
    *CONTROLS.values(),
    Separate("one thin net", labels, role="control", make=one_thin),
    *(
        replace(heads(lam, thin), name=f"thin heads, {name(lam)}", times=COUNT)
        for lam in THIN_LAMBDAS
    ),
)
# settings of the experiments on lambda
HEADS = branched_nets.SHARED | {
    "config": CONFIG,
    "lambdas": LAMBDAS,
    "rates": RATES,
    "controls": CONTROLS,
}


def swept(
    lam: float,
    data: Data,
    seed: int,
    rate: Rate = USUAL,
    make: Callable[[int], Branches] = parted,
) -> dict:
    """Train heads with one weight at a rate, and return a row."""
    arm = heads(lam, make)
    learnt = arm.learn(replace(data, validation=None), _at(rate, seed))
    about = {"rate": rate.name, "lam": lam}
    return branched_nets.outcome(arm.name, seed, learnt, data, **about)


def _at(rate: Rate, seed: int) -> Config:
    return replace(CONFIG, seed=seed, lr=CONFIG.lr * rate.times)


def controls(data: Data, seed: int, rate: Rate = USUAL) -> list[dict]:
    """Train the net alone, and with labels as smooth as its own answers are; a row each."""
    arms = tuple(CONTROLS.values())
    return compared(arms, data, _at(rate, seed), rate=rate.name)


def compared(
    arms: Sequence[Separate | Joint], data: Data, config: Config, **about: str
) -> list[dict]:
    """Return a row for each arm; the first is what label smoothing is measured by.

    Validation images are looked at once, when an arm is done. about: columns of each.
    """
    images = replace(data, validation=None)
    seed = config.first_seed
    rows = []
    for arm, learnt in alone_first(
        arms, lambda arm, alone: arm.learn(images, config, alone)
    ):
        rows.append(branched_nets.outcome(arm.name, seed, learnt, data, **about))
    return rows


@experiment(settings=HEADS | {"noise": NOISE}, dealt=False)
def ensemble_lambda(data: Data, seed: int) -> list[dict]:
    """Train each lambda at the rate and at a third of it, two of them at three times the
    rate, and one net.
    """
    data = branched_nets.digits(data, seed)
    rows = []
    for rate in RATES:
        if rate.controlled:
            rows += controls(data, seed, rate)
        rows += [swept(lam, data, seed, rate) for lam in rate.lambdas]
    return rows


@experiment(settings=HEADS | {"noise": 0.0}, dealt=False)
def ensemble_lambda_clean(data: Data, seed: int) -> list[dict]:
    """Train the first part of `ensemble_lambda` with no label drawn anew."""
    data = clean_digits(data, seed)
    rows = [swept(lam, data, seed) for lam in LAMBDAS]
    return [*controls(data, seed), *rows]


@experiment(
    settings=branched_nets.SHARED
    | {
        "choices": branched_nets.CHOICES,
        "controls": CONTROLS,
        "thin_lambdas": THIN_LAMBDAS,
        "arms": SMALLER,
        "thin": THIN,
        "noise": NOISE,
    },
    dealt=False,
)
def ensemble_thin(data: Data, seed: int) -> list[dict]:
    """Train one net, the same with smoothed labels, one thin net, and thin heads that are
    smaller than the first, at each choice.
    """
    data = branched_nets.digits(data, seed)
    rows = []
    for choice, config in branched_nets.CHOICES.items():
        arms = tuple(SMALLER.values())
        rows += compared(arms, data, replace(config, seed=seed), choice=choice)
    return rows

"""Notebook 12: heads on a trunk, trained with their ensemble, an identity and its
weight. Li, Ng & Natsev 2019, 1905.09979.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from kdsurvey import nets
from kdsurvey.branches import Branches, branched
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.mutual_learning.experiments import NOISE, clean_digits
from kdsurvey.methods import plain
from kdsurvey.records import experiment
from kdsurvey.training import Config, train

CONFIG = branched_nets.CONFIG
LAMBDAS = (0.0, 0.5, 1.0, 1.5, 2.0)
# of CONFIG; the first is the default
RATES = {"the rate": 1.0, "a third of it": 1 / 3, "three times it": 3.0}
# the weights that are tried at three times the rate too, where their heads' losses
# count as a sum counts them
WIDE = (1.0, 2.0)
THIN_LAMBDAS = (1.0, 1.5)
THIN = 5  # channels of a thin head's convolution, of which a net alone has 16
# settings of the experiments on lambda
HEADS = branched_nets.SHARED | {"config": CONFIG, "lambdas": LAMBDAS, "rates": RATES}


class Parts(NamedTuple):
    """What the mean loss of heads consists of, each a mean over images; in nats, or in
    squared units.
    """

    heads: Tensor  # the mean over the heads of their losses
    together: Tensor  # the loss of their average
    apart: Tensor  # the mean over the heads of how far they are from it

    @property
    def gap(self) -> float:
        """|heads - together - apart|: 0 where the identity holds."""
        return (self.heads - self.together - self.apart).abs().item()


def parts(z: Tensor, y: Tensor, average: str = "logits") -> Parts:
    """1/m sum_i H(y, p_i), H(y, p) and 1/m sum_i KL(p || p_i), p the softmax of the
    mean logits, or the mean of the p_i.

    z: (m, n, c) logits; y: (n,) labels, or (n, c) probabilities. average: "logits" or
    "probabilities". Nothing is detached.
    """
    log_p_i = z.log_softmax(-1)
    log_p = (
        z.mean(0).log_softmax(-1)
        if average == "logits"
        else log_p_i.exp().mean(0).log()
    )
    target = (
        torch.nn.functional.one_hot(y, z.shape[-1]).to(z.dtype) if y.ndim == 1 else y
    )
    heads, together = (-(target * log).sum(-1).mean() for log in (log_p_i, log_p))
    return Parts(heads, together, (log_p.exp() * (log_p - log_p_i)).sum(-1).mean())


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
    """The largest entry of the slope of 1/m sum_i KL(p || p_i) in what p is made of,
    while the heads' own p_i stay.
    """
    made_of = z.detach().clone().requires_grad_()
    log_p = (
        made_of.mean(0).log_softmax(-1)
        if average == "logits"
        else made_of.softmax(-1).mean(0).log()
    )
    apart = (log_p.exp() * (log_p - z.detach().log_softmax(-1))).sum(-1).mean()
    return torch.autograd.grad(apart, made_of)[0].abs().max().item()


def summed(config: Config, m: int = branched_nets.COUNT) -> Config:
    """The same steps as m times the loss would make with `config`: what a mean over
    heads needs to be a sum over them.
    """
    return replace(config, lr=m * config.lr, weight_decay=config.weight_decay / m)


def thin(seed: int, count: int = branched_nets.COUNT) -> Branches:
    """Heads so thin that the whole net has fewer weights, and fewer multiply-adds, than
    one net `branched_nets.small`.
    """
    return branched(
        lambda s: nets.conv_mlp(branched_nets.SHAPE, 8, THIN, hidden=64, seed=s),
        1,
        count,
        seed,
    )


def name(lam: float) -> str:
    """How an arm is called."""
    return f"lambda = {lam:g}"


def swept(
    lam: float,
    data: Data,
    seed: int,
    rate: str = "the rate",
    make: Callable[[int], Branches] = branched_nets.parted,
) -> dict:
    """Heads with one weight, trained at one of RATES: a row."""
    net, config = make(seed), replace(CONFIG, seed=seed, lr=CONFIG.lr * RATES[rate])
    learnt = branched_nets.learn(
        branched_nets.with_heads(lam), replace(data, validation=None), config, net
    )
    return branched_nets.outcome(name(lam), seed, learnt, data, rate=rate, lam=lam)


def controls(data: Data, seed: int, rate: str) -> list[dict]:
    """The net alone, and with labels as smooth as its own answers are."""
    config = replace(CONFIG, seed=seed, lr=CONFIG.lr * RATES[rate])
    rows = []
    smoothing = 0.0
    for arm in ("one net", "label smoothing"):
        net = branched_nets.small(seed)
        train(
            plain(net, smoothing=smoothing),
            replace(data, validation=None),
            config,
            progress=False,
        )
        smoothing = smoothing_of(net, data)
        rows.append(branched_nets.outcome(arm, seed, ([net], net), data, rate=rate))
    return rows


@experiment(settings=HEADS | {"wide": WIDE, "noise": NOISE})
def ensemble_lambda(data: Data, seed: int) -> list[dict]:
    """Each lambda at the rate and at a third of it, two of them at three times the
    rate, and what one net does.
    """
    data, rows = branched_nets.digits(data, seed), []
    for rate in RATES:
        if rate != "three times it":
            rows += controls(data, seed, rate)
        rows += [
            swept(lam, data, seed, rate)
            for lam in (WIDE if rate == "three times it" else LAMBDAS)
        ]
    return rows


@experiment(settings=HEADS | {"noise": 0.0})
def ensemble_lambda_clean(data: Data, seed: int) -> list[dict]:
    """The first part of `ensemble_lambda` with no label drawn anew."""
    data = clean_digits(data, seed)
    return [
        *controls(data, seed, "the rate"),
        *(swept(lam, data, seed) for lam in LAMBDAS),
    ]


@experiment(
    settings=branched_nets.SHARED
    | {
        "choices": branched_nets.CHOICES,
        "lambdas": THIN_LAMBDAS,
        "thin": THIN,
        "noise": NOISE,
    }
)
def ensemble_thin(data: Data, seed: int) -> list[dict]:
    """One net, the same with smoothed labels, one thin net, and thin heads that are
    smaller than the first, at each choice.
    """
    data, rows = branched_nets.digits(data, seed), []
    images = replace(data, validation=None)
    for choice, config in branched_nets.CHOICES.items():
        config, smoothing = replace(config, seed=seed), 0.0
        for arm, make in (
            ("one net", branched_nets.small),
            ("label smoothing", branched_nets.small),
            ("one thin net", lambda s: thin(s)[0]),
        ):
            net = make(seed)
            train(
                plain(net, smoothing=smoothing if arm == "label smoothing" else 0.0),
                images,
                config,
                progress=False,
            )
            smoothing = smoothing or smoothing_of(net, data)
            rows.append(
                branched_nets.outcome(arm, seed, ([net], net), data, choice=choice)
            )
        for lam in THIN_LAMBDAS:
            learnt = branched_nets.learn(
                branched_nets.with_heads(lam), images, summed(config), thin(seed)
            )
            rows.append(
                branched_nets.outcome(
                    f"thin heads, {name(lam)}", seed, learnt, data, choice=choice
                )
            )
    return rows

"""Notebook 11: branches that teach themselves. Lan, Zhu & Gong 2018, arXiv 1806.04606;
judged and drawn in native_claims.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.branches import Mixed, branched
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.branched_nets import (
    CHOICES,
    CONFIG,
    COUNT,
    Learnt,
    T,
    digits,
    learn,
    outcome,
    parted,
    small,
    with_heads,
    with_one,
)
from kdsurvey.lessons.mutual_learning import flatness as why
from kdsurvey.lessons.mutual_learning.experiments import NOISE, clean_digits
from kdsurvey.losses import entropy
from kdsurvey.methods import plain
from kdsurvey.records import experiment
from kdsurvey.stage import Batch, in_eval, watched
from kdsurvey.training import Config, train

BRANCHED = {  # each arm on branches: how many blocks they share, and how they learn
    "heads, labels": (1, lambda seed: with_heads(1.0)),
    "ONE": (1, with_one),
    "no distillation": (1, lambda seed: with_one(seed, weight=0.0)),
    "no sharing": (0, with_one),
    "no gate": (1, lambda seed: with_one(seed, own_gate=False)),
    "more sharing": (2, with_one),
}
ARMS = ("alone", "label smoothing", *BRANCHED)
CLEAN = ("alone", "label smoothing", "ONE")
SHORTER = (
    12,
    13,
    14,
    15,
)  # epochs, of which one brings nets alone to about the training loss of ONE's branches
SHARED = branched_nets.SHARED | {"branched": BRANCHED, "noise": NOISE}


def run(arm: str, data: Data, config: Config, teachers: Learnt | None = None) -> Learnt:
    """Trains an arm of ARMS. Net k starts from the same weights in every arm and sees
    the same batches.

    "alone" and "label smoothing": three separate nets, together their mean logits;
    smoothing makes each as unsure as its like of `teachers`, the nets when they had
    learnt alone. "heads, labels" learn from the *sum* of their label terms, as ONE has
    it.
    """
    if arm in BRANCHED:
        shared, how = BRANCHED[arm]
        net = parted(config.seed, shared=shared)
        return learn(
            how(config.seed),
            data,
            summed(config) if arm == "heads, labels" else config,
            net,
        )
    separate = parted(config.seed, shared=False)
    several = [separate[k] for k in range(COUNT)]
    for net, teacher in zip(several, teachers[0] if teachers else several):
        smoothing = smoothing_of(teacher, data) if arm == "label smoothing" else 0.0
        train(plain(net, smoothing=smoothing), data, config, progress=False)
    return several, nets.Ensemble(several)


def summed(config: Config) -> Config:
    """The settings under which the mean of the heads' losses makes the steps of their
    sum: 3 x the rate, a third of the decay.
    """
    return replace(
        config, lr=COUNT * config.lr, weight_decay=config.weight_decay / COUNT
    )


def compared(
    data: Data, seed: int, arms: Sequence[str], choices: Sequence[str] = ()
) -> list[dict]:
    """A row for each arm at each choice, all of CHOICES where none is named; "alone"
    comes first. With what a gate does.
    """
    rows = []
    for choice in choices or CHOICES:
        alone = None
        for arm in arms:
            learnt = run(arm, data, replace(CHOICES[choice], seed=seed), alone)
            alone = alone or learnt
            rows.append(
                outcome(
                    arm,
                    seed,
                    learnt,
                    data,
                    choice=choice,
                    **gating(learnt[1], data.test[0]),
                )
            )
    return rows


@experiment(settings=SHARED | {"arms": ARMS, "choices": CHOICES})
def one_parts(data: Data, seed: int) -> list[dict]:
    """Every arm at every choice, a fifth of the labels drawn anew."""
    return compared(digits(data, seed), seed, ARMS)


@experiment(settings=SHARED | {"arms": ARMS, "choices": CHOICES})
def one_seeds(data: Data, seed: int) -> list[dict]:
    """The same at the first choice alone, for more seeds."""
    return compared(digits(data, seed), seed, ARMS, ("15 epochs",))


@experiment(settings=SHARED | {"noise": 0.0, "arms": CLEAN, "choices": CHOICES})
def one_clean(data: Data, seed: int) -> list[dict]:
    """The nets alone, label smoothing and ONE, every label right: long training and short."""
    return compared(clean_digits(data, seed), seed, CLEAN, ("15 epochs", "5 epochs"))


@experiment(
    settings=SHARED
    | why.MEASURES
    | {"config": CONFIG, "shorter": SHORTER, "matched": why.MATCHED}
)
def one_why(data: Data, seed: int) -> list[dict]:
    """How flat the minima are: three nets alone, ONE's branches, and nets alone that
    stop at the training loss of those.
    """
    data, config = digits(data, seed), replace(CONFIG, seed=seed)
    found = {arm: (CONFIG.epochs, run(arm, data, config)) for arm in ("alone", "ONE")}
    target = why.training_loss(found["ONE"][1][0], data)
    epochs, same = why.nearest(
        lambda e: run("alone", data, replace(config, epochs=e))[0],
        SHORTER,
        data,
        target,
    )
    found[why.MATCHED] = epochs, (same, nets.Ensemble(same))
    return [
        outcome(
            arm, seed, learnt, data, epochs=epochs, **why.why(learnt[0], data, seed)
        )
        for arm, (epochs, learnt) in found.items()
    ]


def before_softmax(mixed: Mixed, x: Tensor, training: bool = False) -> Tensor:
    """What the gate's softmax gets for images x: relu(BN(FC(GAP(trunk(x))))) (n, m).

    training: with the statistics of these images, as in a step on them; else those that
    the training left. Nothing changes.
    """
    parts = nn.Sequential(*mixed.net.trunk, *mixed.gate[:-1])
    with in_eval(parts):
        return watched(parts.train(training), x)


def gating(together: nn.Module, x: Tensor) -> dict[str, float]:
    """What the gate of a trained net does on images x, see `evenness`; {} where there is none."""
    if getattr(together, "gate", None) is None:
        return {}
    return dict(
        zip(("evenness", "at the floor"), evenness(before_softmax(together, x)))
    )


class Watched(NamedTuple):
    """One run of ONE, and what its gate said."""

    together: Mixed  # trained
    before: Tensor  # (n, m) weights of the images watched, as the first step's statistics make them
    after: Tensor  # (n, m) when it is trained
    evenness: list[
        float
    ]  # mean entropy of the weights as a share of log m: before training, then after each epoch
    floor: list[float]  # share of weights at the floor, likewise


def watch(data: Data, seed: int, config: Config = CONFIG) -> Watched:
    """Trains ONE as the arm does, and looks at the gate on validation images before,
    after each epoch and in the end.
    """
    net, x = parted(seed), data.validation[0]
    stages, together = with_one(seed)(net)
    seen = [before_softmax(together, x, training=True)]
    train(
        stages,
        data,
        replace(config, seed=seed),
        lambda row: seen.append(before_softmax(together, x)),
        progress=False,
    )
    told = [evenness(a) for a in seen]
    return Watched(
        together,
        seen[0].softmax(1),
        seen[-1].softmax(1),
        [even for even, _ in told],
        [low for _, low in told],
    )


def evenness(a: Tensor) -> tuple[float, float]:
    """Of what the gate's softmax gets, (n, m): mean entropy of the weights as a share
    of log m, share of zeros.
    """
    even = entropy(a).mean().item() / math.log(a.shape[1])
    return round(even, 4), round((a == 0).double().mean().item(), 4)


def alike(data: Data, seed: int, own_gate: bool, config: Config = CONFIG) -> Learnt:
    """ONE with branches that start from the same weights."""
    same = branched(lambda _: small(seed), 1, COUNT)
    return learn(
        with_one(seed, own_gate=own_gate), data, replace(config, seed=seed), same
    )


def reach(seed: int, x: Tensor, y: Tensor) -> pd.DataFrame:
    """The norm of each term's slope in the trunk, the branches and the gate of an
    untrained net, on a batch x (n, ...), y (n,).

    The last line is the divergence with a teacher that is not detached, which is not ONE.
    """
    net = parted(seed)
    stages, together = with_one(seed)(net)
    (loss,) = next(stages).learn.values()
    z, z_e = together.parts(x)
    terms = loss(Batch(x, y, torch.arange(len(x)), x), 1.0)
    p, log_q = (z_e / T).softmax(-1).expand_as(z), (z / T).log_softmax(-1)
    terms["distil, not detached"] = T**2 * F.kl_div(log_q, p, reduction="sum") / len(x)
    parts = (
        {"trunk": net.trunk}
        | {f"branch {k}": branch for k, branch in enumerate(net.branches)}
        | {"gate": together.gate}
    )
    return pd.DataFrame(
        {
            name: {part: slope(term, of) for part, of in parts.items()}
            for name, term in terms.items()
        }
    ).T


def slope(term: Tensor, part: nn.Module) -> float:
    """The norm of a term's gradient in all weights of a part, to two digits; 0 where
    the term does not depend on them.
    """
    found = torch.autograd.grad(
        term, list(part.parameters()), retain_graph=True, allow_unused=True
    )
    return float(
        f"{sum(g.square().sum().item() for g in found if g is not None) ** 0.5:.2g}"
    )

"""Notebook 10: branches that teach themselves. Lan, Zhu & Gong 2018, arXiv 1806.04606."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.branches import Mixed, branched
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons import flatness as why
from kdsurvey.lessons.alone import labels, smoothed
from kdsurvey.lessons.arms import alone_first, by_name
from kdsurvey.lessons.branched_nets import (
    CHOICES,
    CONFIG,
    COUNT,
    Joint,
    Learnt,
    Separate,
    T,
    as_heads,
    digits,
    learn,
    outcome,
    parted,
    small,
    with_one,
)
from kdsurvey.lessons.mutual_learning.experiments import NOISE, clean_digits
from kdsurvey.losses import entropy
from kdsurvey.records import experiment
from kdsurvey.stage import Batch, in_eval, watched
from kdsurvey.training import Config, train

ARMS: dict[str, Separate | Joint] = by_name(
    Separate("alone", labels, role="control", count=COUNT),
    Separate("label smoothing", smoothed, role="control", count=COUNT),
    # their *sum*, as ONE has it: the mean, counted three times
    Joint("heads, labels", as_heads, role="control", times=COUNT),
    Joint("ONE", with_one),
    Joint("no distillation", with_one, role="diagnostic", options={"weight": 0.0}),
    Joint("no sharing", with_one, role="diagnostic", make=partial(parted, shared=0)),
    Joint("no gate", with_one, role="diagnostic", options={"own_gate": False}),
    Joint("more sharing", with_one, role="diagnostic", make=partial(parted, shared=2)),
)
CLEAN = ("alone", "label smoothing", "ONE")
# epochs, of which one brings nets alone to about the training loss of ONE's branches
SHORTER = (12, 13, 14, 15)
SHARED = branched_nets.SHARED | {"arms": ARMS, "noise": NOISE}


def run(arm: str, data: Data, config: Config, teachers: Learnt | None = None) -> Learnt:
    """Train one of ARMS. Net k starts from the same weights in every arm and sees the
    same batches.

    "alone" and "label smoothing" are three separate nets, together their mean logits;
    smoothing makes each as unsure as its like of `teachers`, the nets when they had
    learnt alone.
    """
    return ARMS[arm].learn(data, config, teachers)


def compared(
    data: Data, seed: int, arms: Sequence[str], choices: Sequence[str] = ()
) -> list[dict]:
    """Return a row for each arm at each choice, all of CHOICES where none is named, with
    what a gate does; "alone" comes first.
    """
    rows = []
    for choice in choices or CHOICES:
        config = replace(CHOICES[choice], seed=seed)

        def trained(arm, alone, config=config) -> Learnt:
            return run(arm.name, data, config, alone)

        for arm, learnt in alone_first([ARMS[name] for name in arms], trained):
            about = {"choice": choice, **gating(learnt[1], data.test[0])}
            rows.append(outcome(arm.name, seed, learnt, data, **about))
    return rows


@experiment(settings=SHARED | {"choices": CHOICES}, dealt=False)
def one_parts(data: Data, seed: int) -> list[dict]:
    """Train every arm at every choice, a fifth of the labels drawn anew."""
    return compared(digits(data, seed), seed, tuple(ARMS))


@experiment(settings=SHARED | {"choices": CHOICES}, dealt=False)
def one_seeds(data: Data, seed: int) -> list[dict]:
    """Train every arm at the first choice alone, for more seeds."""
    return compared(digits(data, seed), seed, tuple(ARMS), ("15 epochs",))


@experiment(
    settings=SHARED | {"noise": 0.0, "clean": CLEAN, "choices": CHOICES}, dealt=False
)
def one_clean(data: Data, seed: int) -> list[dict]:
    """Train nets alone, smoothed ones and ONE, every label right, for long and for short."""
    return compared(clean_digits(data, seed), seed, CLEAN, ("15 epochs", "5 epochs"))


@experiment(
    settings=SHARED
    | why.MEASURES
    | {"config": CONFIG, "shorter": SHORTER, "matched": why.MATCHED},
    dealt=False,
)
def one_why(data: Data, seed: int) -> list[dict]:
    """Measure how flat the minima are of three nets alone, of ONE's branches, and of nets
    alone that stop at the training loss of those.
    """
    data = digits(data, seed)
    config = replace(CONFIG, seed=seed)
    trained = {arm: (CONFIG.epochs, run(arm, data, config)) for arm in ("alone", "ONE")}
    branches, _ = trained["ONE"][1]
    target = why.training_loss(branches, data)
    epochs, same = why.nearest(
        lambda e: run("alone", data, replace(config, epochs=e))[0],
        SHORTER,
        data,
        target,
    )
    trained[why.MATCHED] = epochs, (same, nets.Ensemble(same))
    rows = []
    for arm, (epochs, learnt) in trained.items():
        about = {"epochs": epochs, **why.why(learnt[0], data, seed)}
        rows.append(outcome(arm, seed, learnt, data, **about))
    return rows


def before_softmax(mixed: Mixed, x: Tensor, training: bool = False) -> Tensor:
    """Compute what the gate's softmax gets for images x: relu(BN(FC(GAP(trunk(x))))) (n, m).

    training: with the statistics of these images, as in a step on them; else those that
    the training left. Nothing changes.
    """
    assert isinstance(mixed.gate, nn.Sequential)
    parts = nn.Sequential(*mixed.net.trunk, *mixed.gate[:-1])
    with in_eval(parts):
        return watched(parts.train(training), x)


def gating(together: nn.Module, x: Tensor) -> dict[str, float]:
    """Measure what the gate of a trained net does on images x, see `evenness`; {} where
    there is none.
    """
    if not isinstance(together, Mixed) or together.gate is None:
        return {}
    even, floor = evenness(before_softmax(together, x))
    return {"evenness": even, "at the floor": floor}


class Watched(NamedTuple):
    """One run of ONE, and what its gate said.

    together: trained. before: (n, m) weights of the images watched, as the first step's
    statistics make them; after: when it is trained. evenness: mean entropy of the
    weights as a share of log m, before training, then after each epoch; floor: the
    share of weights at the floor, likewise.
    """

    together: Mixed
    before: Tensor
    after: Tensor
    evenness: list[float]
    floor: list[float]


def watch(data: Data, seed: int, config: Config = CONFIG) -> Watched:
    """Train ONE as the arm does, and look at the gate on validation images before, after
    each epoch and in the end.
    """
    net = parted(seed)
    x = data.held_out[0]
    stages, together = with_one(seed)(net)
    seen = [before_softmax(together, x, training=True)]

    def look(row: dict) -> None:
        seen.append(before_softmax(together, x))

    train(stages, data, replace(config, seed=seed), look, progress=False)
    even, floor = zip(*map(evenness, seen))
    before, after = seen[0].softmax(1), seen[-1].softmax(1)
    return Watched(together, before, after, list(even), list(floor))


def evenness(a: Tensor) -> tuple[float, float]:
    """Measure what the gate's softmax gets, (n, m): mean entropy of the weights as a share
    of log m, share of zeros.
    """
    even = entropy(a).mean().item() / math.log(a.shape[1])
    return round(even, 4), round((a == 0).double().mean().item(), 4)


def alike(data: Data, seed: int, own_gate: bool, config: Config = CONFIG) -> Learnt:
    """Train ONE with branches that start from the same weights."""
    same = branched(lambda _: small(seed), 1, COUNT)
    plan = with_one(seed, own_gate=own_gate)
    return learn(plan, data, replace(config, seed=seed), same)


def reach(seed: int, x: Tensor, y: Tensor) -> pd.DataFrame:
    """Return the norm of each term's slope in the trunk, the branches and the gate of an
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
    assert together.gate is not None
    parts: dict[str, nn.Module] = {"trunk": net.trunk}
    parts |= {f"branch {k}": branch for k, branch in enumerate(net.sequentials)}
    parts["gate"] = together.gate
    slopes = {
        name: {place: slope(term, part) for place, part in parts.items()}
        for name, term in terms.items()
    }
    return pd.DataFrame(slopes).T


def slope(term: Tensor, part: nn.Module) -> float:
    """Return the norm of a term's gradient in all weights of a part, to two digits; 0
    where the term does not depend on them.
    """
    weights = list(part.parameters())
    grads = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True)
    norm = sum(g.square().sum().item() for g in grads if g is not None) ** 0.5
    return float(f"{norm:.2g}")

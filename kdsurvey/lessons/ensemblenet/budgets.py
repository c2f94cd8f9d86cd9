"""Notebook 12, last part: nets alone, DML, FFL, ONE, EnsembleNet at equal training
multiply-adds, tuned with equal tries.

A budget is what so many epochs of one net cost. A dearer method gets fewer epochs,
whole ones, and never more than the budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from kdsurvey.branches import Branches, Mixed
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.ensemblenet.experiments import THIN as THIN_MAPS
from kdsurvey.lessons.ensemblenet.experiments import summed, thin
from kdsurvey.lessons.mutual_learning.experiments import NOISE, clean_digits
from kdsurvey.methods import dml, plain
from kdsurvey.nets import Ensemble
from kdsurvey.records import experiment
from kdsurvey.stage import Stage
from kdsurvey.training import Config, accuracy, train

CONFIG = branched_nets.CONFIG
BUDGETS = (6, 15, 45)  # in epochs of one net
FFL_EQUAL = 60  # the budget at which FFL too makes the 15 epochs of a net alone
# from this budget on nothing is tried at the default rate, at which one net learns the
# wrong labels by heart
LONG = 45
# what every arm may choose from on validation images; the first is the default
SETTINGS = {
    "as it comes": {},
    "a third of the rate": {"lr": CONFIG.lr / 3},
    "weight decay": {"weight_decay": 5e-3},
}
LAM = 1.5  # of EnsembleNet: heads drawn to their ensemble
ALONE = "one net"
SMOOTH = "label smoothing"
THREE = "three nets"
THIN = "thin heads"
ARMS = (ALONE, SMOOTH, THREE, "DML", "FFL", "ONE", "EnsembleNet", THIN)
# their loss is a mean over branches, that of the others a sum
MEAN = (THREE, "EnsembleNet", THIN)
# settings of both experiments
SHARED = branched_nets.SHARED | {
    "config": CONFIG,
    "settings": SETTINGS,
    "budgets": BUDGETS,
    "ffl_equal": FFL_EQUAL,
    "long": LONG,
    "lam": LAM,
    "arms": ARMS,
    "mean": MEAN,
    "thin": THIN_MAPS,
}


def net_of(arm: str, seed: int) -> Branches:
    """Three branches: of their own, on a trunk, or thin ones on a trunk."""
    return (
        thin(seed)
        if arm == THIN
        else branched_nets.parted(seed, shared=arm not in (THREE, "DML"))
    )


def method(arm: str, seed: int) -> Callable[[Branches], tuple]:
    """An arm of several branches, for `branched_nets.learn`."""
    return {
        THREE: branched_nets.with_heads(1.0),
        "DML": lambda net: (
            dml([net[k] for k in range(len(net))], turns=False),
            Mixed(net, None),
        ),
        "FFL": branched_nets.with_ffl(seed),
        "ONE": branched_nets.with_one(seed),
        "EnsembleNet": branched_nets.with_heads(LAM),
        THIN: branched_nets.with_heads(LAM),
    }[arm]


@cache
def cost(arm: str) -> float:
    """Multiply-adds for each image of a step; label smoothing's own source, a net
    trained before, is not counted.
    """
    return branched_nets.training_cost(_stage(arm))


def _stage(arm: str) -> Stage:
    return next(
        plain(branched_nets.small(0))
        if arm in (ALONE, SMOOTH)
        else method(arm, 0)(net_of(arm, 0))[0]
    )


def epochs(arm: str, budget: int) -> int:
    """How many whole epochs of an arm are within what `budget` epochs of one net cost;
    at least one.
    """
    return max(1, int(budget * cost(ALONE) / cost(arm) + 1e-9))


def learn(
    arm: str, data: Data, config: Config, seed: int, smoothing: float
) -> branched_nets.Learnt:
    """Trains an arm on a config that makes the loss of all arms a sum over branches;
    `smoothing` is for the arm of that name.
    """
    if arm in (ALONE, SMOOTH):
        net = branched_nets.small(seed)
        train(
            plain(net, smoothing=smoothing if arm == SMOOTH else 0.0),
            data,
            config,
            progress=False,
        )
        return [net], net
    config = summed(config) if arm in MEAN else config
    return branched_nets.learn(method(arm, seed), data, config, net_of(arm, seed))


def compared(
    data: Data, seed: int, budgets: Sequence[int], arms: Sequence[str] = ARMS
) -> list[dict]:
    """A row for each arm, budget and setting. Label smoothing is as sure as the net
    alone of the same budget and setting.
    """
    # validation images are looked at once
    rows = []
    images = replace(data, validation=None)
    for budget in budgets:
        for setting, changes in list(SETTINGS.items())[budget >= LONG :]:
            smoothing = 0.0
            for arm in arms:
                config = replace(
                    CONFIG, seed=seed, epochs=epochs(arm, budget), **changes
                )
                learnt = learn(arm, images, config, seed, smoothing)
                if arm == ALONE:
                    smoothing = smoothing_of(learnt[1], data)
                spent = cost(arm) * config.epochs * len(data.train[0])
                about = {
                    "budget": budget,
                    "setting": setting,
                    "epochs": config.epochs,
                    "training": spent,
                    **served(learnt, data),
                }
                rows.append(branched_nets.outcome(arm, seed, learnt, data, **about))
    return rows


def served(learnt: branched_nets.Learnt, data: Data) -> dict:
    """Multiply-adds of an answer of one branch, and of the mean of all; that mean on
    validation images.
    """
    branches, together = learnt
    joint = Mixed(together.net, None) if hasattr(together, "net") else together
    seen = round(accuracy(Ensemble(branches), *data.validation), 5)
    return {
        "one answers": branched_nets.serving_cost(branches[0]),
        "all answer": branched_nets.serving_cost(joint),
        "validation average": seen,
    }


@experiment(settings=SHARED | {"noise": NOISE})
def online_compared(data: Data, seed: int) -> list[dict]:
    """Every arm at every budget and setting, and FFL once more for as many steps as the
    others make at most.
    """
    data = branched_nets.digits(data, seed)
    return compared(data, seed, BUDGETS) + compared(data, seed, [FFL_EQUAL], ["FFL"])


@experiment(settings=SHARED | {"noise": 0.0})
def online_compared_clean(data: Data, seed: int) -> list[dict]:
    """The middle budget with no label drawn anew."""
    return compared(clean_digits(data, seed), seed, BUDGETS[1:2])

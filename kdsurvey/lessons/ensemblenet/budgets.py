"""Notebook 12, last part: nets alone, DML, FFL, ONE, EnsembleNet at equal training
multiply-adds, tuned with equal tries.

A budget is what so many epochs of one net cost. A dearer method gets fewer epochs,
whole ones, and never more than the budget.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

from kdsurvey.branches import Fused, Mixed
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import labels, smoothed
from kdsurvey.lessons.arms import alone_first, by_name
from kdsurvey.lessons.branched_nets import (
    COUNT,
    Joint,
    Learnt,
    Separate,
    as_heads,
    parted,
    with_dml,
    with_ffl,
    with_one,
)
from kdsurvey.lessons.ensemblenet.experiments import THIN as THIN_MAPS
from kdsurvey.lessons.ensemblenet.experiments import thin
from kdsurvey.lessons.mutual_learning.experiments import NOISE, clean_digits
from kdsurvey.nets import Ensemble
from kdsurvey.records import experiment
from kdsurvey.training import accuracy

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
# The loss of heads is a mean over branches, that of the others a sum: counted so many
# times, it makes the same steps.
ARMS: dict[str, Separate | Joint] = by_name(
    Separate(ALONE, labels, role="control"),
    Separate(SMOOTH, smoothed, role="control"),
    Joint(THREE, as_heads, role="control", make=partial(parted, shared=0), times=COUNT),
    Joint("DML", with_dml, make=partial(parted, shared=0)),
    Joint("FFL", with_ffl),
    Joint("ONE", with_one),
    Joint("EnsembleNet", as_heads, options={"lam": LAM}, times=COUNT),
    Joint(THIN, as_heads, make=thin, options={"lam": LAM}, times=COUNT),
)
# settings of both experiments
SHARED = branched_nets.SHARED | {
    "config": CONFIG,
    "settings": SETTINGS,
    "budgets": BUDGETS,
    "ffl_equal": FFL_EQUAL,
    "long": LONG,
    "lam": LAM,
    "arms": ARMS,
    "thin": THIN_MAPS,
}


@cache
def cost(arm: str) -> float:
    """Return the multiply-adds for each image of a step; label smoothing's own source, a
    net trained before, is not counted.
    """
    return ARMS[arm].step_cost()


def epochs(arm: str, budget: int) -> int:
    """Return how many whole epochs of an arm are within what `budget` epochs of one net
    cost; at least one.
    """
    return max(1, int(budget * cost(ALONE) / cost(arm) + 1e-9))


def compared(
    data: Data, seed: int, budgets: Sequence[int], arms: Sequence[str] = tuple(ARMS)
) -> list[dict]:
    """Return a row for each arm, budget and setting; "one net" comes first, if at all.

    Label smoothing is as sure as the net alone of the same budget and setting.
    Validation images are looked at once, when an arm is done.
    """
    images = replace(data, validation=None)
    rows = []
    for budget in budgets:
        # the first setting is the default, which long training leaves out
        for setting, changes in list(SETTINGS.items())[budget >= LONG :]:

            def run(arm, alone, budget=budget, changes=changes) -> Learnt:
                length = epochs(arm.name, budget)
                config = replace(CONFIG, seed=seed, epochs=length, **changes)
                return arm.learn(images, config, alone)

            for arm, learnt in alone_first([ARMS[name] for name in arms], run):
                about = {"budget": budget, "setting": setting}
                about |= spent(arm.name, budget, data) | served(learnt, data)
                row = branched_nets.outcome(arm.name, seed, learnt, data, **about)
                rows.append(row)
    return rows


def spent(arm: str, budget: int, data: Data) -> dict:
    """Return the epochs of an arm within a budget, and their multiply-adds."""
    length = epochs(arm, budget)
    return {"epochs": length, "training": cost(arm) * length * len(data.train[0])}


def served(learnt: Learnt, data: Data) -> dict:
    """Return the multiply-adds of an answer of one branch, and of the mean of all; and
    that mean's accuracy on validation images.
    """
    branches, together = learnt
    joint = together
    if isinstance(together, Mixed | Fused):
        joint = Mixed(together.net, None)
    seen = round(accuracy(Ensemble(branches), *data.held_out), 5)
    return {
        "one answers": branched_nets.serving_cost(branches[0]),
        "all answer": branched_nets.serving_cost(joint),
        "validation average": seen,
    }


@experiment(settings=SHARED | {"noise": NOISE}, dealt=False)
def online_compared(data: Data, seed: int) -> list[dict]:
    """Train every arm at every budget and setting, and FFL once more for as many steps as
    the others make at most.
    """
    data = branched_nets.digits(data, seed)
    return compared(data, seed, BUDGETS) + compared(data, seed, [FFL_EQUAL], ["FFL"])


@experiment(settings=SHARED | {"noise": 0.0}, dealt=False)
def online_compared_clean(data: Data, seed: int) -> list[dict]:
    """Train within the middle budget with no label drawn anew."""
    return compared(clean_digits(data, seed), seed, BUDGETS[1:2])

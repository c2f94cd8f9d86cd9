"""Notebook 02: what a good teacher adds to labels, softer labels and more data, every arm
at the best of its settings on validation images.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import mean_doubt, on_labels, smoothing_for
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.rows import accuracies
from kdsurvey.methods import hinton, plain, virtual_teacher
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config

CONFIG = Config(epochs=20, batch_size=128, lr=0.1)
BIG = (400, 400)  # units of the teacher's layers, with dropout
SMALL = (100, 100)  # of the student's
JITTER = 2  # pixels: of the teacher's images, and of the jittered arms'
RATES = (0.05, 0.1, 0.2, 0.4, 0.8)
T = 4.0
WEIGHTS = (0.5, 0.9)  # of the soft term, beside labels
AMOUNTS = (0.05, 0.1, 0.2, 0.4)  # of smoothing; a matched one comes with every target
VIRTUAL = (0.1, 0.5)  # weight of the virtual teacher's term
POOR = replace(CONFIG, epochs=1)  # of the poor teacher

Stages = Callable[[nn.Module], Iterator[Stage]]


@dataclass(frozen=True)
class Setting:
    """One way to train a student, but for its rate: an arm at one of its settings."""

    arm: str
    name: str
    stages: Stages
    jitter: int = 0


@experiment(
    settings={
        "config": CONFIG,
        "big": BIG,
        "small": SMALL,
        "jitter": JITTER,
        "rates": RATES,
        "t": T,
        "weights": WEIGHTS,
        "amounts": AMOUNTS,
        "virtual": VIRTUAL,
        "poor": POOR,
    },
)
def softer_labels(data: Data, seed: int) -> list[dict]:
    """Train students on labels, softer labels and a teacher's answers, with and without
    jittered images, each at every rate; all from one start, in one order, as many steps.
    """
    good = Teacher(taught(data, seed, CONFIG))
    poor = Teacher(taught(data, seed, POOR))
    rows = [
        {"arm": name, "seed": seed, "choice": "", **accuracies(teacher.net, data)}
        for name, teacher in (("teacher", good), ("poor teacher itself", poor))
    ]
    for setting, lr in product(settings(good, poor, data), RATES):
        net = nets.mlp(784, *SMALL, 10, seed=seed)
        config = replace(CONFIG, lr=lr, seed=seed, jitter=setting.jitter)
        fit(net, setting.stages(net), data, config, may_diverge=True)
        choice = f"{setting.name}, lr {lr:g}".removeprefix(", ")
        row = {"arm": setting.arm, "seed": seed, "choice": choice, "lr": lr}
        rows.append(row | accuracies(net, data))
    return rows


def taught(data: Data, seed: int, config: Config) -> nn.Module:
    """Train a big net on the labels of jittered images."""
    net = nets.mlp(784, *BIG, 10, dropout=0.5, seed=seed)
    return on_labels(net, data, replace(config, jitter=JITTER), seed)


def settings(good: Teacher, poor: Teacher, data: Data) -> list[Setting]:
    """Return every arm at every of its settings."""
    return [
        Setting("labels", "", plain),
        Setting("labels, jittered", "", plain, JITTER),
        *_soft("soft only", good, (1.0,)),
        *_soft("soft + hard", good, WEIGHTS),
        *_soft("poor teacher", poor, WEIGHTS),
        *_soft("soft + hard, jittered", good, WEIGHTS, JITTER),
        *_smoothed(good, data),
        *(
            Setting(
                "virtual teacher",
                f"alpha {alpha:g}",
                partial(virtual_teacher, alpha=alpha),
            )
            for alpha in VIRTUAL
        ),
    ]


def _soft(
    arm: str, teacher: Teacher, weights: Sequence[float], jitter: int = 0
) -> list[Setting]:
    return [
        Setting(
            arm,
            f"alpha {alpha:g}",
            partial(hinton, teacher=teacher, T=T, alpha=alpha),
            jitter,
        )
        for alpha in weights
    ]


def _smoothed(teacher: Teacher, data: Data) -> list[Setting]:
    """Labels smoothed by fixed amounts, and as unsure as each target of `soft + hard`."""
    amounts = {f"{amount:g}": amount for amount in AMOUNTS}
    for alpha in WEIGHTS:
        doubt = alpha * mean_doubt(teacher, data, T)
        amounts[f"matched to alpha {alpha:g}"] = smoothing_for(doubt, data)
    return [
        Setting("label smoothing", name, partial(plain, smoothing=amount))
        for name, amount in amounts.items()
    ]

"""Notebook 06, last part: is knowledge the parameters, to be copied and tuned, or the
mapping, to be distilled?

A teacher has learnt from all the digits. A tenth of them is left, and the same few
steps for everybody.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import labels, smoothed
from kdsurvey.lessons.arms import Arm, by_name
from kdsurvey.lessons.net2net.experiments import FACTOR, NOISE, RATES, TEACHER, widened
from kdsurvey.lessons.rows import accuracies
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import weighted
from kdsurvey.training import train

CHANNELS = (8, 16, 16)  # of the teacher
SHARE = 0.1  # of the training images
FEW = replace(TEACHER, epochs=40)  # over those: 240 steps
UNTRAINED = "copied, not trained"


@dataclass(frozen=True, kw_only=True)
class Student(Arm):
    """How a student begins and learns; method: (net, teacher, few) -> stages.

    copied: it begins with the teacher's weights, else with new ones. width: of its
    layers, in units of the teacher's.
    """

    copied: bool = False
    width: float = 1.0


def distilled(net: nn.Module, teacher: Teacher, few: Data) -> Iterator[Stage]:
    """Learn from the labels and the teacher's answers."""
    return hinton(net, teacher)


ARMS = by_name(
    Student("copied and tuned", labels, copied=True),
    Student("copied wider and tuned", labels, copied=True, width=2),
    Student("copied and distilled", distilled, copied=True),
    Student("from scratch", labels, role="control"),
    Student("label smoothing", smoothed, role="control"),
    Student("distilled", distilled),
    Student("small, from scratch", labels, role="control", width=0.5),
    Student("small, label smoothing", smoothed, role="control", width=0.5),
    Student("small, distilled", distilled, width=0.5),
)


def teach(data: Data, seed: int) -> nn.Sequential:
    """Train the teacher on all images; no student has its initial weights."""
    net = nets.conv(data.train[0].shape[1], *CHANNELS, seed=1000 + seed)
    train(plain(net), data, replace(TEACHER, seed=seed))
    return net


def student(arm: Student, teacher: nn.Sequential, seed: int) -> nn.Sequential:
    """Return the net of an arm as it starts: the teacher's shape and weights, wider
    ones, its shape alone, or half of its widths.
    """
    if arm.copied and arm.width == 1:
        return copy.deepcopy(teacher)
    if arm.copied:
        return widened(teacher, seed, NOISE, factor=int(arm.width))
    layers = weighted(teacher[:-1])
    channels = layers[0].weight.shape[1]
    widths = [int(len(layer.weight) * arm.width) for layer in layers]
    return nets.conv(channels, *widths, seed=seed)


def tuned(
    name: str, data: Data, few: Data, seed: int, teacher: nn.Sequential, rate: float
) -> dict:
    """Train one student of ARMS on `few`, and return its row, with accuracies on all
    validation and test images.

    rate: in units of the learning rate of FEW.
    """
    arm = ARMS[name]
    net = student(arm, teacher, seed)
    stages = arm.method(net, Teacher(teacher), few)
    config = replace(FEW, lr=FEW.lr * rate, seed=seed)
    train(stages, few, config, progress=False)
    return outcome(name, net, data, seed, rate)


def outcome(name: str, net: nn.Module, data: Data, seed: int, rate: float) -> dict:
    """Return what is kept of a net; rate: 0 where it was not trained."""
    return {
        "arm": f"{name}, {rate:g}x" if rate else name,
        "start": name,
        "rate": rate,
        "seed": seed,
        **accuracies(net, data, digits=None),
    }


@experiment(
    settings={
        "teacher": TEACHER,
        "channels": CHANNELS,
        "share": SHARE,
        "few": FEW,
        "untrained": UNTRAINED,
        "arms": ARMS,
        "rates": RATES,
        "noise": NOISE,
        "factor": FACTOR,
    },
)
def copy_tune_distil(data: Data, seed: int) -> list[dict]:
    """Train each of ARMS at each of RATES, beside the teacher's copy as it is."""
    data = data.halved()
    teacher = teach(data, seed)
    few = data.fraction(SHARE, seed)
    rows = [outcome(UNTRAINED, teacher, data, seed, 0.0)]
    return rows + [
        tuned(name, data, few, seed, teacher, rate) for name in ARMS for rate in RATES
    ]

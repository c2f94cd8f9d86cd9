"""Notebook 06, last part: is knowledge the parameters, to be copied and tuned, or the
mapping, to be distilled?

A teacher has learnt from all the digits. A tenth of them is left, and the same few
steps for everybody.
"""

import copy
from dataclasses import replace

from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.net2net.experiments import NOISE, RATES, TEACHER, widened
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Teacher
from kdsurvey.training import accuracy, train

SHARE = 0.1  # of the training images
FEW = replace(TEACHER, epochs=40)  # over those: 240 steps
UNTRAINED = "copied, not trained"
ARMS = (
    "copied and tuned", "copied wider and tuned", "copied and distilled",
    "from scratch", "label smoothing", "distilled",
    "small, from scratch", "small, label smoothing", "small, distilled",
)  # fmt: skip


def teach(data: Data, seed: int) -> nn.Sequential:
    """The teacher, from all images; no student has its initial weights."""
    net = nets.conv(data.train[0].shape[1], 8, 16, 16, seed=1000 + seed)
    train(plain(net), data, replace(TEACHER, seed=seed))
    return net


def student(arm: str, teacher: nn.Sequential, seed: int) -> nn.Sequential:
    """The net of an arm as it starts: the teacher's shape and weights, its shape alone,
    or half of its widths.
    """
    if arm.startswith("copied"):
        return (
            widened(teacher, seed, NOISE, factor=2)
            if "wider" in arm
            else copy.deepcopy(teacher)
        )
    channels, *widths = (
        teacher[0][0].in_channels,
        *(len(block[0].weight) for block in teacher[:-1]),
    )
    return nets.conv(
        channels, *(w // 2 if "small" in arm else w for w in widths), seed=seed
    )


def tuned(
    arm: str, data: Data, few: Data, seed: int, teacher: nn.Sequential, rate: float
) -> dict:
    """One student of ARMS, trained on `few`: its row, with accuracies on all validation
    and test images.
    """
    net, v = student(arm, teacher, seed), Teacher(teacher)
    smoothing = smoothing_of(v, few) if "smoothing" in arm else 0.0
    stages = hinton(net, v) if "distilled" in arm else plain(net, smoothing=smoothing)
    train(stages, few, replace(FEW, lr=FEW.lr * rate, seed=seed), progress=False)
    return outcome(arm, net, data, seed, rate)


def outcome(arm: str, net: nn.Module, data: Data, seed: int, rate: float) -> dict:
    """What is kept of a net."""
    parts = {
        "validation accuracy": accuracy(net, *data.validation),
        "accuracy": accuracy(net, *data.test),
    }
    return {
        "arm": f"{arm}, {rate:g}x" if rate else arm,
        "start": arm,
        "rate": rate,
        "seed": seed,
        **parts,
    }


def copy_tune_distil(data: Data, seed: int) -> list[dict]:
    """The teacher's copy as it is, and each of ARMS at each of RATES."""
    data = data.halved()
    teacher, few = teach(data, seed), data.fraction(SHARE, seed)
    rows = [outcome(UNTRAINED, teacher, data, seed, 0.0)]
    return rows + [
        tuned(arm, data, few, seed, teacher, rate) for arm in ARMS for rate in RATES
    ]

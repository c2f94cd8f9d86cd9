"""Notebook 05: the flow between layers. Yim, Joo, Bae & Kim, CVPR 2017, at the scale of
a lesson, on digits of 14 x 14 pixels.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import Arm, by_name, fit
from kdsurvey.lessons.learning_speed import Pace
from kdsurvey.lessons.rows import accuracies
from kdsurvey.losses import fsp_matrix
from kdsurvey.methods import fsp, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, accuracy, train

TEACHER = Config(epochs=6, batch_size=64, lr=0.05, schedule="cosine")
# constant: a falling rate would hide who is faster
FASTER = Config(epochs=4, batch_size=64, lr=0.02, schedule="constant")
SOON = replace(FASTER, epochs=2)  # of what the reader trains in some seconds
FACTORS = (0.25, 0.5, 1.0, 2.0)  # of FASTER's rate, for plain training and FSP
FIRST = 1 / 2  # the first stage's share of the epochs
# rate of the first stage, chosen on validation images with seeds that are not reported
FLOW_LR = 0.4
EVERY = 11  # steps between two looks at the validation images; an epoch has 55


def residual(blocks: int, seed: int, classes: int = 10) -> nn.Sequential:
    """Return a net of three sections of 8, 16 and 32 channels; the teacher has two
    residual blocks in each, the small student one.
    """
    return nets.residual(1, 8, 16, 32, blocks=blocks, classes=classes, seed=seed)


def teach(data: Data, seed: int, config: Config = TEACHER) -> nn.Sequential:
    """Train the teacher, two residual blocks a section, on the labels alone."""
    net = residual(2, 1000 + seed, len(data.classes))
    return trained(net, data, replace(config, seed=seed))


def trained(net: nn.Sequential, data: Data, config: Config) -> nn.Sequential:
    """Train a net on the labels, without looking at other images on the way."""
    return on_labels(net, replace(data, validation=None), config, config.first_seed)


def untrained(data: Data, seed: int) -> nn.Sequential:
    """Return a teacher that never learnt: random weights, batch norm calibrated."""
    return calibrated(residual(2, 2000 + seed, len(data.classes)), data.train[0])


@torch.no_grad()
def calibrated(net: nn.Sequential, x: Tensor) -> nn.Sequential:
    """Return a copy in eval mode whose batch norm has the mean statistics of all
    images; without them a new net's maps have no scale.
    """
    net = copy.deepcopy(net).train()
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.reset_running_stats()
            part.momentum = None  # the mean of all batches, each counting as much
    for images in x.split(64):
        net(images)
    return net.eval()


def flow(
    student: nn.Sequential,
    teacher: nn.Sequential,
    lr: float,
    share: float,
    **options,
) -> Iterator[Stage]:
    """Return the stages of FSP between the sections of two residual nets.

    lr: the second stage's rate; the first has FLOW_LR whatever that is. share: the
    first stage's share of the epochs. options: those of `methods.fsp`.
    """
    return fsp(
        student,
        teacher,
        pairs=nets.sections(student),
        teacher_pairs=nets.sections(teacher),
        flow_epochs=share,
        flow_lr=FLOW_LR / lr,
        **options,
    )


def after_flow(
    student: nn.Sequential, teacher: nn.Sequential, data: Data, seed: int
) -> nn.Sequential:
    """Return a copy of the student after the first stage alone."""
    student = copy.deepcopy(student)
    first_stage = islice(flow(student, teacher, FASTER.lr, FIRST), 1)
    train(first_stage, data, replace(FASTER, seed=seed))
    return student


def matrices(net: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Return the FSP matrices (n, c, c) of each section for images x (n, 1, h, w), with
    the net in eval mode.
    """
    pairs = nets.sections(net)
    return [
        fsp_matrix(*(Teacher(net[:end]).logits(x) for end in pair)) for pair in pairs
    ]


def alike(net: nn.Sequential, data: Data, n: int = 300) -> dict[str, list[float]]:
    """Measure how alike the FSP matrices of n test images are: mean correlation over
    pairs of images, a number for each section.

    A matrix counts as its difference from the mean of all; else any two would look
    alike, as no entry is below 0. Returns "same digit" and "other digits".
    """
    x, y = (part[:n] for part in data.test)
    same = y[:, None] == y
    other = y[:, None] != y
    same.fill_diagonal_(False)
    correlations: dict[str, list[float]] = {"same digit": [], "other digits": []}
    for g in matrices(net, x):
        unit = nn.functional.normalize((g - g.mean(0)).flatten(1))
        cosine = unit @ unit.T
        correlations["same digit"].append(cosine[same].mean().item())
        correlations["other digits"].append(cosine[other].mean().item())
    return correlations


@dataclass(frozen=True, kw_only=True)
class Start(Arm):
    """How a student of the race learns; method: (net, teacher, lr, share) -> stages.

    teacher: "trained", "untrained", or "none". share: the first stage's share of the
    epochs, 0 where there is one stage. copied: the student begins as the teacher.
    factors: of the config's rate.
    """

    teacher: str = "none"
    share: float = 0.0
    copied: bool = False
    factors: tuple[float, ...] = (1.0,)


def labels(net, teacher, lr, share) -> Iterator[Stage]:
    """Learn from the labels; the teacher is not asked."""
    return plain(net)


STARTS = by_name(
    Start("plain", labels, role="control", factors=FACTORS),
    Start("FSP", flow, teacher="trained", share=FIRST, factors=FACTORS),
    Start("FSP, short stage 1", flow, {"epochs": 3}, teacher="trained", share=1 / 3),
    Start(
        "FSP, untrained teacher",
        flow,
        role="control",
        teacher="untrained",
        share=FIRST,
    ),
    Start(
        "teacher's weights copied",
        labels,
        {"epochs": 2},
        role="control",
        teacher="trained",
        copied=True,
    ),
)


@experiment(
    settings={
        "teacher": TEACHER,
        "faster": FASTER,
        "starts": STARTS,
        "factors": FACTORS,
        "first": FIRST,
        "flow_lr": FLOW_LR,
        "every": EVERY,
    },
)
def fsp_faster(data: Data, seed: int) -> list[dict]:
    """Race student and teacher of one architecture: plain and FSP at four rates, and
    its controls at one of them.
    """
    data = data.halved()
    teachers = {
        "none": None,
        "trained": teach(data, seed),
        "untrained": untrained(data, seed),
    }
    return [
        paced(name, data, seed, teachers[start.teacher], factor=factor)
        for name, start in STARTS.items()
        for factor in start.factors
    ]


@experiment(
    settings={
        "teacher": TEACHER,
        "config": SOON,
        "first": FIRST,
        "flow_lr": FLOW_LR,
    },
)
def fsp_soon(data: Data, seed: int) -> list[dict]:
    """Train what the reader of notebook 05 trains: two epochs on labels, or one on the
    flow of a teacher, trained or not, and one on labels.
    """
    data = data.halved()
    alone, taught, warmed = (residual(2, seed) for _ in range(3))
    arms = {
        "labels": (alone, plain(alone)),
        "FSP": (taught, flow(taught, teach(data, seed), SOON.lr, FIRST)),
        "FSP, untrained teacher": (
            warmed,
            flow(warmed, untrained(data, seed), SOON.lr, FIRST),
        ),
    }
    config = replace(SOON, seed=seed)
    return [
        {"arm": arm, "seed": seed, **accuracies(fit(net, stages, data, config), data)}
        for arm, (net, stages) in arms.items()
    ]


def paced(
    name: str,
    data: Data,
    seed: int,
    teacher: nn.Sequential | None = None,
    config: Config = FASTER,
    factor: float = 1.0,
) -> dict:
    """Train one student of STARTS, and return its row: validation "accuracies" and
    "seconds" every EVERY steps from the first of the last stage on.

    "first" counts the steps of the first stage; the seconds contain it. "accuracy" is
    on test images. factor: of the config's rate.
    """
    start = STARTS[name]
    config = start.config(config, lr=config.lr * factor, seed=seed)
    if start.copied:
        assert teacher is not None
        net = copy.deepcopy(teacher)
    else:
        net = residual(2, seed)
    pace = Pace(net, data, EVERY)
    stages = start.method(net, teacher, config.lr, start.share)
    images = replace(data, validation=None)
    train(stages, images, config, on_batch=pace, progress=False)
    steps_of_an_epoch = -(-len(data.train[0]) // config.batch_size)
    first = round(config.epochs * start.share) * steps_of_an_epoch
    return {
        "arm": f"{name}, {config.lr:g}",
        "start": name,
        "rate": config.lr,
        "seed": seed,
        "first": first,
        "accuracies": pace.accuracies[first // EVERY :],
        "seconds": pace.seconds[first // EVERY :],
        "accuracy": accuracy(net, *data.test),
    }

"""Notebook 05: the flow between layers. Yim, Joo, Bae & Kim, CVPR 2017, at the scale of
a lesson, on digits of 14 x 14 pixels.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey import nets, verdicts
from kdsurvey.data import Data
from kdsurvey.lessons.learning_speed import Pace, reached
from kdsurvey.losses import fsp_matrix
from kdsurvey.methods import fsp, plain
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, accuracy, train
from kdsurvey.verdicts import Verdict, judge_rows

TEACHER = Config(epochs=6, batch_size=64, lr=0.05, schedule="cosine")
FASTER = Config(
    epochs=4, batch_size=64, lr=0.02, schedule="constant"
)  # constant: a falling rate would hide who is faster
FACTORS = (
    0.5,
    1.0,
    2.0,
)  # of Config.lr: the rates of plain training; FSP has the last two
FIRST = 1 / 2  # the first stage's share of the epochs
FLOW_LR = 0.4  # the rate of the first stage, chosen on validation images with seeds that are not reported
EVERY = 11  # steps between two looks at the validation images; an epoch has 55
TARGETS = (0.90, 0.93)  # fixed before any run


def residual(blocks: int, seed: int, classes: int = 10) -> nn.Sequential:
    """Three sections of 8, 16 and 32 channels; the teacher has two residual blocks in
    each, the small student one.
    """
    return nets.residual(1, 8, 16, 32, blocks=blocks, classes=classes, seed=seed)


def teach(data: Data, seed: int, config: Config = TEACHER) -> nn.Sequential:
    """The teacher: two residual blocks a section, labels alone."""
    return trained(
        residual(2, 1000 + seed, len(data.classes)), data, replace(config, seed=seed)
    )


def trained(net: nn.Sequential, data: Data, config: Config) -> nn.Sequential:
    """The net after training on the labels, without looking at other images on the way."""
    train(plain(net), replace(data, validation=None), config, progress=False)
    return net


def untrained(data: Data, seed: int) -> nn.Sequential:
    """A teacher that never learnt: random weights, batch norm calibrated."""
    return calibrated(residual(2, 2000 + seed, len(data.classes)), data.train[0])


@torch.no_grad()
def calibrated(net: nn.Sequential, x: Tensor) -> nn.Sequential:
    """A copy in eval mode whose batch norm has the mean statistics of all images;
    without them a new net's maps have no scale.
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
    share: float = FIRST,
    **options,
) -> Iterator[Stage]:
    """FSP between the sections of two residual nets; lr is the second stage's rate, the
    first has FLOW_LR whatever that is.
    """
    where = {"pairs": nets.sections(student), "teacher_pairs": nets.sections(teacher)}
    return fsp(
        student, teacher, **where, flow_epochs=share, flow_lr=FLOW_LR / lr, **options
    )


def after_flow(
    student: nn.Sequential, teacher: nn.Sequential, data: Data, seed: int
) -> nn.Sequential:
    """A copy of the student after the first stage alone."""
    student = copy.deepcopy(student)
    train(
        islice(flow(student, teacher, FASTER.lr), 1), data, replace(FASTER, seed=seed)
    )
    return student


def matrices(net: nn.Sequential, x: Tensor) -> list[Tensor]:
    """The FSP matrices (n, c, c) of each section for images x (n, 1, h, w), with the
    net in eval mode.
    """
    pairs = nets.sections(net)
    return [
        fsp_matrix(*(Teacher(net[:end]).logits(x) for end in pair)) for pair in pairs
    ]


def gallery(
    teacher: nn.Sequential,
    before: nn.Sequential,
    after: nn.Sequential,
    data: Data,
    which: Sequence[int],
) -> dict:
    """What `plots.matrices` draws: test images, and for each the last section's FSP
    matrix of three nets, on one scale.
    """
    x = data.test[0][list(which)]
    flows = [
        matrices(net, x)[-1].numpy()
        for net in (teacher, calibrated(before, data.train[0]), after)
    ]
    grid = [[image, *row] for image, *row in zip(x[:, 0].numpy(), *flows)]
    names = ["image", "teacher", "student before stage 1", "student after stage 1"]
    return {
        "grid": grid,
        "columns": names,
        "limits": [1.0] + [float(np.quantile(flows[0], 0.99))] * 3,
    }


def alike(net: nn.Sequential, data: Data, n: int = 300) -> dict[str, list[float]]:
    """How alike the FSP matrices of n test images are, a number a section: mean
    correlation over pairs of images.

    A matrix counts as its difference from the mean of all; else any two would look
    alike, as no entry is below 0.
    """
    x, y = (part[:n] for part in data.test)
    same = y[:, None] == y
    other = y[:, None] != y
    found = {"same digit": [], "other digits": []}
    same.fill_diagonal_(False)
    for g in matrices(net, x):
        unit = nn.functional.normalize((g - g.mean(0)).flatten(1))
        cosine = unit @ unit.T
        found["same digit"].append(cosine[same].mean().item())
        found["other digits"].append(cosine[other].mean().item())
    return found


def fsp_faster(data: Data, seed: int) -> list[dict]:
    """Student and teacher are one architecture: plain at three rates, FSP at two of
    them, and its controls at the middle one.
    """
    data = data.halved()
    teacher, shorter = teach(data, seed), replace(FASTER, epochs=3)
    rows = [paced("plain", data, seed, factor=f) for f in FACTORS]
    rows += [paced("FSP", data, seed, teacher, factor=f) for f in FACTORS[1:]]
    rows.append(paced("FSP, short stage 1", data, seed, teacher, shorter, share=1 / 3))
    rows.append(paced("FSP, untrained teacher", data, seed, untrained(data, seed)))
    return [
        *rows,
        paced(
            "teacher's weights copied", data, seed, teacher, replace(FASTER, epochs=2)
        ),
    ]


def paced(
    start: str,
    data: Data,
    seed: int,
    teacher: nn.Module | None = None,
    config: Config = FASTER,
    factor=1.0,
    share=FIRST,
) -> dict:
    """One student's row: validation "accuracies" and "seconds" every EVERY steps from
    the first of the last stage on.

    "first" counts the steps of the first stage; the seconds contain it. `start`
    beginning with FSP learns from the teacher's flow, one with copied begins as the
    teacher, any other has no teacher. "accuracy" is on test images.
    """
    net = copy.deepcopy(teacher) if "copied" in start else residual(2, seed)
    config = replace(config, lr=config.lr * factor, seed=seed)
    by_flow, pace = start.startswith("FSP"), Pace(net, data, EVERY)
    stages = flow(net, teacher, config.lr, share) if by_flow else plain(net)
    train(stages, replace(data, validation=None), config, on_batch=pace, progress=False)
    first = (
        round(config.epochs * share) * -(-len(data.train[0]) // config.batch_size)
        if by_flow
        else 0
    )
    curve = {
        "accuracies": pace.accuracies[first // EVERY :],
        "seconds": pace.seconds[first // EVERY :],
    }
    arm = {
        "arm": f"{start}, {config.lr:g}",
        "start": start,
        "rate": config.lr,
        "seed": seed,
        "first": first,
    }
    return {**arm, **curve, "accuracy": accuracy(net, *data.test)}


def with_targets(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with when each target was reached: in steps of the last stage, in steps
    in all, and in seconds in all.
    """
    rows = rows.copy()
    for target in TARGETS:
        for k, row in rows.iterrows():
            at = EVERY * np.arange(len(row["accuracies"]))
            steps = reached(target, at, row["accuracies"])
            seconds = reached(target, row["seconds"], row["accuracies"])
            for name, value in (
                ("steps", steps),
                ("in all", steps + row["first"]),
                ("seconds", seconds),
            ):
                rows.loc[k, f"{name} to {target:.0%}"] = value
    return rows


def curves(
    rows: pd.DataFrame, starts: Sequence[str], steps: int = 110
) -> dict[str, np.ndarray]:
    """{start: (seeds, looks)}: validation accuracy in % over the first `steps` of the last stage."""
    looks = steps // EVERY + 1
    return {
        s: 100
        * np.stack(rows.loc[rows["start"] == s, "accuracies"].map(lambda a: a[:looks]))
        for s in starts
    }


def tuned(rows: pd.DataFrame, column: str, least: bool = False) -> pd.DataFrame:
    """The rows of each start at the rate whose mean over seeds of `column`, from
    validation images, is best; arm is the start.
    """
    return verdicts.chosen(rows, "rate", by="start", column=column, least=least).assign(
        arm=lambda kept: kept["start"]
    )


def percent(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows with shares of those columns as percentages, for tables and pictures; a
    claim is judged on the shares.
    """
    return rows.assign(**{column: 100 * rows[column] for column in columns})


def sooner(rows: pd.DataFrame, column: str, better: str, than: str) -> Verdict:
    """P3: `better` gets there sooner than `than`; a positive effect means that it does."""
    unit = "seconds" if column.startswith("seconds") else "steps"
    return judge_rows(
        "P3",
        rows,
        column,
        a=than,
        b=better,
        what=f"{column}, {than} - {better}",
        unit=unit,
    )

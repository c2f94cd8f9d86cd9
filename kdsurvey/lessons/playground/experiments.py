"""Notebook 14: where does distillation help? A grid of students, T by alpha, against
controls that had no teacher.

All students of one seed train in one pass, from the same initial weights, on the same
images in the same order.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.intervals import ENOUGH
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, Step, epochs
from kdsurvey.verdicts import Verdict, judge

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
ALPHAS = (0.25, 0.5, 0.75, 0.9, 1.0)
CELLS = tuple(product(TEMPERATURES, ALPHAS))
# epochs on all images; on fewer images more, for as many steps
STUDENT = Config(epochs=12, batch_size=128, lr=0.1)
TEACHER = Config(epochs=10, batch_size=128, lr=0.1, jitter=2)
RATES = (0.03, 0.1, 0.3)  # that the tuned control may choose from
SMOOTHING = 0.1
SURE, LIKELY = "✱", "•"
TEACHERS = ("well trained", "the student's images only", "one epoch", "untrained")
CONTROLS = ("no teacher", "no teacher, best rate", "label smoothing")


@dataclass(frozen=True)
class Setting:
    """The settings that are the same all over a map."""

    width: int = 16  # hidden units of a student
    share: float = 1.0  # of the training images, which the students see
    teacher: str = "well trained"  # one of TEACHERS

    @property
    def name(self) -> str:
        return f"{self.width} units, {self.share:.0%} of the images, teacher: {self.teacher}"


NAMES = {  # of the maps that are recorded, for short
    "16 units": Setting(),
    "4 units": Setting(width=4),
    "64 units": Setting(width=64),
    "10 % of the images": Setting(share=0.1),
    "10 %, teacher too": Setting(share=0.1, teacher=TEACHERS[1]),
    "teacher of one epoch": Setting(teacher=TEACHERS[2]),
    "untrained teacher": Setting(teacher=TEACHERS[3]),
}
MAPS = {setting.name: setting for setting in NAMES.values()}


def arm(T: float, alpha: float) -> str:
    """Return the name of a cell."""
    return f"T = {T:g}, alpha = {alpha:g}"


def teach(
    data: Data, kind: str, seed: int = 0, epochs: int = TEACHER.epochs, **hooks
) -> Teacher:
    """Train a teacher with two hidden layers of 300 on all of `data`, for one epoch or
    none where `kind` says so.

    hooks: on_epoch and on_batch of `train`. Raises ValueError for a kind that is not
    one of TEACHERS.
    """
    if kind not in TEACHERS:
        raise ValueError(
            f"teacher {kind!r}: choose one of {', '.join(map(repr, TEACHERS))}"
        )
    net = nets.mlp(data.train[0][0].numel(), 300, 300, len(data.classes), seed=seed)
    if kind != "untrained":
        epochs = 1 if kind == "one epoch" else epochs
        _run(plain(net), data, replace(TEACHER, seed=seed, epochs=epochs), **hooks)
    return Teacher(net)


class Map:
    """The gains of a grid over one of the controls, for the seeds that there are so far.

    rows: of `grid`, for one seed or more; control: of CONTROLS. gains: (seeds, T,
    alpha), in points of test accuracy.
    """

    def __init__(self, rows: Iterable[dict], control: str = CONTROLS[0]):
        self.control = control
        table = pd.DataFrame(rows)
        self.table = table.pivot(index="seed", columns="arm", values="accuracy")
        shares = self.table[[arm(*cell) for cell in CELLS]].to_numpy()
        points = 100 * (shares - self.table[[control]].to_numpy())
        self.gains = points.reshape(-1, len(TEMPERATURES), len(ALPHAS))
        self._judged: dict[tuple, Verdict] = {}

    @property
    def mean(self) -> np.ndarray:
        """Return the mean gain (T, alpha) over seeds, in points."""
        return self.gains.mean(0)

    def verdict(self, T: float, alpha: float, cells: int = 1) -> Verdict:
        """Judge the claim that this cell beats the control; needs two seeds, and
        three for an interval.

        cells: how many are looked at (Bonferroni).
        """
        key = T, alpha, cells
        if key not in self._judged:
            name, confidence = arm(T, alpha), 1 - 0.05 / cells
            pair = self.table[name], self.table[self.control]
            self._judged[key] = judge(
                "O11", *pair, what=f"{name} - {self.control}", confidence=confidence
            )
        return self._judged[key]

    def marks(self) -> np.ndarray:
        """Mark each cell (T, alpha) whose 95 % interval leaves out 0 as LIKELY, as SURE
        where the corrected one does too, else with "".
        """
        if len(self.table) < ENOUGH:
            return np.full(self.mean.shape, "")
        return np.reshape([self._mark(*cell) for cell in CELLS], self.mean.shape)

    def _mark(self, T: float, alpha: float) -> str:
        for mark, cells in ((SURE, len(CELLS)), (LIKELY, 1)):
            if self.verdict(T, alpha, cells).word != "NOT RESOLVED":
                return mark
        return ""


def grid(
    data: Data, setting: Setting, seed: int, teacher: Teacher | None = None, **hooks
) -> list[dict]:
    """Train one student a cell and the controls, all from one start.

    Returns rows with arm, seed and accuracy on the test images, in [0, 1].

    data: with a validation part, by which the tuned control chooses its learning rate.
    teacher: None trains the one that the setting names; one that may only know the
    student's images is trained in any case, because each seed draws its own images.
    hooks: on_epoch and on_batch of `train`; the rows of stage "distil" are the cells in
    the order of CELLS, then "no teacher".
    """
    images = data.fraction(setting.share, seed) if setting.share < 1 else data
    if teacher is None or setting.teacher == TEACHERS[1]:
        epochs_of_teacher = _as_many_steps(TEACHER, images, data)
        teacher = teach(images, setting.teacher, seed, epochs_of_teacher, **hooks)
    config = replace(STUDENT, seed=seed, epochs=_as_many_steps(STUDENT, images, data))
    stack = sweeps.stack([_student(data, setting, seed)] * (len(CELLS) + 1))
    T, alpha = torch.tensor([*CELLS, (1.0, 0.0)]).T
    stages = hinton(stack, teacher, T=T, alpha=alpha)
    last_epoch = _run(stages, images, config, **hooks)[-len(T) :]
    names = [*(arm(*cell) for cell in CELLS), CONTROLS[0]]
    rows = [
        {"arm": name, "seed": seed, "accuracy": row["student test accuracy"]}
        for name, row in zip(names, last_epoch)
    ]
    return rows + _controls(images, setting, config, hooks)


@experiment(
    settings={
        "cells": CELLS,
        "temperatures": TEMPERATURES,
        "alphas": ALPHAS,
        "student": STUDENT,
        "teacher": TEACHER,
        "rates": RATES,
        "smoothing": SMOOTHING,
        "teachers": TEACHERS,
        "controls": CONTROLS,
        "maps": MAPS,
        "names": NAMES,
    }
)
def playground(data: Data, seed: int) -> list[dict]:
    """Train every map of MAPS for one seed; maps with teachers of one kind share one."""
    taught = cache(partial(teach, data, seed=seed))
    return [
        {"map": name, **row}
        for name, setting in MAPS.items()
        for row in grid(data, setting, seed, taught(setting.teacher))
    ]


def _student(data: Data, setting: Setting, seed: int) -> nn.Sequential:
    return nets.mlp(
        data.train[0][0].numel(), setting.width, len(data.classes), seed=seed
    )


def _as_many_steps(config: Config, images: Data, data: Data) -> int:
    """Return the epochs over fewer images that take as many steps as config.epochs over
    all.
    """
    steps, all_steps = (
        math.ceil(len(d.train[0]) / config.batch_size) for d in (images, data)
    )
    return round(config.epochs * all_steps / steps)


def _controls(
    images: Data, setting: Setting, config: Config, hooks: dict
) -> list[dict]:
    """Train the net without a teacher: at its best learning rate, chosen on validation
    images, and with label smoothing.
    """
    tuned = [_alone(images, setting, replace(config, lr=lr), hooks) for lr in RATES]
    best = max(tuned, key=lambda row: row["net validation accuracy"])
    smooth = _alone(images, setting, config, hooks, smoothing=SMOOTHING)
    return [
        {"arm": name, "seed": config.seed, "accuracy": row["net test accuracy"]}
        for name, row in zip(CONTROLS[1:], (best, smooth))
    ]


def _alone(
    images: Data, setting: Setting, config: Config, hooks: dict, **options
) -> dict:
    net = _student(images, setting, config.first_seed)
    return _run(plain(net, **options), images, config, **hooks)[-1]


def _run(
    stages: Iterator[Stage],
    data: Data,
    config: Config,
    on_epoch: Callable[[dict], None] | None = None,
    on_batch: Callable[[Step], None] | None = None,
) -> list[dict]:
    """Train like `train`, but let a hook's StopTraining out: a grid whose students are
    only partly trained must not be recorded.
    """
    rows = []
    for row in epochs(stages, data, config, on_batch=on_batch):
        rows.append(row)
        if on_epoch:
            on_epoch(row)
    return rows

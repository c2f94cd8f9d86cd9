"""Notebook 14: where does distillation help? A grid of students, T by alpha, against
controls that had no teacher.

All students of one seed train in one pass, from the same initial weights, on the same
images in the same order.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, Step, epochs
from kdsurvey.verdicts import Verdict, judge

TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
ALPHAS = (0.25, 0.5, 0.75, 0.9, 1.0)
CELLS = tuple(product(TEMPERATURES, ALPHAS))
STUDENT = Config(
    epochs=12, batch_size=128, lr=0.1
)  # epochs on all images; on fewer images more, for as many steps
TEACHER = Config(epochs=10, batch_size=128, lr=0.1, jitter=2)
RATES = (0.03, 0.1, 0.3)  # that the tuned control may choose from
SMOOTHING = 0.1
SURE, LIKELY = "✱", "•"
TEACHERS = ("well trained", "the student's images only", "one epoch", "untrained")
CONTROLS = ("no teacher", "no teacher, best rate", "label smoothing")


@dataclass(frozen=True)
class Setting:
    """What is the same all over a map."""

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
    """The name of a cell."""
    return f"T = {T:g}, alpha = {alpha:g}"


def teach(
    data: Data, kind: str, seed: int = 0, epochs: int = TEACHER.epochs, **hooks
) -> Teacher:
    """A teacher with two hidden layers of 300 that learns from all of `data`, for one
    epoch or none where `kind` says so.

    hooks: on_epoch and on_batch of `train`. Raises ValueError for a kind that is not
    one of TEACHERS.
    """
    if kind not in TEACHERS:
        raise ValueError(
            f"teacher {kind!r}: choose one of {', '.join(map(repr, TEACHERS))}"
        )
    net = nets.mlp(data.train[0][0].numel(), 300, 300, len(data.classes), seed=seed)
    if kind != "untrained":
        config = replace(
            TEACHER, seed=seed, epochs=1 if kind == "one epoch" else epochs
        )
        _run(plain(net), data, config, **hooks)
    return Teacher(net)


class Map:
    """What a grid says beside one of the controls, over the seeds that there are so far.

    rows: of `grid`, for one seed or more; control: of CONTROLS. gains: (seeds, T,
    alpha), in points of test accuracy.
    """

    def __init__(self, rows: Iterable[dict], control: str = CONTROLS[0]):
        self.control = control
        self.table = pd.DataFrame(rows).pivot(
            index="seed", columns="arm", values="accuracy"
        )
        shares = self.table[[arm(*cell) for cell in CELLS]].to_numpy()
        self._judged: dict[tuple, Verdict] = {}
        self.gains = (100 * (shares - self.table[[control]].to_numpy())).reshape(
            -1, len(TEMPERATURES), len(ALPHAS)
        )

    @property
    def mean(self) -> np.ndarray:
        """The mean gain (T, alpha) over seeds, in points."""
        return self.gains.mean(0)

    def verdict(self, T: float, alpha: float, cells: int = 1) -> Verdict:
        """The claim that this cell beats the control; cells: how many are looked at
        (Bonferroni). Needs two seeds or more.
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
        """For each cell (T, alpha) SURE, LIKELY or "": its 95 % interval leaves out 0,
        with SURE the corrected one too.
        """
        if len(self.table) < 2:
            return np.full(self.mean.shape, "")
        return np.reshape([self._mark(*cell) for cell in CELLS], self.mean.shape)

    def _mark(self, T: float, alpha: float) -> str:
        found = (
            mark
            for mark, cells in ((SURE, len(CELLS)), (LIKELY, 1))
            if self.verdict(T, alpha, cells).word != "NOT RESOLVED"
        )
        return next(found, "")


def claims(rows: pd.DataFrame) -> list[Verdict]:
    """What the recorded maps decide: one cell's gain on one map against its gain on
    another, paired by seed.
    """
    return [
        _compared(claim, rows, one, other, T, alpha)
        for claim, one, other, T, alpha in (
            ("O11", "64 units", "16 units", 8.0, 0.9),
            ("O11", "64 units", "4 units", 8.0, 0.9),
            ("O6", "10 % of the images", "16 units", 4.0, 0.9),
            ("O7", "16 units", "teacher of one epoch", 4.0, 0.5),
            ("O9", "10 % of the images", "10 %, teacher too", 4.0, 0.9),
        )
    ]


def against_controls(rows: pd.DataFrame, name: str) -> list[Verdict]:
    """The best cell of a recorded map, chosen on one half of the seeds and judged on
    the other, against every control.
    """
    return [
        _best_elsewhere("O10", drawn(rows, name, control), name) for control in CONTROLS
    ]


def drawn(rows: pd.DataFrame, name: str, control: str = CONTROLS[0]) -> Map:
    """A recorded map by its short name, one of NAMES."""
    return Map(rows[rows["map"] == NAMES[name].name].to_dict("records"), control)


def _best_elsewhere(claim: str, found: Map, name: str) -> Verdict:
    half = len(found.table) // 2
    best = arm(*CELLS[int(found.gains[:half].mean(0).argmax())])
    rest = found.table.iloc[half:]
    return judge(
        claim, rest[best], rest[found.control], what=f"{name}, {best} - {found.control}"
    )


def _compared(
    claim: str, rows: pd.DataFrame, one: str, other: str, T: float, alpha: float
) -> Verdict:
    cell = np.unravel_index(CELLS.index((T, alpha)), (len(TEMPERATURES), len(ALPHAS)))
    pair = (drawn(rows, name).gains[:, *cell] / 100 for name in (one, other))
    return judge(claim, *pair, what=f"gain with {one} - with {other}, {arm(T, alpha)}")


def grid(
    data: Data, setting: Setting, seed: int, teacher: Teacher | None = None, **hooks
) -> list[dict]:
    """One student a cell and the controls, all from one start: rows with arm, seed and
    accuracy on the test images, in [0, 1].

    data: with a validation part, by which the tuned control chooses its learning rate.
    teacher: None trains the one that the setting names; one that may only know the
    student's images is trained in any case, because each seed draws its own images.
    hooks: on_epoch and on_batch of `train`; the rows of stage "distil" are the cells in
    the order of CELLS, then "no teacher".
    """
    images = data.fraction(setting.share, seed) if setting.share < 1 else data
    if teacher is None or setting.teacher == TEACHERS[1]:
        teacher = teach(
            images,
            setting.teacher,
            seed,
            _as_many_steps(TEACHER, images, data),
            **hooks,
        )
    config = replace(STUDENT, seed=seed, epochs=_as_many_steps(STUDENT, images, data))
    stack = sweeps.stack([_student(data, setting, seed)] * (len(CELLS) + 1))
    T, alpha = torch.tensor([*CELLS, (1.0, 0.0)]).T
    rows = _run(hinton(stack, teacher, T=T, alpha=alpha), images, config, **hooks)[
        -len(T) :
    ]
    arms = [*(arm(*cell) for cell in CELLS), CONTROLS[0]]
    rows = [
        {"arm": name, "seed": seed, "accuracy": row["student test accuracy"]}
        for name, row in zip(arms, rows)
    ]
    return rows + _controls(images, setting, config, hooks)


def playground(data: Data, seed: int) -> list[dict]:
    """Every map of MAPS for one seed; the teachers are those of seed 0, as in the panel."""
    return [
        {"map": name, **row}
        for name, setting in MAPS.items()
        for row in grid(data, setting, seed, _taught(data, setting.teacher))
    ]


@lru_cache(maxsize=len(TEACHERS))
def _taught(data: Data, kind: str) -> Teacher:
    return teach(data, kind)


def _student(data: Data, setting: Setting, seed: int) -> nn.Sequential:
    return nets.mlp(
        data.train[0][0].numel(), setting.width, len(data.classes), seed=seed
    )


def _as_many_steps(config: Config, images: Data, data: Data) -> int:
    """Epochs over fewer images that take as many steps as config.epochs over all."""
    steps, all_steps = (
        math.ceil(len(d.train[0]) / config.batch_size) for d in (images, data)
    )
    return round(config.epochs * all_steps / steps)


def _controls(
    images: Data, setting: Setting, config: Config, hooks: dict
) -> list[dict]:
    """The net without a teacher: at its best learning rate, chosen on validation
    images, and with label smoothing.
    """
    tuned = [_alone(images, setting, replace(config, lr=lr), hooks) for lr in RATES]
    best = max(tuned, key=lambda row: row["net validation accuracy"])
    smooth = _alone(images, setting, config, hooks, smoothing=SMOOTHING)
    pairs = zip(CONTROLS[1:], (best, smooth))
    return [
        {"arm": name, "seed": config.seed, "accuracy": row["net test accuracy"]}
        for name, row in pairs
    ]


def _alone(
    images: Data, setting: Setting, config: Config, hooks: dict, **options
) -> dict:
    return _run(
        plain(_student(images, setting, config.seed), **options),
        images,
        config,
        **hooks,
    )[-1]


def _run(
    stages: Iterator[Stage],
    data: Data,
    config: Config,
    on_epoch: Callable[[dict], None] | None = None,
    on_batch: Callable[[Step], None] | None = None,
) -> list[dict]:
    """As `train`, but a hook's StopTraining comes out: a map of half-trained students is none."""
    rows = []
    for row in epochs(stages, data, config, on_batch=on_batch):
        rows.append(row)
        if on_epoch:
            on_epoch(row)
    return rows

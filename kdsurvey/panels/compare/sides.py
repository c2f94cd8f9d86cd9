"""Two methods side by side: what each has shown so far, where they differ, the verdict,
and all of it as tables.
"""

import math
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
from torch import Tensor

from kdsurvey.losses import soften
from kdsurvey.measures import (
    Reliability,
    calibration_error,
    predictive_kl,
    reliability,
    top1_agreement,
)
from kdsurvey.panels.kit.snapshots import Subject, terms_of
from kdsurvey.pictures import Table
from kdsurvey.verdicts import Verdict, judge

SIDES = ("left", "right")
SHOWN = 12  # images on which the sides differ
LAST = 50  # epochs that have a row in the table
FEW = 5  # seeds; a verdict on fewer says so


class Side:
    """What one method has shown so far; every list has a place an epoch, every array in
    it a place a seed.

    rows: those of `train`, all members. z: (s, m, c) the latest logits for the m
    validation images. tested: accuracies on the test images, once the run is over.
    """

    def __init__(self, name: str, subject: Subject):
        self.name = name
        self.subject = subject
        self.measured = None  # a race measures nothing more
        self.rows: list[dict] = []
        self.terms: list[dict[str, float]] = []  # means over the seeds
        self.accuracy: list[np.ndarray] = []
        self.agreement: list[np.ndarray] = []
        self.z: Tensor | None = None
        self.tested: np.ndarray | None = None

    @property
    def epochs(self) -> int:
        """How many epochs it has trained."""
        return len(self.accuracy)

    def add(self, shown: tuple[Sequence[dict], Tensor]) -> None:
        """Take in one epoch: a row per member, and all members' logits for the images of the
        subject.
        """
        rows, z = shown
        subject = self.subject
        self.rows += rows
        members = [terms_of(row) for row in rows]
        self.terms.append(
            {
                name: float(np.mean([terms[name] for terms in members]))
                for name in members[0]
            }
        )
        self.accuracy.append((z.argmax(-1) == subject.y).double().mean(-1).numpy())
        self.agreement.append(top1_agreement(z, subject.teacher).numpy())
        self.z = z
        tested = [name for name in rows[0] if name.endswith(" test accuracy")]
        self.tested = np.array([row[tested[0]] for row in rows]) if tested else None

    @property
    def latest(self) -> Tensor:
        """The latest logits (s, m, c), after the first epoch."""
        assert self.z is not None
        return self.z

    def term(self, name: str) -> list[float]:
        """A loss term over the epochs, nan where it was absent."""
        return [terms.get(name, math.nan) for terms in self.terms]

    def calibration(self, y: Tensor) -> tuple[Reliability, np.ndarray]:
        """The reliability diagram of all members' answers together, and the calibration
        error of each member.
        """
        p = soften(self.latest.double())  # (s, m, c)
        return reliability(p.flatten(0, 1), y.repeat(len(p))), calibration_error(
            p, y
        ).numpy()


Sides = tuple[Side, Side]


def differing(sides: Sides) -> np.ndarray:
    """Which images the first seeds of both sides answer differently: their places, in order."""
    if any(side.z is None for side in sides):
        return np.array([], dtype=int)
    left, right = (side.latest[0].argmax(-1) for side in sides)
    return (left != right).nonzero().flatten().numpy()


def verdict(sides: Sides) -> Verdict | None:
    """Whether the right side is above the left on the test images, paired by seed; None
    before the end or for one seed.
    """
    left, right = sides
    if left.tested is None or right.tested is None:
        return None
    if len(left.tested) < 2 or len(right.tested) < 2:
        return None
    what = "right - left" if left.name == right.name else f"{right.name} - {left.name}"
    return judge(
        "right above left on test images", right.tested, left.tested, what=what
    )


def judged(sides: Sides) -> str:
    """The verdict as a sentence, with a word of caution where the seeds are few; empty
    where there is none.
    """
    found = verdict(sides)
    if not found:
        return ""
    return f"{found.line}." + (
        f" {found.n} seeds are few: take {FEW} or more before you believe it."
        if found.n < FEW
        else ""
    )


def tables(sides: Sides, subject: Subject, settings: str) -> list[Table]:
    """Put the picture in numbers: now, epoch by epoch, and the images on which the sides
    differ.
    """
    names = [f"{where}: {side.name}" for where, side in zip(SIDES, sides)]
    rows = [*_losses(sides), *_now(sides, subject)]
    if judged(sides):
        rows.append(["verdict", judged(sides), "", ""])
    now = Table(
        f"After {len(sides[0].accuracy)} epochs, {settings}",
        ["quantity", *names, "right − left"],
        rows,
    )
    return [now, _epoch_by_epoch(sides), _who_differs(sides, subject)]


def _epoch_by_epoch(sides: Sides) -> Table:
    """A row an epoch: the loss terms and shares of both sides."""
    columns: dict[str, list[str]] = {}
    for where, side in zip(SIDES, sides):
        for name in _terms(side):
            columns[f"{where} {name} (nats)"] = [
                "–" if math.isnan(v) else f"{v:.4f}" for v in side.term(name)
            ]
        columns[f"{where} accuracy (%)"] = [_spread(100 * v, 1) for v in side.accuracy]
        columns[f"{where} agreement (%)"] = [
            _spread(100 * v, 1) for v in side.agreement
        ]
    rows = [
        [f"epoch {k}", *row]
        for k, row in enumerate(zip_longest(*columns.values(), fillvalue="–"), 1)
    ]
    return Table(
        f"Epoch by epoch, on validation images; the last {LAST}",
        ["", *columns],
        rows[-LAST:],
    )


def _terms(*sides: Side) -> list[str]:
    """The names of all loss terms, in the order they came."""
    return list(
        dict.fromkeys(name for side in sides for terms in side.terms for name in terms)
    )


def _losses(sides: Sides) -> list[list[str]]:
    """A row a loss term of either side."""
    last = [side.terms[-1] if side.terms else {} for side in sides]
    return [
        [
            f"loss term {name} (nats)",
            *(f"{t[name]:.4f}" if name in t else "–" for t in last),
            "",
        ]
        for name in _terms(*sides)
    ]


def _now(sides: Sides, subject: Subject) -> list[list[str]]:
    """A row a measure: mean ± s.d. over the seeds of each side, and of their paired differences."""
    values = {
        "validation accuracy (%)": [
            100 * side.accuracy[-1] if side.accuracy else None for side in sides
        ],
        "calibration error ECE (%)": [
            100 * side.calibration(subject.y)[1] if side.accuracy else None
            for side in sides
        ],
        "agreement with the teacher (%)": [
            100 * side.agreement[-1] if side.accuracy else None for side in sides
        ],
        "KL from the teacher (nats)": [
            predictive_kl(side.latest, subject.teacher).numpy()
            if side.accuracy
            else None
            for side in sides
        ],
        "test accuracy (%)": [
            None if side.tested is None else 100 * side.tested for side in sides
        ],
    }
    rows = []
    for name, pair in values.items():
        digits = 3 if "nats" in name else 1
        cells = ["–" if v is None else _spread(v, digits) for v in pair]
        left, right = pair
        apart = "–"
        if left is not None and right is not None:
            apart = _spread(right - left, digits + 1, "+")
        rows.append([name, *cells, apart])
    return rows


def _who_differs(sides: Sides, subject: Subject) -> Table:
    of = differing(sides)
    caption = (
        f"{len(of)} of {len(subject.y)} validation images are answered differently "
        f"(first seed); the first {SHOWN}"
    )
    answers = (
        [
            subject.y,
            *(side.latest[0].argmax(-1) for side in sides),
            subject.teacher.argmax(-1),
        ]
        if len(of)
        else []
    )
    rows = [
        [f"image {i}", *(subject.classes[a[i]] for a in answers)] for i in of[:SHOWN]
    ]
    return Table(caption, ["", "label", "left", "right", "teacher"], rows)


def _spread(values: np.ndarray, digits: int, sign: str = "") -> str:
    """'94.1 ± 0.3', or the value where there is one seed."""
    mean = f"{values.mean():{sign}z.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean

"""The record of a live run, bounded however long the run is, and its picture."""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from kdsurvey.pictures import (
    Axis,
    Chart,
    Line,
    Mark,
    Picture,
    Rule,
    Table,
    Text,
    limits,
)
from kdsurvey.pictures.palette import FAINT

POINTS = 300  # of a curve at most; then neighbours are merged
MARKS = 8  # of the latest changes that are shown


class Curve:
    """Means over ever longer runs of neighbours, so that any number of values makes at
    most POINTS points.
    """

    def __init__(self) -> None:
        self.x: list[float] = []
        self.y: list[float] = []
        self._each = 1
        self._sum_x = 0.0
        self._sum_y = 0.0
        self._n = 0

    def add(self, x: float, y: float) -> None:
        self._sum_x = self._sum_x + x
        self._sum_y = self._sum_y + y
        self._n = self._n + 1
        if self._n < self._each:
            return
        self.x.append(self._sum_x / self._n)
        self.y.append(self._sum_y / self._n)
        self._sum_x = self._sum_y = self._n = 0
        if len(self.x) >= POINTS:
            self._each *= 2
            self.x, self.y = _merged(self.x), _merged(self.y)


def _merged(values: list[float]) -> list[float]:
    return [(a + b) / 2 for a, b in zip(values[::2], values[1::2])]


class History:
    """What a run has shown so far: the loss terms of every batch, the accuracy of every
    epoch, and what the reader changed.
    """

    def __init__(self) -> None:
        self.terms: dict[str, Curve] = {}
        self.accuracy = Curve()
        self.changes: list[tuple[float, str]] = []  # (epoch, "T = 8")
        self.batches, self.examples = 0, 0
        self._unread: list[tuple[float, dict[str, Tensor]]] = []

    def add(self, epoch: float, terms: dict[str, Tensor], examples: int) -> None:
        """One batch. The terms stay on the device until `read`, because reading one
        would make the training wait.
        """
        self.batches, self.examples = self.batches + 1, self.examples + examples
        self._unread.append((epoch, terms))
        if len(self._unread) >= 4096:
            self.read()

    @property
    def waiting(self) -> int:
        """Batches whose terms are still on the device."""
        return len(self._unread)

    def change(self, epoch: float, text: str) -> None:
        self.changes = [*self.changes[1 - MARKS :], (epoch, text)]

    def read(self) -> None:
        """Fetches every term that waits on the device, in one go a term."""
        unread, self._unread = self._unread, []
        for name in unread[0][1] if unread else ():
            values = torch.stack([terms[name] for _, terms in unread]).tolist()
            curve = self.terms.setdefault(name, Curve())
            for (epoch, _), value in zip(unread, values):
                curve.add(epoch, value)


def picture(
    history: History,
    before: History | None,
    terms: Sequence[str],
    epochs: int,
    tables: Sequence[Table] = (),
) -> Picture:
    """Draw loss terms on the left, validation accuracy on the right.

    Dotted lines stand where the reader changed a knob. before: the run before, whose
    accuracy stays in sight. terms: the names of all loss terms, in the order of their
    colours. tables: what stands below that of the run. The limits are whole decades and
    tens, so that they seldom move.
    """
    charts = {
        "loss": _losses(history, terms, epochs),
        "accuracy": _accuracies(history, before, epochs),
    }
    tables = [table(history), *tables]
    return Picture(charts, height=290, widths=(1.5, 1), tables=tables)


def _epochs(epochs: int) -> Axis:
    return Axis("epoch", (0, epochs), whole=True, most=8)


def _losses(history: History, terms: Sequence[str], epochs: int) -> Chart:
    changed = [epoch for epoch, _ in history.changes]
    marks: list[Mark] = [Rule(changed)]
    for role, name in enumerate(terms):
        curve = history.terms.get(name, Curve())
        marks.append(Line(curve.x, curve.y, role=role, marker="", legend=name))
    losses = [y for curve in history.terms.values() for y in curve.y if y > 0]
    higher = [1.5 * y for y in losses]
    reach = limits.decades([*losses, *higher], lowest=-4, bottom=-2, top=1)
    return Chart(
        [*marks, *_words(history.changes, near=0.04 * epochs)],
        _epochs(epochs),
        Axis("mean over a batch (nats)", reach, log=True),
        title="Loss terms, as weighted",
        columns=2,
    )


def _words(changes: Sequence[tuple[float, str]], near: float) -> list[Text]:
    """Return what the reader changed, along the dotted lines."""
    heights = {"bottom": 0.02, "top": 0.99}
    stands = places([epoch for epoch, _ in changes], near)
    return [
        Text(epoch, heights[place], text, va=place, place="x", tilt=90, ha="right")
        for (epoch, text), place in zip(changes, stands)
        if place
    ]


def places(epochs: Sequence[float], near: float) -> list[str]:
    """Where the words along a dotted line stand: at the bottom, else at the top, else
    nowhere, so that none covers another.
    """
    places, last = [], {"bottom": -math.inf, "top": -math.inf}
    for epoch in epochs:
        places.append(
            next(
                (place for place, before in last.items() if epoch - before >= near), ""
            )
        )
        last |= {place: epoch for place in places[-1:] if place}
    return places


def _accuracies(history: History, before: History | None, epochs: int) -> Chart:
    faint = partial(Line, colour=FAINT, marker="", style="-", width=1.6)
    plain = partial(Line, role=2, style="-")
    runs = {"run before": (before, faint), "this run": (history, plain)}
    marks: list[Mark] = [Rule([epoch for epoch, _ in history.changes])]
    shares: list[float] = []
    for name, (run, line) in runs.items():
        curve = run.accuracy if run else Curve()
        marks.append(line(curve.x, curve.y, legend=name))
        shares += curve.y
    return Chart(
        [*marks, *_latest(history.accuracy, epochs)],
        _epochs(epochs),
        Axis("% of images right", limits.tens(shares, room=0.3), whole=True),
        title="Validation accuracy",
        legend="lower right",
    )


def _latest(accuracy: Curve, epochs: int) -> list[Text]:
    """Return the latest accuracy in words, where there is room for them."""
    if not accuracy.y:
        return []
    x, y = accuracy.x[-1], accuracy.y[-1]
    side = "left" if x < 0.25 * epochs else "right"
    return [
        Text(
            x, min(y + 1, 97), f"{y:.1f} %", ha=side, va="bottom", bold=True, size=11.5
        )
    ]


def table(history: History, rows: int = 12) -> Table:
    """Say what the last batches lost on average, what changed, and the latest accuracies."""
    losses = [
        [f"loss term {name}", f"{curve.y[-1]:.4f}"]
        for name, curve in history.terms.items()
        if curve.y
    ]
    changes = [
        [f"changed at epoch {epoch:.2f}", text] for epoch, text in history.changes
    ]
    latest = zip(history.accuracy.x[-rows:], history.accuracy.y[-rows:])
    accuracies = [
        [f"validation accuracy, epoch {x:.0f}", f"{y:.1f} %"] for x, y in latest
    ]
    caption = f"After {history.batches} batches"
    return Table(caption, ["quantity", "value"], [*losses, *changes, *accuracies])

"""The record of a live run, bounded however long the run is, and its picture."""

import math
from collections.abc import Sequence

import torch
from matplotlib.ticker import MaxNLocator, NullLocator
from torch import Tensor

from kdsurvey.panels.kit.charts import Chart, canvas, table, title
from kdsurvey.plots import COLOURS, MARKERS, STYLES

POINTS = 300  # of a curve at most; then neighbours are merged
MARKS = 8  # of the latest changes that are shown


class Curve:
    """Means over ever longer runs of neighbours, so that any number of values makes at
    most POINTS points.
    """

    def __init__(self):
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

    def __init__(self):
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


class Curves:
    """Loss terms on the left, validation accuracy on the right; dotted lines where the
    reader changed a knob.
    """

    def __init__(self, terms: Sequence[str], epochs: int):
        figure, axes = canvas(290, [["loss", "accuracy"]], width_ratios=[1.5, 1])
        self._loss, self._accuracy = axes["loss"], axes["accuracy"]
        self._lines = {
            name: self._loss.plot(
                [], [], color=COLOURS[k], linestyle=STYLES[k], linewidth=1.4, label=name
            )[0]
            for k, name in enumerate(terms)
        }
        self._before = self._accuracy.plot(
            [], [], color="#999999", linewidth=1.2, label="run before"
        )[0]
        self._now = self._accuracy.plot(
            [],
            [],
            color=COLOURS[2],
            marker=MARKERS[2],
            markersize=3.5,
            linewidth=1.4,
            label="this run",
        )[0]
        self._value = self._accuracy.text(
            0, 0, "", fontsize=8.5, ha="right", va="bottom", fontweight="bold"
        )
        self._marks = [
            axis.plot([], [], color="#444444", linestyle=":", linewidth=1)[0]
            for axis in axes.values()
        ]
        words = {
            "fontsize": 7.5,
            "rotation": 90,
            "ha": "right",
            "va": "bottom",
            "transform": self._loss.get_xaxis_transform(),
        }
        self._said = [self._loss.text(0, 0, "", **words) for _ in range(MARKS)]
        self._dress(epochs)
        moving = [
            *self._marks,
            *self._lines.values(),
            self._before,
            self._now,
            self._value,
            *self._said,
        ]
        self._chart = Chart(figure, moving)

    def _dress(self, epochs: int) -> None:
        title(self._loss, "Loss terms, as weighted")
        title(self._accuracy, "Validation accuracy")
        self._loss.set(
            xlabel="epoch",
            ylabel="mean over a batch (nats)",
            yscale="log",
            xlim=(0, epochs),
            ylim=(1e-4, 10),
        )
        self._loss.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        self._loss.yaxis.set_minor_locator(NullLocator())
        self._accuracy.set(
            xlabel="epoch", ylabel="% of images right", xlim=(0, epochs), ylim=(50, 100)
        )
        self._accuracy.yaxis.set_major_locator(
            MaxNLocator(6, integer=True, steps=[1, 2, 5, 10])
        )
        for axis in (self._loss, self._accuracy):
            axis.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        self._loss.legend(loc="upper right", fontsize=8, frameon=False, ncols=2)
        self._accuracy.legend(loc="lower right", fontsize=8, frameon=False)

    def png(self, history: History, before: History | None) -> bytes:
        """The picture of a run, and of the accuracy of the run before it."""
        for name, curve in history.terms.items():
            self._lines[name].set_data(curve.x, curve.y)
        for line, run in ((self._before, before), (self._now, history)):
            line.set_data(run.accuracy.x if run else [], run.accuracy.y if run else [])
        self._fit(history, before)
        self._write(history)
        return self._chart.png()

    def _fit(self, history: History, before: History | None) -> None:
        """Widens the axes to what there is, in whole decades and tens, so that they seldom move."""
        losses = [
            y
            for curve in history.terms.values()
            for y in curve.y
            if y > 0 and math.isfinite(y)
        ] or [1]
        bottom, top = math.log10(min(losses)), math.log10(max(losses) * 1.5)
        decades = (
            10.0 ** min(-2, max(-4, math.floor(bottom))),
            10.0 ** max(1, math.ceil(top)),
        )
        shares = [y for run in (history, before) if run for y in run.accuracy.y] or [
            100
        ]
        tens = min(80, max(0, 10 * math.floor(min(shares) / 10 - 0.3))), 100
        if (decades, tens) != (self._loss.get_ylim(), self._accuracy.get_ylim()):
            self._loss.set_ylim(decades)
            self._accuracy.set_ylim(tens)
            self._chart.renew()

    def _write(self, history: History) -> None:
        x, y = history.accuracy.x, history.accuracy.y
        self._value.set_text(f"{y[-1]:.1f} %" if y else "")
        if y:
            left = x[-1] < 0.25 * self._accuracy.get_xlim()[1]  # no room on that side
            self._value.set(
                position=(x[-1], min(y[-1] + 1, 97)), ha="left" if left else "right"
            )
        for axis, marks in zip((self._loss, self._accuracy), self._marks):
            low, high = axis.get_ylim()
            xs = [x for epoch, _ in history.changes for x in (epoch, epoch, math.nan)]
            marks.set_data(xs, [low, high, math.nan] * len(history.changes))
        places = _places(
            [epoch for epoch, _ in history.changes], 0.03 * self._loss.get_xlim()[1]
        )
        for k, text in enumerate(self._said):
            place = places[k] if k < len(places) else ""
            epoch, said = history.changes[k] if place else (0, "")
            text.set(
                text=said,
                position=(epoch, 0.99 if place == "top" else 0.02),
                va=place or "bottom",
            )


def _places(epochs: Sequence[float], near: float) -> list[str]:
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


def twin(history: History, rows: int = 12) -> str:
    """The table: what the last batches lost on average, what the reader changed, and
    the latest accuracies.
    """
    now = [
        [f"loss term {name}", f"{curve.y[-1]:.4f}"]
        for name, curve in history.terms.items()
        if curve.y
    ]
    changes = [
        [f"changed at epoch {epoch:.2f}", said] for epoch, said in history.changes
    ]
    x, y = history.accuracy.x[-rows:], history.accuracy.y[-rows:]
    accuracies = [
        [f"validation accuracy, epoch {a:.0f}", f"{b:.1f} %"] for a, b in zip(x, y)
    ]
    return table(
        f"After {history.batches} batches",
        ["quantity", "value"],
        [*now, *changes, *accuracies],
    )

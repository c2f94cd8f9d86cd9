"""Curves over the epochs of two runs, each with its last value or its name at its end."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from matplotlib.ticker import MaxNLocator, NullLocator

from kdsurvey.panels.compare.sides import Side, Sides
from kdsurvey.panels.kit.charts import title
from kdsurvey.plots import COLOURS, MARKERS, STYLES

TERMS = 4  # loss terms of a side that have a line
ROOM = 1.38  # of the width that the epochs take; what is left holds the labels at the line ends
GAP = 0.085  # between two such labels, of the height of the axis


def reach(axis: Axes, epochs: int, room: float = ROOM) -> None:
    """Makes room on the axis for so many epochs, and for the labels after them."""
    step = next(
        a * 10**p for p in range(9) for a in (1, 2, 5) if a * 10**p * 6 >= epochs
    )
    axis.set_xlim(0, room * epochs)
    axis.set_xticks(range(0, epochs + 1, step))
    axis.spines["bottom"].set_bounds(0, epochs)


class EndLabels:
    """Words at the ends of lines, moved apart until none covers another."""

    def __init__(self, axis: Axes, most: int):
        self._axis = axis
        self.texts = [
            axis.text(0, 0, "", fontsize=8, va="center", transform=axis.transAxes)
            for _ in range(most)
        ]

    def show(self, ends: Sequence[tuple[float, float, str, str]]) -> None:
        """ends: (x, y, words, colour) each, in data coordinates."""
        to_axes = self._axis.transData + self._axis.transAxes.inverted()
        placed = sorted(
            (
                (*to_axes.transform((x, y)), words, colour)
                for x, y, words, colour in ends
            ),
            key=lambda end: end[1],
        )
        heights = _apart([min(max(y, 0.0), 1.0) for _, y, *_ in placed])
        for text in self.texts:
            text.set_text("")
        for text, (x, _, words, colour), y in zip(self.texts, placed, heights):
            text.set(text=words, color=colour, position=(x + 0.025, y))


def _apart(heights: list[float]) -> list[float]:
    """Rising heights in [0, 1], moved up, then down again from the top, until they are GAP apart."""
    up = [heights[0]] if heights else []
    for y in heights[1:]:
        up.append(max(y, up[-1] + GAP))
    top, down = 1.0 + GAP, []
    for y in reversed(up):
        top = min(y, top - GAP)
        down.append(top)
    return down[::-1]


class Share:
    """A share over the epochs: a line a side with a band of one s.d. over the seeds,
    its last value at its end.
    """

    def __init__(self, axis: Axes, name: str):
        self.axis = axis
        title(axis, name)
        axis.set(xlabel="epoch", ylabel="% of validation images", ylim=(80, 100))
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
        looks = [
            {"color": COLOURS[k], "marker": MARKERS[k], "linestyle": STYLES[k]}
            for k in range(2)
        ]
        self._lines = [
            axis.plot([], [], markersize=3.2, linewidth=1.3, **look)[0]
            for look in looks
        ]
        self._bands = [
            axis.add_patch(
                Polygon(np.zeros((1, 2)), color=COLOURS[k], alpha=0.16, linewidth=0)
            )
            for k in range(2)
        ]
        self._ends = EndLabels(axis, 2)
        self.artists = [*self._bands, *self._lines, *self._ends.texts]

    def fit(self, pair: Sequence[list[np.ndarray]]) -> bool:
        """Fits the axis, in whole tens, to the later half of the epochs, so that their
        differences show; whether it has moved.
        """
        late = [values for share in pair for values in share[len(share) // 2 :]]
        low = min((100 * values.min() for values in late), default=100)
        wanted = (min(80, max(0, 10 * math.floor(low / 10 - 0.2))), 100)
        moved = wanted != self.axis.get_ylim()
        self.axis.set_ylim(wanted)
        return moved

    def show(self, pair: Sequence[list[np.ndarray]]) -> None:
        """pair: for both sides, the shares of every seed at each epoch."""
        ends = []
        for k, share in enumerate(pair):
            values = 100 * np.array(share) if share else np.zeros((0, 1))  # (epochs, s)
            several = values.shape[1] > 1
            x, mean = np.arange(1, len(values) + 1), values.mean(1)
            sd = values.std(1, ddof=1) if several else np.zeros(len(values))
            self._lines[k].set_data(x, mean)
            self._bands[k].set_xy(
                np.r_[np.c_[x, mean + sd], np.c_[x, mean - sd][::-1]]
                if several
                else np.zeros((1, 2))
            )
            if len(x):
                ends.append(
                    (
                        x[-1],
                        mean[-1],
                        f"{mean[-1]:.1f} ± {sd[-1]:.1f}"
                        if several
                        else f"{mean[-1]:.1f}",
                        COLOURS[k],
                    )
                )
        self._ends.show(ends)


class Losses:
    """The loss terms of both sides over the epochs, each with its name at its end."""

    def __init__(self, axis: Axes):
        self.axis = axis
        title(axis, "Loss terms, as weighted")
        axis.set(
            xlabel="epoch",
            ylabel="mean over the epoch (nats)",
            yscale="log",
            ylim=(1e-3, 10),
        )
        axis.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        axis.yaxis.set_minor_locator(NullLocator())
        looks = [
            {"color": COLOURS[k], "marker": MARKERS[k], "linestyle": STYLES[k]}
            for k in range(2)
        ]
        self._lines = [
            [
                axis.plot([], [], markersize=3.2, linewidth=1.3, **look)[0]
                for _ in range(TERMS)
            ]
            for look in looks
        ]
        self._ends = EndLabels(axis, 2 * TERMS)
        self.artists = [*self._lines[0], *self._lines[1], *self._ends.texts]

    def fit(self, sides: Sides) -> bool:
        """Widens the axis to whole decades; whether it has moved."""
        values = [
            y for side in sides for terms in side.terms for y in terms.values() if y > 0
        ] or [1]
        low = math.floor(math.log10(min(values)))
        high = math.ceil(math.log10(max(values)))
        wanted = 10.0 ** max(min(low, -2), -5), 10.0 ** max(high, 1)
        moved = wanted != self.axis.get_ylim()
        self.axis.set_ylim(wanted)
        return moved

    def show(self, sides: Sides) -> None:
        """The first TERMS terms of each side that are not always 0."""
        ends = []
        for k, (side, lines) in enumerate(zip(sides, self._lines)):
            for line in lines:
                line.set_data([], [])
            for name, line in zip(_named(side), lines):
                y = side.term(name)
                line.set_data(range(1, len(y) + 1), y)
                if y[-1] > 0:
                    ends.append((len(y), y[-1], name, COLOURS[k]))
        self._ends.show(ends)


def _named(side: Side) -> list[str]:
    """The terms that a logarithmic axis can show."""
    return [
        name
        for name in dict.fromkeys(n for terms in side.terms for n in terms)
        if any(y > 0 for y in side.term(name))
    ]

"""The accuracy of several arms over the epochs: a line each with its name at its end,
bars for stages that score nothing.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from kdsurvey.panels.compare.curves import EndLabels, reach
from kdsurvey.panels.kit.charts import table, title
from kdsurvey.plots import COLOURS, MARKERS, STYLES

if TYPE_CHECKING:
    from kdsurvey.panels.race.race import Arm

Arms = Sequence["Arm"]
LAST = 50  # epochs that have a row in the table
MARKED = (
    60  # epochs that have a marker each; of more every second, every third, and so on
)
HEAD = 1.12  # of the axis from its bottom to 100 %: above that are the bars
ROOM = 1.55  # of the width that the epochs take; what is left holds the names


class Aside(Protocol):
    """The second picture of a race: made from the figure's axes by name."""

    artists: list[Artist]  # what moves

    def show(self, arms: Arms, settings: Mapping) -> bool:
        """Takes in what the arms have shown, nothing before the first run; whether
        axes, titles or ticks have moved.
        """

    def twin(self, arms: Arms, settings: Mapping) -> str:
        """The same as HTML tables."""


class Accuracies:
    """names: of all lines that any arm can have, in the order of their colours; epochs:
    of the axis before a run.
    """

    def __init__(self, axis: Axes, names: Sequence[str], epochs: int):
        self.axis = axis
        self._names = list(names)
        self._reached = 0
        title(axis, "Validation accuracy")
        axis.set(xlabel="epoch, all stages counted", ylabel="% of images right")
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
        self._lines = {
            name: axis.plot(
                [],
                [],
                color=COLOURS[k],
                marker=MARKERS[k],
                linestyle=STYLES[k],
                markersize=3.2,
                linewidth=1.3,
            )[0]
            for k, name in enumerate(names)
        }
        self._ends = EndLabels(axis, len(names))
        wide = {
            "linewidth": 5,
            "alpha": 0.45,
            "solid_capstyle": "butt",
            "transform": axis.get_xaxis_transform(),
        }
        self._bars = [axis.plot([], [], **wide)[0] for _ in names]
        words = {
            "fontsize": 7.5,
            "va": "center",
            "transform": axis.get_xaxis_transform(),
        }
        self._said = [axis.text(0, 0, "", **words) for _ in names]
        self.artists = [
            *self._bars,
            *self._said,
            *self._lines.values(),
            *self._ends.texts,
        ]
        self._fit((), epochs)

    def colour(self, name: str) -> str:
        """The colour of the line of this name."""
        return COLOURS[self._names.index(name)]

    def show(self, arms: Arms, epochs: int) -> bool:
        """Draws what the arms have scored of so many epochs; whether the axis has moved."""
        moved, ends = self._fit(arms, epochs), []
        for line in self._lines.values():
            line.set_data([], [])
            line.set_markevery(-(-epochs // MARKED))
        for name, (x, y) in (item for arm in arms for item in arm.lines.items()):
            self._lines[name].set_data(x, y)
            ends.append((x[-1], y[-1], f"{name}  {y[-1]:.1f}", self.colour(name)))
        self._ends.show(ends)
        self._show_silent(arms)
        return moved

    def _show_silent(self, arms: Arms) -> None:
        """A bar a stage that scores nothing, under the top of the axis."""
        silent = [
            (arm.name, stage, span)
            for arm in arms
            for stage, span in arm.silent.items()
        ]
        for k, (bar, text) in enumerate(zip(self._bars, self._said)):
            name, stage, (first, last) = (
                silent[k] if k < len(silent) else ("", "", (1, 0))
            )
            y, there = 0.97 - 0.07 * k, k < len(silent)
            bar.set_data([first - 1, last] if there else [], [y, y] if there else [])
            text.set(
                text=f"{stage} stage of “{name}”: nothing to score yet"
                if there
                else "",
                position=(last, y),
            )
            if there:
                bar.set_color(self.colour(name))
                text.set(
                    color=self.colour(name), x=last + 0.015 * self.axis.get_xlim()[1]
                )

    def _fit(self, arms: Arms, epochs: int) -> bool:
        """Fits the axis to the epochs and, in whole tens, to what the arms score late,
        see `Arm.late`.
        """
        late = [share for arm in arms for share in arm.late]
        low = min(80, max(0, 10 * math.floor(min(late, default=0) / 10 - 0.2)))
        limits = low, low + HEAD * (100 - low)
        moved = epochs != self._reached or limits != self.axis.get_ylim()
        if epochs != self._reached:
            reach(self.axis, epochs, ROOM)
            self._reached = epochs
        self.axis.set_ylim(limits)
        self.axis.spines["left"].set_bounds(low, 100)
        return moved


def twin(arms: Arms, settings: str) -> str:
    """The accuracies as a table: on test images at the end, and epoch by epoch."""
    lines = {
        name: dict(zip(x, y)) for arm in arms for name, (x, y) in arm.lines.items()
    }
    tested = {name: share for arm in arms for name, share in arm.tested.items()}
    silent = {arm.name: epoch for arm in arms for _, epoch in arm.silent.values()}
    done = max((len(arm.rows) for arm in arms), default=0)
    rows = (
        [
            [
                "on test images, at the end",
                *(f"{tested[name]:.1f}" if name in tested else "–" for name in lines),
            ]
        ]
        if tested
        else []
    )
    for epoch in range(max(1, done - LAST + 1), done + 1):
        rows.append(
            [
                f"epoch {epoch}",
                *(
                    f"{line[epoch]:.1f}" if epoch in line else "–"
                    for line in lines.values()
                ),
            ]
        )
    later = "".join(
        f"; “{name}” has nothing to score up to epoch {epoch}"
        for name, epoch in silent.items()
    )
    return table(f"% of validation images right, {settings}{later}", ["", *lines], rows)

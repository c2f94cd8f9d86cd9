"""A chart: two axes, and the marks between them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import TypeVar

from kdsurvey.pictures import limits
from kdsurvey.pictures.labels import readable
from kdsurvey.pictures.marks import KINDS, Bars, Mark, Numbers, Rule, legend_of, numbers
from kdsurvey.pictures.palette import FAINT, INK

FRAMES = ("open", "box", "none")
ENDS = ("line", "right")
LEGENDS = ("upper right", "upper left", "lower right", "lower left")
OUTSIDE = ("above", "right", "below")
ROOM = (
    1.38  # of an axis of epochs: what lies after the last one holds names at line ends
)

Kind = TypeVar("Kind", bound=Mark)


@dataclass(frozen=True)
class Axis:
    """One axis. What is left out is found from the marks of its chart when that is made.

    label: with the unit, "epoch" or "mean over a batch (nats)". limits: (low, high), or (high,
    low) for an axis that falls. ticks: where they stand, () for none; names: theirs, numbers
    where None. most: ticks are about so many where they are not given; whole: only at whole
    numbers. bounds: from where to where the axis is drawn, all along where None. shown: whether
    it is drawn at all; its ticks are in any case. tilt: of the names, in degrees.
    """

    label: str = ""
    limits: tuple[float, float] | None = None
    _: KW_ONLY
    log: bool = False
    ticks: Numbers | None = None
    names: Sequence[object] | None = None
    most: int = 6
    whole: bool = False
    bounds: tuple[float, float] | None = None
    shown: bool = True
    tilt: float = 0.0

    def __post_init__(self):
        for name in ("limits", "ticks", "bounds"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, numbers(getattr(self, name)))
        if self.limits is not None:
            self._check_limits(*self.limits)
        if self.names is not None:
            object.__setattr__(self, "names", readable(self.names))
        if self.names is not None and len(self.names) != len(self.ticks or ()):
            raise ValueError(
                f"axis {self.label!r}: {len(self.names)} names for the ticks {self.ticks}"
            )

    def _check_limits(self, *ends: float) -> None:
        """Raise ValueError for limits between which nothing can stand."""
        if self.log and min(ends) <= 0:
            raise ValueError(f"axis {self.label!r}: a log axis from {self.limits}")
        if len(ends) != 2 or not abs(ends[1] - ends[0]) < math.inf:
            raise ValueError(
                f"axis {self.label!r}: limits {self.limits}; give two finite numbers, or "
                "None"
            )
        if ends[0] == ends[1]:  # room on both sides of the only number
            object.__setattr__(self, "limits", limits.around(ends, log=self.log))

    def resolved(
        self, values: Iterable[float], snug: bool = False, bars: bool = False
    ) -> "Axis":
        """Return the axis with limits around the values, ticks and their names.

        snug: the limits have no margin. bars: none at 0, where bars begin.
        """
        reach = self.limits or self._around(list(values), snug, bars)
        ticks: Numbers | None = self.ticks
        if ticks is None:
            ticks = self._ticks(*(self.bounds or reach))
        names = self.names
        if names is None:
            names = list(map(limits.number, ticks))
        return replace(self, limits=reach, ticks=ticks, names=names)

    def _around(self, values: list[float], snug: bool, bars: bool):
        low, high = limits.around(values, 0.0 if snug else 0.05, self.log)
        if bars and min(values) == 0:
            low = 0.0
        if bars and max(values) == 0:
            high = 0.0
        return low, high if high > low else low + 1.0

    def _ticks(self, low: float, high: float) -> list[float]:
        if self.log:
            return limits.log_ticks(low, high)
        return limits.ticks(low, high, self.most, self.whole)


def epoch_axis(epochs: int, label: str = "epoch", room: float = ROOM) -> Axis:
    """Return an axis of so many epochs, with room after the last for names at line ends."""
    ticks = limits.ticks(0, epochs, 6, whole=True)
    reach = (0, room * epochs)
    return Axis(label, reach, ticks=ticks, bounds=(0, epochs))


def row_axis(names: Sequence[object]) -> Axis:
    """Return an axis with a row for each name, the first on top."""
    return Axis("", (len(names) - 0.5, -0.5), ticks=range(len(names)), names=names)


def between_rows(n: int) -> list[Rule]:
    """Return faint lines between n rows of a chart; no mark where there is one row."""
    places = [k + 0.5 for k in range(n - 1)]
    return [Rule(places, horizontal=True, colour=FAINT, width=0.6)] if places else []


@dataclass(frozen=True)
class Chart:
    """Marks, drawn in their order, between an x-axis and a y-axis.

    title: above, from the left. frame: "open" (left and bottom), "box" or "none", which hides
    the ticks too. equal: a unit of x is as long as one of y; anchor: where the chart then
    stands in its place, "C", "N", "NW" ... legend: where it stands: one of LEGENDS inside, or
    "above", "right", "below"; columns: of it; heading: over it. ends: names at line ends stand
    where the lines end ("line"), or right of the chart ("right").

    Limits, ticks and names that the axes leave out are found from the marks, so that what is
    kept is complete. Raises ValueError for what is none of these, and for bars on an axis
    that does not hold the 0 where they begin.
    """

    marks: Sequence[Mark] = ()
    x: Axis = Axis()
    y: Axis = Axis()
    _: KW_ONLY
    title: str = ""
    title_colour: str = INK
    frame: str = "open"
    equal: bool = False
    anchor: str = "C"
    legend: str = "upper right"
    columns: int = 1
    heading: str = ""
    ends: str = "line"

    def __post_init__(self):
        object.__setattr__(self, "marks", tuple(self.marks))
        self._check()
        self._refuse_log_bars()
        xs, ys = self._reach()
        snug = any(mark.snug for mark in self.marks)
        lying, upright = self._bars(True), self._bars(False)
        object.__setattr__(self, "x", self.x.resolved(xs, snug, lying))
        if snug and self.y.limits is None:
            falling = tuple(reversed(self.y.resolved(ys, snug).limits))
            object.__setattr__(self, "y", replace(self.y, limits=falling))
        object.__setattr__(self, "y", self.y.resolved(ys, snug, upright))
        self._refuse_cut_bars()

    def _check(self) -> None:
        for mark in self.marks:
            if not isinstance(mark, KINDS):
                names = ", ".join(kind.__name__ for kind in KINDS)
                raise ValueError(f"chart {self.title!r}: {mark!r} is no mark: {names}")
        choices = {"frame": FRAMES, "ends": ENDS, "legend": LEGENDS + OUTSIDE}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"chart {self.title!r}: {name} is one of {', '.join(known)}, "
                    f"got {getattr(self, name)!r}"
                )

    def _refuse_log_bars(self) -> None:
        """Raise ValueError for bars that begin at 0 on a log axis, which has no 0."""
        for bars in self.marks_of(Bars):
            if not bars.base and (self.x if bars.across else self.y).log:
                raise ValueError(
                    f"chart {self.title!r}: bars on a log axis, where 0 has no place; "
                    "draw points, or give the bars a base"
                )

    def _refuse_cut_bars(self) -> None:
        """Raise ValueError for bars that do not begin at 0: their lengths say too much."""
        for bars in self.marks_of(Bars):
            axis = self.x if bars.across else self.y
            low, high = sorted(axis.limits or ())  # found by now
            if not bars.base and not low <= 0 <= high:
                raise ValueError(
                    f"chart {self.title!r}: bars on an axis from {low:g} to {high:g}, "
                    "where 0 has no place; draw points, or let the axis hold 0"
                )

    def _reach(self) -> tuple[list[float], list[float]]:
        """Return all x and all y that the limits must hold."""
        reached = [mark.reach() for mark in self.marks]
        xs = [value for x, _ in reached for value in x]
        ys = [value for _, y in reached for value in y]
        return xs, ys

    def _bars(self, across: bool) -> bool:
        """Return whether there are bars, lying or upright."""
        return any(mark.across is across for mark in self.marks_of(Bars))

    def marks_of(self, kind: type[Kind]) -> list[Kind]:
        """Return the marks of one kind, in their order."""
        return [mark for mark in self.marks if isinstance(mark, kind)]

    def legends(self) -> list[Mark]:
        """Return the first mark of each name in the legend."""
        named: dict[str, Mark] = {}
        for mark in self.marks:
            if legend_of(mark):
                named.setdefault(legend_of(mark), mark)
        return list(named.values())


def image_chart(marks: Sequence[Mark], title: str = "", caption: str = "") -> Chart:
    """Return a chart for an image: no axes, square pixels, a caption below."""
    x = Axis(caption, ticks=())
    y = Axis(ticks=())
    return Chart(marks, x, y, title=title, frame="none", equal=True)

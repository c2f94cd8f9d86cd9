"""What is drawn in a chart, as data: lines, points, bars, bands, rules, cells, images, words.

Every mark is a frozen dataclass of numbers and strings. Coordinates are those of the
chart's axes; where a mark has a `place`, it may stand elsewhere:

    "data"   x and y are data (the default)
    "x"      x is data, y a share of the chart's height (0 at its bottom, 1 at its top)
    "y"      y is data, x a share of the chart's width
    "axes"   x and y are shares of the chart's width and height

A mark takes its look from its `role`, an index: colour, marker and line style go together
(see palette). `colour`, `marker`, `style` and `hatch` say otherwise. They are looked up when
the mark is made, so a renderer finds every colour as "#rrggbb". A nan in x or y is a gap.
Sizes and widths are CSS pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from matplotlib.typing import LineStyleType as Style

from kdsurvey.pictures.palette import GREY, HATCHES, INK, MARKERS, STYLES, colour_of

Numbers = Sequence[float] | np.ndarray  # given; a mark keeps them as a tuple
Extent = tuple[float, float, float, float]  # left, right, bottom, top
PLACES = ("data", "x", "y", "axes")
SMALLEST = 11.0  # CSS pixels of a letter: smaller ones cannot be read on every screen


def numbers(values: Numbers) -> tuple[float, ...]:
    """Return one dimension of numbers, from any sequence or array, as a tuple."""
    return tuple(np.asarray(values, float).ravel().tolist())


def number(value: float | None) -> float:
    """Return a number; nan, which JSON has as null, where it is None."""
    return math.nan if value is None else float(value)


def grid(values) -> tuple:
    """Return an array of two or more dimensions as tuples of tuples."""
    return _tuples(np.asarray(values, float).tolist())


def _tuples(values):
    return tuple(map(_tuples, values)) if isinstance(values, list) else values


@dataclass(frozen=True)
class Mark:
    """Shared by all marks: fields become tuples and colours, lengths are compared."""

    snug: ClassVar[bool] = False  # whether limits fit it without a margin
    equal: ClassVar[tuple[str, ...]] = ()  # fields of numbers that are equally long
    optional: ClassVar[tuple[str, ...]] = ()  # alike, or empty
    looks: ClassVar[dict[str, Sequence]] = {}  # fields that the role decides

    def __post_init__(self):
        for name in (*self.equal, *self.optional):
            self._put(name, numbers(getattr(self, name)))
        for name, choices in self.looks.items():
            if getattr(self, name) is None:
                self._put(name, choices[self.role % len(choices)])
        self._check_lengths()
        self._check_place()
        if hasattr(self, "colour"):
            self._put("colour", self.colour or colour_of(self.role))

    def _put(self, name: str, value) -> None:
        object.__setattr__(self, name, value)

    def _check_lengths(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in self.equal}
        extra = {name: len(getattr(self, name)) for name in self.optional}
        lengths |= {name: length for name, length in extra.items() if length}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            kind = type(self).__name__
            raise ValueError(f"{kind}: {said} numbers; they must be equally many")

    def _check_place(self) -> None:
        place = getattr(self, "place", "data")
        if place not in PLACES:
            raise ValueError(f"place is one of {', '.join(PLACES)}, got {place!r}")

    def reach(self) -> tuple[Numbers, Numbers]:
        """Return the x and the y in data coordinates that the limits must hold."""
        return (), ()


@dataclass(frozen=True)
class Line(Mark):
    """A line through points. Give it a name at its end (`end`), or in the legend.

    marker: None is that of the role, "" none. every: a marker at every so manieth point.
    """

    equal = ("x", "y")
    looks: ClassVar[dict] = {"marker": MARKERS, "style": STYLES}

    x: Numbers
    y: Numbers
    _: KW_ONLY
    role: int = 0
    colour: str = ""
    style: Style | None = None
    marker: str | None = None
    width: float = 1.8
    size: float = 4.5  # of a marker
    every: int = 1
    alpha: float = 1.0
    end: str = ""
    legend: str = ""
    place: str = "data"

    def reach(self):
        return _in_data(self.x, self.y, self.place)


@dataclass(frozen=True)
class Points(Mark):
    """Markers without a line. area: of each marker in square pixels, else `size` for all.

    hollow: drawn as outlines. spread: the lengths of error bars, to both sides of y, or of x
    where `across`.
    """

    equal = ("x", "y")
    optional = ("area", "spread")
    looks: ClassVar[dict] = {"marker": MARKERS}

    x: Numbers
    y: Numbers
    _: KW_ONLY
    role: int = 0
    colour: str = ""
    marker: str | None = None
    size: float = 6.0
    area: Numbers = ()
    spread: Numbers = ()
    across: bool = False
    hollow: bool = False
    alpha: float = 1.0
    legend: str = ""
    place: str = "data"

    def reach(self):
        x, y = _in_data(self.x, self.y, self.place)
        return _spread(x, y, self.spread, self.across)


@dataclass(frozen=True)
class Bars(Mark):
    """Bars from `base` to `base` + y, centred at x; lying along the x-axis where `across`.

    With `across`, x is where a bar stands on the y-axis, and y its length. width: in data,
    one for all or one each. base: one each, else 0. spread: of error bars at their ends.
    words: what is written at each end, "" for nothing. hatch: None is that of the role.
    """

    equal = ("x", "y")
    optional = ("base", "widths", "spread")
    looks: ClassVar[dict] = {"hatch": HATCHES}

    x: Numbers
    y: Numbers
    _: KW_ONLY
    role: int = 0
    colour: str = ""
    hatch: str | None = None
    width: float = 0.8
    widths: Numbers = ()
    base: Numbers = ()
    spread: Numbers = ()
    words: Sequence[str] = ()
    across: bool = False
    alpha: float = 1.0
    edge: bool = True  # a thin white line around each bar
    legend: str = ""

    def __post_init__(self):
        super().__post_init__()
        self._put("words", tuple(map(str, self.words)))
        if self.words and len(self.words) != len(self.x):
            n = len(self.x)
            raise ValueError(
                f"Bars: {n} bars have {len(self.words)} words at their ends"
            )

    def ends(self) -> Numbers:
        """Return where the bars end."""
        base = self.base or (0.0,) * len(self.y)
        return tuple(b + y for b, y in zip(base, self.y))

    def half_widths(self) -> Numbers:
        """Return half the width of every bar."""
        widths = self.widths or (self.width,) * len(self.x)
        return tuple(width / 2 for width in widths)

    def reach(self):
        halves = self.half_widths()
        left = tuple(x - half for x, half in zip(self.x, halves))
        right = tuple(x + half for x, half in zip(self.x, halves))
        places = left + right
        ends = self.ends()
        low = tuple(end - s for end, s in zip(ends, self.spread))
        high = tuple(end + s for end, s in zip(ends, self.spread))
        lengths = (*ends, *(self.base or (0.0,)), *low, *high)
        return (lengths, places) if self.across else (places, lengths)


@dataclass(frozen=True)
class Band(Mark):
    """The area between low and high over x: one standard deviation around a line."""

    equal = ("x", "low", "high")

    x: Numbers
    low: Numbers
    high: Numbers
    _: KW_ONLY
    role: int = 0
    colour: str = ""
    alpha: float = 0.16

    def reach(self):
        return self.x, self.low + self.high


@dataclass(frozen=True)
class Rule(Mark):
    """Straight lines across the chart: vertical at every x of `at`, else horizontal.

    to: where given, the area from each `at` to its `to` is filled instead. span: from where
    to where a line runs, as shares of the chart. They do not move the limits.
    """

    equal = ("at",)
    optional = ("to",)

    at: Numbers
    to: Numbers = ()
    _: KW_ONLY
    horizontal: bool = False
    span: tuple[float, float] = (0.0, 1.0)
    role: int = 0
    colour: str = "#444444"
    style: Style = ":"
    width: float = 1.3
    alpha: float = 1.0


@dataclass(frozen=True)
class Cells(Mark):
    """A heat map: values (rows, columns), row 0 at the top; a nan is an empty cell.

    Cell (i, j) is centred at x = j, y = i. colours: a name of COLOUR_MAPS; low, high: the
    values of its two ends; power: below 1 sets small values apart. words (rows, columns): what
    is written in the cells, in black or white, whichever stands out.
    """

    COLOUR_MAPS: ClassVar[tuple[str, ...]] = ("gains", "Blues", "cividis", "gray_r")
    snug = True

    values: Sequence[Numbers] | np.ndarray
    _: KW_ONLY
    low: float = 0.0
    high: float = 1.0
    power: float = 1.0
    colours: str = "gains"
    words: Sequence[Sequence[str]] = ()
    size: float = SMALLEST

    def __post_init__(self):
        super().__post_init__()
        lengths = [len(row) for row in self.values]
        if len(set(lengths)) != 1:
            raise ValueError(f"Cells: rows of unequal length {lengths}")
        self._put("values", grid(self.values))
        self._put("words", tuple(tuple(map(str, row)) for row in self.words))
        written = [len(row) for row in self.words]
        if written and written != lengths:
            raise ValueError(
                f"Cells: {len(lengths)} rows of {lengths[0]} values, words {written}"
            )
        if self.colours not in self.COLOUR_MAPS:
            names = ", ".join(self.COLOUR_MAPS)
            raise ValueError(f"Cells: colours is one of {names}, got {self.colours!r}")

    def extent(self) -> Extent:
        """Return left, right, bottom and top in data coordinates."""
        return _extent(self.values)

    def reach(self):
        left, right, bottom, top = self.extent()
        return (left, right), (bottom, top)


@dataclass(frozen=True)
class Image(Mark):
    """An image: grey (h, w), white at `low` and black at `high`, or (h, w, 3) in [0, 1].

    extent: left, right, bottom, top in data coordinates; a pixel is 1 wide where None, the
    first row at the top.
    """

    snug = True

    pixels: Sequence | np.ndarray
    _: KW_ONLY
    low: float = 0.0
    high: float = 1.0
    extent: Extent | None = None

    def __post_init__(self):
        super().__post_init__()
        shape = np.shape(self.pixels)
        if len(shape) != 2 and (len(shape) != 3 or shape[2] != 3):
            raise ValueError(f"Image: need pixels (h, w) or (h, w, 3), got {shape}")
        self._put("pixels", grid(self.pixels))
        if self.extent is None:
            self._put("extent", _extent(self.pixels))
        self._put("extent", tuple(map(float, self.extent)))

    def reach(self):
        left, right, bottom, top = self.extent
        return (left, right), (bottom, top)


@dataclass(frozen=True)
class Text(Mark):
    """Words at one place; they may have several lines. They do not move the limits.

    ha: "left", "center" or "right"; va: "top", "center", "bottom" or "baseline". tilt: in
    degrees; along: it is that of a line in data coordinates. boxed: on a white field with a
    frame; bare: on one without. shift: (right, up) in pixels. Raises ValueError for a size
    below SMALLEST.
    """

    x: float
    y: float
    text: str
    _: KW_ONLY
    size: float = SMALLEST
    colour: str = INK
    bold: bool = False
    ha: str = "left"
    va: str = "center"
    tilt: float = 0.0
    along: bool = False
    boxed: bool = False
    bare: bool = False
    shift: tuple[float, float] = (0.0, 0.0)
    place: str = "data"

    def __post_init__(self):
        super().__post_init__()
        self._put("x", number(self.x))
        self._put("y", number(self.y))
        self._put("shift", tuple(map(float, self.shift)))
        if self.size < SMALLEST:
            raise ValueError(
                f"Text {self.text!r}: letters of {self.size} CSS pixels are too small, "
                f"{SMALLEST:g} are the least"
            )


@dataclass(frozen=True)
class Arrow(Mark):
    """An arrow from start to end, (x, y) each in data coordinates. filled: its head."""

    start: tuple[float, float]
    end: tuple[float, float]
    _: KW_ONLY
    role: int = 0
    colour: str = GREY
    style: Style = "-"
    width: float = 1.3
    filled: bool = False

    def __post_init__(self):
        super().__post_init__()
        self._put("start", numbers(self.start))
        self._put("end", numbers(self.end))

    def reach(self):
        (x0, y0), (x1, y1) = self.start, self.end
        return (x0, x1), (y0, y1)


@dataclass(frozen=True)
class Frame(Mark):
    """The outline of a rectangle in data coordinates, around a cell or a few.

    x, y: one corner; across, along: how far it reaches from there in x and in y.
    """

    x: float
    y: float
    across: float = 1.0
    along: float = 1.0
    _: KW_ONLY
    role: int = 0
    colour: str = ""
    width: float = 2.5

    def __post_init__(self):
        super().__post_init__()
        for name in ("x", "y", "across", "along"):
            self._put(name, number(getattr(self, name)))


KINDS = (Line, Points, Bars, Band, Rule, Cells, Image, Text, Arrow, Frame)


def legend_of(mark: Mark) -> str:
    """Return the name of a mark in the legend, "" for none."""
    return getattr(mark, "legend", "")


def last_point(line: Line) -> tuple[float, float] | None:
    """Return the last point of a line that is no gap."""
    for x, y in zip(reversed(line.x), reversed(line.y)):
        if math.isfinite(x) and math.isfinite(y):
            return x, y
    return None


def _in_data(x: Numbers, y: Numbers, place: str) -> tuple[Numbers, Numbers]:
    """Return x and y, without those that are shares of the chart."""
    return x if place in ("data", "x") else (), y if place in ("data", "y") else ()


def _spread(x: Numbers, y: Numbers, spread: Numbers, across: bool):
    """Return x and y with the ends of error bars."""
    values = x if across else y
    if not spread or not values:
        return x, y
    low = tuple(v - s for v, s in zip(values, spread))
    high = tuple(v + s for v, s in zip(values, spread))
    return (low + high, y) if across else (x, low + high)


def _extent(rows) -> Extent:
    """Return the extent of a grid whose cells are 1 wide and centred at whole numbers."""
    return -0.5, len(rows[0]) - 0.5, len(rows) - 0.5, -0.5

"""Pictures as PNG, drawn by matplotlib under its default settings.

What stays while numbers change (spines, ticks, legends) is drawn once and kept, titles and
names of axes until they change; marks are drawn on top every time. So a redraw is exactly
what a fresh drawing would be.
"""

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.text import Text as Words
from matplotlib.transforms import IdentityTransform
from matplotlib.typing import HashableList

from kdsurvey.pictures.artists import POINT, artists_of, draw_on, words, words_at_ends
from kdsurvey.pictures.chart import Axis, Chart
from kdsurvey.pictures.labels import apart
from kdsurvey.pictures.marks import SMALLEST, Bars, Line, Mark, last_point, legend_of
from kdsurvey.pictures.palette import FAINT, INK
from kdsurvey.pictures.sheet import EMPTY, Sheet

lock = threading.RLock()  # matplotlib's text layout is not thread-safe
SCALE = 2  # PNG pixels in a CSS pixel, so that letters are crisp on every screen
INCH = 96  # CSS pixels
TITLE, LABEL = 13.0, 11.5  # CSS pixels: letters of titles, and of the names of axes
LINE = 14.0  # CSS pixels from one name at a line's end to the next
# CSS pixels from a line's end to its name, and to one moved far
BESIDE, LED = 6.0, 18.0
TALL = "Ípg("  # as high and as deep as any words: the layout is made with these
# of a legend outside: its corner, and where that is in shares of the chart
PLACES: dict[str, dict[str, Any]] = {
    "above": {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.1},
    "right": {"loc": "center left", "bbox_to_anchor": (1, 0.5)},
    "below": {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18)},
}
LOOKS = ("legend", "colour", "style", "marker", "hatch", "hollow", "alpha", "size")


def draw(picture: Sheet) -> bytes:
    """Draw a picture once, as PNG bytes."""
    return Canvas().png(picture)


class Canvas:
    """Draws pictures that differ in their numbers, again and again, at little cost.

    It keeps the layout and the background of the last picture, and makes them anew when sizes,
    limits, ticks, legends or the number of lines of a title have changed. Any thread may draw.
    """

    def __init__(self):
        self._paper: Paper | None = None
        self._background: Background | None = None

    def png(self, picture: Sheet) -> bytes:
        """Draw a picture as PNG bytes, SCALE times as large as its CSS size."""
        still = still_parts(picture)
        with lock, default_settings():
            if self._background is None or self._background.still != still:
                size = picture.width, picture.height
                if self._paper is None or self._paper.size != size:
                    self._paper = Paper(size)
                self._background = Background(picture, still, self._paper)
            return self._background.png(picture)


@contextmanager
def default_settings() -> Iterator[None]:
    """Draw as matplotlib does out of the box, whatever the reader has set."""
    defaults = {
        name: value
        for name, value in matplotlib.rcParamsDefault.items()
        if not name.startswith(("backend", "interactive", "toolbar"))
    }
    changed = {n: v for n, v in defaults.items() if matplotlib.rcParams[n] != v}
    if not changed:
        yield
        return
    with matplotlib.rc_context(changed):
        yield


def still_parts(picture: Sheet) -> tuple:
    """Return all that the layout and the background of a picture depend on."""
    charts = {name: _still_chart(chart) for name, chart in picture.charts.items()}
    ratios = picture.mosaic, picture.widths, picture.heights
    return picture.width, picture.height, _lines(picture.title), ratios, charts


def _still_chart(chart: Chart) -> tuple:
    legend = [tuple(getattr(m, look, None) for look in LOOKS) for m in chart.legends()]
    ends = [name for name, *_ in _ends(chart)] if chart.ends == "right" else []
    axes = (_nameless(chart.x), _nameless(chart.y))
    place = chart.frame, chart.equal, chart.anchor
    words = chart.legend, chart.columns, chart.heading
    return axes, _lines(chart.title), place, words, legend, ends


def _nameless(axis: Axis) -> Axis:
    return replace(axis, label=_lines(axis.label))


def _lines(text: str) -> str:
    """Return as many lines as the text has, of words that are the same for all texts."""
    return "\n".join(TALL for _ in text.split("\n")) if text else ""


class Paper:
    """Memory for pictures of one size, used for one after the other.

    New memory for every picture, megabytes large and asked for by the thread of every new run,
    is not given back by the allocator.
    """

    def __init__(self, size: tuple[float, float]):
        self.size = size
        width, height = size
        self.figure = Figure((width / INCH, height / INCH), dpi=SCALE * INCH)
        self.canvas = FigureCanvasAgg(self.figure)
        # where matplotlib draws
        self.pixels = np.asarray(self.canvas.get_renderer().buffer_rgba())
        self.wordless, self.worded = self.pixels.copy(), self.pixels.copy()
        self.rows = PngRows(*self.pixels.shape[:2])


class Background:
    """The layout of a picture, and all that does not move, as pixels."""

    def __init__(self, picture: Sheet, still: tuple, paper: Paper):
        self.still = still
        self._paper = paper
        self._figure, self._canvas = paper.figure, paper.canvas
        self._figure.clear()
        layout = ConstrainedLayoutEngine()
        self._figure.set_layout_engine(layout)
        rows: list[HashableList[str]] = [list(row) for row in picture.mosaic]
        self._axes = self._figure.subplot_mosaic(
            rows,
            width_ratios=picture.widths,
            height_ratios=picture.heights,
            empty_sentinel=EMPTY,
        )
        self._words = {
            name: dress(self._axes[name], chart)
            for name, chart in picture.charts.items()
        }
        look = {"fontsize": POINT * TITLE, "fontweight": "bold", "parse_math": False}
        self._title = self._figure.suptitle(_lines(picture.title), **look)
        self._lay_out(picture, layout)
        self._canvas.draw()
        np.copyto(paper.wordless, paper.pixels)
        self._said: tuple | None = None  # the words of the latest picture

    def _lay_out(self, picture: Sheet, layout: ConstrainedLayoutEngine) -> None:
        """Make the layout with TALL words, then take all words away."""
        guests = []
        for name, chart in picture.charts.items():
            if chart.ends == "right":
                guests += _room_for_ends(self._axes[name], chart)
        layout.execute(self._figure)
        self._figure.set_layout_engine("none")
        for artist in guests:
            artist.remove()
        words = (text for three in self._words.values() for text in three)
        for text in (self._title, *words):
            text.set_text("")

    def png(self, picture: Sheet) -> bytes:
        """Draw the words on the background, then the marks."""
        said = tuple((word, colour) for _, word, colour in self._all_words(picture))
        if said != self._said:
            self._write(picture)
            self._said = said
        np.copyto(self._paper.pixels, self._paper.worded)
        renderer = self._canvas.get_renderer()
        for name, chart in picture.charts.items():
            axes = self._axes[name]
            for artist in _moving(chart, axes):
                draw_on(axes, artist, renderer)
        return self._paper.rows.png(self._paper.pixels)

    def _write(self, picture: Sheet) -> None:
        """Keep the background with the words of this picture, too."""
        np.copyto(self._paper.pixels, self._paper.wordless)
        renderer = self._canvas.get_renderer()
        for place, word, colour in self._all_words(picture):
            self._spell(renderer, place, word, colour)
        np.copyto(self._paper.worded, self._paper.pixels)

    def _all_words(self, picture: Sheet) -> Iterator[tuple[Words, str, str]]:
        """Yield all titles and names of axes: the place of each, it, and its colour."""
        yield self._title, picture.title, INK
        for name, chart in picture.charts.items():
            title, below, beside = self._words[name]
            yield title, chart.title, chart.title_colour
            yield below, chart.x.label, INK
            yield beside, chart.y.label, INK

    def _spell(self, renderer, text: Words, said: str, colour: str) -> None:
        """Draw one of the words that the layout has a place for."""
        if said:
            text.set(text=said, color=colour)
            text.draw(renderer)
            text.set_text("")


def dress(axes: Axes, chart: Chart) -> tuple[Words, Words, Words]:
    """Give axes their limits, ticks, spines and legend.

    Returns the texts of the title, the x-axis and the y-axis, with TALL words.
    """
    _scale(axes, chart)
    _spines(axes, chart)
    if chart.equal:
        axes.set_aspect("equal", adjustable="box", anchor=chart.anchor)
    _legend(axes, chart)
    title = axes.set_title(
        _lines(chart.title),
        loc="left",
        pad=POINT * 5,
        fontsize=POINT * TITLE,
        fontweight="bold",
        parse_math=False,
    )
    size = POINT * LABEL
    x, y = _lines(chart.x.label), _lines(chart.y.label)
    below = axes.set_xlabel(x, fontsize=size, parse_math=False)
    beside = axes.set_ylabel(y, fontsize=size, parse_math=False)
    return title, below, beside


def _scale(axes: Axes, chart: Chart) -> None:
    for name, axis in (("x", chart.x), ("y", chart.y)):
        getattr(axes, f"set_{name}scale")("log" if axis.log else "linear")
        look = {"fontsize": POINT * SMALLEST, "color": INK, "parse_math": False}
        if axis.tilt:
            look |= {"rotation": axis.tilt, "rotation_mode": "anchor", "ha": "right"}
        getattr(axes, f"set_{name}ticks")(axis.ticks, axis.names, **look)
        getattr(axes, f"set_{name}lim")(axis.limits)
    axes.minorticks_off()
    axes.tick_params(length=POINT * 3.5)


def _spines(axes: Axes, chart: Chart) -> None:
    shown = {
        "left": chart.y.shown,
        "bottom": chart.x.shown,
        "top": False,
        "right": False,
    }
    if chart.frame == "box":
        shown = dict.fromkeys(shown, True)
    if chart.frame == "none":
        shown = dict.fromkeys(shown, False)
        axes.tick_params(length=0, labelbottom=False, labelleft=False)
    for side, spine in axes.spines.items():
        spine.set_visible(shown[side])
        if chart.frame == "box":
            spine.set_color(FAINT)
    for side, axis in (("bottom", chart.x), ("left", chart.y)):
        if axis.bounds:
            axes.spines[side].set_bounds(*axis.bounds)


def _legend(axes: Axes, chart: Chart) -> None:
    marks = chart.legends()
    if not marks:
        return
    handles = [_handle(mark, axes) for mark in marks]
    legend = axes.legend(
        handles,
        [legend_of(mark) for mark in marks],
        fontsize=POINT * SMALLEST,
        frameon=False,
        ncols=chart.columns,
        title=chart.heading or None,
        title_fontsize=POINT * SMALLEST,
        **PLACES.get(chart.legend, {"loc": chart.legend}),
    )
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)


def _handle(mark: Mark, axes: Axes) -> Artist:
    """Return the artist that stands for a mark in the legend: not its error bars."""
    artists = artists_of(mark, axes)
    return artists[0] if isinstance(mark, Bars) else artists[-1]


def _moving(chart: Chart, axes: Axes) -> Iterator[Artist]:
    """Yield the artists of all marks, then what is written at their ends."""
    for mark in chart.marks:
        yield from artists_of(mark, axes)
    for mark in chart.marks_of(Bars):
        yield from words_at_ends(mark, axes)
    yield from _names_at_ends(chart, axes)


def _ends(chart: Chart) -> list[tuple[str, float, float, str]]:
    """Return (name, x, y, colour) of every line that has a name at its end."""
    ends = []
    for mark in chart.marks_of(Line):
        point = last_point(mark) if mark.end else None
        if point:
            ends.append((mark.end, *point, mark.colour))
    return ends


def _names_at_ends(chart: Chart, axes: Axes) -> Iterator[Artist]:
    """Yield the names at line ends, and a thin line to each that had to move far."""
    ends = _ends(chart)
    if not ends:
        return
    places = axes.transData.transform([(x, y) for _, x, y, _ in ends])
    box = axes.bbox
    pixel = axes.figure.dpi / INCH
    order = sorted(range(len(ends)), key=lambda k: (places[k][1], ends[k][0]))
    heights = [min(max(places[k][1], box.y0), box.y1) for k in order]
    stand = apart(heights, LINE * pixel, box.y0, box.y1)
    far = [abs(y - wanted) > LINE * pixel for wanted, y in zip(heights, stand)]
    beside = (LED if any(far) else BESIDE) * pixel
    for k, wanted, y, led in zip(order, heights, stand, far):
        name, _, _, colour = ends[k]
        x = max(places[k][0], box.x1) if chart.ends == "right" else places[k][0]
        if led:
            leader = [x + 2 * pixel, x + beside - 2 * pixel], [wanted, y]
            yield Line2D(
                *leader,
                transform=IdentityTransform(),
                color=colour,
                linewidth=0.6,
                clip_on=False,
            )
        at = {"va": "center", "transform": IdentityTransform()}
        yield words(x + beside, y, name, SMALLEST, colour, **at)


def _room_for_ends(axes: Axes, chart: Chart) -> list[Artist]:
    """Add names beside the chart, where the layout sees them; it returns them."""
    placed: list[Artist] = []
    for name, *_ in _ends(chart):
        shift = POINT * BESIDE, 0
        placed.append(
            axes.annotate(
                name,
                (1, 0.5),
                shift,
                xycoords="axes fraction",
                textcoords="offset points",
                fontsize=POINT * SMALLEST,
                parse_math=False,
                va="center",
            )
        )
    return placed


class PngRows:
    """The rows of a picture as PNG files have them, in memory that is used again."""

    def __init__(self, height: int, width: int):
        self._rows = np.zeros((height, 1 + 3 * width), np.uint8)
        # a row begins with 0: no filter
        self._colours = self._rows[:, 1:].reshape(height, width, 3)

    def png(self, pixels: np.ndarray) -> bytes:
        """Write pixels (h, w, 4) as PNG bytes, packed lightly: time matters more than size."""
        height, width, _ = pixels.shape
        for k in range(3):  # one colour at a time is six times as fast as all at once
            self._colours[:, :, k] = pixels[:, :, k]
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunks = (
            (b"IHDR", head),
            (b"IDAT", zlib.compress(self._rows.data, 1)),
            (b"IEND", b""),
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

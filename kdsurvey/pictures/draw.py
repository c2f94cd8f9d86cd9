"""Pictures as PNG, drawn by matplotlib under its default settings.

What stays while numbers change (spines, ticks, legends) is drawn once and kept, for all
pictures that have the same; titles and names of axes are kept until they change; marks are
drawn on top every time. So a redraw is exactly what a fresh drawing would be.
"""

import threading
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.text import Text as Words
from matplotlib.transforms import IdentityTransform
from matplotlib.typing import HashableList

from kdsurvey.pictures.artists import POINT, artists_of, draw_on, words, words_at_ends
from kdsurvey.pictures.chart import Axis, Chart
from kdsurvey.pictures.dress import TITLE, dress, tall
from kdsurvey.pictures.labels import apart
from kdsurvey.pictures.marks import SMALLEST, Bars, Line, last_point
from kdsurvey.pictures.palette import INK
from kdsurvey.pictures.png_rows import PngRows
from kdsurvey.pictures.sheet import EMPTY, Sheet

lock = threading.RLock()  # matplotlib's text layout is not thread-safe
SCALE = 2  # PNG pixels in a CSS pixel, so that letters are crisp on every screen
INCH = 96  # CSS pixels
LINE = 14.0  # CSS pixels from one name at a line's end to the next
# CSS pixels from a line's end to its name, and to one moved far
BESIDE, LED = 6.0, 18.0
PIECE = 2**18  # bytes of a background that are unpacked at a time
LOOKS = ("legend", "colour", "style", "marker", "hatch", "hollow", "alpha", "size")


def draw(picture: Sheet) -> bytes:
    """Draw a picture once, as PNG bytes."""
    return Canvas(shelf=deque(maxlen=0)).png(picture)


class Canvas:
    """Draws pictures that differ in their numbers, again and again, at little cost.

    It keeps the layout and the background of the last picture, and takes others when sizes,
    limits, ticks, legends or the number of lines of a title have changed: from the shelf where
    they are there, else they are made. Any thread may draw.

    shelf: the latest backgrounds of all canvases that share it; of all canvases by default.
    """

    def __init__(self, shelf: "deque[Background] | None" = None):
        self._paper: Paper | None = None
        self._background: Background | None = None
        self._shelf = SHELF if shelf is None else shelf

    def png(self, picture: Sheet) -> bytes:
        """Draw a picture as PNG bytes, SCALE times as large as its CSS size."""
        still = still_parts(picture)
        with lock, default_settings():
            size = picture.width, picture.height
            if self._paper is None or self._paper.size != size:
                self._paper = Paper(size)
            if self._background is None or self._background.still != still:
                self._background = self._taken(picture, still)
            return self._paper.png(picture, self._background)

    def _taken(self, picture: Sheet, still: tuple) -> "Background":
        """Return the background from the shelf, or a new one; it is the latest there now."""
        for background in self._shelf:
            if background.still == still:
                self._shelf.remove(background)
                break
        else:
            background = Background(picture, still)
        self._shelf.append(background)
        return background


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
    return picture.width, picture.height, tall(picture.title), ratios, charts


def _still_chart(chart: Chart) -> tuple:
    legend = [tuple(getattr(m, look, None) for look in LOOKS) for m in chart.legends()]
    ends = [name for name, *_ in _ends(chart)] if chart.ends == "right" else []
    axes = (_nameless(chart.x), _nameless(chart.y))
    place = chart.frame, chart.equal, chart.anchor
    words = chart.legend, chart.columns, chart.heading
    return axes, tall(chart.title), place, words, legend, ends


def _nameless(axis: Axis) -> Axis:
    return replace(axis, label=tall(axis.label))


class Paper:
    """Memory for pictures of one size, used for one after the other.

    New memory for every picture, megabytes large and asked for by the thread of every new run,
    is not given back by the allocator.
    """

    def __init__(self, size: tuple[float, float]):
        self.size = size
        self._renderer = renderer_of(size)
        # where matplotlib draws
        self._pixels = np.asarray(self._renderer.buffer_rgba())
        self._wordless, self._worded = self._pixels.copy(), self._pixels.copy()
        self._rows = PngRows(*self._pixels.shape[:2])
        self._background: Background | None = None  # of the latest picture
        self._said: tuple | None = None  # its words

    def png(self, picture: Sheet, background: "Background") -> bytes:
        """Draw the words on the background, then the marks."""
        if background is not self._background:
            background.unpack(self._wordless)
            self._said = None
            self._background = background
        words = list(background.words(picture))
        said = tuple((word, colour) for _, word, colour in words)
        if said != self._said:
            self._write(words)
            self._said = said
        np.copyto(self._pixels, self._worded)
        for name, chart in picture.charts.items():
            axes = background.axes[name]
            for artist in _moving(chart, axes):
                draw_on(axes, artist, self._renderer)
        return self._rows.png(self._pixels)

    def _write(self, words: list[tuple[Words, str, str]]) -> None:
        """Keep the background with these words, too."""
        np.copyto(self._pixels, self._wordless)
        for place, word, colour in words:
            _spell(self._renderer, place, word, colour)
        np.copyto(self._worded, self._pixels)


def renderer_of(size: tuple[float, float]) -> RendererAgg:
    """Return the renderer of all pictures of a size: one draws at a time."""
    renderer = RENDERERS.get(size)
    if renderer is None:
        renderer = FigureCanvasAgg(_figure(size)).get_renderer()
        RENDERERS[size] = renderer
    return renderer


def _figure(size: tuple[float, float]) -> Figure:
    width, height = size
    return Figure((width / INCH, height / INCH), dpi=SCALE * INCH)


def _spell(renderer, text: Words, said: str, colour: str) -> None:
    """Draw one of the words that the layout has a place for."""
    if said:
        text.set(text=said, color=colour)
        text.draw(renderer)
        text.set_text("")


class Background:
    """The layout of a picture, and all that does not move, as packed pixels."""

    def __init__(self, picture: Sheet, still: tuple):
        self.still = still
        size = picture.width, picture.height
        figure = _figure(size)
        canvas = SharedCanvas(figure, renderer_of(size))
        layout = ConstrainedLayoutEngine()
        figure.set_layout_engine(layout)
        rows: list[HashableList[str]] = [list(row) for row in picture.mosaic]
        self.axes = figure.subplot_mosaic(
            rows,
            width_ratios=picture.widths,
            height_ratios=picture.heights,
            empty_sentinel=EMPTY,
        )
        self._words = {
            name: dress(self.axes[name], chart)
            for name, chart in picture.charts.items()
        }
        look = {"fontsize": POINT * TITLE, "fontweight": "bold", "parse_math": False}
        self._title = figure.suptitle(tall(picture.title), **look)
        self._lay_out(picture, figure, layout)
        canvas.draw()
        self._packed = zlib.compress(canvas.buffer_rgba(), 1)

    def _lay_out(
        self, picture: Sheet, figure: Figure, layout: ConstrainedLayoutEngine
    ) -> None:
        """Make the layout with TALL words, then take all words away."""
        guests = []
        for name, chart in picture.charts.items():
            if chart.ends == "right":
                guests += _room_for_ends(self.axes[name], chart)
        layout.execute(figure)
        figure.set_layout_engine("none")
        for artist in guests:
            artist.remove()
        words = (text for three in self._words.values() for text in three)
        for text in (self._title, *words):
            text.set_text("")

    def unpack(self, pixels: np.ndarray) -> None:
        """Write the pixels there, a piece at a time, which takes little memory."""
        flat = pixels.reshape(-1)
        unpacker = zlib.decompressobj()
        packed = self._packed
        for start in range(0, len(flat), PIECE):
            piece = unpacker.decompress(packed, PIECE)
            flat[start : start + PIECE] = np.frombuffer(piece, np.uint8)
            packed = unpacker.unconsumed_tail

    def words(self, picture: Sheet) -> Iterator[tuple[Words, str, str]]:
        """Yield all titles and names of axes: the place of each, it, and its colour."""
        yield self._title, picture.title, INK
        for name, chart in picture.charts.items():
            title, below, beside = self._words[name]
            yield title, chart.title, chart.title_colour
            yield below, chart.x.label, INK
            yield beside, chart.y.label, INK


SHELF: deque[Background] = deque(maxlen=16)
RENDERERS: WeakValueDictionary[tuple[float, float], RendererAgg] = WeakValueDictionary()


class SharedCanvas(FigureCanvasAgg):
    """A canvas whose pixels are those of a renderer that others use, too."""

    def __init__(self, figure: Figure, renderer: RendererAgg):
        super().__init__(figure)
        self._shared = renderer

    def get_renderer(self) -> RendererAgg:
        return self._shared


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

"""What a panel shows: charts that redraw only what moves, and their twins as tables."""

import html
import io
import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from kdsurvey.pictures.draw import lock

DOTS = 120  # pixels an inch; a browser shows 96, and a few more keep text crisp on dense screens
PAGE_WIDTH = 900  # width of a panel's picture in the browser, in CSS pixels


class Chart:
    """A figure whose layout, axes and labels are drawn once; after that only the moving
    artists are drawn anew.

    figure: laid out by constrained layout at its first drawing. moving: the artists
    that change. After a change of anything else (limits, titles), call `renew`.
    """

    def __init__(self, figure: Figure, moving: Iterable[Artist]):
        self.figure, self._still = figure, None
        with lock:
            figure.canvas.draw()
        figure.set_layout_engine("none")
        self.moving = list(moving)
        for artist in self.moving:
            artist.set_animated(True)

    def renew(self) -> None:
        """Draw everything at the next `png`."""
        self._still = None

    def png(self) -> bytes:
        """The picture as it is now, as PNG bytes; one thread draws at a time."""
        canvas = self.figure.canvas
        with lock:
            if self._still is None:
                canvas.draw()
                self._still = canvas.copy_from_bbox(self.figure.bbox)
            canvas.restore_region(self._still)
            for artist in self.moving:
                if artist.get_visible():
                    (artist.axes or self.figure).draw_artist(artist)
            picture = Image.frombuffer(
                "RGBA",
                canvas.get_width_height(),
                canvas.buffer_rgba(),
                "raw",
                "RGBA",
                0,
                1,
            )
            return _encoded(picture.convert("RGB"))


class Bars:
    """One bar a class, its value written at its end; `show` moves them."""

    def __init__(
        self,
        axis: Axes,
        n: int,
        *,
        colour: str,
        hatch: str = "",
        form: str = "{:.2f}",
        at=0.0,
        width=0.8,
    ):
        self.axis, self.form = axis, form
        x = np.arange(n) + at
        edge = {"hatch": hatch, "edgecolor": "white", "linewidth": 0} if hatch else {}
        self.bars = axis.bar(x, np.zeros(n), width, color=colour, **edge)
        self.texts = [
            axis.text(a, 0, "", ha="center", va="bottom", fontsize=7.5, color="#222222")
            for a in x
        ]
        self.artists = [*self.bars, *self.texts]

    def show(self, heights: Sequence[float]) -> None:
        """Bars of these heights, none where a height is nan. The axis' limits say how
        far a label stands off its bar.
        """
        low, high = self.axis.get_ylim()
        gap = 0.02 * (high - low)
        for bar, text, height in zip(self.bars, self.texts, heights):
            text.set_text(
                "" if math.isnan(height) else _short(self.form.format(height))
            )
            height = 0 if math.isnan(height) else height
            bar.set_height(height)
            text.set_y(height + gap if height >= 0 else height - gap)
            text.set_va("bottom" if height >= 0 else "top")


def canvas(
    height: int, mosaic: Sequence[Sequence[str]], width: int = PAGE_WIDTH, **grid
) -> tuple[Figure, dict[str, Axes]]:
    """A figure `width` wide and `height` high, in CSS pixels, and its axes by name (see
    Figure.subplot_mosaic).
    """
    figure = Figure(figsize=(width / 96, height / 96), dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic(mosaic, **grid)
    for axis in axes.values():
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8, length=2.5)
        for label in (axis.xaxis.label, axis.yaxis.label):
            label.set_size(8.5)
    return figure, axes


def title(axis: Axes, text: str) -> None:
    """A title that starts where the axis does."""
    axis.set_title(text, loc="left", fontsize=9.5, fontweight="bold", pad=4)


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence]) -> str:
    """An HTML table; the first cell of each row names it."""
    cell = "padding:1px 9px;text-align:right"
    top = "".join(
        f'<th scope="col" style="{cell}">{_escaped(name)}</th>' for name in head
    )
    body = "".join(
        f'<tr><th scope="row" style="{cell}">{_escaped(first)}</th>'
        + "".join(f'<td style="{cell}">{_escaped(value)}</td>' for value in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        '<table style="border-collapse:collapse;font-size:12px;line-height:1.35">'
        f'<caption style="text-align:left;font-weight:bold">{_escaped(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def _escaped(value) -> str:
    return html.escape(str(value))


def _short(number: str) -> str:
    """'0.07' -> '.07', '-0.00' -> '0': labels that fit over a bar."""
    if not float(number):
        return "0"
    return (
        number.replace("0.", ".", 1).replace("-", "−")
        if number.lstrip("+-").startswith("0.")
        else number
    )


def _encoded(picture: Image.Image) -> bytes:
    """PNG bytes, packed lightly: time matters more than size here."""
    out = io.BytesIO()
    picture.save(out, format="PNG", compress_level=1)
    return out.getvalue()

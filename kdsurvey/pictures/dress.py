"""Axes dressed for a chart: limits, ticks, spines, legend, and room for its words."""

from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.text import Text as Words

from kdsurvey.pictures.artists import POINT, artists_of
from kdsurvey.pictures.chart import Chart
from kdsurvey.pictures.marks import SMALLEST, Bars, Mark, legend_of
from kdsurvey.pictures.palette import FAINT, INK

TITLE, LABEL = 13.0, 11.5  # CSS pixels: letters of titles, and of the names of axes
TALL = "Ípg("  # as high and as deep as any words: the layout is made with these
# of a legend outside: its corner, and where that is in shares of the chart
PLACES: dict[str, dict[str, Any]] = {
    "above": {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.1},
    "right": {"loc": "center left", "bbox_to_anchor": (1, 0.5)},
    "below": {"loc": "upper center", "bbox_to_anchor": (0.5, -0.18)},
}


def tall(text: str) -> str:
    """Return as many lines as the text has, of words that are the same for all texts."""
    return "\n".join(TALL for _ in text.split("\n")) if text else ""


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
        tall(chart.title),
        loc="left",
        pad=POINT * 5,
        fontsize=POINT * TITLE,
        fontweight="bold",
        parse_math=False,
    )
    size = POINT * LABEL
    x, y = tall(chart.x.label), tall(chart.y.label)
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

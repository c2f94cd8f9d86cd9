"""Ready-made pictures: numbers -> a Picture with axes, units, and the same in words.

The words of a picture must not hold numbers that another machine would not reproduce, so
functions put figures into them only where they are asked to. Nothing here knows about torch.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kdsurvey.forest import forest
from kdsurvey.ledger_map import ledger
from kdsurvey.pictures import (
    Axis,
    Band,
    Bars,
    Cells,
    Chart,
    Image,
    Line,
    Mark,
    Picture,
    Points,
    Text,
    row_axis,
)
from kdsurvey.pictures.marks import Numbers
from kdsurvey.pictures.palette import COLOURS, MARKERS, STYLES, gain_colours, roles
from kdsurvey.suggest import refuse_unknown

__all__ = [
    "COLOURS",
    "MARKERS",
    "STYLES",
    "Picture",
    "arms",
    "beside",
    "forest",
    "gain_colours",
    "grouped",
    "images",
    "ledger",
    "lines",
    "maps",
    "matrices",
]

INCH = 96  # CSS pixels
TILE, FACE, LETTERS = (
    91,
    64,
    24,
)  # CSS pixels: of an image with its title, without, title
HEAD = 40  # CSS pixels for a title over several charts
SHORT = 15  # fewer ticks than this are named in words


def arms(
    rows: pd.DataFrame,
    value: str,
    title: str,
    xlabel: str,
    *,
    order: Sequence[str] | None = None,
    paper: Mapping[str, float] | None = None,
) -> Picture:
    """Draw one row per arm: a dot per seed, the mean as a bar, mean and s.d. beside it.

    rows: a table with "arm", "seed" and the column `value`. paper: arm -> value that a paper
    reports on the same axis, drawn as a hollow diamond. The words repeat every mean, so give
    recorded rows, not rows of a live run. Raises ValueError for a column or an arm that
    the rows do not have.
    """
    refuse_unknown("plots.arms", "column", value, rows)
    for arm in order or ():
        refuse_unknown("plots.arms", "arm", arm, list(rows["arm"].unique()))
    order = list(order or dict.fromkeys(rows["arm"]))
    marks, words, ends = [], [], [0.0]
    for k, (arm, role) in enumerate(zip(order, roles(order))):
        values = rows.loc[rows["arm"] == arm, value].to_numpy(float)
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        figures = f"{values.mean():.1f} ± {spread:.1f}"
        marks += _arm(k, role, values, figures)
        words.append(f"{arm} {figures} (n = {len(values)})")
        ends += [values.min(), values.max()]
        if paper and arm in paper:
            points = Points(
                [paper[arm]], [k], marker="D", colour="#000000", hollow=True, size=9
            )
            marks.append(points)
            ends.append(paper[arm])
    chart = Chart(
        marks,
        Axis(xlabel, _room_beside(min(ends), max(ends)), most=8),
        row_axis(order),
        title=title,
    )
    about = f"{title} ({xlabel}): " + "; ".join(words) + "."
    height = INCH * (0.55 + 0.42 * len(order))
    return Picture({"arms": chart}, width=7.2 * INCH, height=height, about=about)


def _arm(k: int, role: int, values: np.ndarray, figures: str) -> list:
    """Return the bar, the dots and the figures of one arm in row k."""
    mean = values.mean()
    return [
        Bars(
            [k],
            [mean],
            role=role,
            across=True,
            hatch="",
            edge=False,
            alpha=0.35,
            width=0.62,
        ),
        Points(values, [k] * len(values), role=role, size=5.5),
        Text(max(values.max(), mean), k, figures, shift=(10, 0)),
    ]


def _room_beside(low: float, high: float) -> tuple[float, float]:
    """Return limits from low to high, at most one of them 0, with room for figures."""
    room = 0.22 * (high - low) or 1.0
    return (low - room if low < 0 else low), high + room


def lines(
    x: Numbers,
    series: Mapping[str, Numbers],
    title: str,
    xlabel: str,
    ylabel: str,
    *,
    logx: bool = False,
    logy: bool = False,
    numbers: bool = False,
    yticks: Sequence[float] | None = None,
    width: float = 6.4,
    height: float = 3.6,
) -> Picture:
    """Draw one line per series over x, each named at its end.

    A series of shape (n, len(x)) is drawn as mean ± s.d. over n seeds. numbers: put the means
    into the words, for series that every machine reproduces. width, height: in inches of 96
    CSS pixels.
    """
    marks: list[Mark] = []
    words = []
    for role, (name, values) in zip(roles(list(series)), series.items()):
        values = np.atleast_2d(np.asarray(values, float))
        mean = values.mean(0)
        if len(values) > 1:
            spread = values.std(0, ddof=1)
            marks.append(Band(x, mean - spread, mean + spread, role=role, alpha=0.15))
        marks.append(Line(x, mean, role=role, size=5.3, end=name))
        figures = ", ".join(f"{v:.3g}" for v in mean)
        words.append(f"{name}: {figures}" if numbers else name)
    ticks = x if logx else None
    names = [f"{v:g}" for v in x] if logx else None
    whole = all(float(v).is_integer() for v in x)
    chart = Chart(
        marks,
        Axis(xlabel, log=logx, whole=whole, most=8, ticks=ticks, names=names),
        Axis(ylabel, log=logy, ticks=yticks),
        title=title,
        ends="right",
    )
    at = f" at {', '.join(f'{v:g}' for v in x)}" if len(x) < SHORT else ""
    about = f"{title}: {ylabel} against {xlabel}{at}; lines: {'; '.join(words)}."
    return Picture(
        {"lines": chart}, about=about, width=width * INCH, height=height * INCH
    )


def images(
    pictures: np.ndarray,
    titles: Sequence[str],
    *,
    title: str,
    columns: int = 10,
    twin: str | None = None,
) -> Picture:
    """Draw grey images (n, h, w) in [0, 1] in a grid, each under its title.

    twin: the picture in words, where the choice of images depends on a trained net.
    """
    marks: list[Mark] = []
    for k, (picture, name) in enumerate(zip(pictures, titles)):
        left = TILE * (k % columns) + (TILE - FACE) / 2
        top = (FACE + 2 * LETTERS) * (k // columns) + LETTERS
        marks.append(Image(picture, extent=(left, left + FACE, top + FACE, top)))
        middle = left + FACE / 2
        marks.append(Text(middle, top - 3, name, ha="center", va="bottom"))
    rows = -(-len(pictures) // columns)
    width, height = TILE * columns, (FACE + 2 * LETTERS) * rows
    x, y = Axis("", (0, width), ticks=()), Axis("", (height, 0), ticks=())
    chart = Chart(marks, x, y, frame="none", equal=True)
    about = twin or f"{title}: {len(pictures)} images, {', '.join(titles)}."
    return Picture(
        {"images": chart}, title=title, about=about, width=width, height=height + HEAD
    )


def matrices(
    grid: Sequence[Sequence[np.ndarray]],
    columns: Sequence[str],
    limits: Sequence[float],
    *,
    title: str,
    labels: tuple[str, str] = ("", ""),
    twin: str | None = None,
) -> Picture:
    """Draw a grid of matrices, white at 0 and black at their column's limit.

    labels: what a matrix has along its rows, and along its columns; the first column of the
    grid, which may hold images, goes without. twin: the picture in words, where the matrices
    are those of a trained net.
    """
    charts, last = {}, len(grid) - 1
    for i, row in enumerate(grid):
        for j, (matrix, limit) in enumerate(zip(row, limits)):
            beside, below = labels if j else ("", "")
            charts[f"{i},{j}"] = Chart(
                [Cells(matrix, high=limit, colours="gray_r")],
                Axis(below if i == last else "", ticks=()),
                Axis(beside, ticks=()),
                title="" if i else columns[j],
                frame="box",
                equal=True,
            )
    return Picture(
        charts,
        mosaic=[[f"{i},{j}" for j in range(len(columns))] for i in range(len(grid))],
        width=1.75 * INCH * len(columns),
        height=1.6 * INCH * len(grid) + 0.7 * INCH,
        title=title,
        about=twin or f"{title}: {len(grid)} rows; columns: {', '.join(columns)}.",
    )


def grouped(
    series: Mapping[str, Sequence[float]],
    labels: Sequence[str],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    spread: Mapping[str, Sequence[float]] | None = None,
    numbers: bool = False,
) -> Picture:
    """Draw bars side by side: one group per label, one colour and hatch per series.

    spread: the s.d. of each bar. numbers: put the values into the words. Raises
    ValueError for no series, and for one whose spread is not there.
    """
    if not series or set(spread or series) != set(series):
        raise ValueError(
            f"plots.grouped: series {', '.join(series) or 'none'}, spread of "
            f"{', '.join(spread or ()) or 'none'}; give one series or more, and the "
            "spread of each or of none"
        )
    width = 0.8 / len(series)
    marks, words = [], []
    known = roles(list(series))
    for k, (name, values) in enumerate(series.items()):
        place = np.arange(len(labels)) + (k - (len(series) - 1) / 2) * width
        errors = spread[name] if spread else ()
        bars = Bars(
            place,
            values,
            role=known[k],
            spread=errors,
            width=width * 0.92,
            alpha=0.8,
            legend=name,
        )
        marks.append(bars)
        figures = ", ".join(f"{c} {v:.3g}" for c, v in zip(labels, values))
        words.append(f"{name}: {figures}" if numbers else name)
    chart = Chart(
        marks,
        Axis(xlabel, ticks=range(len(labels)), names=labels),
        Axis(ylabel),
        title=title,
        legend="below",
        columns=min(4, len(series)),
    )
    about = f"{title}: {ylabel} for each {xlabel}; bars: {'; '.join(words)}."
    return Picture({"bars": chart}, about=about, width=7.6 * INCH, height=3.2 * INCH)


def maps(
    tables: Mapping[str, tuple[np.ndarray, Sequence[Sequence[str]] | np.ndarray]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    wide: int = 3,
    limit: float = 5.0,
    numbers: bool = False,
) -> Picture:
    """Draw heat maps of gains, number and mark in every cell; full colour at +-limit.

    tables: name -> (gains (rows, columns) in points, marks alike); a gain that is nan is an
    empty cell. wide: maps in a row. numbers: put the extremes into the words.
    """
    high = -(-len(tables) // wide)
    charts, words = {}, []
    for k, (name, (gains, marks)) in enumerate(tables.items()):
        charts[name] = Chart(
            [_heat(gains, marks, limit)],
            Axis(
                xlabel if k >= len(tables) - wide else "",
                ticks=range(len(columns)),
                names=columns,
            ),
            Axis("" if k % wide else ylabel, ticks=range(len(rows)), names=rows),
            title=name,
        )
        extremes = f"from {gains.min():+.1f} to {gains.max():+.1f}"
        above = f": {(gains > 0).sum()} of {gains.size} cells above 0, {extremes}"
        words.append(" ".join(name.split()) + (above if numbers else ""))
    names = [*tables, *["."] * (high * wide - len(tables))]
    return Picture(
        charts,
        mosaic=[names[k : k + wide] for k in range(0, len(names), wide)],
        width=INCH * (0.6 + wide * (0.62 * len(columns) + 0.5)),
        height=INCH * (0.6 + high * (0.3 * len(rows) + 0.55)),
        title=title,
        about=f"{title}; {ylabel} by {xlabel}; maps: {'; '.join(words)}.",
    )


def _heat(
    gains: np.ndarray, marks: Sequence[Sequence[str]] | np.ndarray, limit: float
) -> Cells:
    """Return the cells of one map."""
    words = [
        [_signed(gain, mark) for gain, mark in zip(*line)] for line in zip(gains, marks)
    ]
    return Cells(gains, low=-limit, high=limit, words=words)


def _signed(gain: float, mark: str) -> str:
    return f"{gain:+.1f}{mark}".replace("-", "−") if np.isfinite(gain) else ""


def beside(
    pictures: Sequence[Picture],
    about: str,
    *,
    width: float,
    height: float,
    title: str = "",
) -> Picture:
    """Put pictures of one chart each side by side; width and height in inches."""
    charts = {}
    for k, picture in enumerate(pictures):
        (charts[str(k)],) = picture.charts.values()
    return Picture(
        charts, about=about, title=title, width=width * INCH, height=height * INCH
    )

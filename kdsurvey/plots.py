"""Numbers -> pictures. Every picture has a text twin, axes with units, and a palette
that colour-blind readers can tell apart.

Nothing here knows about torch or pyplot: figures are built as objects, so any thread may draw one.
"""

import io
import threading
from base64 import b64encode
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure

# Okabe & Ito's palette without its yellow, each colour with a marker and a line style of its own
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
GAINS = LinearSegmentedColormap.from_list(
    "gains", [COLOURS[1], "#F3C29F", "#FFFFFF", "#A5CCE6", COLOURS[0]]
)
drawing = threading.Lock()  # matplotlib's text layout is not thread-safe


class Picture:
    """A figure and its text twin. In a notebook it shows as a PNG; to a screen reader
    or a checker it is the text.

    twin: what the picture shows, in words; it must not hold numbers that another
    machine would not reproduce.
    """

    def __init__(self, figure: Figure, twin: str):
        self.figure, self.twin = figure, twin

    def png(self) -> bytes:
        """The picture as PNG bytes."""
        return png(self.figure)

    def __repr__(self) -> str:
        return self.twin

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": b64encode(self.png()).decode(), "text/plain": self.twin}, {
            "image/png": {"alt": self.twin}
        }


def gain_colours(gain: float, limit: float = 5.0) -> tuple[str, str]:
    """A background for a gain in points and the colour to write on it, each "#rrggbb".

    Orange where it hurts, white at 0, blue where it helps, full at +-limit; what is
    written on it is black or white, whichever stands out more (WCAG 2, relative
    luminance).
    """
    red, green, blue, _ = GAINS(0.5 + 0.5 * float(np.clip(gain / limit, -1, 1)))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (red, green, blue)
    ]
    luminance = np.dot(linear, (0.2126, 0.7152, 0.0722))
    return to_hex((red, green, blue)), "#ffffff" if luminance < 0.179 else "#000000"


def canvas(
    width: float = 6.4, height: float = 3.6, rows: int = 1, columns: int = 1, **options
):
    """A figure of width x height inches and its axes, an array for more than one; no
    pyplot, so safe in any thread.
    """
    figure = Figure(figsize=(width, height), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, **options)
    for axis in np.ravel(axes):
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def png(figure: Figure) -> bytes:
    """The figure as PNG bytes; one thread draws at a time."""
    out = io.BytesIO()
    with drawing:
        figure.savefig(out, format="png")
    return out.getvalue()


def arms(
    rows: pd.DataFrame,
    value: str,
    title: str,
    xlabel: str,
    *,
    order: Sequence[str] | None = None,
    paper=None,
) -> Picture:
    """One line an arm: a dot a seed, the mean as a bar with mean and s.d. written beside it.

    rows: a table with "arm", "seed" and the column `value`. paper: {arm: value} that a
    paper reports on the same axis, drawn as diamonds. The twin repeats every mean, so
    give it recorded rows, not rows of a live run.
    """
    order = list(order or dict.fromkeys(rows["arm"]))
    figure, axis = canvas(7.2, 0.5 + 0.42 * len(order))
    said = []
    for k, arm in enumerate(order):
        values = rows.loc[rows["arm"] == arm, value].to_numpy(float)
        mean, sd = values.mean(), values.std(ddof=1) if len(values) > 1 else 0.0
        axis.barh(k, mean, height=0.62, color=COLOURS[k % 7], alpha=0.35)
        axis.plot(
            values,
            np.full(len(values), k),
            MARKERS[k % 7],
            color=COLOURS[k % 7],
            ms=4,
            mec="white",
            mew=0.4,
        )
        axis.text(
            max(values.max(), mean),
            k,
            f"  {mean:.1f} ± {sd:.1f}",
            va="center",
            fontsize=9,
        )
        said.append(f"{arm} {mean:.1f} ± {sd:.1f} (n = {len(values)})")
        if paper and arm in paper:
            axis.plot(paper[arm], k, "kD", ms=7, mfc="none")
    axis.set_yticks(range(len(order)), order)
    axis.invert_yaxis()
    axis.margins(x=0.14)
    axis.set(title=title, xlabel=xlabel)
    return Picture(figure, f"{title} ({xlabel}): " + "; ".join(said) + ".")


def lines(
    x: Sequence[float],
    series: Mapping[str, np.ndarray],
    title: str,
    xlabel: str,
    ylabel: str,
    *,
    logx: bool = False,
    logy: bool = False,
    numbers: bool = False,
    axis=None,
) -> Picture:
    """One line a series over x, each labelled at its end; a series of shape (n, len(x))
    is drawn as mean ± s.d. over n seeds.

    numbers: put the means into the twin, for series that every machine reproduces.
    axis: draw there instead of on a new canvas.
    """
    figure, axis = (axis.figure, axis) if axis is not None else canvas()
    ends, said = [], []
    for k, (name, values) in enumerate(series.items()):
        values = np.atleast_2d(np.asarray(values, float))
        mean = values.mean(0)
        axis.plot(
            x,
            mean,
            linestyle=STYLES[k % 7],
            marker=MARKERS[k % 7],
            ms=4,
            color=COLOURS[k % 7],
        )
        if len(values) > 1:
            sd = values.std(0, ddof=1)
            axis.fill_between(
                x, mean - sd, mean + sd, color=COLOURS[k % 7], alpha=0.15, lw=0
            )
        ends.append((mean[-1], name, COLOURS[k % 7]))
        said.append(
            f"{name}: " + ", ".join(f"{v:.3g}" for v in mean) if numbers else name
        )
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axis.set_xscale("log" if logx else "linear")
    if logx:
        axis.set_xticks(x, [f"{v:g}" for v in x])
        axis.minorticks_off()
    elif all(float(v).is_integer() for v in x):
        axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_yscale("log" if logy else "linear")
    _label_ends(axis, x[-1], ends)
    ticks = f" at {', '.join(f'{v:g}' for v in x)}" if len(x) < 15 else ""
    return Picture(
        figure, f"{title}: {ylabel} against {xlabel}{ticks}; lines: {'; '.join(said)}."
    )


def _label_ends(axis, x: float, ends: list[tuple[float, str, str]]) -> None:
    """Names at the line ends, moved apart until none covers another."""
    axis.autoscale_view()  # else the limits are still those of an empty axis
    to_axes = axis.transData + axis.transAxes.inverted()
    last = -1.0
    for y, name, colour in sorted(ends):
        place = max(to_axes.transform((x, y))[1], last + 0.075)
        axis.annotate(
            name, (x, y), (1.02, place), xycoords="data", textcoords="axes fraction", color=colour, va="center", fontsize=9,
            annotation_clip=False,
        )  # fmt: skip
        last = place


def images(
    pictures: np.ndarray,
    titles: Sequence[str],
    *,
    title: str,
    columns: int = 10,
    twin: str | None = None,
) -> Picture:
    """Grey images (n, h, w) in [0, 1] in a grid, each under its title. twin: given
    where the choice depends on a trained net.
    """
    rows = -(-len(pictures) // columns)
    figure, axes = canvas(
        0.95 * columns, 1.25 * rows + 0.4, rows, columns, squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, name in zip(axes.flat, pictures, titles):
        axis.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        axis.set_title(name, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return Picture(
        figure, twin or f"{title}: {len(pictures)} images, {', '.join(titles)}."
    )


def matrices(grid: Sequence[Sequence[np.ndarray]], columns: Sequence[str], limits: Sequence[float], *, title: str,
             labels: tuple[str, str] = ("", ""), twin: str | None = None) -> Picture:  # fmt: skip
    """A grid of matrices, white at 0 and black at their column's limit, each column under its name.

    labels: what a matrix has along its rows, and along its columns; the first column of
    the grid, which may hold images, goes without. twin: given where the matrices are
    those of a trained net.
    """
    figure, axes = canvas(
        1.75 * len(columns),
        1.6 * len(grid) + 0.7,
        len(grid),
        len(columns),
        squeeze=False,
    )
    for axis, matrix, limit in zip(
        axes.flat, (m for row in grid for m in row), [*limits] * len(grid)
    ):
        axis.imshow(matrix, cmap="gray_r", vmin=0, vmax=limit, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
    for axis, name in zip(axes[0], columns):
        axis.set_title(name, fontsize=9)
    for axis in axes[:, 1:].flat:
        axis.set_ylabel(labels[0], fontsize=7)
    for axis in axes[-1, 1:]:
        axis.set_xlabel(labels[1], fontsize=7)
    figure.suptitle(title, fontsize=11)
    return Picture(
        figure, twin or f"{title}: {len(grid)} rows; columns: {', '.join(columns)}."
    )


def grouped(series: Mapping[str, Sequence[float]], labels: Sequence[str], *, title: str, xlabel: str, ylabel: str,
            spread: Mapping[str, Sequence[float]] | None = None, numbers: bool = False) -> Picture:  # fmt: skip
    """Bars side by side: one group a label, one colour and hatch a series; spread: the
    s.d. of each bar.
    """
    figure, axis = canvas(7.6, 3.2)
    width = 0.8 / len(series)
    for k, (name, values) in enumerate(series.items()):
        place = np.arange(len(labels)) + (k - (len(series) - 1) / 2) * width
        error = spread[name] if spread else None
        hatch = ("", "//", "..", "xx", "\\\\", "++", "--")[k % 7]
        axis.bar(
            place,
            values,
            width * 0.92,
            yerr=error,
            label=name,
            color=COLOURS[k % 7],
            alpha=0.8,
            hatch=hatch,
            edgecolor="white",
        )
    axis.set_xticks(range(len(labels)), labels)
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axis.legend(
        fontsize=8,
        ncols=min(4, len(series)),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.18),
        frameon=False,
    )
    said = "; ".join(
        name
        + (
            ": " + ", ".join(f"{c} {v:.3g}" for c, v in zip(labels, values))
            if numbers
            else ""
        )
        for name, values in series.items()
    )
    return Picture(figure, f"{title}: {ylabel} for each {xlabel}; bars: {said}.")


def maps(
    tables: Mapping[str, tuple[np.ndarray, Sequence[Sequence[str]]]],
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
    """Heat maps of gains, number and mark in every cell; a colour is full at +-limit.

    tables: name -> (gains (rows, columns) in points, marks alike). wide: maps in a row.
    numbers: put the extremes into the twin.
    """
    high = -(-len(tables) // wide)
    size = (
        0.6 + wide * (0.62 * len(columns) + 0.5),
        0.6 + high * (0.3 * len(rows) + 0.55),
    )
    figure, axes = canvas(*size, high, wide, squeeze=False)
    for axis in axes.flat[len(tables) :]:
        axis.axis("off")
    said = []
    for k, (axis, (name, (gains, marks))) in enumerate(zip(axes.flat, tables.items())):
        _heat(axis, gains, marks, limit)
        axis.set_title(name, fontsize=9)
        axis.set_xticks(range(len(columns)), columns, fontsize=8)
        axis.set_yticks(range(len(rows)), rows, fontsize=8)
        axis.set(
            xlabel=xlabel if k >= len(tables) - wide else "",
            ylabel="" if k % wide else ylabel,
        )
        above = f": {(gains > 0).sum()} of {gains.size} cells above 0, from {gains.min():+.1f} to {gains.max():+.1f}"
        said.append(" ".join(name.split()) + (above if numbers else ""))
    figure.suptitle(title, fontsize=11)
    return Picture(figure, f"{title}; {ylabel} by {xlabel}; maps: {'; '.join(said)}.")


def _heat(
    axis, gains: np.ndarray, marks: Sequence[Sequence[str]], limit: float
) -> None:
    """One map; a cell without a number, nan, stays empty."""
    axis.imshow(gains, cmap=GAINS, vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), gain in np.ndenumerate(gains):
        if np.isfinite(gain):
            said, colour = f"{gain:+.1f}{marks[i][j]}", gain_colours(gain, limit)[1]
            axis.text(
                j,
                i,
                said.replace("-", "−"),
                ha="center",
                va="center",
                fontsize=8,
                color=colour,
            )

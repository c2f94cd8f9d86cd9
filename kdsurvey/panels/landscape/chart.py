"""The look of the landscape: the words and colours of its cells, the picture of one
cell's runs, and the table of all.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from kdsurvey.intervals import ENOUGH
from kdsurvey.lessons.playground.experiments import (
    ALPHAS,
    CELLS,
    CONTROLS,
    LIKELY,
    SURE,
    TEMPERATURES,
    Map,
    arm,
)
from kdsurvey.pictures import Axis, Chart, Line, Mark, Picture, Points, Table, Text
from kdsurvey.pictures.palette import COLOURS, GREY, STYLES, gain_colours
from kdsurvey.plots import maps as heat

WIDTH = 470  # of the picture beside the grid, in CSS pixels
LEGEND = (
    "Points of test accuracy, mean over seeds: blue and + where the teacher helps, "
    "orange and − where it hurts.<br>"
    f"{LIKELY} the 95 % interval leaves out 0 &nbsp; "
    f"{SURE} also after correcting for {len(CELLS)} cells"
)
# seed -> validation accuracies (epochs, cells and the control)
Curves = Mapping[int, Sequence[Sequence[float]]]


def faces(found: Map | None, curves: Curves) -> list[tuple[str, str, str]]:
    """(text, background, colour of the text) of every cell, in the order of CELLS.

    Before the first seed is done, they show the gain on validation images after its latest epoch.
    """
    if found:
        limit = scale(found.mean)
        return [
            _face(gain, mark, limit)
            for gain, mark in zip(found.mean.ravel(), found.marks().ravel())
        ]
    epochs = next(iter(curves.values()), [])
    if not epochs:
        return [_face(math.nan)] * len(CELLS)
    *cells, control = epochs[-1]
    return [_face(100 * (cell - control)) for cell in cells]


def scale(gains: np.ndarray) -> float:
    """The gain, in points, at which a colour is full: the map's largest, within 1 and
    5: a bad corner must not hide the rest.
    """
    return float(np.clip(np.abs(gains).max(), 1, 5))


def _face(gain: float, mark: str = "", limit: float = 5.0) -> tuple[str, str, str]:
    if math.isnan(gain):
        return "·", "#f2f2f2", "#595959"
    return f"{gain:+.1f}{mark}".replace("-", "−"), *gain_colours(gain, limit)


def sentence(found: Map | None, cell: int) -> str:
    """Say what is known of one cell, in words."""
    T, alpha = CELLS[cell]
    if found is None:
        return f"{arm(T, alpha)}: nothing has run here yet; press Start."
    seeds = len(found.table)
    if seeds < ENOUGH:
        counted = f"{seeds} seed{'s' if seeds > 1 else ''}"
        gain = f"{found.mean.ravel()[cell]:+.1f} points with {counted}"
        return f"{arm(T, alpha)} - {found.control}: {gain}; no interval yet."
    return found.verdict(T, alpha).line


def tally(found: Map | None) -> str:
    """Count the cells that help, and those that hurt, in a sentence."""
    if found is None or len(found.table) < ENOUGH:
        return "Three seeds are needed to judge."
    words = [found.verdict(*cell).word for cell in CELLS]
    best = int(found.mean.argmax())
    helped, hurt = words.count("HOLDS"), words.count("FAILS")
    highest = found.verdict(*CELLS[best]).line
    counts = f"{helped} of {len(CELLS)} cells help, {hurt} hurt"
    return f"{len(found.table)} seeds: {counts}. The highest: {highest}"


def table(found: Map | None) -> Table:
    """Put all cells into a table: gain, interval and word."""
    if found is None or len(found.table) < ENOUGH:
        caption = "Nothing to judge yet: three seeds are needed"
        return Table(caption, ["cell", "gain"], [])
    verdicts = [found.verdict(*cell) for cell in CELLS]
    rows = [
        [arm(*c), f"{v.effect:+.2f}", f"{v.low:+.2f} to {v.high:+.2f}", v.word]
        for c, v in zip(CELLS, verdicts)
    ]
    gain = f"Gain over {found.control!r} in points of test accuracy"
    caption = f"{gain}, {len(found.table)} seeds"
    return Table(caption, ["cell", "gain", "95 % interval", "verdict"], rows)


def still(found: Map | None, name: str) -> Picture:
    """The whole map as a picture, for a page without a kernel."""
    shape = len(TEMPERATURES), len(ALPHAS)
    cells = (
        (found.mean, found.marks())
        if found
        else (np.full(shape, math.nan), np.full(shape, ""))
    )
    over = (
        f"gain over {found.control}, {len(found.table)} seeds"
        if found
        else "press Start"
    )
    rows, columns = [f"{T:g}" for T in TEMPERATURES], [f"{alpha:g}" for alpha in ALPHAS]
    return heat(
        {over: cells},
        rows,
        columns,
        title=name,
        wide=1,
        limit=scale(found.mean) if found else 5,
        xlabel="weight alpha of the soft term",
        ylabel="temperature T",
    )


def picture(found: Map | None, cell: int, curves: Curves) -> Picture:
    """Draw the runs of one cell beside those of the control: each seed's pair, and how they
    learned.

    found: None before the first seed is done; curves: of the seeds that ran here.
    """
    runs = [100 * np.asarray(run) for run in curves.values() if run]
    charts = {
        "pairs": _pairs(found, arm(*CELLS[cell])),
        "curves": _learning(runs, cell, found is not None),
    }
    widths = (1, 1.4)
    return Picture(
        charts, width=WIDTH, height=330, widths=widths, tables=[table(found)]
    )


def _pairs(found: Map | None, name: str) -> Chart:
    """Return a line per seed, from the control to the cell, and the mean of both."""
    control = found.control if found else CONTROLS[0]
    below = control.replace(", ", ",\n").replace("label ", "label\n")
    names = [below, name.replace(", ", "\n")]
    marks = _seeds(found, control, name) if found else []
    x_axis = Axis("", (-0.75, 1.75), ticks=(0, 1), names=names)
    # before there are runs the axis has a tick as wide as later, so that nothing moves
    y_axis = Axis("% of test images right", None if found else (0, 100), most=8)
    return Chart(marks, x_axis, y_axis, title="Each seed")


def _seeds(found: Map, control: str, name: str) -> list:
    sides = [100 * found.table[control], 100 * found.table[name]]
    marks: list[Mark] = []
    for pair in zip(*sides):
        better = pair[1] > pair[0]
        line = Line(
            [0, 1],
            pair,
            style="-" if better else "--",
            role=0 if better else 1,
            marker="",
            width=1.2,
        )
        marks.append(line)
    looks = (("#555555", "right", -0.26), (COLOURS[0], "left", 0.26))
    for k, (values, (colour, side, aside)) in enumerate(zip(sides, looks)):
        mean = values.mean()
        marks += [
            Points([k] * len(values), values, role=k, colour=colour, size=5.5),
            Line(
                [k - 0.2, k + 0.2],
                [mean, mean],
                colour="#000000",
                style="-",
                marker="",
                width=2.7,
            ),
            Text(k + aside, mean, f"{mean:.1f}", ha=side, size=11.5),
        ]
    return marks


def _learning(runs: Sequence[np.ndarray], cell: int, recorded: bool) -> Chart:
    """Return the validation accuracies of the cell and of the control, a line per seed.

    runs: (epochs, cells and the control) each, in per cent. recorded: whether there are rows
    that were recorded elsewhere.
    """
    title = "While they learned"
    if not runs:
        says = "the curves appear when it runs here" if recorded else "press Start"
        text = Text(0.5, 0.5, says, ha="center", colour=GREY, place="axes")
        y_axis = Axis("", (0, 1), ticks=(), shown=False)
        return Chart([text], Axis("epoch", (0, 1), ticks=()), y_axis, title=title)
    marks: list[Mark] = []
    for run in runs:
        epochs = 1 + np.arange(len(run))
        thin = partial(Line, epochs, marker="", width=1.2)
        marks.append(thin(run[:, -1], style=STYLES[1], colour=GREY))
        marks.append(thin(run[:, cell], style=STYLES[0]))
    aside = partial(Text, ha="right", place="axes", size=11.5)
    marks.append(aside(0.97, 0.13, "this cell", colour=COLOURS[0]))
    marks.append(aside(0.97, 0.06, "- - control", colour=GREY))
    top = max(run[:, [cell, -1]].max() for run in runs)
    x_axis = Axis("epoch", (0, max(map(len, runs))), whole=True, most=5)
    reach = (max(0, top - 30), top + 1.5)
    y_axis = Axis("% of validation images right", reach, whole=True)
    return Chart(marks, x_axis, y_axis, title=title)

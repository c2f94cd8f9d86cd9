"""The look of the landscape: the words and colours of its cells, the picture of one
cell's runs, and the table of all.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

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
from kdsurvey.panels.kit.charts import Chart, canvas, table, title
from kdsurvey.plots import COLOURS, MARKERS, STYLES, gain_colours
from kdsurvey.plots import maps as heat

WIDTH = 470  # of the picture beside the grid, in CSS pixels
LEGEND = (
    "Points of test accuracy, mean over seeds: blue and + where the teacher helps, orange and − where it hurts.<br>"
    f"{LIKELY} the 95 % interval leaves out 0 &nbsp; {SURE} also after correcting for {len(CELLS)} cells"
)
Curves = Mapping[
    int, Sequence[Sequence[float]]
]  # seed -> validation accuracies (epochs, cells and the control)


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
    """What one cell says, in words."""
    T, alpha = CELLS[cell]
    if found is None:
        return f"{arm(T, alpha)}: nothing has run here yet; press Start."
    if len(found.table) < 2:
        return f"{arm(T, alpha)} - {found.control}: {found.mean.ravel()[cell]:+.1f} points with one seed; no interval yet."
    return found.verdict(T, alpha).line


def tally(found: Map | None) -> str:
    """How many cells help, and how many hurt."""
    if found is None or len(found.table) < 2:
        return "Two seeds are needed to judge."
    words = [found.verdict(*cell).word for cell in CELLS]
    best = int(found.mean.argmax())
    helped, hurt = words.count("HOLDS"), words.count("FAILS")
    highest = found.verdict(*CELLS[best]).line
    return f"{len(found.table)} seeds: {helped} of {len(CELLS)} cells help, {hurt} hurt. The highest: {highest}"


def twin(found: Map | None) -> str:
    """The table of all cells: gain, interval and word."""
    if found is None or len(found.table) < 2:
        return table("Nothing to judge yet: two seeds are needed", ["cell", "gain"], [])
    verdicts = [found.verdict(*cell) for cell in CELLS]
    rows = [
        [arm(*c), f"{v.effect:+.2f}", f"{v.low:+.2f} to {v.high:+.2f}", v.word]
        for c, v in zip(CELLS, verdicts)
    ]
    caption = f"Gain over {found.control!r} in points of test accuracy, {len(found.table)} seeds"
    return table(caption, ["cell", "gain", "95 % interval", "verdict"], rows)


def still(found: Map | None, name: str) -> bytes:
    """The whole map as a picture, for a page without a kernel."""
    shape = len(TEMPERATURES), len(ALPHAS)
    table = (
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
    labels = {
        "limit": scale(found.mean) if found else 5,
        "xlabel": "weight alpha of the soft term",
        "ylabel": "temperature T",
    }
    return heat({over: table}, rows, columns, title=name, wide=1, **labels).png()


class Runs:
    """The runs of one cell beside those of the control: each seed's pair, and how they learned."""

    def __init__(self):
        figure, axes = canvas(330, [["pairs", "curves"]], WIDTH, width_ratios=[1, 1.4])
        self._pairs, self._curves = axes["pairs"], axes["curves"]
        title(self._pairs, "Each seed")
        self._pairs.set(xlim=(-0.75, 1.75), ylabel="% of test images right")
        title(self._curves, "While they learned")
        self._curves.set(xlabel="epoch", ylabel="% of validation images right")
        self._curves.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        self._chart = Chart(figure, [])
        figure.set_layout_engine("constrained")

    def png(self, found: Map | None, cell: int, curves: Curves) -> bytes:
        """The picture for one cell. found: None before the first seed is done; curves:
        of the seeds that ran here.
        """
        for axis in (self._pairs, self._curves):
            for artist in [*axis.lines, *axis.texts]:
                artist.remove()
        self._draw_pairs(found, arm(*CELLS[cell]))
        runs = [
            100 * np.asarray(run) for run in curves.values() if run
        ]  # (epochs, cells and the control) each
        self._draw_curves(runs, cell)
        self._curves.yaxis.set_visible(bool(runs))
        if not runs:
            says = "the curves appear when it runs here" if found else "press Start"
            self._curves.text(
                0.5,
                0.5,
                says,
                ha="center",
                transform=self._curves.transAxes,
                fontsize=8.5,
                color="#555555",
            )
        self._chart.renew()
        return self._chart.png()

    def _draw_pairs(self, found: Map | None, name: str) -> None:
        axis, control = self._pairs, found.control if found else CONTROLS[0]
        axis.set_xticks(
            [0, 1],
            [
                control.replace(", ", ",\n").replace("label ", "label\n"),
                name.replace(", ", "\n"),
            ],
        )
        if found is None:
            return
        sides = 100 * found.table[control], 100 * found.table[name]
        for a, b in zip(*sides):
            look = (
                {"color": COLOURS[0], "linestyle": "-"}
                if b > a
                else {"color": COLOURS[1], "linestyle": "--"}
            )
            axis.plot([0, 1], [a, b], linewidth=0.9, **look)
        for k, (values, colour, side) in enumerate(
            zip(sides, ("#555555", COLOURS[0]), ("right", "left"))
        ):
            axis.plot([k] * len(values), values, MARKERS[k], color=colour, markersize=4)
            axis.plot(
                [k - 0.2, k + 0.2], [values.mean()] * 2, color="black", linewidth=2
            )
            axis.text(
                k + (0.26 if k else -0.26),
                values.mean(),
                f"{values.mean():.1f}",
                ha=side,
                va="center",
                fontsize=8.5,
            )
        axis.relim()
        axis.autoscale_view(scalex=False)

    def _draw_curves(self, runs: Sequence[np.ndarray], cell: int) -> None:
        axis = self._curves
        for run in runs:
            epochs = 1 + np.arange(len(run))
            axis.plot(epochs, run[:, -1], STYLES[1], color="#666666", linewidth=0.9)
            axis.plot(epochs, run[:, cell], STYLES[0], color=COLOURS[0], linewidth=0.9)
        if runs:
            top = max(run[:, [cell, -1]].max() for run in runs)
            axis.set(xlim=(0, max(map(len, runs))), ylim=(max(0, top - 30), top + 1.5))
            for y, text, colour in (
                (0.12, "this cell", COLOURS[0]),
                (0.05, "- - control", "#666666"),
            ):
                axis.text(
                    0.97,
                    y,
                    text,
                    color=colour,
                    ha="right",
                    transform=axis.transAxes,
                    fontsize=8.5,
                )

"""The picture of the precision panel: accuracies, and a layer's weights before and after
quantising.
"""

from typing import NamedTuple

import numpy as np

from kdsurvey.pictures import Axis, Bars, Chart, Picture, Rule, Table, Text

NAMES = (
    "full precision",
    "no teacher",
    "scheme A",
    "scheme B",
    "scheme C",
    "C, no teacher",
)
BINS = 30  # of the weights before quantising
IN_TABLE = 17  # levels that have a row
FULL = 32  # bits: nothing is rounded
EMPTY = ((-1, 1), (0, 60))  # the limits before the first run


class Layer(NamedTuple):
    """One layer's weights: those that learn, those that it computes with, and the limit
    below which ternary ones are 0.
    """

    behind: np.ndarray
    computed: np.ndarray
    limit: float  # 0 where there is none
    bits: int


def picture(accuracies: Chart, layer: Layer | None, name: str) -> Picture:
    """Return the accuracies, and beside them a layer's weights. name: of arm and layer."""
    charts = {"accuracy": accuracies, "weights": weight_chart(layer, name)}
    tables = [table(layer, name)]
    return Picture(charts, height=340, widths=(1.25, 1), tables=tables)


def weight_chart(layer: Layer | None, name: str) -> Chart:
    """Return the weights before quantising as a histogram, and after as a bar at each level;
    both in per cent of the weights.
    """
    words = [Text(0.02, 0.985, _words(layer, name), ha="left", va="top", place="axes")]
    title = "Weights before and after"
    across, up = EMPTY
    if layer is None:
        return _chart(words, across, up, title)
    levels, shares = levels_of(layer.computed)
    if layer.bits == FULL:
        levels = shares = np.zeros(0)
    reach = _reach(layer)
    counts, edges = np.histogram(layer.behind, BINS, (-reach, reach))
    heights = 100 * counts / len(layer.behind)
    tallest = max(heights.max(), max(shares, default=0))
    middles = (edges[1:] + edges[:-1]) / 2
    width = edges[1] - edges[0]
    before = Bars(
        middles, heights, role=4, width=width, alpha=0.55, hatch="", edge=False
    )
    after = Bars(levels, shares, role=1, width=0.02 * reach, hatch="", edge=False)
    limits = [Rule([-layer.limit, layer.limit], span=(0, 0.8))] if layer.limit else []
    top = 10 * np.ceil(0.14 * tallest)
    return _chart([before, after, *limits, *words], (-reach, reach), (0, top), title)


def _chart(marks: list, across: tuple, up: tuple, title: str) -> Chart:
    y = Axis("% of the layer's weights", up)
    return Chart(marks, Axis("weight", across), y, title=title)


def _reach(layer: Layer) -> float:
    """Return how far the axis goes: a tenth above the largest weight, and a little more."""
    largest = max(np.abs(layer.behind).max(), np.abs(layer.computed).max())
    return max(0.1, np.ceil(10 * largest) / 10) * 1.05


def _words(layer: Layer | None, name: str) -> str:
    if layer is None:
        return "Start, to see weights"
    after = "nothing is rounded"
    if layer.bits < FULL:
        levels, _ = levels_of(layer.computed)
        after = f"after: {len(levels)} levels, bars"
    return "\n".join([name, "before: blue area", after])


def levels_of(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels that occur, in order, and the share of the weights at each in per
    cent.
    """
    levels, counts = np.unique(weights + 0.0, return_counts=True)
    return levels, 100 * counts / len(weights)


def table(layer: Layer | None, name: str) -> Table:
    """Return the same in numbers."""
    if layer is None:
        return Table("Weights of a layer", ["", "share"])
    sizes = np.abs(layer.behind)
    rows = [
        ["before: mean size", f"{sizes.mean():.3f}"],
        ["before: largest", f"{sizes.max():.3f}"],
    ]
    if layer.limit:
        rows.append(["limit of 0", f"{layer.limit:.3f}"])
    if layer.bits < FULL:
        levels, shares = levels_of(layer.computed)
        rows.append(["after: levels in use", str(len(levels))])
        for level, share in list(zip(levels, shares))[:IN_TABLE]:
            rows.append([f"after: {level:+.3f}", f"{share:.1f} %"])
    return Table(f"Weights of {name}", ["", "value"], rows)

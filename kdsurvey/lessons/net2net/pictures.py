"""What notebook 06 shows: curves, matrices, kernels, and the columns of its tables."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey import plots
from kdsurvey.lessons.net2net.experiments import EVERY
from kdsurvey.lessons.rows import at, percent
from kdsurvey.pictures import Axis, Cells, Chart, Frame
from kdsurvey.surgery import weighted

# columns of tables on validation images, and which look at them they are
LOOKS = {
    "at the start, %": 0,
    "after 20 steps, %": 20 // EVERY,
    "at the end, %": -1,
}
COLUMNS = list(LOOKS)
TEST = "test, %"


def in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with COLUMNS and TEST, their accuracies in per cent."""
    if "accuracies" in rows:
        looks = {name: 100 * rows["accuracies"].str[k] for name, k in LOOKS.items()}
        rows = rows.assign(**looks)
    return rows.assign(**{TEST: percent(rows, "accuracy")["accuracy"]})


# how a net grew, or did not -> whether it is in the wider rows, and its start there
GROWN = {
    "the teacher": (False, "teacher continued"),
    "deeper, copied": (False, "Net2Net"),
    "deeper, random layers": (False, "random layers"),
    "wider, copied": (True, "Net2Net, no noise"),
    "wider, random padding": (True, "random padding"),
}


def just_grown(deep: pd.DataFrame, wide: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy in per cent right after growing, before any step, of the arms
    of GROWN.

    deep, wide: recorded rows of deeper and of wider nets.
    """
    parts = []
    for arm, (is_wide, start) in GROWN.items():
        rows = in_percent(wide if is_wide else deep)
        first = rows[rows["start"] == start].groupby("seed", as_index=False).first()
        parts.append(first[["seed", COLUMNS[0]]].assign(arm=arm))
    return pd.concat(parts, ignore_index=True)


def curves(rows: pd.DataFrame, arms: Sequence[str], title: str) -> plots.Picture:
    """Draw validation accuracy against the step, mean ± s.d. over the seeds of each arm."""
    series = {
        arm: 100 * np.array(at(rows, arm=arm)["accuracies"].tolist()) for arm in arms
    }
    looks = max((len(values[0]) for values in series.values()), default=0)
    steps = range(0, EVERY * looks, EVERY)
    labels = f"{title}; mean ± s.d.", "step", "validation accuracy (%)"
    return plots.lines(steps, series, *labels, width=7.6, height=4.0)


def matrices(small: nn.Sequential, wide: nn.Sequential) -> plots.Picture:
    """Draw the weights of two bare nets as heat maps in the paper's orientation.

    A frame stands around what belongs to a copied unit.
    """
    narrow_in, narrow_out = weighted(small)
    wide_in, wide_out = weighted(wide)
    n = len(narrow_in.weight)
    layers = {
        "W (m, n)": narrow_in,
        "U (m, q)": wide_in,
        "W′ (n, p)": narrow_out,
        "U′ (q, p)": wide_out,
    }
    tables = {name: layer.weight.detach().T.numpy() for name, layer in layers.items()}
    units = wide_in.weight
    copied = [j for j in range(len(units)) if (units[j] == units[n:]).all(1).any()]
    limit = max(abs(table).max() for table in tables.values())
    charts = {}
    for name, table in tables.items():
        frames = [_frame(name, table, j) for j in copied] if "U" in name else []
        charts[name] = _heat(name, table, limit, frames)
    values = "; ".join(f"{name} = {table.tolist()}" for name, table in tables.items())
    return plots.Picture(
        charts,
        width=691,
        height=240,
        widths=[table.shape[1] + 1 for table in tables.values()],
        about=f"Two units become three; framed: unit 1 and its copy. {values}.",
    )


def _frame(name: str, table: np.ndarray, unit: int) -> Frame:
    """Return the frame around the weights into a unit, or around those out of it."""
    frame = partial(Frame, colour="#000000", width=4)
    if "m" in name:
        return frame(unit - 0.5, -0.5, 1, len(table))
    return frame(-0.5, unit - 0.5, table.shape[1], 1)


def kernels(
    trained: Mapping[str, nn.Sequential], equal: nn.Sequential
) -> plots.Picture:
    """Draw the first kernels of wide nets, a row each, copies beside their original.

    equal: the net that shows which they are.
    """
    first = weighted(equal)[0].weight
    original = [
        int((first == unit).all(-1).all(-1).all(-1).nonzero()[0]) for unit in first
    ]
    order = sorted(range(len(original)), key=lambda unit: original[unit])
    shown = [weighted(net)[0].weight.detach()[order, 0] for net in trained.values()]
    grey = [
        (0.5 + w / (2 * w.abs().max())).numpy() for w in shown
    ]  # white: the most negative weight, black: the most positive
    names = [
        f"{original[unit] + 1}" + ("" if unit == original[unit] else " copy")
        for unit in order
    ]
    title = "First kernels after training: " + ", then ".join(trained)
    twin = f"{title}: a row each; copies stand beside their original."
    return plots.images(
        np.concatenate(grey),
        names * len(trained),
        title=title,
        columns=len(order),
        twin=twin,
    )


def _heat(name: str, table: np.ndarray, limit: float, frames: Sequence[Frame]) -> Chart:
    """Return a heat map with a weight in each cell; rows and columns count from 1."""
    words = [[f"{w:g}".replace("-", "−") for w in row] for row in table]
    cells = Cells(table, low=-limit, high=limit, words=words, size=13)
    rows, columns = (range(n) for n in table.shape)
    return Chart(
        [cells, *frames],
        Axis("", ticks=columns, names=[k + 1 for k in columns]),
        Axis("", ticks=rows, names=[k + 1 for k in rows]),
        title=name,
        equal=True,
    )

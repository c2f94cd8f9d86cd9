"""What notebook 14 keeps beside the claims: where on the maps distillation helps.

No row of the table is answered here. The cells have one learning rate and no accuracy on
validation images; a best cell is chosen by other seeds, whose test images overlap.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey import records
from kdsurvey.data import Data
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.playground.experiments import (
    ALPHAS,
    CELLS,
    CONTROLS,
    NAMES,
    TEMPERATURES,
    Map,
    Setting,
    arm,
)
from kdsurvey.lessons.rows import at
from kdsurvey.training import accuracy
from kdsurvey.verdicts import Verdict, judge, judge_rows

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

CHOSEN = "cell chosen by other seeds, whose test images overlap"
ALL, FEW, OWN = "16 units", "10 % of the images", "10 %, teacher too"


def drawn(rows: pd.DataFrame, name: str, control: str = CONTROLS[0]) -> Map:
    """Return a recorded map by its short name, one of NAMES."""
    return Map(at(rows, map=NAMES[name].name).to_dict("records"), control)


def gain(rows: pd.DataFrame, name: str, T: float, alpha: float) -> np.ndarray:
    """Return the gain of a cell of a map over the same net without a teacher: (seeds,),
    a share.
    """
    shape = len(TEMPERATURES), len(ALPHAS)
    cell = np.unravel_index(CELLS.index((T, alpha)), shape)
    return drawn(rows, name).gains[:, *cell] / 100


def compared(
    claim: str,
    rows: pd.DataFrame,
    one: str,
    other: str,
    T: float,
    alpha: float,
) -> Verdict:
    """Judge a control: a cell gains more on one map than on another, paired by seed."""
    a, b = (gain(rows, name, T, alpha) for name in (one, other))
    what = f"gain with {one} - with {other}, {arm(T, alpha)}"
    return judge(claim, a, b, what=what)


def best_cell(chart: Map) -> tuple[str, pd.DataFrame]:
    """Choose the best cell of a map on one half of the seeds, and return its arm and the
    other half.
    """
    half = len(chart.table) // 2
    best = CELLS[int(chart.gains[:half].mean(0).argmax())]
    return arm(*best), chart.table.iloc[half:]


def best_elsewhere(claim: str, chart: Map, name: str) -> Verdict:
    """Judge the best cell of a map, see `best_cell`, against the map's control."""
    best, rest = best_cell(chart)
    what = f"{name}, {best} - {chart.control}"
    return judge(claim, rest[best], rest[chart.control], what=what, note=CHOSEN)


def best_gains(one: Map, other: Map, names: tuple[str, str]) -> Verdict:
    """Judge that the best cell of a map gains more than the best one of another."""
    gains = []
    for chart in (one, other):
        best, rest = best_cell(chart)
        gains.append(rest[best] - rest[chart.control])
    ours, theirs = names
    what = f"gain of {ours} - of {theirs}, each at its best cell, over {one.control}"
    return judge("O11a", *gains, what=what, note=CHOSEN)


def beside(
    rows: pd.DataFrame, width: int, T: float, alpha: float
) -> pd.DataFrame | None:
    """Return recorded runs beside a student's own: "distilled", where this cell was
    recorded, and the controls; None for a width that was not.

    All images and the well-trained teacher.
    """
    same = rows[rows["map"] == Setting(width=width).name]
    if same.empty:
        return None
    arms = {arm(T, alpha): "distilled"} | {name: name for name in CONTROLS}
    kept = same[same["arm"].isin(arms)]
    return kept.assign(arm=kept["arm"].map(arms))


def measured(nets: Mapping[str, nn.Module], data: Data, seed: int) -> list[dict]:
    """Return a row for each net: its accuracies on "validation" and on "test" images.

    nets: arm -> a trained net.
    """
    parts = {"validation": data.held_out, "test": data.test}
    return [
        {"arm": name, "seed": seed}
        | {part: accuracy(net, *pair) for part, pair in parts.items()}
        for name, net in nets.items()
    ]


def yours(rows: Sequence[dict], part: str) -> list[Verdict]:
    """Judge a project of the reader's: "distilled" above "no teacher" and above "label
    smoothing", on "validation" or on "test" images.

    rows: of `measured`, over seeds.
    """
    others = "no teacher", "label smoothing"
    return [
        judge_rows("O10a", rows, part, a="distilled", b=b, what=f"distilled - {b}")
        for b in others
    ]


@CLAIMS.group("capacity")
def _capacity() -> list[Verdict]:
    rows = records.recorded("playground")
    return [
        best_gains(
            drawn(rows, "64 units", control),
            drawn(rows, narrow, control),
            ("64 units", narrow),
        )
        for narrow in ("16 units", "4 units")
        for control in CONTROLS
    ]


@CLAIMS.group("data")
def _data() -> list[Verdict]:
    rows = records.recorded("playground")
    own = gain(rows, OWN, 4.0, 0.9)
    what = f"{OWN}, {arm(4.0, 0.9)} - no teacher"
    return [
        judge("O6a", own, 0 * own, what=what),
        compared("O6a", rows, FEW, ALL, 4.0, 0.9),
        compared("O9a", rows, FEW, OWN, 4.0, 0.9),
    ]


@CLAIMS.group("teacher")
def _teacher() -> list[Verdict]:
    rows = records.recorded("playground")
    poor = "teacher of one epoch"
    return [compared("O7a", rows, ALL, poor, 4.0, 0.5)]


def _against_controls(name: str) -> list[Verdict]:
    """Judge the best cell of a map against every control."""
    rows = records.recorded("playground")
    charts = [drawn(rows, name, control) for control in CONTROLS]
    return [best_elsewhere("O10a", chart, name) for chart in charts]


@CLAIMS.group("64 units")
def _wide() -> list[Verdict]:
    return _against_controls("64 units")


@CLAIMS.group("16 units")
def _narrow() -> list[Verdict]:
    return _against_controls("16 units")


@CLAIMS.group("10 % of the images")
def _few() -> list[Verdict]:
    return _against_controls("10 % of the images")

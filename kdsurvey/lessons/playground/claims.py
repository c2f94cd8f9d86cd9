"""What notebook 14 decides: where on the maps distillation helps."""

from functools import partial

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.playground.experiments import (
    ALPHAS,
    CELLS,
    CONTROLS,
    NAMES,
    TEMPERATURES,
    Map,
    arm,
)
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict, judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def drawn(rows: pd.DataFrame, name: str, control: str = CONTROLS[0]) -> Map:
    """Return a recorded map by its short name, one of NAMES."""
    return Map(at(rows, map=NAMES[name].name).to_dict("records"), control)


def compared(
    claim: str, rows: pd.DataFrame, one: str, other: str, T: float, alpha: float
) -> Verdict:
    """Judge the claim that a cell gains more on one map than on another, paired by seed."""
    shape = len(TEMPERATURES), len(ALPHAS)
    cell = np.unravel_index(CELLS.index((T, alpha)), shape)
    gains = (drawn(rows, name).gains[:, *cell] / 100 for name in (one, other))
    what = f"gain with {one} - with {other}, {arm(T, alpha)}"
    return judge(claim, *gains, what=what)


def best_elsewhere(claim: str, chart: Map, name: str) -> Verdict:
    """Judge the best cell of a map, chosen on one half of the seeds, on the other half
    against the map's control.
    """
    half = len(chart.table) // 2
    best = arm(*CELLS[int(chart.gains[:half].mean(0).argmax())])
    rest = chart.table.iloc[half:]
    what = f"{name}, {best} - {chart.control}"
    return judge(claim, rest[best], rest[chart.control], what=what)


@CLAIMS.group("between maps")
def _between_maps() -> list[Verdict]:
    rows = records.recorded("playground")
    return [
        compared("O11", rows, "64 units", "16 units", 8.0, 0.9),
        compared("O11", rows, "64 units", "4 units", 8.0, 0.9),
        compared("O6", rows, "10 % of the images", "16 units", 4.0, 0.9),
        compared("O7", rows, "16 units", "teacher of one epoch", 4.0, 0.5),
        compared("O9", rows, "10 % of the images", "10 %, teacher too", 4.0, 0.9),
    ]


def _against_controls(name: str) -> list[Verdict]:
    """Judge the best cell of a map against every control."""
    rows = records.recorded("playground")
    charts = [drawn(rows, name, control) for control in CONTROLS]
    return [best_elsewhere("O10", chart, name) for chart in charts]


for _name, _counted in (
    ("64 units", True),
    ("16 units", False),
    ("10 % of the images", True),
):
    CLAIMS.group(_name, counted=_counted)(partial(_against_controls, _name))

"""A run of the reader's own beside the recorded seeds: its dot on theirs, with its number,
and whether it lies where a further seed would.
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from kdsurvey import ranges
from kdsurvey.intervals import of_next
from kdsurvey.pictures import (
    Axis,
    Chart,
    Picture,
    Points,
    Text,
    between_rows,
    row_axis,
)
from kdsurvey.pictures.palette import FAINT, INK
from kdsurvey.suggest import refuse_unknown

INCH = 96  # CSS pixels
SURE = 0.99  # so often would a further seed lie within the limits that are written


def among(
    yours: Mapping[str, float],
    rows: pd.DataFrame | None,
    value: str,
    title: str,
    most: float = math.inf,
) -> Picture:
    """Draw the recorded seeds of each arm as grey dots, and your run as a diamond with its
    number.

    yours: arm -> the number of your run, of the kind of the column `value`. rows: recorded
    ones, with "arm" and that column; an arm of yours that they lack stands alone, None is
    no rows. most: the largest value that there can be, 0 is the smallest. The words say
    where 99 of 100 further seeds would lie, from three seeds on, and whether yours lies
    there. Raises ValueError for a run that is no finite number, for none at all, and for
    rows without the column.
    """
    _check(yours, rows, value)
    recorded = {arm: _values(rows, arm, value) for arm in _arms(yours, rows)}
    marks, words = [], []
    for k, (arm, values) in enumerate(recorded.items()):
        marks.append(
            Points(values, [k] * len(values), colour=FAINT, marker="o", size=7)
        )
        if arm in yours:
            marks += _yours(k, yours[arm])
            words.append(
                f"{arm}: yours {round(yours[arm], 1):g}{_place(yours[arm], values, most)}"
            )
    every = [*yours.values(), *(v for values in recorded.values() for v in values)]
    low, high = min(every), max(every)
    room = 0.12 * (high - low) or 1.0
    names = [
        f"{arm} ({len(values)} seed{'s' * (len(values) > 1)})" if len(values) else arm
        for arm, values in recorded.items()
    ]
    chart = Chart(
        [*marks, *between_rows(len(recorded))],
        Axis(
            f"{value}; grey: recorded seeds, diamond: yours", (low - room, high + room)
        ),
        row_axis(names),
        title=title,
    )
    height = INCH * (0.75 + 0.42 * len(names))
    about = f"{title} ({value}): " + "; ".join(words) + "."
    return Picture({"yours": chart}, width=7.2 * INCH, height=height, about=about)


def _check(yours: Mapping[str, float], rows: pd.DataFrame | None, value: str) -> None:
    wrong = [arm for arm, number in yours.items() if not ranges.number(number)]
    if wrong or not yours:
        what = f"{wrong[0]}: {yours[wrong[0]]!r}" if wrong else "no arm at all"
        raise ValueError(f"your run has {what}; give a finite number for each arm")
    if rows is not None:
        for name in ("arm", value):
            refuse_unknown("recorded rows", "column", name, rows)


def _arms(yours: Mapping[str, float], rows: pd.DataFrame | None) -> list[str]:
    known = [] if rows is None else list(dict.fromkeys(rows["arm"]))
    return [*known, *(arm for arm in yours if arm not in known)]


def _values(rows: pd.DataFrame | None, arm: str, value: str) -> np.ndarray:
    if rows is None:
        return np.array([])
    return rows.loc[rows["arm"] == arm, value].to_numpy(float)


def _yours(k: int, number: float) -> list:
    figure = Text(
        number, k, f"{round(number, 1):g}", bold=True, ha="center", shift=(0, 15)
    )
    return [Points([number], [k], colour=INK, marker="D", size=10), figure]


def _place(number: float, values: np.ndarray, most: float) -> str:
    """Write where a number lies beside recorded ones; "" where there are too few."""
    low, high = of_next(values, SURE)
    if math.isnan(low):
        return ""
    low, high = max(low, 0.0), min(high, most)
    where = ""
    if not low <= number <= high:
        where = "below " if number < low else "above "
    return f", {where}where a further seed may lie ({low:.1f} to {high:.1f})"

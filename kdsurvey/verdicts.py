"""Verdicts on claims: a paired comparison over seeds, and one line of text.

Two arms that share their seeds are compared seed by seed; the effect is the mean of the
differences and its interval is Student's t, two-sided. A claim says that an arm is above
another, equal to it, or not below it; several rows of one claim are `corrected` for
being many. An arm with settings to choose from is judged at the one that `chosen` takes
on validation images. Rows and numbers only: nothing here knows what was trained.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from kdsurvey import intervals
from kdsurvey.answers import (
    KINDS,
    TESTS,
    WORDS,
    Answer,
    Exact,
    Kind,
    NotRun,
    Test,
    Verdict,
)
from kdsurvey.intervals import Values

__all__ = [
    "KINDS",
    "WORDS",
    "Answer",
    "Exact",
    "Kind",
    "NotRun",
    "Test",
    "Values",
    "Verdict",
    "chosen",
    "corrected",
    "judge",
    "judge_rows",
    "summary",
]

Rows: TypeAlias = pd.DataFrame | Sequence[Mapping]

BOUNDS = {  # whether a has values at the edge, and b -> what a - b is
    (False, False): "",
    (True, False): "at least",
    (False, True): "at most",
    (True, True): "about",
}


def judge(
    claim: str,
    a: Values,
    b: Values,
    *,
    what: str,
    unit: str = "points",
    margin: float = 0.0,
    confidence: float = 0.95,
    kind: Kind = "above",
    test: Test = "t",
    edge: float | None = None,
    note: str = "",
) -> Verdict:
    """Judge what is claimed of a - b, from values paired by seed.

    a[k] and b[k] come from one seed. The words, for an interval of a - b and a margin m,
    the smallest difference that matters:

    | kind | HOLDS | FAILS |
    |---|---|---|
    | "above" | all above 0, and the effect at least m | all below 0 |
    | "equal" | all within -m and m | all outside |
    | "not below" | all above -m | all below -m |

    NOT RESOLVED is anything else. Where a claim says that a is smaller (errors,
    seconds), swap the arms: `what` says what is subtracted from what. Two seeds, and
    equal differences at every seed, have no interval.

    what: names the difference, as in "distilled - alone". unit: "points" takes shares
    in [0, 1], or differences of shares, and shows percentage points; any other unit is
    shown as it comes. margin >= 0, in the unit, above 0 for "equal"; confidence in
    (0, 1). test: "sign" judges "above" by the exact sign test, for counts and depths.
    edge: the largest value that was tried, so that a value there is a bound. note: what
    else the line has to say. Raises ValueError for fewer than two seeds, unequal
    lengths, values that are not finite and settings out of range.
    """
    _refuse_settings(claim, margin, confidence, kind, test)
    difference = _paired(claim, a, b, unit)
    return Verdict(
        claim,
        what,
        tuple(difference.tolist()),
        unit,
        margin,
        confidence,
        kind,
        test,
        bound="" if edge is None else BOUNDS[edge in list(a), edge in list(b)],
        note=note,
    )


def corrected(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Correct the words of several comparisons for being looked at together, by Holm
    (1979).

    The chance that any of them gets a word it should not have stays below one minus
    their confidence. Each keeps its plain interval; `wide` is the corrected one. The
    order is kept.
    """
    p = [verdict.p for verdict in verdicts]
    tries = [adjusted / alone for adjusted, alone in zip(intervals.holm(p), p)]
    return [replace(v, tries=count) for v, count in zip(verdicts, tries)]


def judge_rows(
    claim: str,
    rows: Rows,
    column: str,
    *,
    a,
    b,
    by: str = "seed",
    what: str | None = None,
    **options,
) -> Verdict:
    """Judge the claim that arm `a` is above arm `b` in `column`, paired by seed.

    `options` are those of `judge`. rows: dicts or a DataFrame with the columns "arm",
    `by` and `column`. Rows without a value in the column are passed over (earlier
    epochs have no test accuracy), but each seed needs one value in both arms. Raises
    ValueError, naming the seeds, for unpaired seeds and for a seed with several values,
    and for an arm or a column that is not there.
    """
    table = _table(rows, "arm", by, column)
    values_a = _values(claim, table, a, column, by)
    values_b = _values(claim, table, b, column, by)
    unpaired = sorted(set(values_a) ^ set(values_b), key=str)
    if unpaired:
        raise ValueError(
            f"{claim}: {by} {unpaired} has no value in both {a!r} and {b!r}; run the "
            "missing ones, or drop them"
        )
    seeds = sorted(values_a, key=str)
    paired = ([values[seed] for seed in seeds] for values in (values_a, values_b))
    return judge(claim, *paired, what=what or f"{a} - {b}", **options)


def summary(rows: Rows, column: str, by: str | list[str] = "arm") -> pd.DataFrame:
    """Compute mean, standard deviation and n of `column` for each `by`.

    In the order they first appear; the deviation has n - 1 in the denominator. Rows
    without a value are passed over. The deviation of one value is NaN. Raises
    ValueError for a column that is not there.
    """
    by = [by] if isinstance(by, str) else list(by)
    groups = (
        _table(rows, *by, column)
        .dropna(subset=[column])
        .groupby(by, sort=False)[column]
    )
    return groups.agg(mean="mean", sd="std", n="count")


def chosen(
    rows: Rows,
    setting: str,
    *,
    by: str | Sequence[str] = "arm",
    column: str = "validation accuracy",
    least: bool = False,
) -> pd.DataFrame:
    """Select the rows of the best setting for each value of `by`.

    Judged by `column`, which has to come from validation images. setting: the column
    that tells the settings apart: a choice, a learning rate, a name. by: what chooses
    for itself, a column or several: "arm" takes one setting for all seeds, ["arm",
    "seed"] one for each. The best has the largest mean of the column, with `least` the
    smallest; of equals it is the one that comes first in the rows, so put defaults
    first. Rows keep their order and their index. A row without a value, of an early
    epoch say, does not count, but stays if its setting does. Raises ValueError for a
    column that is not there, and for a `by` without any value, which would be left
    without rows.
    """
    by = [by] if isinstance(by, str) else list(by)
    table = _table(rows, setting, *by, column)
    groups = table.groupby([*by, setting], sort=False)[column]
    means = groups.mean().rename("mean").reset_index()
    best = means.sort_values("mean", ascending=least, kind="stable").drop_duplicates(by)
    if best["mean"].isna().any():
        nothing = best.loc[best["mean"].isna(), by].to_dict("records")
        raise ValueError(
            f"{nothing} have no {column!r} to choose a {setting!r} by; train them with "
            "validation images"
        )
    kept = pd.MultiIndex.from_frame(best[[*by, setting]])
    return table[pd.MultiIndex.from_frame(table[[*by, setting]]).isin(kept)]


def _refuse_settings(
    claim: str, margin: float, confidence: float, kind: str, test: str
) -> None:
    if not (math.isfinite(margin) and margin >= 0 and 0 < confidence < 1):
        raise ValueError(
            f"{claim}: need margin >= 0 and confidence between 0 and 1, got margin "
            f"{margin}, confidence {confidence}"
        )
    if kind not in KINDS or test not in TESTS:
        raise ValueError(
            f"{claim}: kind {kind!r} and test {test!r} should be among {KINDS} and {TESTS}"
        )
    if kind == "equal" and not margin:
        raise ValueError(
            f"{claim}: nothing is equal within a margin of 0; give the smallest "
            "difference that matters"
        )
    if test == "sign" and kind != "above":
        raise ValueError(f"{claim}: the sign test judges 'above', not {kind!r}")


def _paired(claim: str, arm_a: Values, arm_b: Values, unit: str) -> np.ndarray:
    a = np.asarray(list(arm_a), dtype=np.float64)
    b = np.asarray(list(arm_b), dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(
            f"{claim}: the arms are paired by seed, so give lists of one length; got "
            f"{a.shape} and {b.shape}"
        )
    if len(a) < 2:
        raise ValueError(
            f"{claim}: {len(a)} seed gives no interval; run both arms with two seeds "
            "at the least, better five"
        )
    if not np.isfinite([a, b]).all():
        bad = np.flatnonzero(~np.isfinite([a, b]).all(0)).tolist()
        raise ValueError(
            f"{claim}: the pairs at positions {bad} are not finite; a run that "
            "diverged is a result of its own"
        )
    if unit != "points":
        return a - b
    if np.abs([a, b]).max() > 1:
        raise ValueError(
            f"{claim}: unit 'points' takes shares in [0, 1], got values up to "
            f"{np.abs([a, b]).max():g}; "
            "divide percentages by 100, or name another unit"
        )
    return 100 * (a - b)


def _values(claim: str, table: pd.DataFrame, arm, column: str, by: str) -> dict:
    """The one value of each seed in an arm."""
    rows = table[table["arm"] == arm]
    if rows.empty:
        raise ValueError(
            f"{claim}: no arm {arm!r} in the rows; there are "
            f"{sorted(table['arm'].unique(), key=str)}"
        )
    count = rows.groupby(by)[column].count()
    wrong = count[count != 1].to_dict()
    if wrong:
        raise ValueError(
            f"{claim}: arm {arm!r} needs one {column!r} for each {by}, but has these "
            f"counts: {wrong}"
        )
    return rows.dropna(subset=[column]).set_index(by)[column].to_dict()


def _table(rows: Rows, *columns: str) -> pd.DataFrame:
    # A table is taken as it is: what made its rows stays in .attrs
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(f"the rows have no column {missing}; there are {list(table)}")
    return table

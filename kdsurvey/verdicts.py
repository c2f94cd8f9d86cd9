"""Verdicts on claims: a paired comparison over seeds, and one line of text.

Two arms that share their seeds are compared seed by seed; the effect is the mean of the
differences and its interval is Student's t, two-sided. An arm with settings to choose
from is judged at the one that `chosen` takes on validation images. Rows and numbers
only: nothing here knows what was trained.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.special import stdtrit

Rows: TypeAlias = pd.DataFrame | Sequence[Mapping]


@dataclass(frozen=True, repr=False)
class Verdict:
    """A judged claim; its text, in a notebook too, is the one line `line`."""

    claim: str
    what: str
    effect: float  # mean of a - b, in `unit`
    low: float  # ends of its confidence interval
    high: float
    n: int  # seeds
    word: str  # HOLDS, FAILS or NOT RESOLVED
    unit: str
    margin: float
    confidence: float = 0.95

    @property
    def line(self) -> str:
        """Write the verdict in one line, with its figures.

        For example: O10  HOLDS  distilled - alone: +1.70 points [+1.21, +2.19], 95 %
        CI, n = 5 seeds
        """
        form = "+z.2f" if self.unit == "points" else "+z.4g"
        effect = f"{self.effect:{form}} {self.unit}"
        interval = f"[{self.low:{form}}, {self.high:{form}}]"
        needed = f", margin {self.margin:g}" if self.margin else ""
        return (
            f"{self.claim}  {self.word}  {self.what}: {effect} {interval}, "
            f"{100 * self.confidence:g} % CI, n = {self.n} seeds{needed}"
        )

    @property
    def band(self) -> str:
        """Write the line without its figures.

        For runs that another machine repeats to the verdict but not to the last digit.
        """
        return f"{self.claim}  {self.word}  {self.what}, n = {self.n} seeds"

    def __repr__(self) -> str:
        return self.line


def judge(
    claim: str,
    a: Sequence[float],
    b: Sequence[float],
    *,
    what: str,
    unit: str = "points",
    margin: float = 0.0,
    confidence: float = 0.95,
) -> Verdict:
    """Judge the claim that a is above b, from values paired by seed.

    a[k] and b[k] come from one seed. The effect is the mean of a - b. HOLDS: the whole
    interval lies above `margin`. FAILS: it lies below -`margin`. NOT RESOLVED: anything
    else, that is, the interval contains no effect, or the effect is under the margin.
    So the margin is the smallest difference that matters, in either direction, and
    swapping the arms swaps the words. Where the claim says that a is smaller (errors,
    seconds), swap the arms: `what` says what is subtracted from what. Equal differences
    at every seed leave no spread to estimate: the interval is then that one point.

    what: names the difference, as in "distilled - alone". unit: "points" takes shares
    in [0, 1], or differences of shares, and shows percentage points; any other unit is
    shown as it comes. margin >= 0, in the unit; confidence in (0, 1). Raises ValueError
    for fewer than two seeds, unequal lengths, values that are not finite and settings
    out of range.
    """
    if not (math.isfinite(margin) and margin >= 0 and 0 < confidence < 1):
        raise ValueError(
            f"{claim}: need margin >= 0 and confidence between 0 and 1, got margin "
            f"{margin}, confidence {confidence}"
        )
    difference = _paired(claim, a, b, unit)
    n = len(difference)
    effect = difference.mean()
    quantile = stdtrit(n - 1, (1 + confidence) / 2)  # of Student's t
    half = quantile * difference.std(ddof=1) / math.sqrt(n)
    low = float(effect - half)
    high = float(effect + half)
    word = "NOT RESOLVED"
    if low > margin:
        word = "HOLDS"
    elif high < -margin:
        word = "FAILS"
    return Verdict(
        claim, what, float(effect), low, high, n, word, unit, margin, confidence
    )


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


def _paired(
    claim: str, arm_a: Sequence[float], arm_b: Sequence[float], unit: str
) -> np.ndarray:
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

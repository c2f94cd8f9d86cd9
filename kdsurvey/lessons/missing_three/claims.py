"""What notebook 03 answers: digits never seen, and one number that repairs a student."""

import pandas as pd

from kdsurvey import claims, records
from kdsurvey.lessons.judging import Claims, primary_values
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict, judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

MISSING, TWO = "no 3, T = 20", "only 7 and 8, T = 20"


def right(rows: pd.DataFrame, arm: str, suffix: str = "") -> pd.Series:
    """Return the share of the removed digits' test images that an arm gets right."""
    runs = at(rows, arm=arm).set_index("seed")
    return 1 - runs[f"errors on removed{suffix}"] / runs["n removed"]


def accuracy(rows: pd.DataFrame, arm: str, suffix: str = "") -> pd.Series:
    """Return the accuracy of an arm by seed, in [0, 1].

    suffix: "", " corrected" or " corrected on test".
    """
    runs = at(rows, arm=arm).set_index("seed")
    return 1 - runs[f"errors{suffix}"] / runs["n"]


def repaired(claim: str, rows: pd.DataFrame, arm: str, **options) -> Verdict:
    """Judge how much accuracy one number brings, found on validation images: errors
    before it less those after it.
    """
    after, before = accuracy(rows, arm, " corrected"), accuracy(rows, arm)
    what = f"errors before the bias - after it, {arm}"
    return judge(claim, after, before, what=what, **options)


def peeked(rows: pd.DataFrame, arm: str) -> Verdict:
    """Judge how many errors fewer are counted where that number is chosen on the test
    images, as the paper did.
    """
    honest = accuracy(rows, arm, " corrected")
    chosen_on_test = accuracy(rows, arm, " corrected on test")
    what = f"errors, bias from validation - from test images, {arm}"
    return judge("P2e", chosen_on_test, honest, what=what)


def seen(rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """Judge a control: arm a gets more test 3s right than arm b."""
    what = f"test 3s right, {a} - {b}"
    return judge("P2d", right(rows, a), right(rows, b), what=what)


@CLAIMS.row("P2d")
def _known() -> Verdict:
    share = right(records.recorded("missing"), MISSING)
    what = f"share of test 3s right - a half, {MISSING}"
    return primary_values("P2d", share, 0.5, what)


@CLAIMS.row("P2e")
def _bias() -> Verdict:
    rows = records.recorded("missing")
    return repaired("P2e", rows, MISSING, **claims.row("P2e").options)


@CLAIMS.row("P2f")
def _two_digits() -> Verdict:
    share = accuracy(records.recorded("missing"), TWO)
    what = f"accuracy on all digits - 0.2, {TWO}, no bias"
    return primary_values("P2f", share, 0.2, what)


@CLAIMS.group("temperature")
def _temperature() -> list[Verdict]:
    rows = records.recorded("missing")
    return [
        seen(rows, MISSING, "no 3, hard labels"),
        seen(rows, "no 3, T = 1", "no 3, hard labels"),
        seen(rows, MISSING, "no 3, T = 1"),
        seen(rows, "no 3, T = 50", "no 3, T = 8"),
    ]


@CLAIMS.group("repaired")
def _repaired() -> list[Verdict]:
    rows = records.recorded("missing")
    return [repaired("P2e", rows, "no 3, T = 1"), peeked(rows, MISSING)]


@CLAIMS.group("only 7 and 8")
def _two_digits_repaired() -> list[Verdict]:
    return [repaired("P2f", records.recorded("missing"), TWO)]

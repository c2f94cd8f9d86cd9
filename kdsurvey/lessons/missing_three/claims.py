"""What notebook 03 decides: digits never seen, and one number that repairs a student."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.judging import Claims, below
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict, judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def repaired(rows: pd.DataFrame, arm: str) -> Verdict:
    """Judge the claim that one number, found on validation images, makes errors fewer."""
    runs = at(rows, arm=arm)
    what = f"errors with {arm}, before - after"
    before, after = runs["errors"], runs["errors corrected"]
    return judge("P2", before, after, what=what, unit="errors")


def peeked(rows: pd.DataFrame, arm: str) -> Verdict:
    """Judge how many errors fewer are counted where that number is chosen on the test
    images, as the paper did.
    """
    runs = at(rows, arm=arm)
    what = f"errors with {arm}, number from validation - from test images"
    honest, chosen_on_test = runs["errors corrected"], runs["errors corrected on test"]
    return judge("P2", honest, chosen_on_test, what=what, unit="errors")


def _fewer(a: str, b: str, column: str = "errors") -> Verdict:
    rows = records.recorded("missing")
    return below("P2", rows, a, b, "errors of {b} - {a}", column=column)


@CLAIMS.group("soft targets")
def _soft_targets() -> list[Verdict]:
    return [_fewer("no 3, T = 20", "no 3, hard labels", "errors on removed")]


@CLAIMS.group("repaired")
def _repaired() -> list[Verdict]:
    return [repaired(records.recorded("missing"), "no 3, T = 20")]


@CLAIMS.group("repaired, T = 1", counted=False)
def _repaired_cold() -> list[Verdict]:
    return [repaired(records.recorded("missing"), "no 3, T = 1")]


@CLAIMS.group("chosen on test images", counted=False)
def _peeked() -> list[Verdict]:
    return [peeked(records.recorded("missing"), "no 3, T = 20")]


@CLAIMS.group("temperature", counted=False)
def _temperature() -> list[Verdict]:
    return [
        _fewer("no 3, T = 20", "no 3, T = 1", "errors on removed"),
        _fewer("no 3, T = 1", "no 3, hard labels", "errors on removed"),
        _fewer("no 3, T = 50", "no 3, T = 8"),
    ]


@CLAIMS.group("only 7 and 8")
def _two_digits() -> list[Verdict]:
    return [repaired(records.recorded("missing"), "only 7 and 8, T = 20")]

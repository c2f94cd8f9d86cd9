"""What notebook 15 answers, on copies that seldom hear of each other."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.mutual_learning.claims import (
    LONG,
    TUNED_WRONG,
    above,
    above_each,
    answered,
)
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts


@CLAIMS.row("O16a")
def _copies_help() -> Verdict:
    return answered("O16a", tuned(_copies(0.0)), "every 10", "never")


@CLAIMS.row("O16b")
def _copies_may_be_stale() -> Verdict:
    return answered("O16b", tuned(_copies(0.0)), "every 100", "every 1")


@CLAIMS.row("O16d")
def _runs_agree() -> Verdict:
    rows = tuned(records.recorded("codistil_runs"))
    what = "two runs agree, {a} - {b}, tuned, a fifth of labels redrawn"
    return answered("O16d", rows, "every 10", "never", what, column="two runs agree")


def _copies(noise: float) -> pd.DataFrame:
    return at(records.recorded("codistil_stale"), noise=noise)


@CLAIMS.group("copies")
def _copies_tuned() -> list[Verdict]:
    wrong, right = (tuned(_copies(noise)) for noise in (0.2, 0.0))
    smooth, whole = "never, label smoothing", "never, but all images each"
    return [
        *above_each(right, "every 10", (smooth, whole), "tuned, labels right", "O16a"),
        *above_each(wrong, "every 10", ("never", smooth, whole), TUNED_WRONG, "O16a"),
    ]


@CLAIMS.group("copies: how seldom")
def _how_seldom() -> list[Verdict]:
    wrong, right = (tuned(_copies(noise)) for noise in (0.2, 0.0))
    long = at(_copies(0.2), choice="40 epochs")
    others = "every 10", "every 100", "every 1000"
    short = at(_copies(0.0), choice="10 epochs")
    brief = "10 epochs, labels right"
    return [
        above(right, "every 1", "every 10", "tuned, labels right", claim="O16b"),
        above(right, "every 1", "every 1000", "tuned, labels right", claim="O16b"),
        *above_each(wrong, "every 1", others, TUNED_WRONG, "O16b"),
        above(long, "every 1", "every 100", LONG, claim="O16b"),
        above(short, "every 1000", "never", brief, claim="O16b"),
    ]


def _agreeing(rows: pd.DataFrame, a: str, b: str, where: str) -> Verdict:
    return above(rows, a, b, where, claim="O16d", column="two runs agree")


@CLAIMS.group("two runs agree: controls")
def _runs_controls() -> list[Verdict]:
    runs = records.recorded("codistil_runs")
    long, best = at(runs, choice="40 epochs"), tuned(runs)
    smooth = "never, label smoothing"
    agreeing = [
        _agreeing(long, "every 10", "never", "40 epochs"),
        _agreeing(long, smooth, "never", "40 epochs"),
        _agreeing(best, smooth, "never", "tuned"),
    ]
    accuracy = [
        above(rows, "every 1000", "every 10", f"all images each, {where}", claim="O16b")
        for rows, where in ((long, "40 epochs"), (best, "tuned"))
    ]
    return [*agreeing, *accuracy]

"""What notebook 11 decides, on ONE and its parts."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import rows as kept_rows
from kdsurvey.lessons.flatness import MATCHED
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict, judge, judge_rows

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

ONE, TOGETHER = "accuracy", "together"
CHOSEN_BY = {ONE: "validation accuracy", TOGETHER: "validation together"}
NAMED = {ONE: "one net", TOGETHER: "all three"}
PARTS = ("no distillation", "no sharing", "no gate")
LONG = "15 epochs"
BEST = "best of four settings"
RIGHT = "clean labels, best of two"


def chosen(rows: pd.DataFrame, column: str = ONE) -> pd.DataFrame:
    """Return each arm's rows at the choice that is best for this column on validation
    images; of equals, the earlier one.
    """
    return kept_rows.tuned(rows, column=CHOSEN_BY[column])


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    where: str,
    *,
    column: str = ONE,
    claim: str = "P9",
) -> Verdict:
    """Judge the claim that arm a is above arm b on the test images: a net of each, or all
    three together; `where` ends the line.
    """
    return judge_rows(
        claim, rows, column, a=a, b=b, what=f"{NAMED[column]}: {a} - {b}, {where}"
    )


def within(
    rows: pd.DataFrame, arm: str, a: str, b: str, what: str, claim: str = "P9"
) -> Verdict:
    """Judge the claim that of one arm column a is above column b."""
    runs = at(rows, arm=arm).sort_values("seed")
    return judge(claim, runs[a], runs[b], what=what)


def tuned(
    rows: pd.DataFrame,
    a: str,
    b: str,
    where: str,
    *,
    column: str = ONE,
    claim: str = "P9",
) -> Verdict:
    """Judge as `above` does, each arm at its best choice for this column."""
    return above(chosen(rows, column), a, b, where, column=column, claim=claim)


def longest(parts: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return every arm as it comes, 15 epochs: the rows of `one_parts` and those of
    `one_seeds`, whose seeds are others.
    """
    return pd.concat([at(parts, choice=LONG), more], ignore_index=True)


def slower(rows: pd.DataFrame, arm: str, than: str | None = None) -> Verdict:
    """Judge the claim that an arm at a third of the rate is above arm `than` at the rate,
    itself where None.

    For heads with labels only a third of the rate is the mean of their losses in place of the sum.
    """
    other = than or arm
    runs = ((arm, "a third of the rate"), (other, "15 epochs"))
    kept = [
        rows[(rows["arm"] == name) & (rows["choice"] == choice)].assign(
            arm=f"{name}, {choice}"
        )
        for name, choice in runs
    ]
    a, b = (f"{name}, {choice}" for name, choice in runs)
    return judge_rows("O10", pd.concat(kept), ONE, a=a, b=b, what=f"one net: {a} - {b}")


def losses(rows: pd.DataFrame, where: str) -> list[Verdict]:
    """Judge what a net of ONE loses without each part, then whether the first part costs
    more than the others, and the gate least.
    """
    kept = [above(rows, "ONE", part, where) for part in PARTS]
    return kept + [
        above(rows, a, b, where)
        for a, b in (
            ("no sharing", PARTS[0]),
            ("no gate", PARTS[0]),
            ("no gate", "no sharing"),
        )
    ]


def rises(why: pd.DataFrame, a: str, b: str, column: str) -> Verdict:
    """Judge the claim that noise on the weights costs arm a more than arm b."""
    return judge_rows(
        "P9",
        why,
        column,
        a=a,
        b=b,
        what=f"{column}, of the training loss: {a} - {b}",
        unit="nats",
    )


def _long() -> pd.DataFrame:
    return longest(records.recorded("one_parts"), records.recorded("one_seeds"))


@CLAIMS.group("ONE")
def _one() -> list[Verdict]:
    rows = _long()
    what = f"ONE-E - one branch, {LONG}"
    return [
        above(rows, "ONE", "alone", LONG),
        within(rows, "ONE", TOGETHER, ONE, what),
        above(rows, "ONE", "alone", LONG, column=TOGETHER),
    ]


@CLAIMS.group("ONE: controls", counted=False)
def _one_controls() -> list[Verdict]:
    rows = _long()
    what = "three nets alone: together - one"
    return [
        within(rows, "alone", TOGETHER, ONE, what, "O12"),
        above(rows, "heads, labels", "alone", LONG),
        above(rows, "ONE", "heads, labels", LONG),
        above(rows, "ONE", "label smoothing", LONG, claim="O7"),
    ]


@CLAIMS.group("parts")
def _parts() -> list[Verdict]:
    divergence, _, gate, *order = losses(_long(), LONG)
    return [divergence, gate, *order]


@CLAIMS.group("parts: sharing", counted=False)
def _sharing() -> list[Verdict]:
    rows = _long()
    return [
        above(rows, "ONE", "no sharing", LONG),
        above(rows, "no distillation", "alone", LONG),
    ]


@CLAIMS.group("parts: the gate together")
def _gate_together() -> list[Verdict]:
    return [above(_long(), "ONE", "no gate", LONG, column=TOGETHER)]


@CLAIMS.group("parts: the gate's sum", counted=False)
def _gate_and_mean() -> list[Verdict]:
    what = "ONE's branches: gated - mean of logits"
    return [within(_long(), "ONE", TOGETHER, "average", what)]


@CLAIMS.group("sums and means", counted=False)
def _sums() -> list[Verdict]:
    rows = records.recorded("one_parts")
    slow = "a third of the rate"
    judged = [slower(rows, arm) for arm in ("alone", "heads, labels", "ONE")]
    return [
        *judged,
        slower(rows, "heads, labels", than="ONE"),
        above(at(rows, choice=slow), "ONE", "heads, labels", slow),
    ]


@CLAIMS.group("tuned")
def _tuned() -> list[Verdict]:
    rows = records.recorded("one_parts")
    return [
        tuned(rows, "ONE", "alone", BEST, claim="O10"),
        tuned(rows, "ONE", "label smoothing", BEST, claim="O7"),
        tuned(rows, "ONE", "alone", BEST, column=TOGETHER, claim="O12"),
    ]


@CLAIMS.group("tuned: controls", counted=False)
def _tuned_controls() -> list[Verdict]:
    rows = records.recorded("one_parts")
    others = "heads, labels", "no distillation", "no gate"
    smooth = {"column": TOGETHER, "claim": "O12"}
    return [
        *(tuned(rows, "ONE", arm, BEST, claim="O10") for arm in others),
        tuned(rows, "ONE", "label smoothing", BEST, **smooth),
    ]


@CLAIMS.group("labels right")
def _labels_right() -> list[Verdict]:
    return [tuned(records.recorded("one_clean"), "ONE", "alone", RIGHT)]


@CLAIMS.group("labels right: controls", counted=False)
def _labels_right_controls() -> list[Verdict]:
    rows = records.recorded("one_clean")
    return [
        tuned(rows, "ONE", "label smoothing", RIGHT),
        tuned(rows, "ONE", "alone", RIGHT, column=TOGETHER, claim="O12"),
    ]


@CLAIMS.group("flatness")
def _flatness() -> list[Verdict]:
    rows = records.recorded("one_why")
    return [
        rises(rows, MATCHED, "ONE", column)
        for column in ("rise at 0.1", "rise, relative")
    ]


@CLAIMS.group("flatness: nets alone", counted=False)
def _flatness_alone() -> list[Verdict]:
    rows = records.recorded("one_why")
    return [
        rises(rows, "alone", "ONE", column)
        for column in ("rise at 0.1", "rise, relative")
    ]

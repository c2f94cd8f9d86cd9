"""What notebook 11 answers, on ONE and its parts."""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons import rows as kept_rows
from kdsurvey.lessons.branched_nets import EDGES, RIGHT, WRONG
from kdsurvey.lessons.flatness import MATCHED
from kdsurvey.lessons.judging import Claims, edge_note, primary
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict, judge, judge_rows

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

ONE, TOGETHER = "accuracy", "together"
CHOSEN_BY = {ONE: "validation accuracy", TOGETHER: "validation together"}
NAMED = {ONE: "one net", TOGETHER: "all three"}
PARTS = {"P9c": "no distillation", "P9d": "no sharing", "P9e": "no gate"}
LONG, SLOW = "15 epochs", "a third of the rate"
DEFAULT = f"default settings, {WRONG}"
RISES = "rise at 0.1", "rise, relative"


def chosen(rows: pd.DataFrame, column: str = ONE) -> pd.DataFrame:
    """Return each arm's rows at the choice that is best for this column on validation
    images; of equals, the earlier one.
    """
    return kept_rows.tuned(rows, column=CHOSEN_BY[column])


def answered(id: str, rows: pd.DataFrame, a: str, b: str, labels: str) -> Verdict:
    """Judge a row of the table by one net of arms a and b, each at its best choice.

    labels: how many of those in training are right.
    """
    runs = chosen(rows)
    what = f"one net: {{a}} - {{b}}, tuned, {labels}"
    return primary(id, runs, a, b, what, note=edge_note(runs, (a, b), EDGES[labels]))


def above(
    id: str, rows: pd.DataFrame, a: str, b: str, where: str, *, column: str = ONE
) -> Verdict:
    """Judge a control: arm a is above arm b on the test images, a net of each, or all
    three together.

    id: the row that it stands beside. where: the end of the line.
    """
    what = f"{NAMED[column]}: {{a}} - {{b}}, {where}"
    return judging.above(id, rows, a, b, what, column=column)


def tuned(
    id: str, rows: pd.DataFrame, a: str, b: str, labels: str, *, column: str = ONE
) -> Verdict:
    """Judge a control as `above` does, each arm at its best choice for this column."""
    runs = chosen(rows, column)
    verdict = above(id, runs, a, b, f"tuned, {labels}", column=column)
    return replace(verdict, note=edge_note(runs, (a, b), EDGES[labels]))


def within(id: str, rows: pd.DataFrame, arm: str, columns: tuple, what: str) -> Verdict:
    """Judge a control: of one arm the first column is above the second."""
    runs = at(rows, arm=arm)
    first, second = columns
    return judge(id, runs[first], runs[second], what=what)


def longest(parts: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return every arm as it comes, 15 epochs: the rows of `one_parts` and those of
    `one_seeds`, whose seeds are others.
    """
    return pd.concat([at(parts, choice=LONG), more], ignore_index=True)


def slower(rows: pd.DataFrame, arm: str, than: str | None = None) -> Verdict:
    """Judge a control: an arm at a third of the rate is above arm `than` at the rate,
    itself where None.

    For heads with labels only a third of the rate is the mean of their losses in place
    of the sum.
    """
    slow, fast = f"{arm}, {SLOW}", f"{than or arm}, {LONG}"
    each = rows.assign(arm=rows["arm"] + ", " + rows["choice"])
    return judging.above("O10f", each, slow, fast, f"one net: {{a}} - {{b}}, {WRONG}")


def order(rows: pd.DataFrame, where: str) -> list[Verdict]:
    """Judge what the paper says of its parts: a net loses most without the first, least
    without the gate.
    """
    distillation, sharing, gate = PARTS.values()
    pairs = (sharing, distillation), (gate, distillation), (gate, sharing)
    return [above("P9c", rows, a, b, where) for a, b in pairs]


def rises(why: pd.DataFrame, arms: Iterable[str], column: str) -> list[Verdict]:
    """Judge diagnostics: noise on the weights costs these arms more than ONE."""
    what = f"{column}, of the training loss: {{arm}} - ONE"
    return [
        judge_rows(
            "P9a", why, column, a=arm, b="ONE", what=what.format(arm=arm), unit="nats"
        )
        for arm in arms
    ]


def _long() -> pd.DataFrame:
    return longest(records.recorded("one_parts"), records.recorded("one_seeds"))


def _redrawn() -> pd.DataFrame:
    return records.recorded("one_parts")


def _right() -> pd.DataFrame:
    return records.recorded("one_clean")


@CLAIMS.row("P9a")
def _branch_or_alone() -> Verdict:
    return answered("P9a", _right(), "ONE", "alone", RIGHT)


@CLAIMS.row("P9b")
def _all_or_one() -> Verdict:
    one, all_of_them = (at(chosen(_right(), column), arm="ONE") for column in NAMED)
    joint = all_of_them.assign(arm="ONE-E", accuracy=all_of_them[TOGETHER])
    rows = pd.concat([joint, one], ignore_index=True)
    what = f"{{a}} - one branch of {{b}}, tuned, {RIGHT}"
    return primary(
        "P9b",
        rows,
        "ONE-E",
        "ONE",
        what,
        note=edge_note(rows, ("ONE-E", "ONE"), EDGES[RIGHT]),
    )


@CLAIMS.row("P9c")
def _distillation() -> Verdict:
    return answered("P9c", _redrawn(), "ONE", PARTS["P9c"], WRONG)


@CLAIMS.row("P9d")
def _sharing() -> Verdict:
    return answered("P9d", _redrawn(), "ONE", PARTS["P9d"], WRONG)


@CLAIMS.row("P9e")
def _gate() -> Verdict:
    return answered("P9e", _redrawn(), "ONE", PARTS["P9e"], WRONG)


@CLAIMS.row("O10f")
def _alone_as_well() -> Verdict:
    return answered("O10f", _right(), "alone", "ONE", RIGHT)


@CLAIMS.group("labels right")
def _labels_right() -> list[Verdict]:
    rows = _right()
    return [
        tuned("P9a", rows, "ONE", "label smoothing", RIGHT),
        tuned("P9b", rows, "ONE", "alone", RIGHT, column=TOGETHER),
    ]


@CLAIMS.group("labels redrawn")
def _labels_redrawn() -> list[Verdict]:
    rows = _redrawn()
    smooth = "label smoothing"
    return [
        tuned("P9a", rows, "ONE", "alone", WRONG),
        tuned("P9a", rows, "ONE", smooth, WRONG),
        tuned("P9a", rows, "ONE", "heads, labels", WRONG),
        tuned("P9b", rows, "ONE", "alone", WRONG, column=TOGETHER),
        tuned("P9b", rows, "ONE", smooth, WRONG, column=TOGETHER),
    ]


@CLAIMS.group("default settings")
def _untuned() -> list[Verdict]:
    rows = _long()
    together = f"ONE-E - one branch of ONE, {DEFAULT}"
    apart = f"three nets alone: together - one, {DEFAULT}"
    return [
        above("P9a", rows, "ONE", "alone", DEFAULT),
        above("P9a", rows, "ONE", "heads, labels", DEFAULT),
        above("P9a", rows, "heads, labels", "alone", DEFAULT),
        above("P9a", rows, "ONE", "label smoothing", DEFAULT),
        within("P9b", rows, "ONE", (TOGETHER, ONE), together),
        within("P9b", rows, "alone", (TOGETHER, ONE), apart),
        above("P9b", rows, "ONE", "alone", DEFAULT, column=TOGETHER),
    ]


@CLAIMS.group("parts: default settings")
def _parts_untuned() -> list[Verdict]:
    rows = _long()
    return [above(id, rows, "ONE", part, DEFAULT) for id, part in PARTS.items()]


@CLAIMS.group("parts: their order")
def _order() -> list[Verdict]:
    rows = _long()
    left = above("P9c", rows, PARTS["P9c"], "alone", DEFAULT)
    return [*order(rows, DEFAULT), left]


@CLAIMS.group("the gate together")
def _gate_together() -> list[Verdict]:
    rows = _long()
    what = f"ONE's branches: gated - mean of logits, {DEFAULT}"
    return [
        above("P9e", rows, "ONE", PARTS["P9e"], DEFAULT, column=TOGETHER),
        within("P9e", rows, "ONE", (TOGETHER, "average"), what),
    ]


@CLAIMS.group("a sum is a rate")
def _sums() -> list[Verdict]:
    rows = _redrawn()
    slow = at(rows, choice=SLOW)
    return [
        slower(rows, "heads, labels"),
        slower(rows, "heads, labels", than="ONE"),
        above("P9a", slow, "ONE", "heads, labels", f"{SLOW}, {WRONG}"),
    ]


@CLAIMS.group("a lower rate")
def _slower() -> list[Verdict]:
    return [slower(_redrawn(), arm) for arm in ("alone", "ONE")]


@CLAIMS.group("flatness")
def _flatness() -> list[Verdict]:
    rows = records.recorded("one_why")
    arms = MATCHED, "alone"
    return [verdict for column in RISES for verdict in rises(rows, arms, column)]

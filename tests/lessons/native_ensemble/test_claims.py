"""Notebook 10's answers: the comparison that a row names, the right way round."""

from functools import partial

import pandas as pd
import pytest
from lessons.favoured import check_which_is_better
from lessons.native_ensemble.given import rows

from kdsurvey.lessons import rows as kept_rows
from kdsurvey.lessons.branched_nets import RIGHT, WRONG
from kdsurvey.lessons.native_ensemble import claims

ROWS = {  # row -> the arm and the column that it is for, and those of the other
    "P9a": (("ONE", "accuracy"), ("alone", "accuracy")),
    "P9b": (("ONE", "together"), ("ONE", "accuracy")),
    "P9c": (("ONE", "accuracy"), ("no distillation", "accuracy")),
    "P9d": (("ONE", "accuracy"), ("no sharing", "accuracy")),
    "P9e": (("ONE", "accuracy"), ("no gate", "accuracy")),
    "O10f": (("alone", "accuracy"), ("ONE", "accuracy")),
}


def test_every_row_is_answered():
    assert claims.CLAIMS.rows() == list(ROWS)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("id", ROWS)
def test_a_row_holds_where_its_arm_is_better_and_fails_where_the_other_is(
    id, which, monkeypatch
):
    judge = partial(claims.CLAIMS.answer, id)
    check_which_is_better(monkeypatch, judge, ROWS[id], which)


def test_a_row_says_its_labels_and_settings():
    right = {"P9a", "P9b", "O10f"}
    for id in ROWS:
        verdict = claims.CLAIMS.answer(id)
        assert verdict.what.endswith(f"tuned, {RIGHT if id in right else WRONG}")
        assert verdict.note.endswith("(at the edge of what was tried)")


def test_controls_read_the_columns_that_they_name():
    runs = rows(ONE=[0.6, 0.7], alone=[0.5, 0.65])
    first = runs[runs["choice"] == "15 epochs"]
    one = claims.above("P9a", first, "ONE", "alone", "here")
    assert one.line.startswith("P9a  HOLDS  one net: ONE - alone, here: +10.03 points")
    joint = claims.above("P9b", first, "ONE", "alone", "there", column="together")
    assert joint.line.startswith("P9b  HOLDS  all three: ONE - alone, there: +10.03")
    tuned = claims.tuned("P9a", runs, "ONE", "alone", "so")
    assert tuned.effect == pytest.approx(100 * 0.1 + 1 / 30)
    assert tuned.note == "both: 15 epochs (at the edge of what was tried)"
    together = claims.tuned("P9b", runs, "ONE", "alone", "so", column="together")
    assert together.effect == pytest.approx(100 * 0.05 + 1 / 30)
    assert together.note.startswith("both: 5 epochs")


def test_columns_of_one_arm_are_paired_by_seed():
    runs = rows(ONE=[0.6], alone=[0.5]).sample(frac=1, random_state=1)
    columns = "together", "average"
    gap = claims.within("P9e", runs, "ONE", columns, "gated - mean")
    assert gap.differences == pytest.approx((1, 1, 1))
    assert gap.what == "gated - mean"


def test_a_third_of_the_rate_is_compared_with_the_rate():
    slow = {"choice": {"5 epochs": "a third of the rate"}}
    runs = rows(ONE=[0.6, 0.7], alone=[0.5, 0.9]).replace(slow)
    same = claims.slower(runs, "alone")
    assert same.effect == pytest.approx(40)
    assert same.claim == "O10f"
    rates = "alone, a third of the rate - alone, 15 epochs"
    assert same.what == f"one net: {rates}, {WRONG}"
    assert claims.slower(runs, "alone", "ONE").effect == pytest.approx(30 - 1 / 30)
    first = kept_rows.at(runs, choice="15 epochs")
    assert set(first["choice"]) == {"15 epochs"}
    assert len(first) == 6


def test_the_order_of_the_parts():
    parts = {"no distillation": [0.5], "no sharing": [0.6], "no gate": [0.69]}
    judged = claims.order(rows(ONE=[0.7], **parts), "x")
    assert [round(verdict.effect) for verdict in judged] == [10, 19, 9]


def test_noise_costs_an_arm_more_than_one():
    why = pd.DataFrame(
        {"arm": arm, "seed": seed, "r": mean + seed / 9}
        for arm, mean in (("x", 2), ("y", 4), ("ONE", 1))
        for seed in (0, 1)
    )
    judged = claims.rises(why, ("x", "y"), "r")
    assert [verdict.effect for verdict in judged] == pytest.approx([1, 3])
    assert {verdict.unit for verdict in judged} == {"nats"}
    assert judged[1].what == "r, of the training loss: y - ONE"


def test_sharing_is_told_beside_its_row():
    (sharing,) = claims.verdicts("parts: default settings")[1:2]
    assert sharing.claim == "P9d"
    assert sharing.what.startswith("one net: ONE - no sharing, default settings")
    assert sharing.n == 10


def test_controls_stand_beside_rows_and_none_is_told_twice():
    beside = claims.CLAIMS.beside()
    assert {verdict.claim for verdict in beside} <= set(ROWS)
    lines = [verdict.what for verdict in beside]
    lines += [claims.CLAIMS.answer(id).what for id in ROWS]
    assert len(set(lines)) == len(lines)

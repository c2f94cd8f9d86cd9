"""Notebook 11's answers: the comparison that a row names, the right way round."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from lessons.favoured import check_which_is_better

from kdsurvey.lessons.branched_nets import RIGHT, WRONG
from kdsurvey.lessons.feature_fusion import claims, pictures

ROWS = {  # row -> the arm and the column that it is for, and those of the other
    "P8a": (("FFL", "together"), ("FFL", "average")),
    "P8b": (("FFL", "accuracy"), ("one net", "accuracy")),
    "P8c": (("FFL", "accuracy"), ("FFL without ensemble KD", "accuracy")),
    "P8d": (("FFL", "accuracy"), ("FFL without fusion KD", "accuracy")),
    "P8e": (("flat and deep, FFL", "accuracy"), ("flat and deep, alone", "accuracy")),
    "O10g": (("alone", "accuracy"), ("FFL", "accuracy")),
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
    right = {"P8a", "O10g"}
    for id in ROWS:
        verdict = claims.CLAIMS.answer(id)
        assert verdict.what.endswith(f"tuned, {RIGHT if id in right else WRONG}")
        assert verdict.note.endswith("(at the edge of what was tried)")


def example() -> pd.DataFrame:
    """Two settings; "short" is better by validation for all but the fused classifier,
    the test says the opposite.

    "alone" had one try more.
    """
    base = {"train accuracy": 0.8, "branch 0": 0.0}
    rows = []
    for seed in range(5):
        for choice, up in (("15 epochs", 0.0), ("5 epochs", 0.1)):
            joint = {
                "validation accuracy": 0.5 + up,
                "validation together": 0.9 - up,
                "diversity": 0.1,
            }
            about = {"seed": seed, "choice": choice, **base, **joint}
            ffl = {"accuracy": 0.7 - up, "average": 0.8, "together": 0.6 - up}
            one = {"accuracy": 0.65, "average": 0.7, "together": 0.75}
            dml = {"accuracy": 0.6, "average": 0.7, "together": 0.7}
            alone = {"accuracy": 0.5, "average": 0.5, "together": 0.5, "diversity": 0.0}
            arms = {"FFL": ffl, "ONE": one, "DML": dml, "alone": alone}
            rows += [about | of | {"arm": arm} for arm, of in arms.items()]
        decayed = {"choice": "weight decay", "validation accuracy": 0.99}
        rows.append(rows[-1] | decayed | {"accuracy": 0.4})
    return pd.DataFrame(rows)


def test_answers_are_all_that_can_be_served():
    served = claims.answers(example())
    several = {f"{arm} (branch)" for arm in ("FFL", "ONE", "DML")}
    several |= {f"{arm} (average)" for arm in ("FFL", "ONE", "DML")}
    several |= {"FFL (fused)", "ONE (gated)"}
    assert set(served["arm"]) == {"alone"} | several
    joint = claims.answers(example()[lambda rows: rows["arm"] != "alone"])
    assert set(joint["arm"]) == several
    assert joint.notna().all().all()
    first = (served["seed"] == 0) & (served["choice"] == "15 epochs")
    long = served[first].set_index("arm")
    names = ["FFL (branch)", "FFL (average)", "FFL (fused)", "ONE (gated)"]
    assert long.loc[names, "accuracy"].tolist() == [0.7, 0.8, 0.6, 0.75]
    validation = long["validation accuracy"]
    assert validation[["FFL (fused)", "FFL (average)"]].tolist() == [0.9, 0.5]


def test_controls_are_read_at_one_setting_or_at_the_best_that_both_had():
    served = claims.answers(example())
    fused, mean, branch = "FFL (fused)", "FFL (average)", "FFL (branch)"
    long = claims.above("P8a", served, fused, mean, "here", "15 epochs")
    assert long.claim == "P8a"
    assert long.what == "FFL (fused) - FFL (average), default settings, here"
    assert long.effect == pytest.approx(-20)
    assert long.note == ""
    tuned = claims.above("P8b", served, branch, "alone", "there")
    assert tuned.effect == pytest.approx(10)
    assert tuned.what == "FFL (branch) - alone, tuned, there"
    assert tuned.note == "both: 5 epochs (at the edge of what was tried)"
    apart = claims.above("P8b", served, fused, "alone", "there")  # each at its own
    assert apart.effect == pytest.approx(10)
    assert apart.note.startswith("FFL (fused): 15 epochs; alone: 5 epochs")


def test_a_table_has_the_settings_and_the_best_of_them():
    table = pictures.table(claims.answers(example()))
    assert list(table.columns) == ["15 epochs", "5 epochs", "weight decay", "its best"]
    branch = ["70.0 ± 0.0", "60.0 ± 0.0", "", "60.0 ± 0.0"]
    assert table.loc["FFL (branch)"].tolist() == branch
    assert table.loc["FFL (fused)", "its best"] == "60.0 ± 0.0"
    assert table.loc["alone", "its best"] == "40.0 ± 0.0"


def test_what_is_served_stands_beside_the_readers_nets():
    rows = example().assign(**{"branch 0": 0.123})
    shown = pictures.beside(rows).groupby("arm")["accuracy"].first()
    assert shown["FFL (branch)"] == 0.123 == shown["alone"]
    assert set(shown.index) <= set(pictures.SERVED) and "DML (branch)" not in shown
    fused = rows[(rows["arm"] == "FFL") & (rows["choice"] == "15 epochs")]
    assert shown["FFL (fused)"] == fused["together"].iloc[0]


def test_gains_are_paired_by_seed():
    rows = example()
    rows["accuracy"] += 0.01 * rows["seed"]
    rows.loc[(rows["arm"] == "FFL") & (rows["seed"] == 0), "accuracy"] += 0.05
    means, spread = pictures.gains(rows, ["FFL", "ONE"], "DML")
    assert means["branch"] == pytest.approx([11, 5]) and means[
        "fused"
    ] == pytest.approx([-10, 5])
    assert spread["branch"] == pytest.approx(
        [np.std([15, 10, 10, 10, 10], ddof=1), 0], abs=1e-9
    )


def test_what_one_arrow_brings_beside_the_other():
    four = {
        "FFL": 0.9,
        "FFL without ensemble KD": 0.7,
        "FFL without fusion KD": 0.65,
        "FFL without either": 0.6,
    }
    rows = [
        {"arm": f"{arm} (fused)", "seed": k, "choice": "15 epochs", "accuracy": a}
        for arm, a in four.items()
        for k in range(3)
    ]
    verdict = claims.interplay(pd.DataFrame(rows), "fused")
    assert verdict.effect == pytest.approx(15)
    assert "(fused), default settings" in verdict.what


def test_controls_stand_beside_rows_and_none_is_told_twice():
    beside = claims.CLAIMS.beside()
    assert {verdict.claim for verdict in beside} <= set(ROWS)
    assert all(verdict.n >= 5 for verdict in beside)
    told = [claims.CLAIMS.answer(id).differences for id in ROWS]
    told += [verdict.differences for verdict in beside]
    assert len(set(told)) == len(told)

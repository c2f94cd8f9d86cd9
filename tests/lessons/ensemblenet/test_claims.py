"""Notebook 12's answers, and its diagnostics: what is compared, the right way round."""

from functools import partial

import pandas as pd
import pytest
from lessons.ensemblenet.given import budget_rows, lambda_rows
from lessons.favoured import check_which_is_better

from kdsurvey.lessons.branched_nets import RIGHT
from kdsurvey.lessons.ensemblenet import claims, pictures
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Exact


def test_every_row_is_answered_that_can_be():
    assert claims.CLAIMS.rows() == ["P10a", "P10c"]


def test_ensemble_and_distillation_are_one_loss_for_mean_logits_alone():
    answer = claims.CLAIMS.answer("P10a")
    assert isinstance(answer, Exact)
    assert answer.word == "EXACT"
    assert claims.identity_gap(seed=7) < 1e-14
    assert claims.identity_gap("probabilities") > 1e-2


@pytest.mark.parametrize("which", [0, 1])
def test_a_smaller_net_is_better_or_worse(which, monkeypatch):
    judge = partial(claims.CLAIMS.answer, "P10c")
    sides = ("thin heads", "average"), ("one net", "average")
    verdict = check_which_is_better(monkeypatch, judge, sides, which)
    assert verdict.what.endswith(f"budget 15, {RIGHT}")
    assert "(at the edge of what was tried)" in verdict.note


def test_lambdas_are_judged_at_a_rate_or_at_the_best_one():
    rows = lambda_rows()
    usual = at(rows, rate="the rate")
    assert set(claims.tuned(rows)["rate"]) == {"a third of it"}
    assert set(claims.tuned(rows, "together")["rate"]) == {"the rate"}
    chosen = claims.tuned(rows.assign(choice=rows["rate"]), setting="choice")
    assert set(chosen["rate"]) == {"three times it"}
    verdict = claims.above(usual, 2.0, 1.0, where="there")
    assert verdict.what == "heads, lambda = 2 - lambda = 1, there"
    assert verdict.claim == "P10b"
    assert verdict.effect == pytest.approx(1)
    assert claims.above(usual, 0.5, 1.0, "diversity").unit == "nats"
    runs = claims.rated(rows, 1.0)
    apart = claims.above(runs, "the rate", "a third of it", "together", where="so")
    assert apart.what == "ensemble, the rate - a third of it, so"
    assert apart.effect == pytest.approx(20)
    best = claims.best_rate(rows, 2.0, 1.0)
    assert best.note == "both: a third of it; of two rates"
    table = pictures.in_percent(rows)
    assert table[pictures.COLUMNS].iloc[0].tolist() == pytest.approx([90, 90, 50, 10])


def test_the_best_try_within_a_budget():
    rows = budget_rows()
    epochs = {
        (budget, joint): set(claims.best(rows, budget, joint)["epochs"])
        for budget in (6, 15, 45)
        for joint in (0, 1)
    }
    assert epochs == {
        (6, 0): {6},
        (15, 0): {15},
        (45, 0): {45},
        (6, 1): {6},
        (15, 1): {6},
        (45, 1): {45},
    }
    changes = {"setting": "as it comes", "epochs": 15, "validation accuracy": 1}
    equal = claims.equal_steps(pd.concat([rows, rows.assign(**changes)]))
    assert set(equal["setting"]) == {"weight decay"}
    assert set(equal["epochs"]) == {15}


@pytest.mark.parametrize(
    ("a", "b", "effect"),
    [
        ("ONE, together", "one net", 20),
        ("ONE, together", "one net, together", -10),
        ("ONE, together", "ONE", 30),
        ("ONE", "one net", -10),
    ],
)
def test_which_of_two_answer_together(a, b, effect):
    verdict = claims.within("O12a", budget_rows(), 15, a, b, labels="so")
    assert verdict.claim == "O12a"
    assert verdict.effect == pytest.approx(effect)
    assert verdict.what == f"{a} - {b}, budget 15, so"


def test_diagnostics_within_a_budget():
    rows = budget_rows()
    single, other = claims.served(rows, 15, ("ONE", "label smoothing"), "so")
    assert single.what == "ONE - one net, budget 15, so"
    assert single.effect == pytest.approx(-10)
    assert single.note == "both: weight decay, 15 epochs"
    assert [single.claim, other.claim] == ["P9a", "O7b"]
    assert other.what == "label smoothing - one net, budget 15, so"
    others = "one net", "label smoothing", "DML, together"
    judged = [claims.together(rows, 15, ["ONE"], than=b, labels="so") for b in others]
    assert [verdict.what for (verdict,) in judged] == [
        "ONE, together - one net, budget 15, so",
        "ONE, together - label smoothing, budget 15, so",
        "ONE, together - DML, together, budget 15, so",
    ]
    assert [verdict.effect for (verdict,) in judged] == pytest.approx([20, 30, 0])
    assert {verdict.claim for (verdict,) in judged} == {"O12a"}


def test_no_line_is_told_twice():
    lines = [verdict.what for verdict in claims.CLAIMS.beside()]
    lines += [claims.CLAIMS.answer(id).what for id in claims.CLAIMS.rows()]
    assert len(lines) > 60
    assert len(set(lines)) == len(lines)

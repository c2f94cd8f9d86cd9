"""Notebook 04's answers: the comparison that a row names, the right way round."""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.fitnets import claims
from kdsurvey.lessons.fitnets.experiments import DEPTHS, MAIN

SEEDS = 8
COMPARED = {  # row -> the arm that it is for, and the other
    "P1a": ("hints, then KD", "KD"),
    "P1b": ("KD", "labels"),
    "P1c": ("hints, then KD", "KD"),
    "P1d": ("hints, then KD", "both at once"),
    "O10b": ("labels", "hints, then KD"),
}


def record(best: str) -> pd.DataFrame:
    """One arm is the best at every depth; with ten layers only that one learns."""
    rows = []
    for k, arm in enumerate(MAIN):
        for depth in DEPTHS:
            usual = 0.8 if depth < 10 else 0.1
            for seed in range(SEEDS):
                share = (0.9 if arm == best else usual) + 0.001 * (seed * (k + 2) % 5)
                about = {"arm": arm, "depth": depth, "start": "PyTorch's"}
                about |= {"choice": 0, "knob": 0.2}
                shares = {"accuracy": share, "validation accuracy": share}
                rows.append({**about, "seed": seed, **shares})
    return pd.DataFrame(rows)


def test_every_row_is_answered():
    assert claims.CLAIMS.rows() == list(COMPARED)


@pytest.mark.parametrize("id", COMPARED)
def test_a_row_holds_where_its_arm_is_better_and_fails_where_the_other_is(
    id, monkeypatch
):
    words = []
    for best in COMPARED[id]:
        made = record(best)
        monkeypatch.setattr(records, "recorded", lambda name, made=made: made)
        words.append(claims.CLAIMS.answer(id).word)
    assert words == ["HOLDS", "FAILS"]


def test_the_deepest_that_was_tried_is_a_bound(monkeypatch):
    monkeypatch.setattr(records, "recorded", lambda name: record("hints, then KD"))
    deepest = claims.CLAIMS.answer("P1a")
    assert deepest.effect == 2 and "at least +2 hidden layers" in deepest.line
    equal = claims.CLAIMS.answer("P1b")
    assert equal.effect == 0 and equal.word == "NOT RESOLVED" and not equal.bound


def test_a_line_beside_the_answers_says_which_settings_it_has():
    lines = claims.CLAIMS.beside()
    assert all(claims.BEST in v.what or "default" in v.what for v in lines)


def test_a_choice_at_the_edge_is_said():
    rows = pd.DataFrame(
        {"arm": arm, "seed": seed, "knob": knob}
        for arm, knobs in (("KD", (0.01, 0.01, 0.02)), ("labels", (0.02, 0.02, 0.08)))
        for seed, knob in enumerate(knobs)
    )
    assert claims._edges(rows, "KD", "labels") == "KD mostly at 0.01, the lowest tried"

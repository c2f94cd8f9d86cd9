"""Notebook 07: every row of the claims is answered by the arms that it names, in the sign
that it has, at the settings and with the labels that it speaks of.
"""

from functools import partial

import pandas as pd
import pytest
from lessons.favoured import check_first_is_better, pairs

from kdsurvey import records
from kdsurvey.lessons.mutual_learning import claims
from kdsurvey.lessons.mutual_learning.claims import CLAIMS

ARMS = {
    "P5a": ("DML", "alone"),
    "P5b": ("DML", "one-way"),
    "P5d": ("K = 5, mean", "K = 2, mean"),
    "O10c": ("alone", "DML"),
}
RECORDS = {  # where the row's regime is recorded
    "P5a": "dml_clean",
    "P5b": "dml_clean",
    "P5d": "dml_number",
    "O10c": "dml_clean",
}


def of_record(id: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return of the rows what the row's record would have: right labels; one weight,
    but for the number of peers.
    """
    rows = rows[rows["noise"] == 0]
    if RECORDS[id] != "dml_number":
        rows = rows[rows["weight"] == 1]
    return rows


def recorded(monkeypatch, id: str, rows: pd.DataFrame) -> None:
    """Let the record of a row be those rows; there is no other."""
    by_name = {RECORDS[id]: of_record(id, rows)}
    monkeypatch.setattr(records, "recorded", by_name.__getitem__)


@pytest.mark.parametrize("id", ARMS)
def test_a_row_holds_where_its_first_arm_is_better(id, monkeypatch):
    check_first_is_better(CLAIMS, id, ARMS[id], partial(recorded, monkeypatch, id))


def test_a_choice_at_the_edge_is_said(monkeypatch):
    recorded(monkeypatch, "P5a", pairs("DML", "alone", 0.05, "5 epochs"))
    note = "each chose 5 epochs, the shortest tried"
    assert CLAIMS.answer("P5a").note == note
    rows = pairs("DML", "one-way", 0.05)
    choices = rows["choice"].where(rows["arm"] == "DML", "40 epochs")
    one_at_edge = rows.assign(choice=choices).query("`validation accuracy` == 0.9")
    recorded(monkeypatch, "P5b", one_at_edge)
    note = "one-way chose 40 epochs, the longest tried"
    assert CLAIMS.answer("P5b").note == note


@pytest.mark.parametrize(("small", "word"), [(0.2, "HOLDS"), (0.0, "FAILS")])
def test_the_small_one_gains_most(monkeypatch, small, word):
    gains = {"small": small, "big": 0.1}
    rows = pd.DataFrame(
        {
            "arm": f"{size}, {arm}",
            "seed": seed,
            "choice": "20 epochs",
            "validation accuracy": 0.9,
            "accuracy": 0.5 + (gain + seed * gain / 100) * (arm == "DML"),
        }
        for size, gain in gains.items()
        for arm in ("DML", "alone")
        for seed in range(5)
    )
    monkeypatch.setattr(records, "recorded", lambda name: rows)
    assert CLAIMS.answer("P5c").word == word


@pytest.mark.parametrize(("rise", "word"), [(0.2, "HOLDS"), (0.6, "FAILS")])
def test_a_flatter_minimum_rises_less(monkeypatch, rise, word):
    rises = {claims.MATCHED: 0.4, "DML": rise, "alone": 0.0}
    rows = pd.DataFrame(
        {"arm": arm, "seed": seed, "rise, relative": value * (1 + seed / 100)}
        for arm, value in rises.items()
        for seed in range(5)
    )
    monkeypatch.setattr(records, "recorded", lambda name: rows)
    assert CLAIMS.answer("P5f").word == word


def test_two_targets_have_one_slope():
    assert claims.slopes_apart() < 1e-15
    assert CLAIMS.answer("P5e").word == "EXACT"


def test_another_target_would_have_another_slope(monkeypatch):
    real = claims.kl
    monkeypatch.setattr(claims, "kl", lambda v, z: real(v, z) ** 2)
    assert CLAIMS.answer("P5e").word == "FAILS"


def test_every_answer_is_there():
    assert set(CLAIMS.rows()) == {*ARMS, "P5c", "P5e", "P5f"}


def test_every_control_stands_once_and_beside_a_row_of_the_lesson():
    lines = CLAIMS.beside()
    assert len({line.line for line in lines}) == len(lines)
    assert {line.claim for line in lines} <= set(CLAIMS.rows())

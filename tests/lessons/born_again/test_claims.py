"""Notebook 08: every row of the claims is answered by the arms that it names, in the sign
that it has, at the settings and with the labels that it speaks of.
"""

import itertools

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.born_again.claims import CLAIMS, CLEAN, LONG, NOISY

ARMS = {
    "P6a": ("BAN", "alone"),
    "P6b": ("BAN", "BAN+L"),
    "P6d": ("generations 1-3", "3 nets alone"),
    "P6e": ("CWTM", "alone"),
    "P6f": ("DKPP", "alone"),
    "O7c": ("DKPP", "BAN"),
    "O7d": ("CWTM", "BAN"),
    "O10d": ("alone", "BAN"),
}
PREFERRED = {LONG: 0.9, "10 epochs": 0.5}  # setting -> validation accuracy


def digits(a: str, b: str, gain: float) -> pd.DataFrame:
    """Make rows in which arm a is better by `gain` where labels are right and both have
    the preferred setting; everywhere else it is worse by as much.
    """
    rows = []
    for labels, setting, seed in itertools.product((CLEAN, NOISY), PREFERRED, range(4)):
        here = labels == CLEAN and setting == LONG
        better = (gain if here else -gain) + seed / 2000
        for arm, accuracy in ((a, 0.5 + better), (b, 0.5)):
            row = {"labels": labels, "setting": setting, "seed": seed, "arm": arm}
            measured = {
                "accuracy": accuracy + seed / 100,
                "validation accuracy": PREFERRED[setting],
            }
            rows.append(row | measured)
    return pd.DataFrame(rows)


def recorded(monkeypatch, rows: pd.DataFrame) -> None:
    """Let every record be those rows; generations have one setting."""

    def read(name: str) -> pd.DataFrame:
        if name != "ban_generations":
            return rows
        return rows[rows["setting"] == LONG].drop(columns="setting")

    monkeypatch.setattr(records, "recorded", read)


@pytest.mark.parametrize("id", ARMS)
def test_a_row_holds_where_its_first_arm_is_better(id, monkeypatch):
    recorded(monkeypatch, digits(*ARMS[id], gain=0.05))
    answer = CLAIMS.answer(id)
    assert answer.word == "HOLDS" and answer.effect == pytest.approx(5.075)
    assert all(arm in answer.what for arm in ARMS[id])
    recorded(monkeypatch, digits(*ARMS[id], gain=-0.05))
    assert CLAIMS.answer(id).word == "FAILS"


def test_generations_saturate_where_the_third_is_the_first(monkeypatch):
    words = {}
    for gain in (0.0, 0.05, -0.05):
        recorded(monkeypatch, digits("generation 3", "generation 1", gain))
        words[gain] = CLAIMS.answer("P6c").word
    assert words == {0.0: "HOLDS", 0.05: "FAILS", -0.05: "FAILS"}


def test_in_language_both_are_at_their_best_on_validation_text(monkeypatch):
    perplexities = {  # on validation text, on test text
        ("alone", "12 epochs"): (11, 5),
        ("alone", "7 epochs"): (10, 10),
        ("BAN+L", "12 epochs"): (9, 9),
        ("BAN+L", "4 epochs"): (10, 20),
    }
    rows = pd.DataFrame(
        {
            "arm": arm,
            "setting": setting,
            "seed": seed,
            "validation perplexity": validation,
            "perplexity": test + seed * (1.1 if arm == "alone" else 1),
        }
        for (arm, setting), (validation, test) in perplexities.items()
        for seed in range(4)
    )
    by_name = {
        "ban_language": rows[rows["setting"] != "7 epochs"],
        "ban_language_alone": rows[rows["setting"] == "7 epochs"],
    }
    monkeypatch.setattr(records, "recorded", by_name.__getitem__)
    answer = CLAIMS.answer("P6g")
    assert answer.word == "HOLDS" and answer.effect == pytest.approx(1.15)


def test_a_choice_at_the_edge_is_said(monkeypatch):
    rows = digits("BAN", "alone", 0.05)
    recorded(monkeypatch, rows)
    edge = "each chose 40 epochs, the longest tried"
    assert CLAIMS.answer("P6a").note == edge
    inside = rows["setting"].replace({LONG: "20 epochs"})
    recorded(monkeypatch, rows.assign(setting=inside))
    assert CLAIMS.answer("P6a").note == ""


def test_every_answer_is_there():
    assert set(CLAIMS.rows()) == {*ARMS, "P6c", "P6g"}
    assert {CLAIMS.answer(id).n for id in CLAIMS.rows()} == {5, 8}


def test_every_control_stands_once_and_beside_a_row_of_the_lesson():
    lines = CLAIMS.beside()
    assert len({line.line for line in lines}) == len(lines)
    assert all(line.n >= 5 for line in lines)
    assert {line.claim for line in lines} <= {
        *CLAIMS.rows(),
        "O7a",
        "O7b",
        "O7e",
        "O12a",
    }

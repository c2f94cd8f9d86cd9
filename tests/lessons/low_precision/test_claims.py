"""Notebook 09: every row of the claims is answered by the arms that it names, in the sign
that it has, at the settings that it speaks of.
"""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.low_precision.claims import CLAIMS, NEVER

SEEDS = range(6)
LATE = [0.1] * 11 + [0.8]  # validation accuracy by epoch
EARLY = [0.1] * 5 + [0.8] * 7
TOO_LOW = [0.1] * 12


def tries(arm: str, *settings: tuple, curve=LATE) -> list[dict]:
    """Make rows of an arm: (knob, validation accuracy, accuracy) of each setting."""
    return [
        {
            "arm": arm,
            "seed": seed,
            "choice": choice,
            "knob": knob,
            "validation accuracy": validation,
            "accuracy": accuracy + seed * (0.01 if arm[0] in "AC" else 0.0101),
            "curve": curve,
        }
        for choice, (knob, validation, accuracy) in enumerate(settings)
        for seed in SEEDS
    ]


def answer(monkeypatch, id: str, rows: list[dict]):
    """Answer a row from these rows, whatever record it asks for."""
    monkeypatch.setattr(records, "recorded", lambda name: pd.DataFrame(rows))
    return CLAIMS.answer(id)


@pytest.mark.parametrize(("share", "word"), [(0.6, "HOLDS"), (0.4, "FAILS")])
def test_a_teacher_wins_back_where_a_is_above_no_teacher(monkeypatch, share, word):
    alone = tries("no teacher", (0.1, 0.9, 0.5), (0.2, 0.1, 0.99))
    rows = tries("A", (0.1, 0.1, 0.5), (0.2, 0.9, share)) + alone
    assert answer(monkeypatch, "P7a", rows).word == word


@pytest.mark.parametrize(("share", "word"), [(0.8, "HOLDS"), (0.6, "FAILS")])
def test_c_is_best_at_a_low_rate_against_the_better_of_a_and_b(
    monkeypatch, share, word
):
    at_full_rate = (1.0, 0.99, 0.7)
    rows = tries("C", (0.1, 0.5, 0.7), (0.3, 0.9, share), at_full_rate)
    rows += tries("A", (0.1, 0.6, 0.9)) + tries("B", (0.1, 0.5, 0.1), (0.2, 0.8, 0.7))
    found = answer(monkeypatch, "P7b", rows)
    assert found.word == word
    assert "0.3 of the rate" in found.what and "highest low rate" in found.note


def test_b_is_faster_where_it_comes_sooner_to_the_end_of_a(monkeypatch):
    setting = (0.1, 0.9, 0.5)
    rows = tries("A", setting) + tries("B", setting, curve=EARLY)
    found = answer(monkeypatch, "P7c", rows)
    assert found.word == "HOLDS" and set(found.differences) == {6} and not found.note
    rows = tries("A", setting) + tries("B", setting, curve=TOO_LOW)
    found = answer(monkeypatch, "P7c", rows)
    assert found.word == "FAILS" and set(found.differences) == {12 - NEVER}
    assert "never got there at 6 seeds" in found.note


def test_precision_and_depth_of_a_teacher_are_told_apart(monkeypatch):
    def rows(precise: float, deep: float) -> list[dict]:
        return [
            {
                "arm": f"{bits}, {layers} layers",
                "seed": seed,
                "accuracy": 0.5
                + (precise + seed / 1000) * (bits == "full precision")
                + deep * (layers == 6),
            }
            for bits in ("full precision", "ternary")
            for layers in (2, 6)
            for seed in SEEDS
        ]

    found = answer(monkeypatch, "P7d", rows(0.05, 0.02))
    assert found.word == "HOLDS" and found.effect == pytest.approx(3.25)
    assert answer(monkeypatch, "P7d", rows(0.02, 0.05)).word == "FAILS"


@pytest.mark.parametrize(("id", "step"), [("O5a", "P"), ("O5b", "Q")])
def test_a_distilled_net_loses_as_much_as_another(monkeypatch, id, step):
    def rows(lost: float) -> list[dict]:
        shares = {"D": 0.9, f"D{step}": 0.9 - lost, "LLL": 0.8, step: 0.7}
        return [
            {"arm": arm, "seed": seed, "accuracy": share + seed / 2000 * (arm == "D")}
            for arm, share in shares.items()
            for seed in SEEDS
        ]

    assert answer(monkeypatch, id, rows(0.1)).word == "HOLDS"
    more = answer(monkeypatch, id, rows(0.2))
    assert more.word == "FAILS" and more.effect == pytest.approx(10.125)
    assert answer(monkeypatch, id, rows(0.0)).word == "FAILS"


@pytest.mark.parametrize(("share", "word"), [(0.6, "HOLDS"), (0.4, "FAILS")])
def test_alone_catches_up_by_the_better_of_two_routes(monkeypatch, share, word):
    rows = tries("no teacher, 2E", (0.1, 0.5, 0.9)) + tries(
        "C, no teacher", (0.1, 0.5, 0.9), (0.3, 0.9, share)
    )
    rows += tries("B, 2E", (0.1, 0.9, 0.5)) + tries("C", (0.1, 0.8, 0.9))
    assert answer(monkeypatch, "O10e", rows).word == word


def test_every_answer_is_there():
    assert set(CLAIMS.rows()) == {"P7a", "P7b", "P7c", "P7d", "O5a", "O5b", "O10e"}
    assert {CLAIMS.answer(id).n for id in CLAIMS.rows()} == {8}


def test_every_control_stands_once_and_beside_a_row_of_the_lesson():
    lines = CLAIMS.beside()
    assert len({line.line for line in lines}) == len(lines)
    assert {line.claim for line in lines} <= {*CLAIMS.rows(), "O5c"}

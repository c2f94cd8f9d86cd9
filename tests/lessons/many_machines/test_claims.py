"""Notebook 15: every row of the claims is answered by the arms that it names, in the sign
that it has, at the settings and with the labels that it speaks of.
"""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.many_machines.claims import CLAIMS

ARMS = {
    "O16a": ("every 10", "never"),
    "O16b": ("every 100", "every 1"),
    "O16d": ("every 10", "never"),
}
RECORDS = {  # where the row's regime is recorded
    "O16a": "codistil_stale",
    "O16b": "codistil_stale",
    "O16d": "codistil_runs",
}


def pairs(a: str, b: str, gain: float) -> pd.DataFrame:
    """Make rows in which arm a is better by `gain` at the setting that validation images
    prefer, with right labels; everywhere else it is worse by as much.
    """
    rows = []
    for preferred, noise in ((True, 0.0), (False, 0.0), (True, 0.2)):
        for seed in range(5):
            better = (gain if preferred and not noise else -gain) + seed / 2000
            about = {
                "seed": seed,
                "noise": noise,
                "choice": "20 epochs" if preferred else "weight decay",
                "validation accuracy": 0.9 if preferred else 0.1,
            }
            for arm, share in ((a, 0.5 + better), (b, 0.5)):
                measured = {"accuracy": share, "two runs agree": share}
                rows.append({"arm": arm} | about | measured)
    return pd.DataFrame(rows)


def recorded(monkeypatch, id: str, rows: pd.DataFrame) -> None:
    """Let the record of a row be those rows, of one kind of labels where it has one; there
    is no other.
    """
    if RECORDS[id] == "codistil_runs":
        rows = rows[rows["noise"] == 0]
    monkeypatch.setattr(records, "recorded", {RECORDS[id]: rows}.__getitem__)


@pytest.mark.parametrize("id", ARMS)
def test_a_row_holds_where_its_first_arm_is_better(id, monkeypatch):
    recorded(monkeypatch, id, pairs(*ARMS[id], gain=0.05))
    answer = CLAIMS.answer(id)
    assert answer.word == "HOLDS" and answer.effect == pytest.approx(5.1)
    assert answer.note == ""
    recorded(monkeypatch, id, pairs(*ARMS[id], gain=-0.05))
    assert CLAIMS.answer(id).word == "FAILS"


def test_every_answer_is_there():
    assert set(CLAIMS.rows()) == set(ARMS)


def test_every_control_stands_once_and_beside_a_row_of_the_lesson():
    lines = CLAIMS.beside()
    assert len({line.line for line in lines}) == len(lines)
    assert {line.claim for line in lines} <= set(CLAIMS.rows())

"""Notebook 15: every row of the claims is answered by the arms that it names, in the sign
that it has, at the settings and with the labels that it speaks of.
"""

from functools import partial

import pandas as pd
import pytest
from lessons.favoured import check_first_is_better

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


def recorded(monkeypatch, id: str, rows: pd.DataFrame) -> None:
    """Let the record of a row be those rows, of one weight, and of one kind of labels
    where it has one; there is no other.
    """
    rows = rows[rows["weight"] == 1]
    if RECORDS[id] == "codistil_runs":
        rows = rows[rows["noise"] == 0]
    monkeypatch.setattr(records, "recorded", {RECORDS[id]: rows}.__getitem__)


@pytest.mark.parametrize("id", ARMS)
def test_a_row_holds_where_its_first_arm_is_better(id, monkeypatch):
    check_first_is_better(CLAIMS, id, ARMS[id], partial(recorded, monkeypatch, id))


def test_every_answer_is_there():
    assert set(CLAIMS.rows()) == set(ARMS)


def test_every_control_stands_once_and_beside_a_row_of_the_lesson():
    lines = CLAIMS.beside()
    assert len({line.line for line in lines}) == len(lines)
    assert {line.claim for line in lines} <= set(CLAIMS.rows())

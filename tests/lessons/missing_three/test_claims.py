"""Notebook 03: every row of the claims is answered by the arm that it names, in the sign
that it has.
"""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.missing_three import claims
from kdsurvey.lessons.missing_three.claims import CLAIMS, MISSING, TWO


def made(arm: str, **columns: float) -> pd.DataFrame:
    """Make rows of four seeds of an arm, of 1,000 test images, 100 of them removed."""
    counts = {"n": 1000, "n removed": 100, "errors": 200, "errors corrected": 100}
    counts |= {name.replace("_", " "): value for name, value in columns.items()}
    varied = ("errors", "errors on removed", "errors corrected")
    return pd.DataFrame(
        {"arm": arm, "seed": seed}
        | {
            name: count + seed * (name in varied) * (1 + (name == "errors"))
            for name, count in counts.items()
        }
        for seed in range(4)
    )


@pytest.mark.parametrize(
    "id, arm, column, good, bad",
    [
        ("P2d", MISSING, "errors_on_removed", 10, 80),
        ("P2e", MISSING, "errors_corrected", 100, 300),
        ("P2f", TWO, "errors", 300, 900),
    ],
)
def test_a_row_holds_where_its_arm_is_better(id, arm, column, good, bad, monkeypatch):
    for count, word in ((good, "HOLDS"), (bad, "FAILS")):
        rows = made(arm, **{column: count})
        monkeypatch.setattr(records, "recorded", lambda name, rows=rows: rows)
        answer = CLAIMS.answer(id)
        assert answer.word == word and arm in answer.what


def test_shares_are_of_the_images_that_are_counted():
    rows = made(MISSING, errors_on_removed=10)
    assert claims.right(rows, MISSING).tolist() == [0.9, 0.89, 0.88, 0.87]
    assert claims.accuracy(rows, MISSING).tolist() == [0.8, 0.798, 0.796, 0.794]
    after = claims.accuracy(rows, MISSING, " corrected")
    assert after.tolist() == [0.9, 0.899, 0.898, 0.897]


def test_controls_stand_beside_the_rows_of_this_page():
    lines = CLAIMS.verdicts(*CLAIMS.groups())
    assert {line.claim for line in lines} == {"P2d", "P2e", "P2f"}
    rows = [CLAIMS.answer(id) for id in CLAIMS.rows()]
    assert not {row.differences for row in rows} & {v.differences for v in lines}

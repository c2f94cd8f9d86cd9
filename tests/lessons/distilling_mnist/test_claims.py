"""Notebook 02: every row of the claims is answered by the arms that it names, in the sign
that it has.
"""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.distilling_mnist import claims
from kdsurvey.lessons.distilling_mnist.claims import CLAIMS

ARMS = {  # row -> better arm, other arm
    "O4a": ("soft only", "hard only, lr 0.3"),
    "O6b": ("soft only", "hard only, stopped early"),
    "O10a": ("hard only, lr 0.3", "soft only"),
    "O12a": ("ensemble", "one member"),
    "O12b": ("distilled from the ensemble", "one member"),
}


def errors(counts: dict[str, float], **columns) -> pd.DataFrame:
    """Make rows of four seeds in which arms make so many errors of 1,000."""
    return pd.DataFrame(
        {"arm": arm, "seed": seed, "errors": count + seed * (k + 1), "n": 1000}
        | columns
        for k, (arm, count) in enumerate(counts.items())
        for seed in range(4)
    )


def rates() -> pd.DataFrame:
    """Make rows in which soft targets are best at 0.1 and labels at 0.3."""
    best = {"hard only": 0.3, "soft only": 0.1}
    return pd.DataFrame(
        {"arm": arm, "lr": lr, "seed": seed, "validation accuracy": 1 - abs(lr - at)}
        for arm, at in best.items()
        for lr in (0.03, 0.1, 0.3)
        for seed in range(4)
    )


def recorded(monkeypatch, rows: pd.DataFrame) -> None:
    """Let every record but that of the rates be those rows."""
    tables = {"learning_rates": rates()}
    monkeypatch.setattr(records, "recorded", lambda name: tables.get(name, rows))


@pytest.mark.parametrize("id", ARMS)
def test_a_row_holds_where_its_first_arm_makes_fewer_errors(id, monkeypatch):
    better, other = ARMS[id]
    others = {"hard only": 500, "hard only, jittered": 500}
    for counts, word in (((100, 150), "HOLDS"), ((150, 100), "FAILS")):
        recorded(monkeypatch, errors(dict(zip((better, other), counts)) | others))
        assert CLAIMS.answer(id).word == word


def test_the_gap_is_that_between_big_and_small_net(monkeypatch):
    for soft, word in ((60, "HOLDS"), (90, "FAILS")):
        counts = {"teacher": 50, "hard only": 100, "soft only": soft}
        recorded(monkeypatch, errors(counts))
        answer = CLAIMS.answer("P2a")
        assert answer.word == word
        assert answer.differences[0] == pytest.approx((100 - soft) / 50 - 0.5)


def test_wide_students_are_alike_within_the_margin(monkeypatch):
    for other, word in ((100, "HOLDS"), (150, "FAILS"), (50, "FAILS")):
        rows = errors({"T = 20": 100, "T = 8": other}, width=300)
        recorded(monkeypatch, rows[rows["seed"] < 3])
        rows.loc[rows["arm"] == "T = 8", "errors"] = other + rows["seed"] % 2
        rows.loc[rows["arm"] == "T = 20", "errors"] = 100
        recorded(monkeypatch, rows)
        assert CLAIMS.answer("P2c").word == word


def test_scrambled_images_are_judged_against_chance(monkeypatch):
    for count, word in ((200, "HOLDS"), (950, "FAILS")):
        recorded(monkeypatch, errors({"soft only, scrambled images": count}))
        assert CLAIMS.answer("O4d").word == word


def test_both_sides_have_their_best_rate_on_validation_images(monkeypatch):
    assert claims.best_rates() == {"hard only": 0.3, "soft only": 0.1}
    rows = claims.at_best_rates()
    assert len(rows) == 16 and not rows.duplicated(["arm", "seed"]).any()
    colder = rates().assign(lr=lambda table: table["lr"] / 10)
    monkeypatch.setattr(records, "recorded", lambda name: colder)
    with pytest.raises(ValueError, match="nets_compared has no arm for"):
        claims.at_best_rates()


def test_no_control_says_what_a_row_says():
    rows = [CLAIMS.answer(id) for id in CLAIMS.rows()]
    lines = CLAIMS.verdicts(*CLAIMS.groups())
    assert not {row.differences for row in rows} & {v.differences for v in lines}
    assert {v.claim for v in lines} <= {"P2a", "P2b", "O6a", "O7b"} | {
        "O4a",
        "O4b",
        "O4c",
        "O4d",
        "O6b",
        "O10a",
        "O12b",
    }

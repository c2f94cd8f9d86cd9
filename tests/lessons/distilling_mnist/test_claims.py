"""Notebook 02: every row of the claims is answered by the arms that it names, in the sign
that it has.
"""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.distilling_mnist import claims
from kdsurvey.lessons.distilling_mnist.claims import CLAIMS

ARMS = {  # row -> better arm, other arm
    "O6b": ("soft only", "hard only, stopped early"),
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


BEST = {  # row of `softer_labels` -> better arm, other arm
    "O4a": ("soft only", "labels"),
    "O4b": ("soft + hard", "labels"),
    "O7a": ("poor teacher", "label smoothing"),
    "O7b": ("label smoothing", "soft + hard"),
    "O9a": ("labels, jittered", "soft + hard"),
    "O10a": ("labels", "soft + hard"),
}
OTHERS = ("labels", "soft only", "soft + hard", "label smoothing", "labels, jittered")
OTHERS += ("poor teacher", "soft + hard, jittered", "virtual teacher")


def at_rates(accuracy: dict[str, float], best: float = 0.2) -> pd.DataFrame:
    """Make rows of `softer_labels` in which every arm is best at one rate on validation
    images; at another its accuracy on test images is 1.
    """
    rows = []
    for arm in OTHERS:
        for lr in (0.05, 0.2, 0.8):
            for seed in range(4):
                share = accuracy.get(arm, 0.3) + seed / 4000 * OTHERS.index(arm)
                row = {"arm": arm, "choice": f"lr {lr:g}", "lr": lr, "seed": seed}
                row["validation accuracy"] = share if lr == best else 0.1
                rows.append(row | {"accuracy": share if lr == best else 1.0})
    teacher = {"arm": "teacher", "choice": "", "seed": 0, "accuracy": 1.0}
    return pd.DataFrame([*rows, teacher | {"validation accuracy": 1.0}])


@pytest.mark.parametrize("id", BEST)
def test_a_row_compares_arms_at_their_best(id, monkeypatch):
    better, other = BEST[id]
    for shares, word in (((0.9, 0.8), "HOLDS"), ((0.8, 0.9), "FAILS")):
        recorded(monkeypatch, at_rates(dict(zip((better, other), shares))))
        answer = CLAIMS.answer(id)
        assert answer.word == word and answer.note == ""
        assert answer.effect == pytest.approx(100 * (shares[0] - shares[1]), abs=0.5)


def test_both_together_are_compared_with_the_better_of_the_two(monkeypatch):
    for better in ("soft only", "labels"):
        recorded(monkeypatch, at_rates({better: 0.8, "soft + hard": 0.9}))
        assert CLAIMS.answer("O4b").what.startswith(f"soft + hard - {better},")


def test_with_augmentation_a_teacher_may_add_nothing(monkeypatch):
    for both, word in ((0.9, "HOLDS"), (0.95, "FAILS"), (0.85, "FAILS")):
        shares = {"soft + hard, jittered": both, "labels, jittered": 0.9}
        recorded(monkeypatch, at_rates(shares))
        assert CLAIMS.answer("O9b").word == word


def test_a_rate_at_the_edge_is_said(monkeypatch):
    recorded(monkeypatch, at_rates({}, best=0.8))
    assert CLAIMS.answer("O10a").note == "each chose 0.8, the highest rate tried"


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
    kept = records.recorded("nets_compared")
    for arm, name in {
        "hard only": "hard only, lr 0.3",
        "soft only": "soft only",
    }.items():
        found, wanted = rows[rows["arm"] == arm], kept[kept["arm"] == name]
        assert list(found["errors"]) == list(wanted["errors"])
    colder = rates().assign(lr=lambda table: table["lr"] / 10)
    monkeypatch.setattr(records, "recorded", lambda name: colder)
    with pytest.raises(ValueError, match="nets_compared has no arm for"):
        claims.at_best_rates()


def test_no_control_says_what_a_row_says():
    rows = [CLAIMS.answer(id) for id in CLAIMS.rows()]
    lines = CLAIMS.verdicts(*CLAIMS.groups())
    assert not {row.differences for row in rows} & {v.differences for v in lines}
    assert {v.claim for v in lines} <= {"P2a", "P2b", "O6a", "O7a", "O7b", "O9a"} | {
        "O4a",
        "O4b",
        "O4c",
        "O4d",
        "O6b",
        "O10a",
        "O12b",
    }


def test_the_best_of_the_large_nets_says_where_a_rate_is_at_the_edge(monkeypatch):
    counts = {"hard only": 60, "hard only, lr 0.3": 50, "soft only": 40}
    recorded(monkeypatch, errors(counts))
    (line,) = CLAIMS.verdicts("800 units, best of four rates")
    assert line.word == "HOLDS" and line.note == ""
    monkeypatch.setattr(claims, "LARGE_EDGES", {0.3: "the highest rate tried"})
    (line,) = CLAIMS.verdicts("800 units, best of four rates")
    assert line.note == "hard only chose 0.3, the highest rate tried"

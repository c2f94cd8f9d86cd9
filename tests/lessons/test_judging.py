"""A lesson's rows and groups: which lines a notebook gets, in which order, and what they
say.
"""

import pandas as pd
import pytest

from kdsurvey.lessons import ledger
from kdsurvey.lessons.judging import Claims, above, below, primary, primary_values
from kdsurvey.verdicts import judge

SHARES = {
    "soft": [0.61, 0.62, 0.6],
    "hard": [0.50, 0.52, 0.51],
    "twin": [0.6, 0.62, 0.61],
}
ROWS = pd.DataFrame(
    {"arm": arm, "seed": seed, "accuracy": share, "errors": 100 - 100 * share}
    for arm, shares in SHARES.items()
    for seed, share in enumerate(shares)
)


@pytest.fixture
def claims(monkeypatch) -> Claims:
    """A lesson that answers two rows of P5, the only one there is."""
    claims = Claims()

    @claims.row("P5a")
    def _first():
        return primary("P5a", ROWS, "soft", "hard")

    @claims.group("aside")
    def _aside():
        return [above("P5a", ROWS, "hard", "soft")]

    @claims.row("P5b")
    def _last():
        return primary("P5b", ROWS, "soft", "twin")

    @claims.group("more")
    def _more():
        return [below("P5b", ROWS, "soft", "hard"), below("P5b", ROWS, "hard", "soft")]

    only_lesson(monkeypatch, {"02_made_up": claims})
    return claims


def only_lesson(monkeypatch, lessons: dict) -> None:
    for cached in (ledger.places, ledger.answers, ledger.beside):
        cached.cache_clear()
    monkeypatch.setattr(ledger, "lessons", lambda: lessons)


@pytest.fixture(autouse=True)
def _forget():
    yield
    for cached in (ledger.places, ledger.answers, ledger.beside):
        cached.cache_clear()


def effects(verdicts) -> list[float]:
    return [round(verdict.effect, 2) for verdict in verdicts]


def test_without_names_all_rows_come_and_nothing_else(claims):
    assert [verdict.claim for verdict in claims.verdicts()] == ["P5a", "P5b"]
    assert all(verdict.primary for verdict in claims.verdicts())
    assert claims.rows() == ["P5a", "P5b"] and claims.groups() == ["aside", "more"]


def test_lines_come_in_the_order_asked_for(claims):
    asked = claims.verdicts("more", "P5b", "aside", "P5a")
    assert effects(asked) == [10.0, -10.0, 0.0, -10.0, 10.0]
    assert [v.primary for v in asked] == [False, False, True, False, True]
    assert claims.beside() == claims.verdicts("aside", "more")


def test_rows_are_corrected_within_their_claim(claims):
    one, other = claims.verdicts("P5a", "P5b")
    assert one.tries == pytest.approx(2) and other.tries == pytest.approx(1)
    assert claims.answer("P5a").tries == 1


def test_the_table_says_how_a_row_is_judged(claims):
    """P2c is equal within 0.3 points, P1a a sign test over layers."""
    equal = primary(
        "P2c", ROWS, "soft", "twin", "{a} against {b} in {column}", note="n"
    )
    assert (equal.kind, equal.margin, equal.note) == ("equal", 0.3, "n")
    assert equal.what == "soft against twin in accuracy"
    depths = ROWS.assign(depth=[8, 10, 8, 4, 4, 6, 4, 4, 4])
    deeper = primary("P1a", depths, "soft", "hard", column="depth", edge=10)
    assert (deeper.test, deeper.unit, deeper.bound) == (
        "sign",
        "hidden layers",
        "at least",
    )
    assert deeper.differences == (4, 6, 2)


def test_values_are_judged_as_rows_are_or_against_one_number():
    soft, hard = SHARES["soft"], SHARES["hard"]
    told = primary_values("P5a", soft, hard, "soft - hard", note="n")
    assert told == primary("P5a", ROWS, "soft", "hard", note="n")
    half = primary_values("P2d", soft, 0.5, "soft - a half")
    assert half.effect == pytest.approx(11) and half.margin == 0.3
    depth = primary_values("P1a", [8, 10, 8], [4, 4, 6], "deeper", edge=10)
    assert (depth.test, depth.bound) == ("sign", "at least")


def test_verdicts_show_as_lines(claims):
    lines = repr(claims.verdicts("P5a", "more")).splitlines()
    assert lines == [verdict.line for verdict in claims.verdicts("P5a", "more")]


def test_a_name_that_is_not_there_is_named_with_those_that_are(claims):
    with pytest.raises(ValueError, match=r"\['middle'\].*P5a, P5b, aside, more"):
        claims.verdicts("P5a", "middle")


@pytest.mark.parametrize("name", ["P5b", "more"])
def test_two_rows_or_groups_never_share_a_name(claims, name):
    with pytest.raises(ValueError, match=f"'{name}'"):
        claims.group(name)
    with pytest.raises(ValueError, match=f"'{name}'"):
        claims.row(name)


def test_an_answer_to_another_row_is_refused():
    claims = Claims()
    claims.row("P5a")(lambda: judge("P5b", [0.1, 0.2, 0.4], [0.1, 0.1, 0.2], what="x"))
    with pytest.raises(ValueError, match="answer to P5a says that it is one to P5b"):
        claims.answer("P5a")


def test_above_subtracts_b_and_below_subtracts_a():
    more = above("P5a", ROWS, "soft", "hard", "{a} over {b}: {column}")
    assert more.what == "soft over hard: accuracy"
    assert more.effect == pytest.approx(10) and more.unit == "points"
    fewer = below("P5a", ROWS, "soft", "hard")
    assert fewer.what == "errors of hard - soft"
    assert fewer.effect == pytest.approx(10) and fewer.unit == "errors"
    assert fewer.word == "HOLDS"

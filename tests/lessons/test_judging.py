"""Claims in groups: which lines a notebook gets, which are counted, and what they say."""

import pandas as pd
import pytest

from kdsurvey.lessons.judging import Claims, above, below

ROWS = pd.DataFrame(
    {"arm": arm, "seed": seed, "accuracy": share + seed / 100, "errors": errors}
    for arm, share, errors in (("soft", 0.6, 3), ("hard", 0.5, 5))
    for seed in range(3)
)


@pytest.fixture
def claims() -> Claims:
    claims = Claims()

    @claims.group("first")
    def _first():
        return [above("P1", ROWS, "soft", "hard")]

    @claims.group("aside", counted=False)
    def _aside():
        return [above("O1", ROWS, "hard", "soft")]

    @claims.group("last")
    def _last():
        return [below("P2", ROWS, "soft", "hard"), below("P3", ROWS, "hard", "soft")]

    return claims


def ids(verdicts) -> list[str]:
    return [verdict.claim for verdict in verdicts]


def test_all_that_is_counted_comes_in_its_order_and_nothing_else(claims):
    assert ids(claims.verdicts()) == ["P1", "P2", "P3"]
    assert claims.groups() == ["first", "aside", "last"]
    assert claims.groups(counted=True) == ["first", "last"]
    assert claims.groups(counted=False) == ["aside"]


def test_groups_come_in_the_order_asked_for(claims):
    assert ids(claims.verdicts("last", "aside")) == ["P2", "P3", "O1"]


def test_verdicts_show_as_lines(claims):
    lines = repr(claims.verdicts("first", "last")).splitlines()
    assert lines == [verdict.line for verdict in claims.verdicts()]


def test_a_group_that_is_not_there_is_named_with_those_that_are(claims):
    with pytest.raises(ValueError, match=r"\['middle'\].*first, aside, last"):
        claims.verdicts("first", "middle")


def test_two_groups_never_share_a_name(claims):
    with pytest.raises(ValueError, match="'last'"):
        claims.group("last")


def test_above_subtracts_b_and_below_subtracts_a():
    more = above("P1", ROWS, "soft", "hard", "{a} over {b}: {column}")
    assert more.what == "soft over hard: accuracy"
    assert more.effect == pytest.approx(10) and more.unit == "points"
    fewer = below("P1", ROWS, "soft", "hard")
    assert fewer.what == "errors of hard - soft"
    assert fewer.effect == 2 and fewer.word == "HOLDS" and fewer.unit == "errors"

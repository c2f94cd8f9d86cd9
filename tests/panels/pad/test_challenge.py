"""An a that is almost a b: what is missing, and how much of it is done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdsurvey.panels.pad.challenge import attempt, with_article


@pytest.mark.parametrize(
    ("p", "share", "missing"),
    [
        ([0.55, 0.35, 0.10], 1.0, "done"),
        ([0.70, 0.15, 0.15], 0.5, "b has 0.15 of the 0.30 it needs"),
        ([0.60, 0.10, 0.30], 1 / 9, "the second answer is c, not b"),
        ([0.20, 0.40, 0.40], 0.5, "the first answer is b, not a"),
        ([1.00, 0.00, 0.00], 0.0, "b has 0.00 of the 0.30 it needs"),
        ([np.nan] * 3, 0.0, "nothing is drawn"),
    ],
)
def test_what_is_missing_and_how_much_is_done(p, share, missing):
    tried = attempt(p, 0, 1, "abc")
    assert (
        tried.share == pytest.approx(share)
        and tried.missing == missing
        and tried.done == (missing == "done")
    )


@given(st.lists(st.floats(0.001, 1), min_size=3, max_size=10), st.data())
def test_it_is_done_just_when_the_three_conditions_hold(p, data):
    p = np.array(p) / sum(p)
    a, b = data.draw(st.permutations(range(len(p))))[:2]
    others = np.delete(p, [a, b])
    assert attempt(p, a, b).done == bool(
        p[a] >= np.delete(p, a).max() and p[b] >= others.max() and p[b] >= 0.3
    )
    assert 0 <= attempt(p, a, b).share <= 1


def test_an_attempt_knows_its_classes():
    assert attempt([0.5, 0.5], 1, 1).missing == "choose two classes that differ"
    with pytest.raises(ValueError, match=r"classes 0 and 2 must lie in 0 ... 1"):
        attempt([0.5, 0.5], 0, 2)
    assert [with_article(name) for name in ("3", "8", "ant", "Bee", "18")] == [
        "a 3",
        "an 8",
        "an ant",
        "a Bee",
        "an 18",
    ]

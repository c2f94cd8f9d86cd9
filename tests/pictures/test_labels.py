"""Names at line ends, moved apart: a pure function of numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdsurvey.pictures.labels import apart, readable

HEIGHTS = st.lists(st.floats(0, 1), max_size=9).map(sorted)
GAPS = st.floats(0.01, 0.4)


@given(HEIGHTS, GAPS)
def test_no_name_covers_another_and_all_are_inside(heights, gap):
    placed = np.array(apart(heights, gap))
    room = min(gap, 1 / max(1, len(heights) - 1))
    assert len(placed) == len(heights)
    assert (np.diff(placed) >= room - 1e-9).all()
    assert ((placed >= -1e-9) & (placed <= 1 + 1e-9)).all()


@given(HEIGHTS, GAPS)
def test_names_that_are_far_apart_stay(heights, gap):
    if (np.diff(heights) >= gap).all():
        assert apart(heights, gap) == pytest.approx(heights)


@given(HEIGHTS, GAPS)
def test_names_move_as_little_as_can_be(heights, gap):
    """Moving one name, or all of them, a little further costs more: the least squares."""
    if (len(heights) - 1) * gap > 1:
        return
    placed = np.array(apart(heights, gap))
    cost = ((placed - heights) ** 2).sum()
    for step in (-0.01, 0.01):
        for first in range(len(heights)):
            for last in range(first + 1, len(heights) + 1):
                other = placed.copy()
                other[first:last] += step
                fits = (np.diff(other) >= gap - 1e-12).all()
                inside = ((other >= 0) & (other <= 1)).all()
                assert (
                    not (fits and inside)
                    or ((other - heights) ** 2).sum() >= cost - 1e-9
                )


def test_equal_heights_spread_around_their_place():
    assert apart([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.4, 0.5, 0.6])
    assert apart([0.98, 1.0], 0.1) == pytest.approx([0.9, 1.0])
    assert apart([0.0, 0.0], 0.1) == pytest.approx([0.0, 0.1])


def test_names_without_room_share_it():
    assert apart([0.5] * 5, 0.5) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert apart([], 0.1) == [] and apart([0.3], 0.1) == [0.3]


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (40, 40), (41, 21), (100, 34)])
def test_too_many_names_keep_every_kth(count, kept):
    names = readable(range(count))
    assert len(names) == count and sum(map(bool, names)) == kept
    assert all(name in ("", str(k)) for k, name in enumerate(names))


def test_a_name_that_no_picture_has_room_for_is_cut():
    assert readable(["a" * 60, "b" * 61, 3]) == ("a" * 60, "b" * 59 + "…", "3")

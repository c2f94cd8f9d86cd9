"""Round numbers for axes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdsurvey.pictures import limits

POSITIVE = st.floats(1e-6, 1e6)
SHARES = st.lists(st.floats(0, 100), min_size=1, max_size=9)


@given(POSITIVE)
def test_a_nice_ceiling_is_the_next_1_2_or_5_above(value):
    ceiling = limits.nice_ceiling(value)
    first = int(f"{ceiling:e}"[0])
    assert first in (1, 2, 5) and f"{ceiling:e}"[1:8] == ".000000"
    assert value < ceiling <= 2.5 * value * (1 + 1e-9)


@pytest.mark.parametrize(
    ("value", "ceiling"), [(1, 2), (0.99, 1), (5, 10), (0.013, 0.02)]
)
def test_some_nice_ceilings(value, ceiling):
    assert limits.nice_ceiling(value) == pytest.approx(ceiling)


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_a_nice_ceiling_of_nothing_is_refused(value):
    with pytest.raises(ValueError, match="positive"):
        limits.nice_ceiling(value)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(2, 10), st.booleans())
def test_ticks_are_few_even_and_inside(low, reach, most, whole):
    ticks = limits.ticks(low, low + reach, most, whole)
    assert len(ticks) <= most + 1
    assert all(low - 1e-6 * reach <= tick <= low + reach * (1 + 1e-6) for tick in ticks)
    gaps = [b - a for a, b in zip(ticks, ticks[1:])]
    assert all(gap == pytest.approx(gaps[0], rel=1e-2) for gap in gaps)
    assert not whole or all(tick == round(tick) for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 20, 6, [0, 5, 10, 15, 20]),
        (80, 100, 6, [80, 85, 90, 95, 100]),
        (0, 1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, -1, 4, [-1, -0.5, 0, 0.5, 1]),
        (3, 3, 6, [3]),
    ],
)
def test_ticks_that_a_reader_expects(low, high, most, ticks):
    assert limits.ticks(low, high, most) == ticks


def test_log_ticks_are_decades_and_their_parts_where_these_are_few():
    assert limits.log_ticks(1e-4, 10) == [1e-4, 1e-3, 1e-2, 0.1, 1, 10]
    assert limits.log_ticks(1, 10) == [1, 2, 5, 10]
    assert limits.log_ticks(0.4, 60) == [0.5, 1, 2, 5, 10, 20, 50]
    assert limits.log_ticks(3, 8) == [4, 6, 8]
    assert len(limits.log_ticks(1e-30, 1)) <= 9


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.2, "0.2"), (-5, "−5"), (1e-4, "0.0001"), (1e-5, "0.00001"), (1e6, "1000000")],
)
def test_numbers_of_ticks_are_written_out(value, text):
    assert limits.number(value) == text


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.071, ".2f", ".07"),
        (-0.5, "+.3f", "−.500"),
        (0.5, "+.1f", "+.5"),
        (-0.001, ".2f", "0"),
        (10.04, ".2f", "10.04"),
        (87.0, ".0f", "87"),
        (math.nan, ".2f", ""),
    ],
)
def test_short_numbers_over_bars(value, form, text):
    assert limits.short(value, form) == text


@given(SHARES)
def test_tens_lie_below_all_shares(shares):
    low, high = limits.tens(shares)
    assert low % 10 == 0 and 0 <= low <= 80 and high == 100
    assert low == 0 or low <= min(shares) - 2 + 1e-9


def test_tens_of_nothing_are_the_highest():
    assert limits.tens([]) == (80, 100)
    assert limits.tens([97, 71]) == (60, 100) and limits.tens([97, 72]) == (70, 100)
    assert limits.tens([72], room=0.3) == (60, 100) and limits.tens(
        [99], highest=90
    ) == (90, 100)


@given(st.lists(POSITIVE, min_size=1, max_size=9))
def test_decades_hold_all_values(values):
    low, high = limits.decades(values, lowest=-9)
    assert (
        low <= min(values) * (1 + 1e-9)
        and max(values) <= high * (1 + 1e-9)
        and high >= 10 * low * 0.999
    )


def test_decades_are_shown_in_any_case_and_never_below_the_lowest():
    assert limits.decades([0.5], bottom=-2, top=1) == (1e-2, 10)
    assert limits.decades([1e-9, 1]) == (1e-5, 1)
    assert limits.decades([0, math.nan]) == (1, 10)


def test_whole_multiples_around_values():
    assert limits.whole([81.2, 88], 5) == (80, 90)
    assert limits.whole([80], 5) == (80, 85)
    assert limits.whole([0.3, 1.6], 0.25) == (0.25, 1.75)


def test_limits_around_values():
    assert limits.around([0, 10]) == (-0.5, 10.5)
    assert limits.around([]) == (0, 1) and limits.around([], log=True) == pytest.approx(
        (0.089125, 1.122018), rel=1e-4
    )
    assert limits.around([2, math.nan, math.inf], 0) == (1, 3)
    low, high = limits.around([0.01, 100], 0.25, log=True)
    assert (low, high) == pytest.approx((1e-3, 1e3))

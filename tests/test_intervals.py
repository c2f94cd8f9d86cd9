"""Intervals and p-values are SciPy's, or counted by hand, up to their edges."""

import math

import numpy as np
import pytest
from scipy import stats

from kdsurvey import intervals

VALUES = [0.3, -0.1, 0.4, 0.8, 0.2, 0.5, -0.2]


def none(interval: tuple[float, float]) -> bool:
    return all(map(math.isnan, interval))


@pytest.mark.parametrize("n", [3, 5, 7])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_the_interval_of_a_mean_is_students(n, confidence):
    d = np.array(VALUES[:n])
    expected = stats.t.interval(confidence, n - 1, d.mean(), stats.sem(d))
    assert intervals.of_mean(d, confidence) == pytest.approx(expected)
    wider = stats.sem(d) * math.sqrt(n + 1)
    expected = stats.t.interval(confidence, n - 1, d.mean(), wider)
    assert intervals.of_next(d, confidence) == pytest.approx(expected)


def test_two_values_and_equal_ones_have_none():
    for of in (intervals.of_mean, intervals.of_next, intervals.of_median):
        assert none(of([1.0, 1.0, 1.0 + 1e-12], 0.9))
    assert none(intervals.of_mean([1.0, 2.0], 0.9))
    assert none(intervals.of_next([1.0, 2.0], 0.9))
    assert intervals.t_test([1.0, 2.0], 1.5) == 1 == intervals.t_test([1.0] * 5, 1.0)


def test_rounding_is_judged_by_the_size_of_the_numbers():
    assert intervals.spread([1e6, 1e6 + 1e-4]) == 0
    assert intervals.spread([1e6, 1e6 + 1e-2]) == pytest.approx(1e-2 / math.sqrt(2))
    assert intervals.spread([0.0, 2e-9]) > 0 == intervals.spread([0.0, 0.9e-9])


@pytest.mark.parametrize(
    ("n", "confidence", "places"),
    [
        (5, 0.95, None),  # 2 / 32 lies outside
        (6, 0.95, (0, 5)),
        (8, 0.95, (0, 7)),
        (9, 0.95, (1, 7)),
        (5, 0.9375, (0, 4)),
        (3, 0.5, (0, 2)),
        (4, 0.3, (1, 2)),
    ],
)
def test_the_interval_of_a_median_lies_between_order_statistics(n, confidence, places):
    values = np.arange(n) ** 2.0
    interval = intervals.of_median(values[::-1], confidence)
    if places is None:
        assert none(interval)
    else:
        assert interval == tuple(values[list(places)])


def test_the_p_value_of_a_mean_is_that_of_the_t_test():
    expected = stats.ttest_1samp(VALUES, 0.1).pvalue
    distance = abs(np.mean(VALUES) - 0.1)
    assert intervals.t_test(VALUES, distance) == pytest.approx(expected)
    assert intervals.t_test(VALUES[:3], 0.0) == 1
    assert intervals.t_test([1.0, 1.0 + 1e-8, 1.0 + 3e-8] * 99, 1e9) == 1e-300


@pytest.mark.parametrize(
    ("d", "signs"),
    [([1, -1], (1, 1)), ([0, 0], (0, 0)), ([1, 2, 0, -3], (2, 1)), ([1] * 9, (9, 0))],
)
def test_the_sign_test_counts_what_is_no_tie(d, signs):
    assert intervals.signs(d) == signs
    n = sum(signs)
    expected = stats.binomtest(signs[0], n).pvalue if n else 1.0
    assert intervals.sign_test(d) == pytest.approx(expected)


def test_the_seeds_that_are_needed_are_the_first_that_suffice():
    d = VALUES[:3]
    sd = np.std(d, ddof=1)

    def half(n: int) -> float:
        return stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n)

    n = intervals.needed(d, 0.2, 0.95)
    assert half(n) <= 0.2 < half(n - 1)
    assert intervals.needed(d, half(2) * 1.001, 0.95) == 2
    assert intervals.needed(d, 1e-9, 0.95) == intervals.MANY == 1000
    assert intervals.needed(d, half(1000) * 1.0001, 0.95) == 1000
    assert intervals.needed(d[:2], 0.2, 0.95) is None
    assert intervals.needed(d, 0.0, 0.95) is None
    assert intervals.needed([1.0] * 5, 0.2, 0.95) is None


def test_holms_correction_by_hand():
    assert intervals.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert intervals.holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert intervals.holm([0.02]) == [0.02] and intervals.holm([]) == []

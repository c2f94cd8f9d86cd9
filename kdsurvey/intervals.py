"""Intervals and p-values of differences that are paired by seed, and the seeds and
corrections that they need. Numbers only; `verdicts` makes words of them.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy.special import bdtr, stdtr, stdtrit

ENOUGH = 3  # differences; fewer have no interval
MANY = 1000  # seeds; more are not counted out
LEAST = 1e-300  # of a p-value, so that it can be divided by
NONE = math.nan, math.nan
Values: TypeAlias = Sequence[float] | np.ndarray


def spread(differences: Values) -> float:
    """Compute the standard deviation, n - 1 in the denominator; 0 where the differences
    are equal but for rounding.
    """
    d = np.asarray(differences)
    rounding = 1e-9 * max(1.0, np.abs(d).max())
    return float(d.std(ddof=1)) if np.ptp(d) > rounding else 0.0


def of_mean(differences: Values, confidence: float) -> tuple[float, float]:
    """Compute Student's two-sided interval of the mean.

    Returns (nan, nan) where there is none: with fewer than three differences, and
    without spread.
    """
    n = len(differences)
    sd = spread(differences) if n >= ENOUGH else 0.0
    if not sd:
        return NONE
    middle = float(np.mean(differences))
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * sd / math.sqrt(n)
    return middle - half, middle + half


def of_next(values: Values, confidence: float) -> tuple[float, float]:
    """Compute the interval in which one further value lies so often, by Student's t.

    Returns (nan, nan) where there is none: with fewer than three values, and without
    spread.
    """
    low, high = of_mean(values, confidence)
    middle = (low + high) / 2
    half = (high - low) / 2 * math.sqrt(len(values) + 1)
    return middle - half, middle + half


def of_median(differences: Values, confidence: float) -> tuple[float, float]:
    """Find the narrowest pair of order statistics that holds the median at least so often.

    Returns (nan, nan) where even the smallest and the largest do not, and without spread.
    """
    if not spread(differences):
        return NONE
    ordered = np.sort(differences)
    n = len(ordered)
    tail = (1 - confidence) / 2
    outside = [k for k in range(1, n // 2 + 1) if bdtr(k - 1, n, 0.5) <= tail]
    if not outside:
        return NONE
    left_out = outside[-1]
    return float(ordered[left_out - 1]), float(ordered[n - left_out])


def t_test(differences: Values, distance: float) -> float:
    """Return the two-sided p-value of a mean that lies `distance` from what it is compared
    with; 1 where there is no interval.
    """
    n = len(differences)
    sd = spread(differences)
    if n < ENOUGH or not sd:
        return 1.0
    t = distance * math.sqrt(n) / sd
    return max(float(2 * stdtr(n - 1, -t)), LEAST)


def sign_test(differences: Values) -> float:
    """Return the exact two-sided p-value of the sign test; ties do not count."""
    up, down = signs(differences)
    return min(1.0, float(2 * bdtr(min(up, down), up + down, 0.5)))


def signs(differences: Values) -> tuple[int, int]:
    """Count the differences above 0 and those below."""
    return sum(d > 0 for d in differences), sum(d < 0 for d in differences)


def needed(differences: Values, margin: float, confidence: float) -> int | None:
    """Count the seeds with which the half-width of the interval is the margin, at this
    spread; at most `MANY`. None where that cannot be said.
    """
    sd = spread(differences)
    if not margin or len(differences) < ENOUGH or not sd:
        return None
    n = np.arange(2, MANY + 1)
    half = stdtrit(n - 1, (1 + confidence) / 2) * sd / np.sqrt(n)
    first = int(np.searchsorted(-half, -margin))
    return int(n[min(first, len(n) - 1)])


def holm(p: Sequence[float]) -> list[float]:
    """Adjust p-values for being looked at together, by Holm (1979); not cut at 1."""
    largest = 0.0
    adjusted = [0.0] * len(p)
    for rank, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        largest = max(largest, (len(p) - rank) * p[k])
        adjusted[k] = largest
    return adjusted

"""Limits and ticks of an axis: round numbers that seldom move while numbers come in."""

import math
from collections.abc import Iterable

Limits = tuple[float, float]
WIDEST = 300  # of the powers of ten of a log axis
LARGEST = 1e300  # of the numbers that are drawn
STEPS = (1, 2, 5)  # times a power of ten: the distances between ticks that read well


def nice_ceiling(value: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is greater than value > 0.

    Raises ValueError for a value that is not a positive number.
    """
    if not 0 < value < math.inf:
        raise ValueError(f"nice_ceiling needs a positive number, got {value}")
    power = math.floor(math.log10(value)) - 1
    steps = (step * 10.0**p for p in range(power, power + 4) for step in STEPS)
    return next(step for step in steps if step > value)


def step_between(low: float, high: float, most: int, whole: bool = False) -> float:
    """Return the smallest nice step of which at most `most` fit between low and high.

    whole: a whole number, 1 or more.
    """
    wanted = (high - low) / most
    least = 1.0 if whole else 0.0
    power = math.floor(math.log10(wanted)) - 1
    steps = (step * 10.0**p for p in range(power, power + 30) for step in STEPS)
    return next(s for s in steps if s >= max(wanted * (1 - 1e-9), least))


def ticks(low: float, high: float, most: int = 6, whole: bool = False) -> list[float]:
    """Return round numbers from low to high, at most `most` + 1 of them."""
    low, high = sorted((low, high))
    if low == high:
        return [low]
    step = step_between(low, high, most, whole)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    digits = max(0, 3 - math.floor(math.log10(step)))
    return [round(k * step, digits) for k in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Return powers of ten from low to high, at most `most` + 1 of them.

    Where fewer than three lie there, their 1, 2 and 5 times too, then round numbers.
    """
    low, high = sorted((low, high))
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    apart = math.ceil((last - first) / most) or 1
    for factors in ((1,), STEPS):
        powers = range(first, last + 1, apart)
        values = [factor * 10.0**power for power in powers for factor in factors]
        inside = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        if len(inside) >= 3:
            return [float(f"{value:.6g}") for value in inside]
    return ticks(low, high, most // 2)


def number(value: float) -> str:
    """Write the number of a tick: at most 6 digits, with a true minus sign."""
    text = f"{value:.6g}"
    if "e" in text and 1e-7 < abs(value) < 1e9:
        text = (
            f"{value:.7f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.0f}"
        )
    return text.replace("-", "−")


def short(value: float, form: str = ".2f") -> str:
    """Write a number that fits over a bar: ".07" for 0.07, "0" for 0, "" for nan."""
    if math.isnan(value):
        return ""
    text = format(value, form)
    if not float(text):
        return "0"
    if text.lstrip("+-").startswith("0."):
        text = text.replace("0.", ".", 1)
    return text.replace("-", "−")


def finite(values: Iterable[float]) -> list[float]:
    """Return the values that are numbers: neither nan nor infinite, nor so large that
    their differences are.
    """
    return [value for value in values if abs(value) < LARGEST]


def around(values: Iterable[float], margin: float = 0.05, log: bool = False) -> Limits:
    """Return limits around all values, and a margin of their reach on both sides.

    log: for a logarithmic axis; only values above 0 count. (0, 1), or (0.1, 1), where there
    is none.
    """
    numbers = finite(values)
    if log:
        powers = [math.log10(value) for value in numbers if value > 0] or [-1.0, 0.0]
        low, high = around(powers, margin)
        return 10.0 ** max(low, -WIDEST), 10.0 ** min(high, WIDEST)
    if not numbers:
        return 0.0, 1.0
    low, high = min(numbers), max(numbers)
    room = margin * (high - low)
    if low == high:
        room = 0.5 * abs(low) or 0.5
    return low - room, high + room


def whole(values: Iterable[float], step: float) -> Limits:
    """Return the multiples of step just around all values, at least one step apart."""
    numbers = finite(values) or [0.0]
    low = step * math.floor(min(numbers) / step)
    high = step * math.ceil(max(numbers) / step)
    return low, max(high, low + step)


def tens(shares: Iterable[float], room: float = 0.2, highest: float = 80) -> Limits:
    """Return limits for shares in per cent: from a whole ten below all of them to 100.

    room: at least so many tens lie below the smallest; highest: where the axis begins at the
    latest, and where it begins while there are no shares.
    """
    numbers = finite(shares)
    if not numbers:
        return highest, 100
    low = 10 * math.floor(min(numbers) / 10 - room)
    return min(highest, max(0, low)), 100


def decades(
    values: Iterable[float],
    lowest: int = -5,
    bottom: int | None = None,
    top: int | None = None,
) -> Limits:
    """Return the powers of ten around all positive values, at least one decade apart.

    lowest: the smallest exponent that is shown. bottom, top: exponents that are shown in any
    case.
    """
    powers = [math.log10(value) for value in finite(values) if value > 0] or [0.0]
    low, high = math.floor(min(powers)), math.ceil(max(powers))
    if bottom is not None:
        low = min(low, bottom)
    if top is not None:
        high = max(high, top)
    low = max(low, lowest)
    return 10.0**low, 10.0 ** max(high, low + 1)

"""Settings that are checked early: NumPy numbers are numbers, an error says the remedy."""

import dataclasses
import sys
from collections.abc import Collection, Mapping
from numbers import Integral, Real
from operator import index
from typing import Any, TypeGuard

import numpy as np


def plain_numbers(settings: Any) -> None:
    """Turn the NumPy numbers among the fields of a frozen dataclass into Python's."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, tuple):
            plain: Any = tuple(_plain(entry) for entry in value)
        else:
            plain = _plain(value)
        object.__setattr__(settings, field.name, plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    return value.item() if isinstance(value, np.generic) else value


def check(owner: str, settings: Any, rules: Mapping[str, tuple[bool, str]]) -> None:
    """Raise ValueError for the first setting that is out of its range.

    rules: name of a field -> (whether its value is fine, what to give instead).
    """
    for name, (fine, remedy) in rules.items():
        if not fine:
            value = getattr(settings, name)
            raise ValueError(
                f"{owner}: {name} = {value!r} is out of range; give {remedy}"
            )


def whole(value: object, least: int) -> TypeGuard[int]:
    """Tell whether a value is a whole number, NumPy's too, of at least `least`.

    A truth value is none.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return int(value) >= least


def number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, and finite. A truth value is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    largest: Any = sys.float_info.max  # also beside a whole number that no float holds
    return bool(-largest <= value <= largest)


def weight(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number of 0 or more, and finite."""
    return number(value) and value >= 0


def weights(values: object, count: int) -> bool:
    """Tell whether these are so many numbers, each of 0 or more."""
    if not isinstance(values, tuple | list) or len(values) != count:
        return False
    return all(map(weight, values))


def pairs(values: object) -> tuple[tuple[int, int], ...]:
    """Return the pairs of whole numbers that are given; none where one is not that."""
    try:
        found = tuple((index(a), index(b)) for a, b in values)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return ()
    return found


def share(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number in [0, 1]."""
    return weight(value) and value <= 1


def word(value: object, words: Collection[str]) -> bool:
    """Tell whether a value is one of these words."""
    return isinstance(value, str) and value in words

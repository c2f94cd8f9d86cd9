"""Frozen dataclasses to plain JSON and back: a nan is null, a tuple a list, NumPy's
numbers are numbers.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import numpy as np

KIND = "is"  # the key that names the class of an object


def to_plain(value):
    """Turn dataclasses, tuples and numbers into dicts, lists and what JSON knows."""
    if is_dataclass(value):
        entries = {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
        return {KIND: type(value).__name__} | entries
    if isinstance(value, Mapping):
        return {name: to_plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_plain(value, classes: Mapping[str, type]):
    """Make again what `to_plain` was given; classes: those it may hold, by name.

    Raises ValueError for another class.
    """
    if isinstance(value, list):
        return tuple(from_plain(entry, classes) for entry in value)
    if not isinstance(value, dict):
        return value
    entries = {name: from_plain(entry, classes) for name, entry in value.items()}
    kind = entries.pop(KIND, None)
    if kind is None:
        return entries
    if kind not in classes:
        raise ValueError(f"a picture has no {kind!r}; it has {', '.join(classes)}")
    return classes[kind](**entries)


def to_json(value) -> str:
    """Write a picture, chart, mark or table as JSON."""
    return json.dumps(to_plain(value), ensure_ascii=False, allow_nan=False)

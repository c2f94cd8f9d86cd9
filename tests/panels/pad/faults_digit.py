"""Planted faults that `test_digit.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a drawing off centre",
        "panels/pad/digit.py",
        "round(CENTRE - at)",
        "round(CENTRE - at) + 2",
    ),
    Fault(
        "distances not exact",
        "panels/pad/digit.py",
        "distance = (flat[few].double() - image.flatten())",
        "distance = flat[few].double()",
    ),
]

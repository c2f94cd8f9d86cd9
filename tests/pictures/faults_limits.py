"""Planted faults that `test_limits.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a ceiling that touches",
        "pictures/limits.py",
        "next(step for step in steps if step > value)",
        "next(step for step in steps if step >= value)",
    ),
    Fault(
        "tens without room",
        "pictures/limits.py",
        "10 * math.floor(min(numbers) / 10 - room)",
        "10 * math.floor(min(numbers) / 10)",
    ),
    Fault(
        "decades below the lowest",
        "pictures/limits.py",
        "    low = max(low, lowest)\n",
        "",
    ),
]

"""Planted faults that `test_challenge.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the challenge is done when a is first",
        "panels/pad/challenge.py",
        "_largest(p, [a, b])",
        "_largest(p, [b, b])",
    ),
    Fault(
        "more than is needed makes up for what is missing",
        "panels/pad/challenge.py",
        "return 1.0 if value >= needed else value / needed",
        "return value / max(needed, 1e-9)",
    ),
]

"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

CLAIMS = "lessons/many_machines/claims.py"
FAULTS = [
    Fault(
        "many machines: copies on redrawn labels",
        CLAIMS,
        'tuned(_copies(0.0)), "every 100"',
        'tuned(_copies(0.2)), "every 100"',
    ),
    Fault(
        "many machines: a fresh copy for a stale one",
        CLAIMS,
        '"every 100", "every 1")',
        '"every 1", "every 100")',
    ),
]

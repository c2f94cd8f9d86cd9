"""Planted faults that `test_background.py` must notice."""

from mutate import Fault

BACKGROUND = "panels/kit/background.py"
FAULTS = [
    Fault(
        "a new layout stops the picture",
        BACKGROUND,
        "return min(max(often, share * cost), SELDOM)",
        "return max(often, share * cost)",
    ),
    Fault(
        "a panel's own share is not read",
        BACKGROUND,
        "share * cost), SELDOM",
        "SHARE * cost), SELDOM",
    ),
]

"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "an error kept quiet",
        "panels/kit/panel.py",
        "        self.error = error\n        unchecked",
        "        unchecked",
    ),
]

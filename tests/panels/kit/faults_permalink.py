"""Planted faults that `test_permalink.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a broken permalink believed",
        "panels/kit/permalink.py",
        "or not unpacker.eof ",
        "",
    ),
    Fault(
        "a permalink that fills the memory",
        "panels/kit/permalink.py",
        "(packed, LONGEST)",
        "(packed)",
    ),
    Fault(
        "a refused permalink half taken",
        "panels/kit/panel.py",
        "Panel.restore(self, before)",
        "pass",
    ),
]

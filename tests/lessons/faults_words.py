"""Planted faults that `test_words.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a column that is not there is a KeyError",
        "lessons/rows.py",
        'refuse_unknown("the rows", "column", name, rows)',
        "pass",
    ),
    Fault(
        "half an image is timed",
        "lessons/what_would_you_pick/served.py",
        "if not (ranges.whole(images, 1) and ranges.whole(runs, 1)):",
        "if images < 1:",
    ),
]

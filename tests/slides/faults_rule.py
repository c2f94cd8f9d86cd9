"""Planted faults that `test_rule.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "folded sections are no stacks of slides",
        "slides/rule.py",
        'return "subslide" if deeper',
        'return "slide" if deeper',
    ),
    Fault(
        "exercises are slides",
        "slides/rule.py",
        "if EXERCISE in source_of(cell):",
        "if False:",
    ),
    Fault(
        "progress bars are slides",
        "slides/rule.py",
        "return LIVE not in data or",
        "return True or",
    ),
]

"""Planted faults that `test_colours.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "an arm has the colour of its place",
        "pictures/palette.py",
        "return [ARMS[name] if name in ARMS else next(left) for name in names]",
        "return list(range(len(names)))",
    ),
    Fault(
        "others take the colour of a known arm",
        "pictures/palette.py",
        "(role for role in count() if role not in taken)",
        "count()",
    ),
]

"""Planted faults that `test_data.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "images may hold NaN", "data.py", "if not finite.is_finite([x]):", "if False:"
    ),
    Fault(
        "the folder of data depends on the working directory",
        "variables.py",
        "if path is not None and not path.is_absolute():",
        "if False:",
    ),
]

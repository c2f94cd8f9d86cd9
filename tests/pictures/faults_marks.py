"""Planted faults that `test_marks.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "bars may begin anywhere",
        "pictures/chart.py",
        "axis.log or not low <= 0 <= high",
        "axis.log or not low < high",
    ),
    Fault(
        "marks of unequal length",
        "pictures/marks.py",
        "if len(set(lengths.values())) > 1:",
        "if len(set(lengths.values())) > 9:",
    ),
    Fault(
        "a gap is a number in JSON",
        "pictures/plain.py",
        "if isinstance(value, float) and not math.isfinite(value):\n        return None",
        "if isinstance(value, float) and not math.isfinite(value):\n        return 0",
    ),
    Fault(
        "names right of no chart",
        "pictures/sheet.py",
        "if placed != set(self.charts):",
        "if not placed:",
    ),
]

"""Planted faults that `test_marks.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "numbers whose difference is none are drawn",
        "pictures/limits.py",
        "if abs(value) < LARGEST]",
        "if math.isfinite(value)]",
    ),
    Fault(
        "bars may begin anywhere",
        "pictures/chart.py",
        "if not bars.base and not low <= 0 <= high:",
        "if not bars.base and not low < high:",
    ),
    Fault(
        "bars on a log axis are an error of mathematics",
        "pictures/chart.py",
        "if not bars.base and (self.x if bars.across else self.y).log:",
        "if False:",
    ),
    Fault(
        "an axis may end nowhere",
        "pictures/chart.py",
        "or not abs(ends[1] - ends[0]) < math.inf:",
        ":",
    ),
    Fault(
        "words at no place do not survive JSON",
        "pictures/marks.py",
        "return math.nan if value is None else float(value)",
        "return float(value)",
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

"""Planted faults that `test_labels.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "groups do not stand around their mean",
        "pictures/labels.py",
        "mean = (before * others + mean * members) / (others + members)",
        "mean = before",
    ),
    Fault(
        "names leave the chart",
        "pictures/labels.py",
        "min(max(first, low), last) + k * gap",
        "first + k * gap",
    ),
    Fault(
        "names without room cover each other",
        "pictures/labels.py",
        "        gap = min(gap, (high - low) / (n - 1))\n",
        "        pass\n",
    ),
    Fault(
        "a long name takes the whole picture",
        "pictures/labels.py",
        "if len(w) <= LONGEST",
        "if True",
    ),
    Fault(
        "all names of a hundred are printed over each other",
        "pictures/labels.py",
        "each = -(-len(names) // MOST)",
        "each = 1",
    ),
]

"""Planted faults that `test_judging.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "asides are counted",
        "lessons/judging.py",
        "            if counted:\n",
        "            if True:\n",
    ),
    Fault(
        "groups in the order of the file",
        "lessons/judging.py",
        "asked = groups or self._counted",
        "asked = [g for g in self._judges if g in (groups or self._counted)]",
    ),
    Fault(
        "above judges b over a",
        "lessons/judging.py",
        "column, a=a, b=b, what=sentence",
        "column, a=b, b=a, what=sentence",
    ),
    Fault(
        "a group replaces another",
        "lessons/judging.py",
        "if name in self._judges:",
        "if False:",
    ),
]

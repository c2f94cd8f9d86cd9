"""Planted faults that `test_learning_speed.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "pace: every stage counted",
        "lessons/learning_speed.py",
        "if self._stage in (None, step.stage):",
        "if True:",
    ),
    Fault(
        "pace: measured before the step",
        "lessons/learning_speed.py",
        "self._done % self._every == 0",
        "self._done % self._every == 1",
    ),
    Fault(
        "pace: never is at once",
        "lessons/learning_speed.py",
        "at[-1] + at[-1] - at[-2]",
        "at[0]",
    ),
]

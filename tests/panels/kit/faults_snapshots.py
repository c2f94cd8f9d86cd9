"""Planted faults that `test_snapshots.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the film of the run before",
        "panels/kit/snapshots.py",
        "            self._snapshots.clear()\n",
        "",
    ),
    Fault(
        "a film that grows",
        "panels/kit/snapshots.py",
        "deque(maxlen=capacity)",
        "deque()",
    ),
]

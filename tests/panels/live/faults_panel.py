"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a knob turned a batch late",
        "panels/live/knob_log.py",
        "if done <= batches",
        "if done < batches",
    ),
    Fault(
        "a link forgets the turns",
        "panels/live/knob_log.py",
        "        self.changes += [",
        "        self.other = [",
    ),
]

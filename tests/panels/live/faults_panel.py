"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a knob turned a batch late",
        "panels/live/knob_log.py",
        "if turn.batches <= batches",
        "if turn.batches < batches",
    ),
    Fault(
        "a link forgets the turns",
        "panels/live/knob_log.py",
        "        self._turns += turns",
        "        self._turns",
    ),
    Fault(
        "the film has the answers of the epoch before",
        "panels/live/panel.py",
        "kept, self._kept = self._kept, None",
        "kept = self._kept",
    ),
]

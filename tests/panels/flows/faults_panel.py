"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "flows: measured in train mode",
        "lessons/fsp/experiments.py",
        "Teacher(net[:end]).logits(x) for end in pair",
        "net[:end](x) for end in pair",
    ),
    Fault(
        "flows: the rate is a share",
        "panels/flows/panel.py",
        "settings.rate / self._config.lr",
        "settings.rate",
    ),
]

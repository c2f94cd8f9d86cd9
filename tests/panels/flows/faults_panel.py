"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "flows: measured in train mode",
        "panels/flows/panel.py",
        "with in_eval(net):",
        "if True:",
    ),
    Fault(
        "flows: the rate is a share",
        "panels/flows/panel.py",
        'settings["rate"] / self._config.lr',
        'settings["rate"]',
    ),
]

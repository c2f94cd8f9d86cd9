"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a seed that was stopped leaves its curves",
        "panels/landscape/panel.py",
        "for seed, curve in curves if seed in done}",
        "for seed, curve in curves}",
    ),
    Fault(
        "one cell shown for another",
        "panels/landscape/panel.py",
        "        self.cell = cell\n",
        "",
    ),
    Fault(
        "a link loses the seeds that ran",
        "panels/landscape/panel.py",
        "            self.begin(ran)\n",
        "            pass\n",
    ),
]

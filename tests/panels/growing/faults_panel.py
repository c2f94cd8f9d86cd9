"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "growing: the rate stays",
        "panels/growing/panel.py",
        "self.factor = growth.rate\n",
        "\n",
    ),
    Fault(
        "growing: the same order again",
        "panels/growing/panel.py",
        "seed + len(self.grown))\n\n    def _stretch",
        "seed)\n\n    def _stretch",
    ),
    Fault(
        "growing: a growth lost from the permalink",
        "panels/growing/panel.py",
        "tuple(Planned.at(one.batches, one.growth) for one in self.grown)",
        "()",
    ),
    Fault(
        "growth: noise forgotten",
        "panels/growing/growth.py",
        "width, noise=growth.noise, generator",
        "width, generator",
    ),
    Fault(
        "growing: a finished run from elsewhere is in the permalink",
        "panels/kit/training_panel.py",
        "self.made() if self.ran_here else None",
        "self.made()",
    ),
]

"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "growing: the rate stays",
        "panels/growing/panel.py",
        "nets, self._factor = (self.net, net), growth.rate",
        "nets = (self.net, net)",
    ),
    Fault(
        "growing: the same order again",
        "panels/growing/panel.py",
        "seed=seed + len(self.grown))",
        "seed=seed)",
    ),
    Fault(
        "growing: a growth lost from the permalink",
        "panels/growing/panel.py",
        "self._record.growths.append((done, growth))",
        "pass",
    ),
    Fault(
        "growth: noise forgotten",
        "panels/growing/growth.py",
        "width, noise=growth.noise, generator",
        "width, generator",
    ),
]

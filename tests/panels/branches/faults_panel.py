"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "no net of the same start",
        "panels/branches/panel.py",
        "alone, net = make(seed)",
        "alone, net = make(seed + 1)",
    ),
    Fault(
        "the rate does nothing",
        "panels/branches/panel.py",
        "lr=lr * stage.lr",
        "lr=stage.lr",
    ),
    Fault(
        "the weight reaches one arrow",
        "panels/branches/panel.py",
        '"to_fused": weight, "to_branches": weight',
        '"to_branches": weight',
    ),
    Fault(
        "ONE's T is fixed",
        "panels/branches/panel.py",
        "own_gate=own_gate, T=T, weight=weight",
        "own_gate=own_gate, weight=weight",
    ),
    Fault(
        "no gate although there is one",
        "panels/branches/panel.py",
        'own_gate = name == "ONE"',
        'own_gate = name == "TWO"',
    ),
    Fault(
        "measured in train mode",
        "panels/branches/panel.py",
        "with in_eval(net), in_eval(weigh):",
        "if True:",
    ),
    Fault(
        "only the last diversity",
        "panels/branches/panel.py",
        "[*earlier, diversity]",
        "[diversity]",
    ),
    Fault(
        "bars from the floor",
        "panels/branches/chart.py",
        "[b + height for b, height in zip(below, heights)]",
        "below",
    ),
    Fault(
        "scores of the last branch",
        "panels/branches/panel.py",
        "{BRANCH: net[0]",
        "{BRANCH: net[len(net) - 1]",
    ),
    Fault(
        "a finished run's gated answer drawn as the mean",
        "panels/branches/panel.py",
        'joint = GATED if self.settings.method == "ONE" else MEAN',
        "joint = MEAN",
    ),
    Fault(
        "a finished run's last diversity at the first epoch",
        "panels/branches/panel.py",
        "[math.nan] * (arm.epochs - 1)",
        "[]",
    ),
]

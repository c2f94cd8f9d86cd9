"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "race: all arms learn from the data as given",
        "panels/race/race.py",
        "self.images(settings)",
        "self._data",
    ),
    Fault(
        "peers: every seed has the same wrong labels",
        "panels/race/noisy_labels.py",
        "settings.noise, settings.seed)",
        "settings.noise, 0)",
    ),
    Fault(
        "peers: the net alone starts elsewhere",
        "panels/peers/panel.py",
        "for k in (0, *range",
        "for k in (9, *range",
    ),
    Fault(
        "peers: T not passed on",
        "panels/peers/panel.py",
        "T=settings.T, ",
        "",
    ),
    Fault(
        "peers: always by turns",
        "panels/peers/panel.py",
        "turns=settings.turns",
        "turns=True",
    ),
    Fault(
        "peers: entropy of the last one",
        "panels/peers/panel.py",
        "entropy(z).mean().item()",
        "entropy(z[-1]).mean().item()",
    ),
    Fault(
        "peers: agreement of the first two",
        "panels/peers/chart.py",
        "combinations(p.given, 2)",
        "combinations(p.given[:2], 2)",
    ),
    Fault(
        "peers: what was said before is lost",
        "panels/peers/panel.py",
        "[*(arm.measured or ()), answers]",
        "[answers]",
    ),
    Fault(
        "peers: a finished run is drawn as if every epoch had been watched",
        "panels/peers/chart.py",
        "pairs if len(pairs) > arms[0].epochs else pairs[-1:]",
        "pairs",
    ),
]

"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "panel: C as long as two runs",
        "panels/precision/panel.py",
        "        yield replace(stage, epochs=0.5)\n",
        "        yield stage\n",
    ),
    Fault(
        "panel: C without a teacher at the full rate",
        "panels/precision/panel.py",
        "self._data, FINE[0], **low",
        "self._data, 1.0, **low",
    ),
    Fault(
        "panel: A from the trained teacher",
        "panels/precision/panel.py",
        'net, self._fresh(seed), scheme="A"',
        'net, self._teacher, scheme="A"',
    ),
    Fault(
        "panel: a control ignored",
        "panels/precision/panel.py",
        '            "threshold": settings.threshold,\n',
        "",
    ),
    Fault(
        "panel: the layer after",
        "panels/precision/panel.py",
        "self.layer.value - FIRST_SHOWN",
        "self.layer.value - FIRST_SHOWN - 1",
    ),
    Fault(
        "panel: the shadow as the levels",
        "panels/precision/panel.py",
        "computed = used(part).flatten()",
        "computed = weights.flatten()",
    ),
    Fault(
        "panel: shares of the levels that are none",
        "panels/precision/chart.py",
        "100 * counts / len(weights)",
        "100 * counts / len(counts)",
    ),
]

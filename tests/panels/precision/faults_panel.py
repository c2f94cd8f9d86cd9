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
        "yield replace(next(plain(net)), lr=0.1)",
        "yield next(plain(net))",
    ),
    Fault(
        "panel: A from the trained teacher",
        "panels/precision/panel.py",
        "apprentice(net, self._fresh(seed)",
        "apprentice(net, self._teacher",
    ),
    Fault(
        "panel: a control ignored",
        "panels/precision/panel.py",
        'for name in ("weight_bits", "activation_bits", "threshold", "top")}',
        'for name in ("weight_bits", "activation_bits", "top")}',
    ),
    Fault(
        "panel: the layer after",
        "panels/precision/panel.py",
        "self._panel.layer.value - 2]",
        "self._panel.layer.value - 3]",
    ),
    Fault(
        "panel: the shadow as the levels",
        "panels/precision/panel.py",
        "used(part).flatten().cpu().numpy(), limit",
        "w.flatten().cpu().numpy(), limit",
    ),
    Fault(
        "panel: shares of the levels that are none",
        "panels/precision/panel.py",
        "100 * counts / len(q)",
        "100 * counts / len(counts)",
    ),
]

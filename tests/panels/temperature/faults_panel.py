"""Planted faults that `test_panel.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "temperature: the factor T^2 is always there",
        "panels/temperature/softened.py",
        "T**2 if squared else 1",
        "T**2",
    ),
    Fault(
        "temperature: the gradient's scale moves with T",
        "panels/temperature/chart.py",
        "_largest_gradient(subject, i)",
        "float(np.abs(g).max())",
    ),
]

"""Planted faults that `test_finished.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a panel takes any finished net",
        "panels/race/finished.py",
        "if not isinstance(net, nn.Module) or not parts:",
        "if False:",
    ),
    Fault(
        "a panel takes any rows of a finished net",
        "panels/race/finished.py",
        "if not isinstance(row, Mapping) or not _is_of_train(row):",
        "if False:",
    ),
    Fault(
        "a finished net may have other classes",
        "panels/race/finished.py",
        "if z.shape[-1:] != (len(data.classes),):",
        "if False:",
    ),
]

"""Planted faults that `test_pictures.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "an exchange is worth what it is worth over smoothing",
        "lessons/many_machines/pictures.py",
        "kept.by_seed(part, [NEVER])",
        'kept.by_seed(part, ["never, label smoothing"])',
    ),
]

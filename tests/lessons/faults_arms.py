"""Planted faults that `test_arms.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "an arm overrules its run",
        "lessons/arms.py",
        "{**self.changes, **more}",
        "{**more, **self.changes}",
    ),
    Fault(
        "two arms of one name",
        "lessons/arms.py",
        "if len(named) < len(arms):",
        "if False:",
    ),
    Fault(
        "every run may diverge",
        "lessons/arms.py",
        "(FloatingPointError,) if may_diverge else ()",
        "(FloatingPointError,)",
    ),
    Fault(
        "later arms have no teacher",
        "lessons/arms.py",
        "yield arm, run(arm, teacher)",
        "yield arm, run(arm, None)",
    ),
    Fault(
        "smoothing of one class too many",
        "lessons/alone.py",
        "doubt * classes / (classes - 1)",
        "unsure",
    ),
    Fault(
        "one order for all seeds",
        "lessons/alone.py",
        "replace(config, seed=seed)",
        "config",
    ),
    Fault(
        "an arm has no teacher",
        "lessons/arms.py",
        "yield arm, run(arm, teacher)",
        "yield arm, run(arm, None)",
    ),
]

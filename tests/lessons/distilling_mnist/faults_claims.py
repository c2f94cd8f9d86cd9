"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the gap is that to the soft net",
        "lessons/distilling_mnist/claims.py",
        'gap = errors[LABELS] - errors["teacher"]',
        'gap = errors[SOFT] - errors["teacher"]',
    ),
    Fault(
        "errors are accuracy",
        "lessons/distilling_mnist/claims.py",
        '1 - rows["errors"] / rows["n"]',
        'rows["errors"] / rows["n"]',
    ),
    Fault(
        "labels at the rate of the others",
        "lessons/distilling_mnist/claims.py",
        "(LABELS, 0.3): HOT_LABELS",
        "(LABELS, 0.3): LABELS",
    ),
    Fault(
        "hard labels need no stop",
        "lessons/distilling_mnist/claims.py",
        'primary("O6b", rows, SOFT, "hard only, stopped early", what)',
        'primary("O6b", rows, SOFT, LABELS, what)',
    ),
]

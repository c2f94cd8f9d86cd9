"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "FSP: faster without stage 1",
        "lessons/fsp/claims.py",
        'rows, column = raced(), "in all to 93%"',
        'rows, column = raced(), "steps to 93%"',
    ),
    Fault(
        "FSP: faster the wrong way round",
        "lessons/fsp/claims.py",
        'best, "plain", "FSP", what, column=column',
        'best, "FSP", "plain", what, column=column',
    ),
    Fault(
        "FSP: output above layer",
        "lessons/fsp/claims.py",
        '_small_row("O8a", FITNETS, KD)',
        '_small_row("O8a", KD, FITNETS)',
    ),
    Fault(
        "FSP: ensembles in place of their gain",
        "lessons/fsp/claims.py",
        '"FSP, shuffled", "FSP", what, column="gain"',
        '"FSP, shuffled", "FSP", what, column="ensemble"',
    ),
]

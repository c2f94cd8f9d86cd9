"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "hints: P1a the wrong way round",
        "lessons/fitnets/claims.py",
        'deeper("P1a", best_of_tries(_depths()), HINTS, KD)',
        'deeper("P1a", best_of_tries(_depths()), KD, HINTS)',
    ),
    Fault(
        "hints: one stage above two",
        "lessons/fitnets/claims.py",
        '_at_best("P1d", HINTS, AT_ONCE,',
        '_at_best("P1d", AT_ONCE, HINTS,',
    ),
    Fault(
        "hints: the doubt turned round",
        "lessons/fitnets/claims.py",
        '_at_best("O10b", LABELS, HINTS,',
        '_at_best("O10b", HINTS, LABELS,',
    ),
    Fault(
        "hints: the deepest is no bound",
        "lessons/fitnets/claims.py",
        "what, edge=max(DEPTHS), note=note)",
        "what, edge=None, note=note)",
    ),
]

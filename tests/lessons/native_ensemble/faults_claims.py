"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "native: chosen by another column",
        "lessons/native_ensemble/claims.py",
        "column=CHOSEN_BY[column]",
        "column=CHOSEN_BY[ONE]",
    ),
    Fault(
        "native: columns of a control swapped",
        "lessons/native_ensemble/claims.py",
        "judge(id, runs[first], runs[second]",
        "judge(id, runs[second], runs[first]",
    ),
    Fault(
        "native: one branch above all of them",
        "lessons/native_ensemble/claims.py",
        'primary("P9b", rows, "ONE-E", "ONE"',
        'primary("P9b", rows, "ONE", "ONE-E"',
    ),
    Fault(
        "native: sharing and the gate swapped",
        "lessons/native_ensemble/claims.py",
        '"P9d": "no sharing", "P9e": "no gate"',
        '"P9d": "no gate", "P9e": "no sharing"',
    ),
    Fault(
        "native: a doubt turned round",
        "lessons/native_ensemble/claims.py",
        'answered("O10f", _right(), "alone", "ONE", RIGHT)',
        'answered("O10f", _right(), "ONE", "alone", RIGHT)',
    ),
    Fault(
        "native: wrong labels said to be right",
        "lessons/native_ensemble/claims.py",
        'answered("P9c", _redrawn(), "ONE", PARTS["P9c"], WRONG)',
        'answered("P9c", _redrawn(), "ONE", PARTS["P9c"], RIGHT)',
    ),
]

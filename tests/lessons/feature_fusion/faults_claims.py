"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "averages taken for fused answers",
        "lessons/feature_fusion/claims.py",
        '"average": "average", "fused": "together"',
        '"average": "together", "fused": "average"',
    ),
    Fault(
        "a fused answer chosen by its branches",
        "lessons/feature_fusion/claims.py",
        '"fused": "validation together"',
        '"fused": "validation accuracy"',
    ),
    Fault(
        "unequal tries",
        "lessons/feature_fusion/claims.py",
        'best(runs[runs["choice"].isin(shared)])',
        "best(runs)",
    ),
    Fault(
        "FFL: the average above the fused answer",
        "lessons/feature_fusion/claims.py",
        'answered("P8a", _right(), TOGETHER, MEAN, RIGHT)',
        'answered("P8a", _right(), MEAN, TOGETHER, RIGHT)',
    ),
    Fault(
        "FFL: arrows of two rows swapped",
        "lessons/feature_fusion/claims.py",
        'answered("P8c", _redrawn(), BRANCH, f"{ENSEMBLE} (branch)", WRONG)',
        'answered("P8c", _redrawn(), BRANCH, f"{FUSION} (branch)", WRONG)',
    ),
    Fault(
        "FFL: a doubt turned round",
        "lessons/feature_fusion/claims.py",
        'answered("O10g", _right(), "alone", BRANCH, RIGHT)',
        'answered("O10g", _right(), BRANCH, "alone", RIGHT)',
    ),
    Fault(
        "FFL: wrong labels said to be right",
        "lessons/feature_fusion/claims.py",
        'answered("P8e", _kinds(), fused, alone, WRONG)',
        'answered("P8e", _kinds(), fused, alone, RIGHT)',
    ),
    Fault(
        "gains over another arm",
        "lessons/feature_fusion/pictures.py",
        "sub(table[than], axis=0)",
        "sub(table[arms[0]], axis=0)",
    ),
]

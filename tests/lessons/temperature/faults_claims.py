"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "gradients of labels vary less",
        "lessons/temperature/claims.py",
        'rows, "hard", "T = 4", what',
        'rows, "T = 4", "hard", what',
    ),
    Fault(
        "each weight at the rate that every arm has",
        "lessons/temperature/claims.py",
        'primary("O3c", at_best_rate()',
        'primary("O3c", at(records.recorded("weights_compared"), lr=0.3)',
    ),
    Fault(
        "T² is judged with the labels",
        "lessons/temperature/claims.py",
        "at_one_rate(), MUCH, FORGOTTEN, what",
        "at_one_rate(), MUCH, HALF, what",
    ),
    Fault(
        "the entropy grows as 1 / T²",
        "lessons/temperature/claims.py",
        "variance.sum() / T**3",
        "variance.sum() / T**2",
    ),
]

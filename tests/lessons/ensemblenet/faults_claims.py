"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "heads: a rate that not all have",
        "lessons/ensemblenet/claims.py",
        'rows[rows["rate"] != FAST] if',
        "rows if",
    ),
    Fault(
        "heads: chosen on heads for the ensemble",
        "lessons/ensemblenet/claims.py",
        'column=f"validation {column}"',
        'column="validation accuracy"',
    ),
    Fault(
        "budgets: dearer runs taken",
        "lessons/ensemblenet/claims.py",
        'rows[rows["budget"] <= budget]',
        "rows",
    ),
    Fault(
        "budgets: chosen on test images",
        "lessons/ensemblenet/claims.py",
        '"validation average" if joint else "validation accuracy"',
        '"average" if joint else "accuracy"',
    ),
    Fault(
        "budgets: unequal steps",
        "lessons/ensemblenet/claims.py",
        'rows[(rows["epochs"] == EPOCHS) & (rows["setting"] != default)]',
        'rows[rows["setting"] != default]',
    ),
    Fault(
        "budgets: one net answers for all",
        "lessons/ensemblenet/claims.py",
        'accuracy=joint["average"]',
        'accuracy=joint["accuracy"]',
    ),
    Fault(
        "heads: a smaller net that is worse",
        "lessons/ensemblenet/claims.py",
        'primary("P10c", rows, THIN, ALONE, what',
        'primary("P10c", rows, ALONE, THIN, what',
    ),
    Fault(
        "heads: one thin head for all",
        "lessons/ensemblenet/claims.py",
        'column="average"',
        'column="accuracy"',
    ),
    Fault(
        "heads: the identity of mean probabilities",
        "lessons/ensemblenet/claims.py",
        'identity_gap(average: str = "logits"',
        'identity_gap(average: str = "probabilities"',
    ),
]

"""Planted faults that `test_rows.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "accuracies of the first net alone",
        "lessons/rows.py",
        "share = sum(shares) / len(shares)",
        "share = shares[0]",
    ),
    Fault(
        "a start keeps the name of its rate",
        "lessons/rows.py",
        "best.assign(arm=best[columns[0]])",
        "best",
    ),
    Fault(
        "rows that are not there are no rows",
        "lessons/rows.py",
        "if left.empty:",
        "if False:",
    ),
    Fault(
        "seeds in the order of the rows",
        "lessons/rows.py",
        "table[columns(table, *arms)]",
        "table[sorted(arms)]",
    ),
]

"""Planted faults that `test_ledger.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "two lessons may answer a row",
        "lessons/ledger.py",
        "if id in found:",
        "if False:",
    ),
    Fault(
        "words are corrected row by row",
        "lessons/ledger.py",
        "corrected(list(judged.values()))",
        "[corrected([v])[0] for v in judged.values()]",
    ),
    Fault(
        "an answer keeps the id of another row",
        "lessons/ledger.py",
        "return replace(found, claim=row.id, primary=True)",
        "return replace(found, primary=True)",
    ),
    Fault(
        "answers are controls",
        "lessons/ledger.py",
        "claim=row.id, primary=True)",
        "claim=row.id)",
    ),
    Fault(
        "a line beside no row",
        "lessons/ledger.py",
        "kept[claims.row(verdict.claim).id].append",
        "kept.setdefault(verdict.claim, []).append",
    ),
]

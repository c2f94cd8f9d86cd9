"""Planted faults that `test_repeated.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the words of the recorded rows are compared with themselves",
        "lessons/repeated.py",
        "with records.read_from(folder):",
        "with records.read_from():",
    ),
    Fault(
        "every word agrees",
        "lessons/repeated.py",
        "same | (table == OPEN).any(axis=1)",
        "same | True",
    ),
    Fault(
        "a run that was stopped starts anew",
        "lessons/repeated.py",
        "return set(records.Record.read(path).runs) if path else set()",
        "return set()",
    ),
]

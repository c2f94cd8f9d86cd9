"""Planted faults that `test_judging.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "controls are answers",
        "lessons/judging.py",
        "for name in names or self._rows",
        "for name in names or [*self._rows, *self._groups]",
    ),
    Fault(
        "lines in the order of the file",
        "lessons/judging.py",
        "for name in names or self._rows",
        "for name in sorted(names, key=[*self._rows, *self._groups].index) or self._rows",
    ),
    Fault(
        "above judges b over a",
        "lessons/judging.py",
        "rows, column, a=a, b=b, what=sentence, unit=unit)",
        "rows, column, a=b, b=a, what=sentence, unit=unit)",
    ),
    Fault(
        "a row judges b over a",
        "lessons/judging.py",
        "rows, column, a=a, b=b, what=sentence, **options)",
        "rows, column, a=b, b=a, what=sentence, **options)",
    ),
    Fault(
        "a row forgets its kind and margin",
        "lessons/judging.py",
        "return claims.row(id).options |",
        'return {"unit": claims.row(id).unit} |',
    ),
    Fault(
        "a row is not corrected",
        "lessons/judging.py",
        "[ledger.answer(name)] if name in self._rows",
        "[self.answer(name)] if name in self._rows",
    ),
    Fault(
        "a row answers another",
        "lessons/judging.py",
        "if found.claim != id:",
        "if False:",
    ),
    Fault(
        "a group replaces another",
        "lessons/judging.py",
        "if name in {*self._rows, *self._groups}:\n            raise",
        "if False:\n            raise",
    ),
]

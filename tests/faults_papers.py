"""Planted faults that `test_papers.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a figure misquoted",
        "papers.py",
        'Figure(74, "errors"',
        'Figure(75, "errors"',
    ),
    Fault(
        "a quotation passed off as read",
        "papers.py",
        'if self.mark == "V1" else',
        "if self.mark else",
    ),
]

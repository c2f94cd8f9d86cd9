"""Planted faults that `test_papers.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a figure misquoted",
        "papers.toml",
        "distilled = {value = 74,",
        "distilled = {value = 75,",
    ),
    Fault(
        "a quotation passed off as read",
        "papers.py",
        '"" if self.mark == "V1" else',
        '"" if self.mark else',
    ),
]

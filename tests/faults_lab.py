"""Planted faults that `test_lab.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the live views of others are left out too",
        "../kdsurvey_lab.py",
        "return LIVE in data and bool(OURS.match(text))",
        "return LIVE in data",
    ),
    Fault(
        "an odd notebook does not open",
        "../kdsurvey_lab.py",
        "except Exception as error:",
        "except ZeroDivisionError as error:",
    ),
    Fault(
        "panels lose their views while their kernel runs",
        "../kdsurvey_lab.py",
        "and not await has_kernel(sessions, path)",
        "",
    ),
]

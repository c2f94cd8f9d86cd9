"""Planted faults that `test_codistil.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "processes that have not met end in torch's words",
        "codistil.py",
        "raise SystemExit(_unmet(error)) from error",
        "raise",
    ),
    Fault(
        "nothing is written, which is noticed at the end",
        "codistil.py",
        'refuse_unwritable(asked.out / "rank0.json", ELSEWHERE)',
        "pass",
    ),
]

"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

CLAIMS = "lessons/mutual_learning/claims.py"
FAULTS = [
    Fault(
        "mutual learning: the gain of the big one",
        CLAIMS,
        '"P5c", gain["small"], gain["big"], ',
        '"P5c", gain["big"], gain["small"], ',
    ),
    Fault(
        "mutual learning: five peers at any weight",
        CLAIMS,
        'means = at(records.recorded("dml_number"), weight=1.0)',
        'means = records.recorded("dml_number")',
    ),
    Fault(
        "mutual learning: flatness said the other way round",
        CLAIMS,
        'primary("P5f", rows, MATCHED, "DML", what',
        'primary("P5f", rows, "DML", MATCHED, what',
    ),
    Fault(
        "mutual learning: copies on redrawn labels",
        CLAIMS,
        'tuned(_copies(0.0)), "every 100"',
        'tuned(_copies(0.2)), "every 100"',
    ),
    Fault(
        "mutual learning: one target for both slopes",
        CLAIMS,
        "kl(v, z) for v in answers]).mean(), kl(mean, z)",
        "kl(v, z) for v in answers]).sum(), kl(mean, z)",
    ),
    Fault(
        "mutual learning: a fresh copy for a stale one",
        CLAIMS,
        '"every 100", "every 1")',
        '"every 1", "every 100")',
    ),
    Fault(
        "lessons: one arm's edge is every arm's",
        "lessons/judging.py",
        "if len(at_edge) == len(arms) and len(names) == 1:",
        "if len(names) == 1:",
    ),
]

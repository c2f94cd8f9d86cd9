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
        "mutual learning: one target for both slopes",
        CLAIMS,
        "kl(v, z) for v in answers]).mean(), kl(mean, z)",
        "kl(v, z) for v in answers]).sum(), kl(mean, z)",
    ),
    Fault(
        "lessons: one arm's edge is every arm's",
        "lessons/judging.py",
        "if len(at_edge) == len(arms) and len(names) == 1:",
        "if len(names) == 1:",
    ),
]

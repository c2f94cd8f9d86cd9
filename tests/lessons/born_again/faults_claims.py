"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

CLAIMS = "lessons/born_again/claims.py"
FAULTS = [
    Fault(
        "born again: answers on redrawn labels",
        CLAIMS,
        "at(best(_targets()), labels=CLEAN)",
        "at(best(_targets()), labels=NOISY)",
    ),
    Fault(
        "born again: generations on redrawn labels",
        CLAIMS,
        "at(_generations(), labels=CLEAN)",
        "at(_generations(), labels=NOISY)",
    ),
    Fault(
        "born again: BAN beats alone said the other way round",
        CLAIMS,
        'answered("O10d", "alone", "BAN")',
        'answered("O10d", "BAN", "alone")',
    ),
    Fault(
        "born again: the model with more perplexity",
        CLAIMS,
        'primary("P6g", rows, "alone", "BAN+L", what',
        'primary("P6g", rows, "BAN+L", "alone", what',
    ),
    Fault(
        "born again: the edge of the settings kept quiet",
        CLAIMS,
        "primary(id, rows, a, b, TUNED, note=note)",
        "primary(id, rows, a, b, TUNED)",
    ),
]

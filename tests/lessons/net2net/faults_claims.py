"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "growth: the least share is the best",
        "lessons/net2net/claims.py",
        "_at_the_others_rate(early[start], least=False)",
        "_at_the_others_rate(early[start])",
    ),
    Fault(
        "growth: arrivals the wrong way round",
        "lessons/net2net/claims.py",
        'for start in (SCRATCH, "Net2Net"))',
        'for start in ("Net2Net", SCRATCH))',
    ),
    Fault(
        "growth: the end in place of the worst",
        "lessons/net2net/claims.py",
        "min(shares[: 1 + SOON // EVERY])",
        "shares[-1]",
    ),
    Fault(
        "growth: distilled above copied",
        "lessons/net2net/claims.py",
        'rows, "copied and tuned", "distilled", what',
        'rows, "distilled", "copied and tuned", what',
    ),
    Fault(
        "growth: the smallest change",
        "lessons/net2net/exactness.py",
        "return max(max(largest_changes",
        "return min(min(largest_changes",
    ),
]

"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "growth: the least share is the best",
        "lessons/net2net/claims.py",
        "_taken(early[start], least=False)",
        "_taken(early[start])",
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
        'arms = "copied and tuned", "distilled"',
        'arms = "distilled", "copied and tuned"',
    ),
    Fault(
        "growth: the smallest change",
        "lessons/net2net/exactness.py",
        "return max(max(largest_changes",
        "return min(min(largest_changes",
    ),
]

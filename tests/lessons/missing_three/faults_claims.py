"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the bias is judged by after less before",
        "lessons/missing_three/claims.py",
        "return judge(claim, after, before, what=what, **options)",
        "return judge(claim, before, after, what=what, **options)",
    ),
    Fault(
        "a share of all images, not of the removed",
        "lessons/missing_three/claims.py",
        'runs["n removed"]',
        'runs["n"]',
    ),
    Fault(
        "two digits against chance of ten",
        "lessons/missing_three/claims.py",
        '"P2f", share, 0.2, what',
        '"P2f", share, 0.0, what',
    ),
]

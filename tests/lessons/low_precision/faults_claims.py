"""Planted faults that `test_claims.py` must notice."""

from mutate import Fault

CLAIMS = "lessons/low_precision/claims.py"
FAULTS = [
    Fault(
        "low precision: sooner swapped",
        CLAIMS,
        '"P7c", epochs["A"], epochs["B"], ',
        '"P7c", epochs["B"], epochs["A"], ',
    ),
    Fault(
        "low precision: each scheme to an end of its own",
        CLAIMS,
        'zip(curves[arm], curves["A"])',
        "zip(curves[arm], curves[arm])",
    ),
    Fault(
        "low precision: scheme C at any rate",
        CLAIMS,
        '(rows["knob"] < FULL_RATE)',
        '(rows["knob"] <= FULL_RATE)',
    ),
    Fault(
        "low precision: depth counted as precision",
        CLAIMS,
        "depth = by_layers[6] - by_layers[2]",
        "depth = by_layers[2] - by_layers[6]",
    ),
    Fault(
        "low precision: what a distilled net loses, gained",
        CLAIMS,
        'distilled = accuracy["D"] - accuracy[f"D{step}"]',
        'distilled = accuracy[f"D{step}"] - accuracy["D"]',
    ),
    Fault(
        "low precision: alone has one route",
        CLAIMS,
        '    FINE_TUNED: "alone",\n',
        "",
    ),
]

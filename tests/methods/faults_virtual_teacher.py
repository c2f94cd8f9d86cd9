"""Planted faults that `test_virtual_teacher.py` must notice."""

from mutate import Fault

FILE = "methods/virtual_teacher.py"
FAULTS = [
    Fault(
        "virtual teacher: probabilities as logits",
        FILE,
        "kl(p.log(), z, T)",
        "kl(p, z, T)",
    ),
    Fault("virtual teacher: T^2 put in", FILE, "alpha * kl(", "alpha * T**2 * kl("),
    Fault("virtual teacher: T not passed on", FILE, "p.log(), z, T)", "p.log(), z)"),
    Fault(
        "virtual teacher: spread over all classes",
        FILE,
        "(c - 1) * (1 - y)",
        "c * (1 - y)",
    ),
    Fault(
        "virtual teacher: weights swapped", FILE, "(1 - alpha) * cross", "alpha * cross"
    ),
    Fault("virtual teacher: any teacher taken", FILE, "if a * c <= 1:", "if False:"),
]

"""Planted faults that `test_hinton.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "T^2 dropped",
        "methods/hinton.py",
        "alpha * T**2 * kl(v, z, T)",
        "alpha * kl(v, z, T)",
    ),
    Fault(
        "T in place of T^2",
        "methods/hinton.py",
        "alpha * T**2 * kl(v, z, T)",
        "alpha * T * kl(v, z, T)",
    ),
    Fault(
        "T not passed on",
        "methods/hinton.py",
        "kl(v, z, T)",
        "kl(v, z)",
    ),
    Fault(
        "teacher and student swapped",
        "methods/hinton.py",
        "kl(v, z, T)",
        "kl(z, v, T)",
    ),
    Fault(
        "alpha swapped",
        "methods/hinton.py",
        "(1 - alpha) * cross_entropy",
        "alpha * cross_entropy",
    ),
    Fault(
        "the student is its own teacher",
        "methods/hinton.py",
        "frozen = Teacher(teacher)",
        "frozen = Teacher(student)",
    ),
    Fault(
        "hinton: a temperature in a tensor is not looked at",
        "methods/hinton.py",
        "for value in _read(T):",
        "for value in ():",
    ),
    Fault(
        "hinton: one net learns from a stack of values",
        "stage.py",
        "if isinstance(v, Tensor) and v.ndim and v.shape != z.shape[:-2]:",
        "if False:",
    ),
]

"""Planted faults that `test_apprentice.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "apprentice: alpha's term for all schemes",
        "methods/apprentice.py",
        '(first if scheme == "A" else {})',
        "first",
    ),
    Fault(
        "apprentice: alpha's term from the apprentice",
        "methods/apprentice.py",
        "alpha * cross_entropy(z_T",
        "alpha * cross_entropy(z_A",
    ),
    Fault(
        "apprentice: beta and gamma swapped",
        "methods/apprentice.py",
        '"soft": gamma *',
        '"soft": beta *',
    ),
    Fault(
        "apprentice: teacher and apprentice swapped",
        "methods/apprentice.py",
        "gamma * soft_loss(z_T, z_A)",
        "gamma * soft_loss(z_A, z_T)",
    ),
    Fault(
        "apprentice: squares whatever is asked",
        "methods/apprentice.py",
        'if match == "mse" else',
        "if True else",
    ),
    Fault(
        "apprentice: the caller's teacher trains",
        "methods/apprentice.py",
        "copied(frozen.net).requires_grad_(True)",
        "teacher.requires_grad_(True)",
    ),
    Fault(
        "apprentice: a teacher that does not learn",
        "methods/apprentice.py",
        "nn.ModuleList([student, learning])",
        "student",
    ),
    Fault(
        "apprentice: full precision",
        "methods/apprentice.py",
        "        lower(student, precision, ends=ends)\n",
        "",
    ),
    Fault(
        "apprentice: options of lowering ignored",
        "methods/apprentice.py",
        "activation_bits, **lowering)",
        "activation_bits)",
    ),
    Fault(
        "apprentice: batch norm left as it was",
        "methods/apprentice.py",
        'measured = scheme != "C"',
        "measured = True",
    ),
    Fault(
        "apprentice: batch norm measured at every step",
        "methods/apprentice.py",
        "                measured = True\n",
        "                measured = False\n",
    ),
    Fault(
        "apprentice: C at the full rate",
        "methods/apprentice.py",
        "lr=fine_lr if",
        "lr=1.0 if",
    ),
]

"""Planted faults that `test_apprentice.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "apprentice: alpha's term for all schemes",
        "methods/apprentice.py",
        "if joint else {}\n",
        "if True else {}\n",
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
        '"soft": gamma * soft',
        '"soft": beta * soft',
    ),
    Fault(
        "apprentice: teacher and apprentice swapped",
        "methods/apprentice.py",
        "else soft_cross_entropy(z_T, z_A)",
        "else soft_cross_entropy(z_A, z_T)",
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
        "copy.deepcopy(teacher.net).requires_grad_(True)",
        "teacher.net.requires_grad_(True)",
    ),
    Fault(
        "apprentice: a teacher that does not learn",
        "methods/apprentice.py",
        "nn.ModuleList([student, z]), ",
        "student, ",
    ),
    Fault(
        "apprentice: full precision",
        "methods/apprentice.py",
        "    lower(student, weight_bits=weight_bits, "
        "activation_bits=activation_bits, **lowering)\n",
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
        '[student] if scheme == "C" else []',
        "[]",
    ),
    Fault(
        "apprentice: batch norm measured at every step",
        "methods/apprentice.py",
        "        while stale:  # once",
        "        stale.append(student)\n        while stale:  # once",
    ),
    Fault(
        "apprentice: C at the full rate",
        "methods/apprentice.py",
        "lr=fine_lr if",
        "lr=1.0 if",
    ),
]

"""Planted faults that `test_contract.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a loss that waits",
        "methods/hinton.py",
        "z = student(batch.x)",
        "z = student(batch.x) + 0 * float(batch.x.sum())",
    ),
    Fault(
        "teacher not copied, seen by the battery",
        "stage.py",
        "= copy.deepcopy(net).eval()",
        "= net.eval()",
    ),
]

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
        "= copied(net).eval()",
        "= net.eval()",
    ),
    Fault(
        "channels put in order by a list, which waits for a GPU",
        "methods/fsp/flow.py",
        "maps[block].index_select(1, index)",
        "maps[block][:, channels]",
    ),
    Fault(
        "peers: a copy that waits",
        "methods/dml/__init__.py",
        "labelled.to(batch.y.device, non_blocking=batch.y.is_cuda)",
        "labelled.to(batch.y.device)",
    ),
    Fault(
        "values of a stack: a copy that waits",
        "stage.py",
        "v.to(z.device, non_blocking=z.is_cuda)",
        "v.to(z.device)",
    ),
    Fault(
        "DKPP: a copy that waits",
        "losses.py",
        "noise.to(p.device, non_blocking=p.is_cuda)",
        "noise.to(p.device)",
    ),
]

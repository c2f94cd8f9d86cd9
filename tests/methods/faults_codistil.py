"""Planted faults that `test_codistil.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "codistil: T^2 dropped",
        "methods/codistil/__init__.py",
        "weight * T**2 * total",
        "weight * total",
    ),
    Fault(
        "codistil: no burn-in",
        "methods/codistil/__init__.py",
        "if progress >= burn_in:",
        "if True:",
    ),
    Fault(
        "codistil: heard but once",
        "methods/codistil/__init__.py",
        "if step % every == 0:",
        "if step == 0:",
    ),
    Fault(
        "codistil: learns from itself",
        "methods/codistil/exchange.py",
        "if rank != dist.get_rank()",
        "if rank == dist.get_rank()",
    ),
    Fault(
        "codistil: a copy in train mode",
        "methods/codistil/exchange.py",
        "net.eval().requires_grad_(False)",
        "net.train().requires_grad_(False)",
    ),
    Fault(
        "codistil: predictions by place in the batch",
        "methods/codistil/exchange.py",
        "table[batch.i]",
        "table[: len(batch.i)]",
    ),
    Fault(
        "codistil: a line in two writes",
        "codistil.py",
        'sys.stdout.write(f"{line}\\n")',
        "print(line)",
    ),
    Fault(
        "codistil: a death goes unexplained",
        "methods/codistil/exchange.py",
        "except RuntimeError as error",
        "except KeyError as error",
    ),
]

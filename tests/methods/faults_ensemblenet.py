"""Planted faults that `test_ensemblenet.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "EnsembleNet: probabilities averaged",
        "methods/ensemblenet.py",
        "cross_entropy(z.mean(0), batch.y)",
        "cross_entropy(z.softmax(-1).mean(0).log(), batch.y)",
    ),
    Fault(
        "EnsembleNet: sum over heads",
        "methods/ensemblenet.py",
        "cross_entropy(z, batch.y).mean()",
        "cross_entropy(z, batch.y).sum()",
    ),
    Fault(
        "EnsembleNet: lam on both",
        "methods/ensemblenet.py",
        "(1 - lam) * ensemble",
        "lam * ensemble",
    ),
]

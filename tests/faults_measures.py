"""Planted faults that `test_measures.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "counting has torch import its compiler",
        "measures.py",
        "def _should_skip_dynamo(cls) -> bool:\n        return False",
        "def _should_skip_dynamo(cls) -> bool:\n        return True",
        also="test_imports.py",
    ),
    Fault(
        "edges in the bin above",
        "measures.py",
        "torch.bucketize(confidence, edges)",
        "torch.bucketize(confidence, edges, right=True)",
    ),
    Fault(
        "bins weigh alike",
        "measures.py",
        "(count * gap).sum(-1) / len(y)",
        "gap.mean(-1)",
    ),
    Fault(
        "gaps cancel",
        "measures.py",
        "(hits - confidence).abs()",
        "(hits - confidence)",
    ),
    Fault(
        "confusions transposed",
        "measures.py",
        "(y * classes + given)",
        "(given * classes + y)",
    ),
    Fault(
        "spread: of one image",
        "measures.py",
        "x.var(0, correction=0)",
        "x.flatten(1).var(1, correction=0)",
    ),
    Fault(
        "spread: in train mode",
        "measures.py",
        "with in_eval(net):",
        "if True:",
    ),
    Fault(
        "depthwise counted as dense",
        "measures.py",
        "math.prod(w[1:])",
        "math.prod(w)",
    ),
    Fault(
        "NaN is an answer like any",
        "measures.py",
        "if holds_nan(*logits):",
        "if False:",
    ),
    Fault(
        "probabilities of half precision are none",
        "measures.py",
        "1e-3 + rounding",
        "1e-3",
    ),
]

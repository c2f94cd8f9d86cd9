"""Planted faults that `test_dml.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "peers: T^2 dropped",
        "methods/dml/__init__.py",
        "weight * T**2 * mutual",
        "weight * mutual",
    ),
    Fault(
        "peers: sum of the divergences",
        "methods/dml/__init__.py",
        "for z_l in others) / len(others)",
        "for z_l in others)",
    ),
    Fault(
        "peers: direction swapped",
        "methods/dml/__init__.py",
        "kl(z_l, z_k, T)",
        "kl(z_k, z_l, T)",
    ),
    Fault(
        "peers: mean of the logits",
        "methods/dml/__init__.py",
        "torch.log_softmax(torch.stack(list(others)) / T, -1).logsumexp(0)",
        "(torch.stack(list(others)) / T).mean(0)",
    ),
    Fault(
        "peers: a peer watches itself",
        "methods/dml/turns.py",
        "others = [other for other in peers if other is not peer]",
        "others = peers",
    ),
    Fault(
        "peers: hard term on all",
        "methods/dml/__init__.py",
        "if labelled is not None:",
        "if False:",
    ),
    Fault(
        "peers: turns ignored",
        "methods/dml/__init__.py",
        "if turns:",
        "if True:",
    ),
    Fault(
        "peers: equal ones accepted",
        "methods/dml/__init__.py",
        "    distinct(peers)\n",
        "",
    ),
    Fault(
        "watching leaves a trace",
        "stage.py",
        "buffer.clone() for name",
        "buffer for name",
    ),
    Fault(
        "watching makes a gradient",
        "stage.py",
        "@torch.no_grad()\ndef watched",
        "def watched",
    ),
]

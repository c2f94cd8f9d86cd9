"""Planted faults that `test_nets.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "ensemble: sum",
        "nets.py",
        "torch.stack(logits).mean(0)",
        "torch.stack(logits).sum(0)",
    ),
    Fault(
        "a seed leaks out",
        "nets.py",
        "torch.Generator().manual_seed(int(seed))",
        "torch.manual_seed(seed)",
    ),
    Fault(
        "weights of another size",
        "nets.py",
        "layer.weight[0].numel() ** -0.5",
        "layer.weight.shape[0] ** -0.5",
    ),
    Fault(
        "dropout in the wrong amount",
        "nets.py",
        "nn.Dropout(dropout)",
        "nn.Dropout(dropout / 2)",
    ),
    Fault(
        "map halved from the first block",
        "nets.py",
        "blocks = [_conv_block(m, n, 2 if k else 1)",
        "blocks = [_conv_block(m, n, 2)",
    ),
    Fault(
        "conv_mlp: every block halves the map",
        "nets.py",
        "1 if k else 2",
        "2",
    ),
    Fault(
        "an ensemble on one device",
        "nets.py",
        "net(x.to(home)).to(x.device)",
        "net(x)",
    ),
    Fault(
        "nets on two devices compared",
        "nets.py",
        "torch.equal(p, q.to(p.device))",
        "torch.equal(p, q)",
    ),
]

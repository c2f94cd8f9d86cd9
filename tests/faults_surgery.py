"""Planted faults that `test_surgery.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "widen: only the copies divided",
        "surgery/growing.py",
        "(g[:, None] == g).sum(1)",
        "torch.where(torch.arange(len(g), device=g.device) < n, 1, (g[:, None] "
        "== g).sum(1))",
    ),
    Fault(
        "widen: not divided",
        "surgery/growing.py",
        "(n, -1))[:, g] / per_unit)",
        "(n, -1))[:, g])",
    ),
    Fault(
        "widen: every unit drawn",
        "surgery/growing.py",
        "torch.cat([torch.arange(n, device=device), copied])",
        "torch.randint(n, (q,), generator=generator, device=device)",
    ),
    Fault(
        "widen: bias forgotten",
        "surgery/growing.py",
        '("weight", "bias", "running_mean", "running_var"):',
        '("weight", "running_mean", "running_var"):',
    ),
    Fault(
        "widen: running variance forgotten",
        "surgery/growing.py",
        '"running_mean", "running_var"):',
        '"running_mean"):\n        if hasattr(part, "running_var") and '
        "part.running_var is not None:\n            part.running_var = "
        "part.running_var.new_ones(len(part.running_var) // n * len(g))\n    "
        'for name in ("weight", "bias", "running_mean"):',
    ),
    Fault(
        "widen: batch norm forgotten",
        "surgery/growing.py",
        "for part in (first, *(part for part in parts if type(part) in NORMS)):",
        "for part in (first,):",
    ),
    Fault(
        "widen: pixels before units in W'",
        "surgery/growing.py",
        "return (w.unflatten(1, (n, -1))[:, g] / per_unit)",
        "return (w.unflatten(1, (-1, n)).transpose(1, 2)[:, g] / per_unit)",
    ),
    Fault(
        "widen: the given net changed",
        "surgery/growing.py",
        "return copy.deepcopy(net)",
        "return copy.copy(net)",
    ),
    Fault(
        "widen: frozen weights thawed",
        "surgery/growing.py",
        "nn.Parameter(value, old.requires_grad)",
        "nn.Parameter(value)",
    ),
    Fault(
        "noise ignored",
        "surgery/growing.py",
        "    if noise:\n",
        "    if False:\n",
    ),
    Fault(
        "noise on the first copies too",
        "surgery/growing.py",
        "w[n:] += noise * w[:n].square().mean().sqrt() * drawn.to(w)",
        "w += noise * w[:n].square().mean().sqrt() * torch.randn_like(w)",
    ),
    Fault(
        "noise on W'",
        "surgery/growing.py",
        "_perturb(first.weight, n, noise, generator)",
        "_perturb(last.weight, len(last.weight) // 2, noise, generator)",
    ),
    Fault(
        "deepen: off the centre",
        "surgery/growing.py",
        "= (i, i, *centre)",
        "= (i, i, *(c + (c > 0) for c in centre))",
    ),
    Fault(
        "deepen: units in reverse order",
        "surgery/growing.py",
        "= (i, i, *centre)",
        "= (i, i.flip(0), *centre)",
    ),
    Fault(
        "deepen: no padding",
        "surgery/growing.py",
        "kernel, padding=centre,",
        "kernel,",
    ),
    Fault(
        "deepen: gamma = 1",
        "surgery/growing.py",
        "undone.weight.copy_((var + norm.eps).sqrt())",
        "undone.weight.fill_(1)",
    ),
    Fault(
        "deepen: gamma without eps",
        "surgery/growing.py",
        "(var + norm.eps).sqrt()",
        "var.sqrt()",
    ),
    Fault(
        "deepen: beta = 0",
        "surgery/growing.py",
        "undone.bias.copy_(mu)",
        "undone.bias.zero_()",
    ),
    Fault(
        "deepen: running variance left at 1",
        "surgery/growing.py",
        'undone.get_buffer("running_var").copy_(var)',
        "pass",
    ),
    Fault(
        "deepen: measured in eval mode",
        "surgery/growing.py",
        "copy.deepcopy(below).train()",
        "copy.deepcopy(below).eval()",
    ),
    Fault(
        "deepen: block one too early",
        "surgery/growing.py",
        "nn.Sequential(*deep[:end], block, *deep[end:])",
        "nn.Sequential(*deep[: end - 1], block, *deep[end - 1 :])",
    ),
    Fault(
        "deepen: any activation accepted",
        "surgery/growing.py",
        "if type(part) is nn.ReLU and all(",
        "if type(part) in ELEMENTWISE and all(",
    ),
]

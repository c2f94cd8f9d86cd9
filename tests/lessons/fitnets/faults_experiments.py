"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "hints: one choice for all depths",
        "lessons/fitnets/claims.py",
        'by=["arm", "seed", "depth", "start"]',
        'by=["arm", "seed", "start"]',
    ),
    Fault(
        "hints: smoothing at another rate",
        "lessons/fitnets/experiments.py",
        "best = max(labels, key",
        "best = max(labels[:1], key",
    ),
    Fault(
        "hints: a rate that is not taken",
        "lessons/fitnets/experiments.py",
        'lr = knob if arm.knob == "lr" else CONFIG.lr',
        "lr = CONFIG.lr",
    ),
    Fault(
        "hints: one layer too early",
        "lessons/fitnets/experiments.py",
        "return 1 + (len(net) - 2) // 2",
        "return (len(net) - 2) // 2",
    ),
    Fault(
        "hints: soft targets beside the labels",
        "lessons/fitnets/experiments.py",
        "return fitnets(net, teacher, hint_lr=hint_lr, lam=(0, 0), **blocks)",
        "return fitnets(net, teacher, hint_lr=hint_lr, **blocks)",
    ),
    Fault(
        "hints: the untrained teacher is trained",
        "lessons/fitnets/experiments.py",
        "_hints(net, untrained(teacher), hint",
        "_hints(net, teacher, hint",
    ),
    Fault(
        "hints: the whole net in the first stage",
        "lessons/fitnets/experiments.py",
        "*net[: middle(net)], nn.Linear",
        "*net[:-1], nn.Linear",
    ),
    Fault(
        "hints: He's biases kept",
        "lessons/fitnets/experiments.py",
        "layer.bias.mul_(0 if",
        "layer.bias.mul_(1 if",
    ),
    Fault(
        "hints: Glorot's size for He's",
        "lessons/fitnets/experiments.py",
        "layer.weight.mul_(6**0.5",
        "layer.weight.mul_(3**0.5",
    ),
    Fault(
        "hints: dead nets averaged",
        "lessons/fitnets/claims.py",
        'runs["validation accuracy"] > TRAINED, "accuracy"]',
        'runs["validation accuracy"] > 0, "accuracy"]',
    ),
    Fault(
        "hints: the shallowest net",
        "lessons/fitnets/claims.py",
        'depths.groupby(runs["seed"]).max()',
        'depths.groupby(runs["seed"]).min()',
    ),
    Fault(
        "hints: spread after the wrong stage",
        "lessons/fitnets/experiments.py",
        'if row["stage"] == "hint":',
        'if row["stage"] == "distil":',
    ),
    Fault(
        "hints: another guided layer ignored",
        "lessons/fitnets/experiments.py",
        "middle(net) if guided is None else 1 + guided",
        "middle(net)",
    ),
]

"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "growth: one rate for all seeds",
        "lessons/net2net/claims.py",
        'by=["start", "seed"]',
        'by="start"',
    ),
    Fault(
        "padding leaves the copies",
        "lessons/net2net/experiments.py",
        "            _draw(new, generator)\n    for old",
        "            pass\n    for old",
    ),
    Fault(
        "padding: seed unused",
        "lessons/net2net/experiments.py",
        "surgery.widen(net, layer, width)\n    generator = torch.Generator().manual_seed(seed)",
        "surgery.widen(net, layer, width)\n    generator = torch.Generator().manual_seed(0)",
    ),
    Fault(
        "padding: batch norm keeps its statistics",
        "lessons/net2net/experiments.py",
        "part.reset_parameters()\n    elif",
        "pass\n    elif",
    ),
    Fault(
        "random block shares the old net",
        "lessons/net2net/experiments.py",
        "old = copy.deepcopy(net)\n    deep",
        "old = net\n    deep",
    ),
    Fault(
        "random block in train mode",
        "lessons/net2net/experiments.py",
        "block.to(first.weight).train(net.training)",
        "block.to(first.weight)",
    ),
    Fault(
        "copies depend on the noise",
        "lessons/net2net/experiments.py",
        "generator = torch.Generator().manual_seed(10 * seed + k)",
        "generator = torch.Generator().manual_seed(10 * seed + k + int(100 * noise))",
    ),
    Fault(
        "the rate is not applied",
        "lessons/net2net/experiments.py",
        "lr=config.lr * rate",
        "lr=config.lr",
    ),
    Fault(
        "a run trains the start itself",
        "lessons/net2net/experiments.py",
        "    net = copy.deepcopy(net)\n    pace",
        "    pace",
    ),
    Fault(
        "difference in one mode only",
        "lessons/net2net/experiments.py",
        "copy.deepcopy(net).train(train)(x)",
        "copy.deepcopy(net).train(False)(x)",
    ),
    Fault(
        "best rate by test images",
        "lessons/net2net/claims.py",
        'last = rows["accuracies"].str[-1]',
        'last = rows["accuracy"]',
    ),
    Fault(
        "a rate chosen by its own seed",
        "lessons/net2net/claims.py",
        "values.drop(index=seed).mean()",
        "values.mean()",
    ),
    Fault(
        "the teacher's steps left out",
        "lessons/net2net/claims.py",
        "ours + before",
        "ours",
    ),
    Fault(
        "rounding misses a target",
        "lessons/net2net/claims.py",
        "- 1e-9",
        "+ 1e-9",
    ),
    Fault(
        "few images forgotten",
        "lessons/net2net/copy_tune_distil.py",
        "tuned(name, data, few, seed, teacher, rate) for",
        "tuned(name, data, data, seed, teacher, rate) for",
    ),
    Fault(
        "smoothing forgotten",
        "lessons/net2net/copy_tune_distil.py",
        'Student("label smoothing", smoothed',
        'Student("label smoothing", labels',
    ),
]

"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "T² stands where it is forgotten",
        "lessons/temperature/experiments.py",
        "step * alpha * square * soft",
        "step * alpha * T_PAPER**2 * soft",
    ),
    Fault(
        "a rate is no factor of the loss",
        "lessons/temperature/experiments.py",
        "weighing.step * lr / STUDENT.lr",
        "weighing.step",
    ),
    Fault(
        "all seeds share their teacher",
        "lessons/temperature/experiments.py",
        "    teacher = taught(data, seed)\n    net =",
        "    teacher = taught(data, 0)\n    net =",
    ),
    Fault(
        "likeness of far classes",
        "lessons/temperature/experiments.py",
        "nearness = -torch.cdist",
        "nearness = torch.cdist",
    ),
    Fault(
        "information is entropy",
        "lessons/temperature/experiments.py",
        "entropy(mean.log()) - entropy(v, T).mean()",
        "entropy(v, T).mean()",
    ),
]

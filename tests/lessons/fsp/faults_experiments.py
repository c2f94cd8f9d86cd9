"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "flows: the largest count is the best",
        "lessons/rows.py",
        ", least=least",
        "",
    ),
    Fault(
        "flows: one rate for all starts",
        "lessons/rows.py",
        "by=columns, column=column",
        "by=columns[1:], column=column",
    ),
    Fault(
        "FSP: curve begins in stage 1",
        "lessons/fsp/experiments.py",
        "pace.accuracies[first // EVERY :]",
        "pace.accuracies[0:]",
    ),
    Fault(
        "FSP: stage 1 not counted",
        "lessons/fsp/claims.py",
        'steps + row["first"]',
        "steps",
    ),
    Fault(
        "FSP: copies train the teacher",
        "lessons/fsp/experiments.py",
        "net = copy.deepcopy(teacher)",
        "net = teacher",
    ),
    Fault(
        "FSP: stage 1 follows stage 2's rate",
        "lessons/fsp/experiments.py",
        "flow_lr=FLOW_LR / lr",
        "flow_lr=FLOW_LR / 0.02",
    ),
    Fault(
        "FSP: not calibrated",
        "lessons/fsp/experiments.py",
        "part.momentum = None",
        "part.momentum = 0.1",
    ),
    Fault(
        "FSP: mean not taken away",
        "lessons/fsp/experiments.py",
        "(g - g.mean(0)).flatten(1)",
        "g.flatten(1)",
    ),
    Fault(
        "FSP: an image is a pair with itself",
        "lessons/fsp/experiments.py",
        "same.fill_diagonal_(False)",
        "same.fill_diagonal_(True)",
    ),
    Fault(
        "FSP: sooner swapped",
        "lessons/judging.py",
        "a=b, b=a",
        "a=a, b=b",
    ),
    Fault(
        "FSP: scratch teacher sees the source",
        "lessons/fsp/students.py",
        'from scratch": teach(few,',
        'from scratch": teach(source,',
    ),
    Fault(
        "FSP: a label too many",
        "lessons/fsp/students.py",
        "(y < labels.stop)",
        "(y <= labels.stop)",
    ),
    Fault(
        "FSP: best member",
        "lessons/fsp/students.py",
        "float(np.mean([accuracy(net, x, y)",
        "float(np.max([accuracy(net, x, y)",
    ),
    Fault(
        "FSP: agreement",
        "lessons/fsp/students.py",
        "1 - top1_agreement(a, b).item()",
        "top1_agreement(a, b).item()",
    ),
    Fault(
        "FSP: copies have a first stage",
        "lessons/fsp/students.py",
        "length=1 - FIRST,\n        copied=True",
        "copied=True",
    ),
]

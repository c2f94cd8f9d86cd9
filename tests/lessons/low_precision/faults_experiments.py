"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "lesson: C from fresh weights",
        "lessons/low_precision/experiments.py",
        "net = copy.deepcopy(first)",
        "net = student(data, seed, first[-1].in_features)",
    ),
    Fault(
        "lesson: C without a teacher, batch norm left",
        "lessons/low_precision/experiments.py",
        "    re_estimate(lower(net, **(LOW | precision)), data.train[0])\n",
        "    lower(net, **(LOW | precision))\n",
    ),
    Fault(
        "lesson: 2E is E",
        "lessons/low_precision/experiments.py",
        "CONFIG.epochs * scheme.times",
        "CONFIG.epochs",
    ),
    Fault(
        "lesson: C's first epochs not counted",
        "lessons/low_precision/experiments.py",
        "seen += CONFIG.epochs",
        "seen += 0",
    ),
    Fault(
        "lesson: the control in full precision",
        "lessons/low_precision/experiments.py",
        "return plain(lower(net, **LOW))\n",
        "return plain(net)\n",
    ),
    Fault(
        "lesson: A from a trained teacher",
        "lessons/low_precision/experiments.py",
        "teacher = fresh_teacher(setting.data, setting.seed)",
        "teacher = setting.teacher",
    ),
    Fault(
        "lesson: rounding the trained net itself",
        "lessons/low_precision/experiments.py",
        "lower(copy.deepcopy(net), **(LOW | precision))",
        "lower(net, **(LOW | precision))",
    ),
    Fault(
        "lesson: teachers of one precision",
        "lessons/low_precision/experiments.py",
        "weight_bits=bits, activation_bits=32), data",
        "weight_bits=32, activation_bits=32), data",
    ),
    Fault(
        "lesson: bits of the activations ignored",
        "lessons/low_precision/experiments.py",
        '"weight_bits": weights, "activation_bits": activations}',
        '"weight_bits": weights}',
    ),
    Fault(
        "lesson: other bits not fixed",
        "lessons/low_precision/claims.py",
        "at(rows, arm=UNTAUGHT, **{other: fixed})",
        'at(rows, arm=UNTAUGHT).drop_duplicates(["seed", column])',
    ),
    Fault(
        "orders: P does not prune",
        "lessons/low_precision/compression.py",
        "        prune(net, SHARE)\n",
        "        pass\n",
    ),
    Fault(
        "orders: the teacher always there",
        "lessons/low_precision/compression.py",
        'if always or letter == "D" else None',
        "if True else None",
    ),
    Fault(
        "orders: the net of all arms changed",
        "lessons/low_precision/compression.py",
        "net, teacher = copy.deepcopy(net), Teacher(teacher)",
        "teacher = Teacher(teacher)",
    ),
    Fault(
        "orders: fewer steps for parts",
        "lessons/low_precision/compression.py",
        'part.rjust(3, "L")',
        "part",
    ),
    Fault(
        "orders: sizes by the formula",
        "lessons/low_precision/compression.py",
        'return packed.save(net, Path(folder) / "net")',
        "return packed.expected(net) + 1",
    ),
]

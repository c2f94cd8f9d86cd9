"""Planted faults that `test_fsp.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "flow: lam ignored",
        "methods/fsp/__init__.py",
        "lam * fsp_loss(G_t, G_s)",
        "fsp_loss(G_t, G_s)",
    ),
    Fault(
        "flow: teacher and student swapped",
        "methods/fsp/__init__.py",
        "lam * fsp_loss(G_t, G_s)",
        "lam * fsp_loss(G_s, G_t)",
    ),
    Fault(
        "flow: lam anew in every batch",
        "methods/fsp/__init__.py",
        "        nonlocal lam\n",
        "        nonlocal lam\n        lam = None\n",
    ),
    Fault(
        "flow: gradient through lam",
        "methods/fsp/__init__.py",
        "g_s.detach().square()",
        "g_s.square()",
    ),
    Fault(
        "flow: lam from the teacher alone",
        "methods/fsp/__init__.py",
        "(g_t.square().sum(1) + g_s.detach().square().sum(1))",
        "g_t.square().sum(1)",
    ),
    Fault(
        "flow: teacher's pairs ignored",
        "methods/fsp/__init__.py",
        "Flow(teacher, teacher_pairs or pairs, permutation)",
        "Flow(teacher, pairs, permutation)",
    ),
    Fault(
        "flow: permutation ignored",
        "methods/fsp/__init__.py",
        "teacher_pairs or pairs, permutation)",
        "teacher_pairs or pairs)",
    ),
    Fault(
        "flow: permutation on the student",
        "methods/fsp/__init__.py",
        "Flow(student, pairs)",
        "Flow(student, pairs, permutation)",
    ),
    Fault(
        "flow: the whole student learns",
        "methods/fsp/__init__.py",
        "{flow_s: flow_loss",
        "{student: flow_loss",
        also="methods/test_contract.py",
    ),
    Fault(
        "flow: teacher's flow from the student",
        "methods/fsp/__init__.py",
        "watched = Flow(teacher, ",
        "watched = Flow(student, ",
    ),
    Fault(
        "flow: rate not passed on",
        "methods/fsp/__init__.py",
        "epochs=flow_epochs, lr=flow_lr)",
        "epochs=flow_epochs)",
    ),
    Fault(
        "flow: second stage as long as one run",
        "methods/fsp/__init__.py",
        "epochs=1 - flow_epochs)",
        "epochs=1.0)",
    ),
    Fault(
        "flow: unequal numbers of pairs",
        "methods/fsp/__init__.py",
        " or len(flow_s.pairs) != len(watched.pairs)",
        "",
    ),
    Fault(
        "flow: maps one block early",
        "methods/fsp/flow.py",
        "fsp_matrix(maps[start], maps[end])",
        "fsp_matrix(maps[start - 1], maps[end - 1])",
    ),
    Fault(
        "flow: end against itself",
        "methods/fsp/flow.py",
        "fsp_matrix(maps[start], maps[end])",
        "fsp_matrix(maps[end], maps[end])",
    ),
    Fault(
        "flow: transposed",
        "methods/fsp/flow.py",
        "fsp_matrix(maps[start], maps[end])",
        "fsp_matrix(maps[end], maps[start])",
        also="methods/test_contract.py",
    ),
    Fault(
        "flow: a pass for every pair",
        "methods/fsp/flow.py",
        "        self.shapes = [g",
        "        self.blocks[0](x)\n        self.shapes = [g",
    ),
    Fault(
        "flow: order that is none",
        "methods/fsp/flow.py",
        "if sorted(order) != list(range(channels)):",
        "if False:",
    ),
    Fault(
        "flow: backward pairs taken",
        "methods/fsp/flow.py",
        "0 < start < end for",
        "0 < end for",
    ),
]

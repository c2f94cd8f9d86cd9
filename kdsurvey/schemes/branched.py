"""Branches on a trunk that teach themselves."""

from collections.abc import Iterator

from kdsurvey.schemes.parts import (
    Box,
    Frame,
    Part,
    Spot,
    Words,
    elbow,
    forward,
    loss,
    numbers,
    target,
)
from kdsurvey.schemes.scheme import Scheme

ROWS = (122.0, 234.0, 346.0)  # the heights of three branches
AT = 716.0  # where the losses stand
BUS = 910.0  # where a target goes up to all branches


def one() -> Scheme:
    """Draw ONE: branches on a trunk, and a gate that makes their teacher."""
    images = numbers("images x", 74, 234, 100)
    trunk = Box("trunk", 212, 234, 104, 64, text="trunk\nshared", served=True)
    logits = numbers("z_i", 538, 234, 70, 290, " ")
    gate = Box("gate", 212, 470, 104, 56, thrown=True)
    mixed = numbers("z_e", 538, 470, 190, 52, "z_e = Σ_i g_i z_i")
    hard = loss("H of z_e", AT, 470)
    parts = (
        *(images, trunk, logits, gate, mixed, hard),
        forward(images.right(), trunk.left()),
        *_branches(trunk, logits),
        *_taught(logits, "p_e"),
        forward(trunk.bottom(), gate.top()),
        forward(gate.right(), mixed.left(), text="g (n, 3), sum 1"),
        forward(logits.bottom(), mixed.top()),
        forward(mixed.right(), hard.left(), text="q_e"),
        Words("labels y", AT + 36, 470, "start"),
        *_bus(mixed, 526),
    )
    return Scheme(
        "one",
        "ONE: gated branches are the teacher of each branch",
        parts,
        ("L = Σ_i H(y, q_i) + H(y, q_e) + T^2 Σ_i KL(p_e ‖ q_i),   z_e = Σ_i g_i z_i",),
        "Images x go through a shared trunk to three branches, branch 0, branch 1 and "
        "branch 2, which give the logits z_i. The trunk's features also go to the gate, "
        "which gives a weight g_i to each branch, with the sum 1. The teacher z_e is "
        "the sum of g_i times z_i. All of it learns at once: each branch has a loss H "
        "with the labels y, z_e has a loss H with the labels y, and each branch has a "
        "loss KL with the target p_e. One dashed arrow leads from z_e to the KL of "
        "every branch; no gradient goes back along it, so z_e learns from the labels "
        "alone. The trunk with one branch is served; the other branches and the gate "
        "are gone after training, unless all are kept as an ensemble.",
    )


def ffl() -> Scheme:
    """Draw FFL: maps of all branches side by side, and a fused classifier."""
    images = numbers("images x", 50, 234, 48, text="x")
    trunk = Box("trunk", 138, 234, 88, 64, text="trunk\nshared", served=True)
    maps = numbers("maps", 376, 234, 62, 290, " ")
    logits = numbers("z_k", 570, 234, 58, 290, " ")
    mean = numbers("z_e", 570, 448, 120, 44, "z_e: mean")
    fusion = Box("fusion", 376, 558, 170, 62, text="fusion\nand its head", served=True)
    fused = numbers("z_f", 570, 558, 84, 44)
    soft = loss("KL of z_f", AT, 448, "KL")
    hard = loss("H of z_f", AT, 558)
    parts = (
        *(images, trunk, maps, logits, mean, fusion, fused, hard, soft),
        forward(images.right(), trunk.left()),
        *_bodies(trunk, maps, logits),
        *_taught(logits, "p_f"),
        forward(maps.bottom(), fusion.top()),
        Words("side by side, all three", 362, 448, "end"),
        forward(fusion.right(), fused.left()),
        forward(logits.bottom(), mean.top()),
        target(mean.right(), soft.left(), text="p_e", shift=(6, 0)),
        forward(fused.right(), hard.left(), text="q_f", below=True),
        forward(fused.right(), soft.bottom(), (652, 558), (652, 508), (AT, 508)),
        Words("labels y", AT + 36, 558, "start"),
        *_bus(fused, 614),
    )
    return Scheme(
        "ffl",
        "FFL: the ensemble teaches the fused classifier, and that each branch",
        parts,
        (
            "L = Σ_k H(y, q_k) + H(y, q_f) + w(t) T^2 [KL(p_e ‖ q_f) + Σ_k KL(p_f ‖ q_k)]",
            "z_e = 1/m Σ_k z_k",
        ),
        "Images x go through a shared trunk to three branches, branch 0, branch 1 and "
        "branch 2. The last maps of all three branches go on to head 0, head 1 and head "
        "2, which give the logits z_k, and, side by side, to the fusion module, whose "
        "head gives z_f. All of it learns at once. z_e is the mean of the z_k. Two "
        "dashed arrows are targets, along which no gradient goes back: p_e of z_e "
        "teaches the fused classifier in a loss KL of z_f, and p_f of z_f teaches each "
        "of the three branches in its own loss KL. Each branch and z_f also have a loss "
        "H with the labels y. Served are trunk, branches and fusion; the heads are gone "
        "then. Or one branch with its head is served, and the fusion is gone.",
    )


def _branches(trunk: Box, logits: Box) -> Iterator[Part]:
    """Draw three branches from a trunk to a tall box of logits."""
    for i, y in enumerate(ROWS):
        kept = i == 0
        branch = Box(f"branch {i}", 384, y, 118, 48, served=kept, thrown=not kept)
        yield branch
        yield elbow(trunk.right(), branch.left(), 290)
        yield forward(branch.right(), logits.left(y - logits.y))
        yield Words(f"z_{i}", logits.x, y)


def _bodies(trunk: Box, maps: Box, logits: Box) -> Iterator[Part]:
    """Draw three branches whose last maps go to a head each."""
    for k, y in enumerate(ROWS):
        body = Box(f"branch {k}", 270, y, 118, 48, served=True)
        head = Box(f"head {k}", 476, y, 92, 48, thrown=True)
        yield from (body, head)
        yield elbow(trunk.right(), body.left(), 193)
        yield forward(body.right(), maps.left(y - maps.y))
        yield forward(maps.right(y - maps.y), head.left())
        yield forward(head.right(), logits.left(y - logits.y))
        yield Words("map", maps.x, y - 12)
        yield Words(f"{k}", maps.x, y + 12)
        yield Words(f"z_{k}", logits.x, y)


def _taught(logits: Box, teacher: str) -> Iterator[Part]:
    """Draw two losses for each row of a tall box of logits: labels and a teacher."""
    for i, y in enumerate(ROWS):
        hard = loss(f"H of branch {i}", AT, y - 26)
        soft = loss(f"KL of branch {i}", AT, y + 26, "KL")
        start = logits.right(y - logits.y)
        yield from (hard, soft)
        yield elbow(start, hard.left(), 660)
        yield elbow(start, soft.left(), 660)
        yield Words("labels y", AT + 36, y - 26, "start")
        yield Words(f"q_{i}", 630, y - 22)
        yield Words(teacher, AT + 110, y + 4)


def _bus(teacher: Box, low: float) -> Iterator[Part]:
    """Draw a teacher's target to the KL of every branch; low: where it turns right."""
    last = len(ROWS) - 1
    for k, y in enumerate(ROWS):
        at = y + 26
        end = Spot(AT + 25, at, f"KL of branch {k}")
        if k == last:
            corners = (teacher.x, low), (BUS, low), (BUS, at)
            yield target(teacher.bottom(), end, *corners)
        else:
            below = Spot(BUS, ROWS[k + 1] + 26)
            yield target(below, end, (BUS, at), stop=False)


def ensemblenet() -> Scheme:
    """Draw EnsembleNet: heads on a trunk, and what their mean loss is made of."""
    images = numbers("images x", 92, 200, 104)
    trunk = Box("trunk", 230, 200, 104, 64, text="trunk\nshared", served=True)
    logits = numbers("z_i", 520, 200, 70, 228, " ")
    mean = numbers("z", 646, 200, 108, 44, "z: mean")
    each = loss("H of the heads", 796, 124)
    together = loss("H of the mean", 796, 200)
    parts = (
        Frame("The net: everything learns at once", 24, 58, 912, 270),
        *(images, trunk, logits, mean, each, together),
        forward(images.right(), trunk.left()),
        *_heads(trunk, logits),
        forward(logits.right(-76), each.left(), text="q_0, q_1, q_2"),
        forward(logits.right(), mean.left()),
        forward(mean.right(), together.left(), text="q"),
        Words("weight λ", 834, 124, "start"),
        Words("1 − λ", 834, 200, "start"),
        Words("both with the labels y", 770, 264),
        *_identity(),
    )
    return Scheme(
        "ensemblenet",
        "EnsembleNet: the heads' loss is the ensemble's plus divergence",
        parts,
        (
            "L = λ 1/m Σ_i H(y, q_i) + (1 − λ) H(y, q),  z = 1/m Σ_i z_i",
            "L = H(y, q) + λ 1/m Σ_i KL(q ‖ q_i)",
        ),
        "Two parts. The net: images x go through a shared trunk to three heads, head 0, "
        "head 1 and head 2, which give the logits z_i; z is their mean. Everything "
        "learns at once and is served together. Two losses with the labels y: H of the "
        "heads, averaged over them, has the weight lambda; H of the mean, which the "
        "ensemble's probabilities q get, has the weight 1 - lambda. No target is "
        "detached. The identity, as bars: the bar of the heads' loss, the mean of H(y, "
        "q_i), is as long as two bars in a row, so it is the same as them: H(y, q) of "
        "the ensemble and the mean of KL(q ‖ q_i), the divergence of the heads from it. "
        "Below, L at λ = 2 is H(y, q) and the divergence twice, so the heads are pulled "
        "together.",
    )


def _heads(trunk: Box, logits: Box) -> Iterator[Part]:
    """Draw three heads from a trunk to a tall box of logits."""
    for i, y in enumerate((124.0, 200.0, 276.0)):
        head = Box(f"head {i}", 386, y, 104, 48, served=True)
        yield head
        yield elbow(trunk.right(), head.left(), 308)
        yield forward(head.right(), logits.left(y - logits.y))
        yield Words(f"z_{i}", logits.x, y)


ENSEMBLE, APART = 272.0, 206.0  # lengths of the ensemble's loss and the divergence
HEADS = "mean of H(y, q_i)"
KL = "mean KL(q ‖ q_i)"
BARS = (
    ("heads' loss", 406.0, ((HEADS, ENSEMBLE + APART),)),
    ("is the same as", 454.0, (("H(y, q)", ENSEMBLE), (KL, APART))),
    ("L at λ = 2", 518.0, (("H(y, q)", ENSEMBLE), (KL, APART), (KL, APART))),
)


def _identity() -> Iterator[Part]:
    """Draw the identity as bars: a whole, its two parts, and a part twice."""
    yield Frame("The identity, as bars: lengths add up", 24, 342, 912, 218)
    for title, y, bars in BARS:
        x = 218.0
        yield Words(title, x - 18, y, "end")
        for k, (name, length) in enumerate(bars):
            middle = x + length / 2
            yield Box(f"{title}: {name} {k}", middle, y, length, 40, "square", name)
            x += length

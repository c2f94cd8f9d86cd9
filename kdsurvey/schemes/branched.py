"""Branches on a trunk that teach themselves."""

from collections.abc import Iterator

from kdsurvey.schemes.parts import (
    Box,
    Frame,
    Loss,
    Part,
    Words,
    elbow,
    forward,
    loss,
    numbers,
    target,
)
from kdsurvey.schemes.scheme import Scheme

ROWS = (118.0, 222.0, 326.0)  # the heights of three branches
BUS = 915.0  # where a target goes up to all branches


def one() -> Scheme:
    """Draw ONE: branches on a trunk, and a gate that makes their teacher."""
    images = numbers("images x", 74, 222, 100)
    trunk = Box("trunk", 212, 222, 104, 64, text="trunk\nshared", served=True)
    logits = numbers("z_i", 548, 222, 70, 276, " ")
    gate = Box("gate", 212, 452, 104, 56, thrown=True)
    mixed = numbers("z_e", 548, 452, 190, 52, "z_e = Σ_i g_i z_i")
    hard = loss("H of z_e", 738, 452)
    parts = (
        *(images, trunk, logits, gate, mixed, hard),
        forward(images.right(), trunk.left()),
        *_branches(trunk, logits, "z"),
        *_taught(logits, "q", "p_e"),
        forward(trunk.bottom(), gate.top()),
        forward(gate.right(), mixed.left(), text="g (n, 3), sum 1"),
        forward(logits.bottom(), mixed.top()),
        forward(mixed.right(), hard.left(), text="q_e"),
        Words("labels y", 774, 452, "start"),
        *_bus(mixed, 502),
    )
    return Scheme(
        "one",
        "ONE: gated branches are the teacher of each branch",
        parts,
        ("L = Σ_i H(y, q_i) + H(y, q_e) + T^2 Σ_i KL(p_e ‖ q_i),   z_e = Σ_i g_i z_i",),
        "Images x go through a shared trunk to three branches, branch 0, branch 1 and "
        "branch 2, which give the logits z_i. The trunk's features also go to the gate, "
        "which gives a weight g_i to each branch, with the sum 1. The teacher z_e is the "
        "sum of g_i times z_i. All of it learns at once: each branch has a loss H with "
        "the labels y, z_e has a loss H with the labels y, and each branch has a loss KL "
        "with the target p_e. One dashed arrow leads from z_e to the KL of every branch; "
        "no gradient goes back along it, so z_e learns from the labels alone. The trunk "
        "with one branch is served; the other branches and the gate are gone after "
        "training, unless all are kept as an ensemble.",
    )


def ffl() -> Scheme:
    """Draw FFL: maps of all branches side by side, and a fused classifier."""
    images = numbers("images x", 62, 222, 84, text="x")
    trunk = Box("trunk", 164, 222, 84, 64, text="trunk\nshared", served=True)
    maps = numbers("maps", 388, 222, 66, 276, " ")
    logits = numbers("z_k", 596, 222, 62, 276, " ")
    mean = numbers("z_e", 596, 430, 120, 44, "z_e: mean")
    fusion = Box("fusion", 388, 520, 170, 62, text="fusion\nand its head", served=True)
    fused = numbers("z_f", 596, 520, 84, 44)
    hard = loss("H of z_f", 738, 520)
    soft = loss("KL of z_f", 738, 430, "KL")
    parts = (
        *(images, trunk, maps, logits, mean, fusion, fused, hard, soft),
        forward(images.right(), trunk.left()),
        *_bodies(trunk, maps, logits),
        *_taught(logits, "q", "p_f"),
        forward(maps.bottom(), fusion.top()),
        Words("side by side, all three", 376, 430, "end"),
        forward(fusion.right(), fused.left()),
        forward(logits.bottom(), mean.top()),
        target(mean.right(), soft.left(), text="p_e"),
        forward(fused.top(28), soft.bottom(-12)) if False else _up(fused, soft),
        forward(fused.right(), hard.left(), text="q_f", below=True),
        Words("labels y", 774, 520, "start"),
        *_bus(fused, 576),
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
        "head gives z_f. All of it learns at once. z_e is the mean of the z_k. Two dashed "
        "arrows are targets, along which no gradient goes back: p_e of z_e teaches the "
        "fused classifier in a loss KL of z_f, and p_f of z_f teaches each of the three "
        "branches in its own loss KL. Each branch and z_f also have a loss H with the "
        "labels y. Served are trunk, branches and fusion; the heads are gone then. Or "
        "one branch with its head is served, and the fusion is gone.",
    )


def _branches(trunk: Box, logits: Box, letter: str) -> Iterator[Part]:
    """Draw three branches from a trunk to a tall box of logits."""
    for i, y in enumerate(ROWS):
        kept = i == 0
        branch = Box(
            f"branch {i}", 384, y, 116, 48, served=kept, thrown=not kept
        )
        yield branch
        yield elbow(trunk.right(), branch.left(), 290)
        yield forward(branch.right(), logits.left(y - logits.y))
        yield Words(f"{letter}_{i}", logits.x, y)


def _bodies(trunk: Box, maps: Box, logits: Box) -> Iterator[Part]:
    """Draw three branches whose last maps go to a head each."""
    for k, y in enumerate(ROWS):
        body = Box(f"branch {k}", 280, y, 104, 48, served=True)
        head = Box(f"head {k}", 492, y, 88, 48, thrown=True)
        yield from (body, head)
        yield elbow(trunk.right(), body.left(), 214)
        yield forward(body.right(), maps.left(y - maps.y))
        yield forward(maps.right(y - maps.y), head.left())
        yield forward(head.right(), logits.left(y - logits.y))
        yield Words("map", maps.x, y - 12)
        yield Words(f"{k}", maps.x, y + 12)
        yield Words(f"z_{k}", logits.x, y)


def _taught(logits: Box, letter: str, teacher: str) -> Iterator[Part]:
    """Draw two losses for each row of a tall box of logits: labels and a teacher."""
    for i, y in enumerate(ROWS):
        hard = loss(f"H of branch {i}", 738, y - 26)
        soft = loss(f"KL of branch {i}", 738, y + 26, "KL")
        start = logits.right(y - logits.y)
        yield from (hard, soft)
        yield elbow(start, hard.left(), 680)
        yield elbow(start, soft.left(), 680)
        yield Words("labels y", 774, y - 26, "start")
        yield Words(f"{letter}_{i}", 650, y - 16)


def _bus(teacher: Box, low: float) -> Iterator[Part]:
    """Draw a teacher's target to the KL of every branch; low: where it turns right."""
    for k, y in enumerate(reversed(ROWS)):
        soft = loss("KL of branch %d" % (2 - k), 738, y + 26, "KL")
        if not k:
            corners = (teacher.x, low), (BUS, low), (BUS, y + 26)
            yield target(teacher.bottom(), soft.right(), *corners)
        else:
            yield _branch_off(soft, y + 26)


def _branch_off(soft: Loss, y: float) -> Part:
    from kdsurvey.schemes.parts import Spot

    below = Spot(BUS, y + ROWS[1] - ROWS[0])
    return target(below, soft.right(), (BUS, y), stop=False)


def _up(fused: Box, soft: Loss) -> Part:
    return forward(fused.right(-10), soft.bottom(), (700, fused.y - 10), (700, 480), (738, 480))


def ensemblenet() -> Scheme:
    """Draw EnsembleNet: heads on a trunk, and what their mean loss is made of."""
    images = numbers("images x", 92, 190, 104)
    trunk = Box("trunk", 232, 190, 104, 64, text="trunk\nshared", served=True)
    logits = numbers("z_i", 520, 190, 70, 236, " ")
    mean = numbers("z", 642, 190, 104, 44, "z: mean")
    each = loss("H of the heads", 796, 98)
    together = loss("H of the mean", 796, 190)
    parts = (
        Frame("The net: everything learns at once", 24, 58, 912, 266),
        *(images, trunk, logits, mean, each, together),
        forward(images.right(), trunk.left()),
        *_heads(trunk, logits),
        forward(logits.top(), each.left(), (520, 60)) if False else _to_each(logits, each),
        forward(logits.right(), mean.left()),
        forward(mean.right(), together.left(), text="q"),
        Words("weight λ", 832, 98, "start"),
        Words("1 − λ", 832, 190, "start"),
        Words("both with labels y", 796, 240),
        *_identity(),
    )
    return Scheme(
        "ensemblenet",
        "EnsembleNet: the heads' mean loss is the ensemble's loss plus their divergence",
        parts,
        (
            "L = λ 1/m Σ_i H(y, q_i) + (1 − λ) H(y, q)   with   z = 1/m Σ_i z_i",
            "   = H(y, q) + λ 1/m Σ_i KL(q ‖ q_i)",
        ),
        "Two parts. The net: images x go through a shared trunk to three heads, head 0, "
        "head 1 and head 2, which give the logits z_i; z is their mean. Everything "
        "learns at once and is served together. Two losses with the labels y: H of the "
        "heads, averaged over them, has the weight lambda; H of the mean, which the "
        "ensemble's probabilities q get, has the weight 1 - lambda. No target is "
        "detached. The identity, as bars: a bar for the mean loss of the heads is as "
        "long as a bar for the loss of the ensemble and a bar for the mean divergence of "
        "the heads from the ensemble together. Below, the loss L is drawn for lambda = "
        "2: the bar of the ensemble's loss, and the divergence twice, so the heads are "
        "pulled together.",
    )


def _heads(trunk: Box, logits: Box) -> Iterator[Part]:
    for i, y in enumerate((110.0, 190.0, 270.0)):
        head = Box(f"head {i}", 388, y, 104, 48, served=True)
        yield head
        yield elbow(trunk.right(), head.left(), 310)
        yield forward(head.right(), logits.left(y - logits.y))
        yield Words(f"z_{i}", logits.x, y)


def _to_each(logits: Box, each: Loss) -> Part:
    return forward(logits.right(98 - logits.y), each.left(), text="q_0, q_1, q_2")


def _identity() -> Iterator[Part]:
    """Draw the identity as bars: a whole, its two parts, and a part twice."""
    yield Frame("The identity, as bars: lengths add up", 24, 336, 912, 206)
    left, unit = 212.0, 200.0
    ensemble, apart = 1.45 * unit, unit
    rows = (
        ("λ = 1", 384.0, [("mean of H(y, q_i)", ensemble + apart)]),
        ("is", 436.0, [("H(y, q)", ensemble), ("KL(q ‖ q_i)", apart)]),
        (
            "L at λ = 2",
            498.0,
            [("H(y, q)", ensemble), ("KL(q ‖ q_i)", apart), ("KL(q ‖ q_i)", apart)],
        ),
    )
    for title, y, bars in rows:
        yield Words(title, left - 20, y, "end")
        x = left
        for k, (name, length) in enumerate(bars):
            yield numbers(f"{title}: {name} {k}", x + length / 2, y, length, 40, name)
            x += length

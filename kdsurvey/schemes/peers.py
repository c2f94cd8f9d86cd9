"""Nets that learn from each other, or from those before them."""

from kdsurvey.schemes.parts import (
    Box,
    Frame,
    Part,
    Words,
    copied,
    forward,
    loss,
    numbers,
    target,
)
from kdsurvey.schemes.scheme import Scheme


def dml() -> Scheme:
    """Draw two peers that learn by turns from one batch."""
    parts = (*_turn(1, 2, 24), *_turn(2, 1, 488))
    return Scheme(
        "dml",
        "Mutual learning: on every batch each peer learns from the other, by turns",
        parts,
        (
            "L_k = H(y, q_k) + weight T^2 / (K − 1) Σ_{l≠k} KL(p_l ‖ q_k)",
            "drawn for K = 2 peers",
        ),
        "Two turns on the same batch, side by side, for two peers that start from "
        "different weights. Turn 1: peer 1 learns, peer 2 only answers. Both get the "
        "batch x. The loss KL compares q_1 of peer 1 with the target p_2 of peer 2, "
        "which gets no gradient; the loss H compares q_1 with the labels y. Turn 2: the "
        "parts are exchanged. Peer 2 learns from fresh answers p_1 of peer 1, which "
        "has just moved, and from the labels. Each peer can be served.",
    )


def _turn(k: int, other: int, x: float) -> tuple[Part, ...]:
    """Draw the turn of peer k; x: the left edge of its frame."""
    rows = {1: 160.0, 2: 360.0}
    batch = numbers(f"batch x, turn {k}", x + 62, 260, 92, text="batch x")
    learner = Box(
        f"peer {k}", x + 194, rows[k], 112, 60, text=f"peer {k}\nlearns", served=True
    )
    asked = Box(
        f"peer {other}", x + 194, rows[other], 112, 60, "frozen", f"peer {other}\nanswers"
    )
    mutual = loss(f"KL, turn {k}", x + 320, 260, "KL")
    hard = loss(f"H, turn {k}", x + 320, rows[k])
    labels = numbers(f"labels y, turn {k}", x + 400, rows[k], 56, text="y")
    near, far = (mutual.top(), mutual.bottom()) if k == 1 else (mutual.bottom(), mutual.top())
    side = 1 if k == 1 else -1
    edge = learner.right(18 * side)
    ends = (batch.top(), batch.bottom()) if k == 1 else (batch.bottom(), batch.top())
    return (
        Frame(f"Turn {k}: peer {k} learns", x, 58, 448, 362),
        *(batch, learner, asked, mutual, hard, labels),
        forward(ends[0], learner.left(), (x + 62, rows[k])),
        forward(ends[1], asked.left(), (x + 62, rows[other])),
        forward(learner.right(), hard.left(), text=f"q_{k}", below=k == 2),
        forward(edge, near, (x + 320, edge.y)) if False else _down(learner, near, side),
        target(asked.right(), far, (x + 320, rows[other]), text=f"p_{other}", below=k == 1),
        forward(labels.left(), hard.right()),
    )


def _down(learner: Box, near, side: int):
    """Draw the second arrow of a learner's answers, to the loss beside its row."""
    start = learner.bottom(30) if side > 0 else learner.top(30)
    return forward(start, near, (start.x, near.y - 22 * side), (near.x, near.y - 22 * side))


def ban() -> Scheme:
    """Draw generations, of which each learns from the one before."""
    parts = (
        *_generation(1, 24),
        *_generation(2, 362),
        Frame("And so on", 700, 58, 236, 362),
        Box("generation 2", 818, 160, 160, 62, "frozen", "generation 2\nfrozen"),
        copied(
            Box("generation 1", 142, 350, 160, 62).right(),
            Box("generation 1 frozen", 442, 160, 160, 62).left(),
            (340, 350),
            (340, 160),
        ),
        copied(
            Box("generation 2", 442, 350, 160, 62).right(),
            Box("generation 2 frozen", 818, 160, 160, 62).left(),
            (678, 350),
            (678, 160),
        ),
        Words("The mean of", 818, 300),
        Words("generations 1 to k", 818, 326),
        Words("is scored too.", 818, 352),
    )
    return Scheme(
        "ban",
        "Born again: each generation learns from the one before, of its own size",
        parts,
        ('H(p, q), with "ban+l" H(y, q) + H(p, q);  no temperature',),
        "Generations from left to right, a frame for each stage. In the first, "
        "generation 0, the teacher, is frozen, and generation 1, a new net with fresh "
        "weights, learns: the loss H compares its probabilities q with the target p of "
        "generation 0, which gets no gradient. There is no temperature. In the second, a "
        "frozen copy of generation 1 is the teacher of generation 2, which starts from "
        "fresh weights again. And so on. Each generation can be served, and the mean of "
        "all generations so far is scored too.",
    )


def _generation(k: int, x: float) -> tuple[Part, ...]:
    middle = x + 118
    before = Box(
        f"generation {k - 1} frozen",
        middle,
        160,
        160,
        62,
        "frozen",
        f"generation {k - 1}\nfrozen",
    )
    born = Box(
        f"generation {k}",
        middle,
        350,
        160,
        62,
        text=f"generation {k}\nfresh weights",
        served=True,
    )
    soft = loss(f"H, stage {k}", middle, 255)
    return (
        Frame(f"Stage {k}", x, 58, 236, 362),
        *(before, born, soft),
        target(before.bottom(), soft.top(), text="p"),
        forward(born.top(), soft.bottom(), text="q"),
    )


def codistil() -> Scheme:
    """Draw two processes with stale copies of each other."""
    net_1 = Box("net 1", 234, 152, 128, 60, text="net 1\nlearns", served=True)
    copy_1 = Box(
        "copy of net 1", 730, 152, 148, 60, "frozen", "copy of net 1\nstale", thrown=True
    )
    net_2 = Box("net 2", 730, 372, 128, 60, text="net 2\nlearns", served=True)
    copy_2 = Box(
        "copy of net 2", 234, 372, 148, 60, "frozen", "copy of net 2\nstale", thrown=True
    )
    parts = (
        Frame("Process 1", 24, 58, 312, 384),
        Frame("Process 2", 624, 58, 312, 384),
        *_losses(1, net_1, copy_2, 82),
        *_losses(2, net_2, copy_1, 878),
        copied(net_1.right(), copy_1.left(), text="weights, every 50 steps"),
        copied(net_2.left(), copy_2.right(), text="weights, every 50 steps"),
        Words("after a burn-in:", 480, 250),
        Words("the first 20 % of the", 480, 276),
        Words("steps have H alone", 480, 302),
    )
    return Scheme(
        "codistil",
        "Codistillation: processes learn from old copies of each other",
        parts,
        ("L_i = H(y, q_i) + weight T^2 mean_{j≠i} KL(p_j ‖ q_i)",),
        "Two processes side by side, each with images and a net that learns and can be "
        "served: net 1 in process 1, net 2 in process 2. Every 50 steps each sends its "
        "weights, so process 2 holds a copy of net 1 and process 1 a copy of net 2. The "
        "copies are stale, frozen, and gone after training. In process 1 the loss KL "
        "compares q_1 of net 1 with the target p_2 of the copy of net 2, which gets no "
        "gradient; the loss H compares q_1 with the labels y. Process 2 does the same "
        "with q_2 and p_1. In a burn-in, the first 20 percent of the steps, there is H "
        "alone.",
    )


def _losses(i: int, net: Box, copy: Box, x: float) -> tuple[Part, ...]:
    """Draw a process's net, copy and two losses; x: where its labels stand."""
    j = 3 - i
    mutual = loss(f"KL, process {i}", net.x, 262, "KL")
    hard = loss(f"H, process {i}", x, net.y)
    labels = numbers(f"labels y, process {i}", x, 262, 92, text="labels y")
    down = i == 1
    inward = (net.bottom(), mutual.top()) if down else (net.top(), mutual.bottom())
    outward = (copy.top(), mutual.bottom()) if down else (copy.bottom(), mutual.top())
    side = (net.left(), hard.right()) if down else (net.right(), hard.left())
    label = (labels.top(), hard.bottom()) if down else (labels.bottom(), hard.top())
    return (
        *(net, copy, mutual, hard, labels),
        forward(*inward, text=f"q_{i}"),
        target(*outward, text=f"p_{j}"),
        forward(*side),
        forward(*label),
    )

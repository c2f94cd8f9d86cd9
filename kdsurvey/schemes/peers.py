"""Nets that learn from each other, or from those before them."""

from collections.abc import Iterator
from dataclasses import replace

from kdsurvey.schemes.parts import (
    Box,
    Frame,
    Part,
    Spot,
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
        "Mutual learning: peers teach each other, by turns",
        parts,
        (
            "L_k = H(y, q_k) + weight T^2 / (K − 1) Σ_{l≠k} KL(p_l ‖ q_k)",
            "drawn for K = 2 peers",
        ),
        "Two turns on the same batch, side by side, for two peers that start from "
        "different weights. Turn 1: peer 1 learns, peer 2 only answers. Both get the "
        "batch x. The loss KL compares q_1 of peer 1 with the target p_2 of peer 2, "
        "which gets no gradient; the loss H compares q_1 with the labels y. Turn 2: the "
        "parts are exchanged. Peer 2 learns from fresh answers p_1 of peer 1, which has "
        "just moved, and from the labels. Each peer can be served.",
    )


def _turn(k: int, other: int, x: float) -> Iterator[Part]:
    """Draw the turn of peer k; x: the left edge of its frame."""
    rows = {1: 160.0, 2: 360.0}
    batch = numbers(f"batch x, turn {k}", x + 62, 260, 92, text="batch x")
    learner = Box(f"peer {k}", x + 190, rows[k], 112, 60, text=f"peer {k}\nlearns")
    learner = replace(learner, served=True)
    text = f"peer {other}\nanswers"
    asked = Box(f"peer {other}", x + 190, rows[other], 112, 60, "frozen", text, True)
    mutual = loss(f"KL, turn {k}", x + 320, 260, "KL")
    hard = loss(f"H, turn {k}", x + 320, rows[k])
    labels = numbers(f"labels y, turn {k}", x + 404, rows[k], 56, text="y")
    yield Frame(f"Turn {k}: peer {k} learns", x, 58, 448, 362)
    yield from (batch, learner, asked, mutual, hard, labels)
    yield forward(batch.top(), Spot(x + 134, 160, "peer 1"), (x + 62, 160))
    yield forward(batch.bottom(), Spot(x + 134, 360, "peer 2"), (x + 62, 360))
    yield forward(learner.right(), hard.left(), text=f"q_{k}", below=k == 2)
    yield forward(labels.left(), hard.right())
    ends = [mutual.top(), mutual.bottom()]
    turn = learner.y + (3 - 2 * k) * 52  # between the learner's row and the loss
    start = learner.bottom(30) if k == 1 else learner.top(30)
    yield forward(start, ends[k - 1], (start.x, turn), (mutual.x, turn))
    corner = (mutual.x, asked.y)
    yield target(asked.right(), ends[2 - k], corner, text=f"p_{other}")


def ban() -> Scheme:
    """Draw generations, of which each learns from the one before."""
    parts = [part for k in (1, 2, 3) for part in _generation(k, 338 * k - 314)]
    parts += [
        Words(
            "Each generation is scored, and the mean of generations 1 to k.", 480, 448
        )
    ]
    return Scheme(
        "ban",
        "Born again: each generation learns from the one before",
        tuple(parts),
        ('H(p, q), with "ban+l" H(y, q) + H(p, q); no temperature',),
        "Generations from left to right, a frame for each stage. Stage 1: generation 0, "
        "the teacher, is frozen, and generation 1, a new net with fresh weights, "
        "learns: the loss H compares its probabilities q with the target p of "
        "generation 0, which gets no gradient. There is no temperature. Stage 2: a "
        "frozen copy of generation 1 is the teacher of generation 2, which starts from "
        "fresh weights again. Stage 3: a frozen copy of generation 2 teaches generation "
        "3. Each generation can be served; each is scored, and so is the mean of all "
        "generations from 1 to k.",
    )


def _generation(k: int, x: float) -> Iterator[Part]:
    """Draw the stage of generation k; x: the left edge of its frame."""
    middle = x + 118
    text = f"generation {k - 1}\nfrozen"
    before = Box(f"generation {k - 1} frozen", middle, 140, 164, 62, "frozen", text)
    text = f"generation {k}\nfresh weights"
    born = Box(f"generation {k}", middle, 370, 164, 62, text=text, served=True)
    soft = loss(f"H, stage {k}", middle, 255)
    yield Frame(f"Stage {k}", x, 58, 236, 368)
    yield from (before, born, soft)
    yield target(before.bottom(), soft.top(), text="p")
    yield forward(born.top(), soft.bottom(), text="q")
    if k < 3:
        corner = x + 287
        taught = Spot(before.left().x + 338, 140, f"generation {k} frozen")
        yield copied(born.right(), taught, (corner, 370), (corner, 140))


def codistil() -> Scheme:
    """Draw two processes with stale copies of each other."""
    net_1 = Box("net 1", 234, 152, 128, 60, text="net 1\nlearns", served=True)
    copy_1 = Box(
        "copy of net 1",
        730,
        152,
        164,
        60,
        "frozen",
        "copy of net 1\nstale",
        thrown=True,
    )
    net_2 = Box("net 2", 730, 372, 128, 60, text="net 2\nlearns", served=True)
    copy_2 = Box(
        "copy of net 2",
        234,
        372,
        164,
        60,
        "frozen",
        "copy of net 2\nstale",
        thrown=True,
    )
    parts = (
        Frame("Process 1", 24, 58, 312, 384),
        Frame("Process 2", 624, 58, 312, 384),
        *_losses(1, net_1, copy_2, 82),
        *_losses(2, net_2, copy_1, 878),
        copied(net_1.right(), copy_1.left(), text="weights, every 100 steps"),
        copied(net_2.left(), copy_2.right(), text="weights, every 100 steps"),
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
        "served: net 1 in process 1, net 2 in process 2. Every 100 steps each sends its "
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

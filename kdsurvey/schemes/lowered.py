"""Students of low precision: when who learns, and the slope of a staircase."""

from collections.abc import Iterator

from kdsurvey.schemes.parts import (
    Box,
    Curve,
    Frame,
    Part,
    Words,
    copied,
    forward,
    loss,
    target,
)
from kdsurvey.schemes.scheme import Scheme

BEFORE, NOW = 176.0, 492.0  # the middle of what was before, and of the stage
LANES = 92.0  # from the teacher's lane down to the student's


def apprentice() -> Scheme:
    """Draw the three schemes of Apprentice, each along its time."""
    parts = (
        Words("before", BEFORE, 70),
        Words("in the stage of this method", NOW, 70),
        *_timeline("A", 88.0, "both learn from the start"),
        *_timeline("B", 298.0, "a trained teacher, a fresh student"),
        *_timeline("C", 508.0, "a trained teacher, a trained student that is lowered"),
    )
    return Scheme(
        "apprentice",
        "Apprentice: a teacher of full precision, a student of low precision",
        parts,
        ("L = α H(y, p_T) + β H(y, p_A) + γ H(z_T, p_A); α in scheme A alone",),
        "Three schemes, one below the other, with time from left to right: before, and "
        "in the stage of this method. In all three the student, of 2-bit weights, "
        "learns in the stage and is served, with two losses: beta H compares p_A with "
        "the labels y, gamma H compares p_A with the teacher's z_T, a target that gets "
        "no gradient. Scheme A: nothing is trained before; the teacher, a copy of full "
        "precision, learns beside the student from a loss of its own, alpha H with the "
        "labels y. Scheme B: the teacher learnt from the labels before and is frozen in "
        "the stage; the student is fresh. Scheme C: the teacher and the student, then "
        "of 32 bits, both learnt before; the student is lowered to 2 bits, its batch "
        "norm is measured anew, and it is tuned at a tenth of the rate, while the "
        "teacher is frozen.",
    )


def _timeline(scheme: str, y: float, title: str) -> Iterator[Part]:
    """Draw one scheme; y: the upper edge of its frame."""
    upper = y + 66
    lower = upper + LANES
    frozen = scheme != "A"
    teacher = Box(
        f"teacher, scheme {scheme}",
        NOW,
        upper,
        236,
        58,
        "frozen" if frozen else "learns",
        f"teacher\n{'frozen' if frozen else 'a copy, full precision'}",
    )
    state = "tuned at lr × 0.1" if scheme == "C" else "fresh weights"
    student = Box(
        f"student, scheme {scheme}",
        NOW,
        lower,
        236,
        58,
        text=f"student, 2 bits\n{state}",
        served=True,
    )
    yield Frame(f"Scheme {scheme}: {title}", 24, y, 912, 202)
    yield from (teacher, student)
    yield from _terms(scheme, teacher, student)
    if scheme == "A":
        yield Words("nothing", BEFORE, (upper + lower) / 2)
    else:
        yield from _trained(teacher, "teacher", "learns from labels")
    if scheme == "C":
        yield from _trained(student, "student, 32 bits", "learns from labels")


def _trained(net: Box, name: str, how: str) -> Iterator[Part]:
    """Draw what a net was before the stage."""
    first = Box(f"{net.name} before", BEFORE, net.y, 220, 58, text=f"{name}\n{how}")
    yield first
    yield copied(first.right(), net.left())


def _terms(scheme: str, teacher: Box, student: Box) -> Iterator[Part]:
    """Draw the terms of the loss beside the two nets."""
    soft = loss(f"γ H {scheme}", 664, (teacher.y + student.y) / 2, radius=19)
    hard = loss(f"β H {scheme}", 776, student.y + 10, radius=19)
    yield from (soft, hard)
    yield target(teacher.right(8), soft.top(), (664, teacher.y + 8))
    yield forward(student.right(-8), soft.bottom(), (664, student.y - 8))
    yield forward(student.right(10), hard.left())
    yield Words("γ H(z_T, p_A)", 694, soft.y, "start")
    yield Words("β H(y, p_A)", 804, hard.y, "start")
    if scheme == "A":
        own = loss("α H A", 776, teacher.y - 10, radius=19)
        yield own
        yield forward(teacher.right(-10), own.left())
        yield Words("α H(y, p_T)", 804, own.y, "start")


UNIT = 128.0  # pixels of 1 on the axes of a quantiser
LEVELS = 3  # n, for 3 bits
END = 1.45  # of the axes


def staircase() -> Scheme:
    """Draw a quantiser's steps, and the slope that learning takes for theirs."""
    w = Box("w", 180, 476, 236, 62, text="w\nfull precision, learns", thrown=True)
    low = Box("w_q", 560, 476, 200, 62, "numbers", "w_q, 3 bits", served=True)
    parts = (
        Frame("Forward: seven levels", 24, 58, 448, 350),
        Frame("Backward: which slope?", 488, 58, 448, 350),
        *_steps(248.0, 246.0),
        *_slopes(712.0, 318.0),
        *(w, low),
        forward(w.right(), low.left(), text="round"),
        Words("goes on to the layer", 690, 476, "start"),
    )
    return Scheme(
        "staircase",
        "The staircase: rounded on the way forward, straight on the way back",
        parts,
        (
            "w_q = round(n clip(w, −1, 1)) / n   with   n = 2^{k − 1} − 1,   here k = 3 bits",
        ),
        "Two charts over the weight w, from -1.45 to 1.45, and below them the path of a "
        "weight. Forward: the quantiser w_q is a staircase of seven levels, -1, -2/3, "
        "-1/3, 0, 1/3, 2/3 and 1, flat beyond -1 and 1; a dashed straight line runs "
        "through the middle of its steps. Backward: the slope of the steps is 0 "
        "everywhere, so nothing would learn; the straight-through slope is 1 where w "
        "lies between -1 and 1 and 0 elsewhere. Below: w in full precision learns and "
        "is gone after training; it is rounded to w_q of 3 bits, which the layer "
        "computes with and which is served.",
    )


def _axes(x: float, y: float, name: str, height: tuple[float, float]) -> Iterator[Part]:
    """Draw two axes through (x, y), and their names; height: of the upright one."""
    reach = END * UNIT
    yield Curve(((x - reach, y), (x + reach, y)))
    yield Curve(((x, y - height[0]), (x, y + height[1])))
    yield Words("w", x + reach + 14, y)
    yield Words(name, x, y - height[0] - 18)
    for value in (-1, 1):
        at = x + value * UNIT
        yield Curve(((at, y - 5), (at, y + 5)))


def _steps(x: float, y: float) -> Iterator[Part]:
    """Draw the quantiser around (x, y)."""
    rise = 104.0  # pixels of 1 upwards
    yield from _axes(x, y, "w_q", (rise + 24, rise + 24))
    points = [(x - END * UNIT, y + rise)]
    for level in range(-LEVELS, LEVELS):
        at = x + (level + 0.5) / LEVELS * UNIT
        points.append((at, y - rise * level / LEVELS))
        points.append((at, y - rise * (level + 1) / LEVELS))
    points.append((x + END * UNIT, y - rise))
    yield Curve(tuple(points), "steps")
    yield Curve(((x - UNIT, y + rise), (x + UNIT, y - rise)), "slope")
    yield Words("−1", x - UNIT, y - 20)
    yield Words("1", x + UNIT, y + 20)


def _slopes(x: float, y: float) -> Iterator[Part]:
    """Draw the slopes of the quantiser and of its straight-through twin."""
    rise = 128.0
    reach = END * UNIT
    yield from _axes(x, y, "slope", (rise + 50, 0.0))
    yield Curve(((x - reach, y), (x + reach, y)), "steps")
    raised = y - 5
    edge = [(x - reach, raised), (x - UNIT, raised), (x - UNIT, y - rise)]
    edge += [(x + UNIT, y - rise), (x + UNIT, raised), (x + reach, raised)]
    yield Curve(tuple(edge), "slope")
    yield Words("1 where |w| ≤ 1", x + 12, y - rise - 18, "start")
    yield Words("−1", x - UNIT, y + 22)
    yield Words("1", x + UNIT, y + 22)
    yield Words("slope of the steps: 0, nothing would learn", x, y + 62)

"""Teachers whose inner layers teach, in two stages."""

from collections.abc import Iterator

from kdsurvey.schemes.parts import (
    Box,
    Curve,
    Frame,
    Look,
    Loss,
    Part,
    Words,
    forward,
    loss,
    numbers,
    target,
)
from kdsurvey.schemes.scheme import Scheme


def fitnets() -> Scheme:
    """Draw the two stages of FitNets: a hint, then distillation."""
    return Scheme(
        "fitnets",
        "FitNets: first the lower half learns a hint, then all of it distils",
        (*_hint(), *_distil()),
        (
            "L_{HT} = ½ ‖u_h(x) − r(v_g(x))‖^2",
            "L_{KD} = H(y, P_S) + λ H(P_T^τ, P_S^τ)",
        ),
        "Two stages, one below the other. Stage 1, hint: images x go to the teacher to "
        "its hint, a frozen net 196-300, and to the student's lower half, "
        "196-32-32-32-32-32, which ends in the guided layer and learns. The regressor "
        "r, from 32 to 300 units, learns too and is gone after this stage, so it is "
        "hatched. The loss L_HT compares r(v_g) with the target u_h, which gets no "
        "gradient. Stage 2, distil: the whole student, ten hidden layers of 32, learns "
        "and is served; its lower half starts as stage 1 left it. The whole teacher, "
        "196-300-300-10, is frozen. The soft H compares P_S at temperature tau with the "
        "target P_T at tau, with a weight lambda that falls from 4 to 1; the hard H "
        "compares P_S with the labels y.",
    )


def _hint() -> tuple[Part, ...]:
    images = numbers("images x", 104, 192, 112)
    teacher = Box(
        "teacher to its hint",
        312,
        136,
        236,
        66,
        "frozen",
        "teacher to its hint\n196-300",
    )
    student = Box(
        "student's lower half",
        312,
        248,
        236,
        66,
        text="student's lower half\n196-32-32-32-32-32",
    )
    r = Box("regressor r", 580, 248, 160, 66, text="regressor r\n32 → 300", thrown=True)
    hint = loss("L_HT", 790, 192, "L_{HT}", 31)
    return (
        Frame("Stage 1, hint: the student's upper half waits", 24, 58, 912, 236),
        *(images, teacher, student, r, hint),
        forward(images.right(-8), teacher.left(), (174, 184), (174, 136)),
        forward(images.right(8), student.left(), (174, 200), (174, 248)),
        target(teacher.right(), hint.top(), (790, 136), text="hint u_h"),
        forward(student.right(), r.left(), text="v_g"),
        forward(r.right(), hint.bottom(), (790, 248), text="r(v_g)"),
    )


def _distil() -> tuple[Part, ...]:
    images = numbers("images x", 104, 438, 112)
    teacher = Box("teacher", 312, 384, 236, 66, "frozen", "teacher\n196-300-300-10")
    student = Box(
        "student", 312, 496, 236, 66, text="student\n196 - 10 × 32 - 10", served=True
    )
    soft = loss("soft H", 590, 438)
    hard = loss("hard H", 740, 510)
    labels = numbers("labels y", 862, 510, 112)
    return (
        Frame("Stage 2, distil: the regressor is gone", 24, 306, 912, 246),
        *(images, teacher, student, soft, hard, labels),
        forward(images.right(-8), teacher.left(), (174, 430), (174, 384)),
        forward(images.right(8), student.left(), (174, 446), (174, 496)),
        target(teacher.right(), soft.top(), (590, 384), text="P_T^τ"),
        forward(student.right(-12), soft.bottom(), (590, 484), text="P_S^τ"),
        forward(student.right(14), hard.left(), text="P_S", below=True, shift=(40, 0)),
        forward(labels.left(), hard.right()),
        Words("soft term: weight λ, 4 → 1", 630, 438, "start"),
    )


def fsp() -> Scheme:
    """Draw the two stages of FSP: the flow between two maps, then the task."""
    return Scheme(
        "fsp",
        "FSP: first the flow between two layers is learnt, then the task",
        (*_flow(), *_task()),
        (
            "G = Σ_{st} F_1 F_2' / (h w): each channel of F_1 with each of F_2",
            "L_{FSP} = λ Σ_i ‖G_i^T − G_i^S‖^2; then H(y, p_S)",
        ),
        "Two stages, side by side. Stage 1, flow: images x go to the teacher, which is "
        "frozen, and to the student, which learns. In each net F_1 is the map at the "
        "start of a section (after teacher, first part, and student, first part) and "
        "F_2 the map at its end (after teacher, section, and student, section). From "
        "both maps comes one matrix, G^T of the teacher and G^S of the student, with a "
        "row for each channel of F_1 and a column for each channel of F_2; here two of "
        "each. The loss, a squared norm, compares G^S with the target G^T, which gets "
        "no gradient. No labels are needed. Stage 2, task: the whole student learns "
        "from the labels y alone, with the loss H, and is served; there is no teacher.",
    )


def _flow() -> tuple[Part, ...]:
    images = numbers("images x", 92, 286, 108)
    norm = loss("‖·‖^2", 560, 286, "‖·‖^2", 31)
    return (
        Frame("Stage 1, flow: no labels", 24, 58, 656, 438),
        *(images, norm),
        *_matrix("teacher", "G^T", 170, norm, images),
        *_matrix("student", "G^S", 402, norm, images),
        *_cells(170, ("0.9", "0.1", "0.2", "0.7")),
        *_cells(402, ("0.4", "0.3", "0.3", "0.5")),
    )


def _matrix(net: str, name: str, y: float, norm: Loss, images: Box) -> Iterator[Part]:
    """Draw a net's two maps and their matrix, above the loss or below it."""
    above = y < norm.y
    look: Look = "frozen" if above else "learns"
    start = Box(f"{net}, first part", 222, y, 130, 66, look, f"{net}\nfirst part")
    end = Box(f"{net}, section", 392, y, 130, 66, look, f"{net}\na section")
    G = Box(name, 560, y, 92, 92, "square", " ")
    yield from (start, end, G)
    yield Words(name, 618, y, "start")
    yield forward(start.right(), end.left(), text="F_1")
    yield forward(end.right(), G.left(), text="F_2")
    turn = (images.x, y)
    if above:
        yield forward(images.top(), start.left(), turn)
        yield forward(start.top(), G.top(), (222, y - 72), (560, y - 72))
        yield target(G.bottom(), norm.top())
    else:
        yield forward(images.bottom(), start.left(), turn)
        yield forward(start.bottom(), G.bottom(), (222, y + 72), (560, y + 72))
        yield forward(G.top(), norm.bottom())


def _cells(y: float, values: tuple[str, ...]) -> Iterator[Part]:
    """Draw the lines and the values of a matrix of two rows and two columns."""
    x, side = 560, 46
    yield Curve(((x, y - side), (x, y + side)))
    yield Curve(((x - side, y), (x + side, y)))
    for k, value in enumerate(values):
        row, column = divmod(k, 2)
        yield Words(value, x + side * (column - 0.5), y + side * (row - 0.5))


def _task() -> tuple[Part, ...]:
    images = numbers("images x", 816, 120, 112)
    student = Box("student", 816, 214, 150, 66, text="student\nthe whole", served=True)
    hard = loss("H", 816, 330)
    labels = numbers("labels y", 816, 430, 112)
    return (
        Frame("Stage 2, task", 696, 58, 240, 438),
        *(images, student, hard, labels),
        forward(images.bottom(), student.top()),
        forward(student.bottom(), hard.top(), text="p_S"),
        forward(labels.top(), hard.bottom()),
    )

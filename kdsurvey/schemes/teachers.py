"""One teacher that is trained before, and one student."""

from collections.abc import Iterator

from kdsurvey.schemes.parts import (
    Box,
    Curve,
    Frame,
    Part,
    Words,
    forward,
    loss,
    numbers,
    target,
)
from kdsurvey.schemes.scheme import Scheme


def hinton(
    teacher: str = "784-1200-1200-10", student: str = "784-800-800-10"
) -> Scheme:
    """Draw distillation: a hard term with the labels, a soft one with the teacher.

    teacher, student: the sizes of the nets, at most twenty letters each.
    """
    images = numbers("images x", 86, 245, 112)
    frozen = Box("teacher", 270, 110, 200, 74, "frozen", f"teacher\n{teacher}")
    served = Box("student", 270, 380, 200, 74, text=f"student\n{student}", served=True)
    p = numbers("p_T", 546, 110, 232, 46, "p_T = softmax(v / T)")
    q_T = numbers("q_T", 546, 290, 232, 46, "q_T = softmax(z / T)")
    q = numbers("q", 546, 380, 232, 46, "q = softmax(z)")
    soft = loss("KL", 736, 200, "KL")
    hard = loss("H", 736, 380)
    labels = numbers("labels y", 870, 380, 112)
    parts = (
        *(images, frozen, served, p, q_T, q, soft, hard, labels),
        forward(images.top(), frozen.left(), (86, 110)),
        forward(images.bottom(), served.left(), (86, 380)),
        forward(frozen.right(), p.left(), text="v"),
        forward(served.right(), q.left(), text="z", below=True),
        forward(served.right(), q_T.left(), (392, 380), (392, 290)),
        target(p.right(), soft.top(), (736, 110)),
        forward(q_T.right(), soft.bottom(), (736, 290)),
        forward(q.right(), hard.left()),
        forward(labels.left(), hard.right()),
        Words("soft term:", 776, 188, "start"),
        Words("weight α T^2", 776, 213, "start"),
        Words("hard term: weight 1 − α", 736, 426),
    )
    return Scheme(
        "hinton",
        "Hinton: the student learns from the teacher's softened answers",
        parts,
        ("L = (1 − α) H(y, q) + α T^2 KL(p_T ‖ q_T)",),
        "The same images x go to the teacher and to the student. The teacher, a net "
        f"{teacher}, is frozen. Its logits v become p_T, the softmax of v / T. "
        f"The student, a net {student}, learns and is served. Its logits z are used "
        "twice: q_T is the softmax of z / T, and q is the softmax of z without a "
        "temperature. Two losses: the soft term KL compares q_T with the target p_T, "
        "through which no gradient goes to the teacher, with weight alpha T squared; "
        "the hard term H compares q with the labels y, with weight 1 - alpha.",
    )


DIGITS = "0123456789"
OF_AN_EIGHT = (
    6,
    3,
    7,
    26,
    2,
    12,
    3,
    3,
    60,
    10,
)  # heights, pixels: a teacher at a high T


def missing_three() -> Scheme:
    """Draw distillation without any 3, and the one number that mends its bias."""
    transfer = numbers("transfer set", 480, 116, 580, 44, " ")
    teacher = Box("teacher", 330, 222, 190, 70, "frozen", "teacher\nknows all digits")
    student = Box(
        "student", 330, 352, 190, 70, text="student\nnever saw a 3", served=True
    )
    column = numbers("p_T", 590, 222, 258, 108, " ")
    soft = loss("KL", 590, 352, "KL")
    logits = numbers("z", 190, 490, 170, 44, "logits z (n, 10)")
    bias = numbers("b", 470, 490, 220, 44, "z_3 becomes z_3 + b")
    answer = numbers("answer", 760, 490, 200, 44, "largest logit wins")
    parts = (
        Frame("Distil: soft targets alone (α = 1), no labels", 24, 58, 912, 350),
        Frame("Afterwards: one number is added, nothing learns", 24, 422, 912, 106),
        *(transfer, teacher, student, column, soft, logits, bias, answer),
        *_transfer_set(transfer),
        *_columns(column),
        forward(transfer.left(), teacher.left(), (150, 116), (150, 222)),
        forward(transfer.left(), student.left(), (150, 116), (150, 352)),
        forward(student.right(), soft.left(), text="z"),
        forward(teacher.right(), column.left(), text="v"),
        target(column.bottom(), soft.top()),
        Words("p_T of an 8,", 736, 184, "start"),
        Words("softened:", 736, 210, "start"),
        Words("its column for 3", 736, 236, "start"),
        Words("still teaches", 736, 262, "start"),
        forward(logits.right(), bias.left()),
        forward(bias.right(), answer.left()),
    )
    return Scheme(
        "missing_three",
        "Missing three: a student learns a digit that it has never seen",
        parts,
        (
            "L = T^2 KL(p_T ‖ q_T); then the b with the fewest errors on validation images",
        ),
        "The transfer set has the digits 0 to 9 without the 3, whose place is empty. "
        "Its images go to the teacher and to the student. The teacher knows all digits "
        "and is frozen; the student never saw a 3, learns, and is served. Its logits z "
        "are compared with the teacher's in the loss KL alone: alpha is 1, there are no "
        "labels. The target p_T, drawn as ten columns for an image of an 8, gets no "
        "gradient; its column for 3 is the second largest, so images that are no 3 "
        "still teach what a 3 looks like. Afterwards nothing learns: in the logits z "
        "one number b is added, z_3 becomes z_3 + b, and the answer is the largest "
        "logit. b is the number with the fewest errors on validation images, which have "
        "3s.",
    )


def _transfer_set(box: Box) -> Iterator[Part]:
    """Draw the digits of the transfer set in a row, with a gap for the 3."""
    yield Words("transfer set", box.x - 203, box.y)
    for k, digit in enumerate(DIGITS):
        x = box.x - 100 + 40 * k
        if digit != "3":
            yield Words(digit, x, box.y)
    yield Words("no 3s", box.x + box.width / 2 + 50, box.y, bold=True)


def _columns(box: Box) -> Iterator[Part]:
    """Draw the ten columns of a soft target, the one for 3 in bold."""
    floor = box.y + 26
    yield Curve(((box.x - 124, floor), (box.x + 124, floor)))
    for k, height in enumerate(OF_AN_EIGHT):
        x = box.x - 112.5 + 25 * k
        top = floor - height
        outline = ((x - 7, floor), (x - 7, top), (x + 7, top), (x + 7, floor))
        yield Curve(outline, "bold" if k == 3 else "edge")
        yield Words(DIGITS[k], x, floor + 14, bold=k == 3)

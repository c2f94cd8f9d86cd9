"""Apprentice, Mishra & Marr, ICLR 2018, arXiv 1711.05852."""

from collections.abc import Iterator

from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import cross_entropy, half_mse, soft_cross_entropy
from kdsurvey.stage import Batch, Stage, Teacher, copied
from kdsurvey.surgery import Precision, lower, re_estimate


def apprentice(
    student: nn.Module,
    teacher: nn.Module | Teacher,
    *,
    scheme: str = "A",
    weight_bits: int = 2,
    activation_bits: int = 8,
    alpha: float = 1.0,
    beta: float = 0.5,
    gamma: float = 0.5,
    match: str = "cross-entropy",
    fine_lr: float = 0.1,
    ends: bool = False,
    **lowering,
) -> Iterator[Stage]:
    """L = alpha H(y, p_T) + beta H(y, p_A) + gamma H(z_T, p_A): T the teacher of full
    precision, A the apprentice of low

    Mishra & Marr 2018, arXiv 1711.05852, equation 1. Scheme "A": both learn from the
    start, the teacher as a copy that the stage scores; alpha's term moves it, gamma's
    does not. "B": a trained teacher, frozen, and a fresh student. "C": the student too
    is trained, in full precision; lowered, and its batch norm measured anew on training
    images, it is tuned at fine_lr of Config.lr. B and C have no alpha term. student,
    teacher: from x (n, ...) to logits (n, c); the caller's teacher never changes, the
    student's inner layers are lowered in place, as the stage begins, to weight_bits and
    activation_bits (32: full precision) and **lowering, the other fields of
    surgery.Precision; with ends the first and last layer too, see `surgery.lower`.
    alpha, beta, gamma >= 0. match: H(z_T, p_A) is the cross-entropy with softmax(z_T),
    or "mse", 1/2 ||z_T - z_A||^2. Raises ValueError for a value out of its range and
    nets that differ in classes. Departures: the paper does not say how H takes logits;
    ternary weights by TWN's threshold, not TTQ's learnt scales.
    """
    _check(scheme, match, alpha, beta, gamma)
    precision = Precision(weight_bits, activation_bits, **lowering)
    soft_loss = half_mse if match == "mse" else soft_cross_entropy

    def stages() -> Iterator[Stage]:
        frozen = Teacher(teacher)
        learning = (
            copied(frozen.net).requires_grad_(True) if scheme == "A" else frozen.net
        )
        lower(student, precision, ends=ends)
        measured = scheme != "C"  # else batch norm has statistics of full precision

        def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
            nonlocal measured
            if not measured:
                re_estimate(student, batch.inputs[:4096])
                measured = True
            z_A = student(batch.x)  # (n, c)
            z_T = learning(batch.x) if scheme == "A" else frozen(batch)  # (n, c)
            first = {"teacher": alpha * cross_entropy(z_T, batch.y)}
            return (first if scheme == "A" else {}) | {
                "hard": beta * cross_entropy(z_A, batch.y),
                "soft": gamma * soft_loss(z_T, z_A),  # z_T is detached in it
            }

        if scheme == "A":
            both = nn.ModuleList([student, learning])
            score = {"student": student, "teacher": learning}
            yield Stage("apprentice", {both: loss}, score)
        else:
            lr = fine_lr if scheme == "C" else 1.0
            yield Stage("apprentice", {student: loss}, {"student": student}, lr=lr)

    return stages()


def _check(scheme: str, match: str, *weights: float) -> None:
    known = scheme in [*"ABC"] and match in ["cross-entropy", "mse"]
    if not known or not ranges.weights(weights, 3):
        raise ValueError(
            'apprentice: scheme "A", "B" or "C", match "cross-entropy" or "mse", '
            f"weights >= 0; not {scheme!r}, {match!r}, {weights}"
        )

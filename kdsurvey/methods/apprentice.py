"""Apprentice, Mishra & Marr, ICLR 2018, arXiv 1711.05852."""

import copy
from collections.abc import Iterator

from torch import nn

from kdsurvey.losses import cross_entropy, half_mse, soft_cross_entropy
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import lower, re_estimate


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
    activation_bits (32: full precision) and **lowering, see `surgery.lower`. alpha,
    beta, gamma >= 0. match: H(z_T, p_A) is the cross-entropy with softmax(z_T), or
    "mse", 1/2 ||z_T - z_A||^2. Raises ValueError for a value out of its range and nets
    that differ in classes. Departures: the paper does not say how H takes logits;
    ternary weights by TWN's threshold, not TTQ's learnt scales.
    """
    _check(scheme, match, alpha, beta, gamma)
    teacher = Teacher(teacher)
    joint = scheme == "A"
    stale = [student] if scheme == "C" else []
    z = copy.deepcopy(teacher.net).requires_grad_(True) if joint else None
    lower(student, weight_bits=weight_bits, activation_bits=activation_bits, **lowering)

    def loss(batch, progress):
        while stale:  # once: its batch norm still has the statistics of full precision
            re_estimate(stale.pop(), batch.inputs[:4096])
        # (n, c) each
        z_A = student(batch.x)
        z_T = z(batch.x) if joint else teacher(batch)
        first = {"teacher": alpha * cross_entropy(z_T, batch.y)} if joint else {}
        soft = (
            half_mse(z_T, z_A) if match == "mse" else soft_cross_entropy(z_T, z_A)
        )  # z_T is detached in both
        return first | {
            "hard": beta * cross_entropy(z_A, batch.y),
            "soft": gamma * soft,
        }

    learn, score = (
        (nn.ModuleList([student, z]), {"teacher": z}) if joint else (student, {})
    )
    yield Stage(
        "apprentice",
        {learn: loss},
        {"student": student} | score,
        lr=fine_lr if scheme == "C" else 1.0,
    )


def _check(scheme: str, match: str, *weights: float) -> None:
    if (
        scheme not in ("A", "B", "C")
        or match not in ("cross-entropy", "mse")
        or not all(weight >= 0 for weight in weights)
    ):
        said = f"{scheme!r}, {match!r}, {weights}"
        raise ValueError(
            f'apprentice: scheme "A", "B" or "C", match "cross-entropy" or "mse", weights >= 0; not {said}'
        )

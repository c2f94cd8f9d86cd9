"""Distilling the Knowledge in a Neural Network, Hinton, Vinyals & Dean 2015.

arXiv 1503.02531.
"""

from collections.abc import Iterator

from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.finite import has_values
from kdsurvey.losses import check_temperature, cross_entropy, kl
from kdsurvey.stage import Batch, Stage, Teacher, beside, check_nets


def hinton(
    student: nn.Module,
    teacher: nn.Module | Teacher,
    *,
    T: float | Tensor = 4.0,
    alpha: float | Tensor = 0.9,
) -> Iterator[Stage]:
    """L = (1 - alpha) H(y, q) + alpha T^2 KL(p_T || q_T)

    Hinton, Vinyals & Dean 2015, arXiv 1503.02531, section 2.

    student: maps x (n, ...) to logits z (n, c), trained in place; teacher: maps x to
    logits v (n, c), copied and frozen. T > 0: temperature of both. alpha in [0, 1]:
    weight of the *soft* term; 1 needs no labels. Either may be a tensor: of no
    dimension, to be changed while it trains, or one value a member where the student is
    a stack. Raises ValueError for a T or an alpha outside its range, and for nets that
    differ in classes. Departures: the paper writes the soft term as a cross-entropy; KL
    has the same gradient and reaches 0. It gives the two weights no letter; alpha and 1
    - alpha are ours.
    """
    check_nets("hinton", student=student, teacher=teacher)
    if not all(map(ranges.share, _read(alpha))):
        raise ValueError(
            f"hinton: alpha weighs the soft term and lies in [0, 1], got {alpha!r}"
        )
    for value in _read(T):
        check_temperature(value)

    def stages() -> Iterator[Stage]:
        frozen = Teacher(teacher)

        def loss(batch: Batch, progress: float, T=T, alpha=alpha) -> dict[str, Tensor]:
            z = student(batch.x)  # (n, c)
            v = frozen(batch)  # (n, c)
            T, alpha = beside(z, T, alpha)
            return {
                "hard": (1 - alpha) * cross_entropy(z, batch.y),
                "soft": alpha * T**2 * kl(v, z, T),
            }

        yield Stage("distil", {student: loss}, score={"student": student})

    return stages()


def _read(value: float | Tensor) -> list:
    """Read a tensor's values: once, as it waits for the device."""
    if isinstance(value, Tensor):
        return value.detach().flatten().tolist() if has_values(value) else []
    return [value]

"""Revisiting Knowledge Distillation via Label Smoothing Regularization, Yuan et al.,
CVPR 2020, arXiv 1909.11723.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import check_temperature, cross_entropy, kl
from kdsurvey.stage import Batch, Stage, check_nets


def virtual_teacher(
    student: nn.Module, *, T: float = 20.0, alpha: float = 0.1, a: float = 0.99
) -> Iterator[Stage]:
    """L = (1 - alpha) H(y, q) + alpha KL(p_T || q_T), p = a for y, (1 - a) / (c - 1) else

    Yuan et al. 2020, arXiv 1909.11723, "Tf-KD_reg": a teacher made by hand, right about
    every image and equally unsure of all other classes. At T = 1 it has the gradient of
    label smoothing with smoothing alpha (1 - a) c / (c - 1).

    student: maps x (n, ...) to logits z (n, c), trained in place. T > 0: temperature of
    both. alpha in [0, 1]: weight of the teacher's term. a in (1 / c, 1): its probability
    for the right class. Raises ValueError for values outside their ranges.
    Departures: p_T is softmax(log p / T). The authors' code divides the probabilities
    themselves by T before the softmax, which leaves a nearly uniform target.
    """
    check_nets("virtual_teacher", student=student)
    if not ranges.share(alpha) or not ranges.share(a) or a in (0, 1):
        raise ValueError(
            f"virtual_teacher: alpha in [0, 1] and a in (0, 1); got {alpha!r} and {a!r}"
        )

    check_temperature(T)

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z = student(batch.x)  # (n, c)
        c = z.shape[-1]
        if a * c <= 1:
            raise ValueError(
                f"virtual_teacher: with a = {a} the right one of {c} classes is not the "
                f"most probable; give an a above {1 / c:.3g}"
            )
        y = F.one_hot(batch.y, c).to(torch.promote_types(z.dtype, torch.float32))
        p = a * y + (1 - a) / (c - 1) * (1 - y)  # (n, c)
        return {
            "hard": (1 - alpha) * cross_entropy(z, batch.y),
            "virtual": alpha * kl(p.log(), z, T),
        }

    def stages() -> Iterator[Stage]:
        yield Stage("distil", {student: loss}, score={"student": student})

    return stages()

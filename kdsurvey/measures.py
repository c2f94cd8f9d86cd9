"""How a net answers, in numbers: confusions, calibration, how closely it follows
another; what its layers pass on, and cost.

All but the last two are pure functions of tensors; leading dimensions, where there are
any, are a stack, and come out as they went in.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from kdsurvey.losses import kl
from kdsurvey.stage import in_eval


class Reliability(NamedTuple):
    """What a reliability diagram shows, a bin a place: (..., bins) each; nan where no
    image falls into a bin.
    """

    confidence: Tensor  # mean probability of the answer, in [0, 1]
    accuracy: Tensor  # share of right answers, in [0, 1]
    count: Tensor  # images, int64


def confusion(answers: Tensor, y: Tensor, classes: int) -> Tensor:
    """How often a class was answered for a class: counts (..., classes, classes), a row
    a label, a column an answer.

    answers: (..., n) class indices, or (..., n, classes) logits, whose largest counts;
    y: (n,) labels. Raises ValueError for shapes that do not fit, and for an index that
    is no class.
    """
    given = answers.argmax(-1) if answers.is_floating_point() else answers  # (..., n)
    if answers.is_floating_point() and answers.shape[-1:] != (classes,):
        raise ValueError(
            f"confusion: logits {_s(answers)} have not the {classes} classes; give (..., n, {classes})"
        )
    _labels("confusion", given, y)
    for name, index in (("answers", given), ("labels", y)):
        if len(y) and not 0 <= int(index.min()) <= int(index.max()) < classes:
            raise ValueError(
                f"confusion: {name} from {index.min()} to {index.max()}; {classes} classes are 0 to {classes - 1}"
            )
    pair = (y * classes + given).reshape(-1, len(y))  # (s, n)
    counts = torch.zeros(
        len(pair), classes * classes, dtype=torch.int64, device=pair.device
    )
    counts.scatter_add_(1, pair, torch.ones_like(pair))
    return counts.reshape(*given.shape[:-1], classes, classes)


def reliability(p: Tensor, y: Tensor, bins: int = 10) -> Reliability:
    """Accuracy against confidence in `bins` bins of equal width: bin k takes the
    confidences in ((k - 1) / bins, k / bins].

    p: (..., n, c) probabilities; the confidence of an image is the largest of its c. y:
    (n,) labels. bins >= 1. Source: Guo et al. 2017, arXiv 1706.04599, section 2. Raises
    ValueError for shapes that do not fit, for no image, and where p holds no
    probabilities (logits, for instance: soften them first).
    """
    if bins < 1:
        raise ValueError(f"reliability: at least one bin is needed, got {bins}")
    _labels("reliability", p[..., 0] if p.ndim > 1 else p, y)
    if not len(y) or not bool(
        ((p >= 0) & (p <= 1 + 1e-5)).all() and ((p.sum(-1) - 1).abs() < 1e-3).all()
    ):
        raise ValueError(
            f"reliability: p {_s(p)} must be probabilities of at least one image; for logits give soften(z)"
        )
    confidence, answer = p.double().max(-1)  # (..., n)
    hit = (answer == y).double()
    edges = torch.arange(1, bins, dtype=torch.float64, device=p.device) / bins
    place = torch.bucketize(
        confidence, edges
    )  # (..., n) from 0; an edge belongs to the bin below it
    within = [
        place.new_zeros(*place.shape[:-1], bins, dtype=torch.float64) for _ in range(3)
    ]
    for total, values in zip(within, (confidence, hit, torch.ones_like(hit))):
        total.scatter_add_(-1, place, values)
    sure, right, count = within
    return Reliability(sure / count, right / count, count.long())


def calibration_error(p: Tensor, y: Tensor, bins: int = 10) -> Tensor:
    """ECE = sum_k n_k / n |accuracy_k - confidence_k| over the bins of `reliability`:
    (...), in [0, 1].

    Source: Guo et al. 2017, arXiv 1706.04599, equation 3; first in Naeini, Cooper &
    Hauskrecht 2015. It depends on the number of bins, and few images raise it: compare
    nets on the same images and bins. Arguments and errors: those of `reliability`.
    """
    found = reliability(p, y, bins)
    gap = (found.accuracy - found.confidence).abs().nan_to_num()
    return (found.count * gap).sum(-1) / len(y)


def top1_agreement(z: Tensor, v: Tensor) -> Tensor:
    """Share of images to which two nets give the same answer, right or wrong: (...), in [0, 1].

    z: (..., n, c) logits of one net or of a stack; v: (n, c) logits of the other, or
    shaped like z. Source: Stanton et al. 2021, arXiv 2106.05945, "average top-1
    agreement". Raises ValueError for shapes that do not fit.
    """
    _pair("top1_agreement", z, v)
    return (z.argmax(-1) == v.argmax(-1)).double().mean(-1)


def predictive_kl(z: Tensor, v: Tensor) -> Tensor:
    """Mean over the images of KL(p || q) in nats at T = 1, p of the net with logits v,
    q of the one with logits z: (...), >= 0.

    Shapes, source ("average predictive KL") and errors: those of `top1_agreement`.
    """
    _pair("predictive_kl", z, v)
    return kl(v, z)


@torch.no_grad()
def spread(net: nn.Sequential, x: Tensor) -> list[float]:
    """How far images x (m, ...) differ: the s.d. over them, root mean square over the
    units, of x and after each hidden block.
    """
    x, found = x.to(next(net.parameters()).device), []
    with in_eval(net):
        for block in net[:-1]:
            x = block(x)
            found.append(x.var(0, correction=0).mean().sqrt())
    return torch.stack(found).tolist()


def multiply_adds(work: Callable[[], object]) -> int:
    """How many multiplications, each with an addition, the matrix products and
    convolutions of work() take, there and back.
    """
    with FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.convolution_backward: _back}
    ) as counter:
        work()
    return counter.get_total_flops() // 2


def _back(
    slope,
    x,
    w,
    bias,
    stride,
    padding,
    dilation,
    transposed,
    output_padding,
    groups,
    wanted,
    **_,
) -> int:
    """Of a convolution: as much as the way there for each of x and w. PyTorch's own
    count is too large where it is grouped.
    """
    return 2 * math.prod(slope) * math.prod(w[1:]) * sum(wanted[:2])


def _pair(name: str, z: Tensor, v: Tensor) -> None:
    if (
        z.ndim < 2
        or z.shape[-2:] != v.shape[-2:]
        or v.shape[:-2] not in ((), z.shape[:-2])
        or not z.shape[-2]
    ):
        raise ValueError(
            f"{name}: logits {_s(z)} and {_s(v)} do not fit; give both for the same images, at least one, and the same classes"
        )


def _labels(name: str, answers: Tensor, y: Tensor) -> None:
    if y.ndim != 1 or y.is_floating_point() or answers.shape[-1:] != y.shape:
        raise ValueError(
            f"{name}: {_s(answers)} answers need as many labels, class indices of shape {_s(answers)[-1:]}, got {y.dtype} {_s(y)}"
        )


def _s(t: Tensor) -> tuple[int, ...]:
    return tuple(t.shape)

"""Measures of how a net answers, what its layers pass on, and what it costs.

Confusions, calibration, how closely it follows another net.

All but the last two are pure functions of tensors; leading dimensions, where there are
any, are a stack, and come out as they went in.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, shape_wrapper

from kdsurvey import ranges
from kdsurvey.finite import holds_nan
from kdsurvey.losses import kl
from kdsurvey.stage import in_eval


class Reliability(NamedTuple):
    """The bins of a reliability diagram: (..., bins) each; nan for an empty bin."""

    confidence: Tensor  # mean probability of the answer, in [0, 1]
    accuracy: Tensor  # share of right answers, in [0, 1]
    # The field hides the count that every tuple has
    count: Tensor  # type: ignore[assignment]  # images, int64


def confusion(answers: Tensor, y: Tensor, classes: int) -> Tensor:
    """Count the answers for each label: (..., classes, classes).

    A row per label, a column per answer. answers: (..., n) class indices, or (..., n,
    classes) logits, whose largest counts; y: (n,) labels. Raises ValueError for shapes
    that do not fit, for an index that is no class and for logits with NaN.
    """
    given = answers.argmax(-1) if answers.is_floating_point() else answers  # (..., n)
    if answers.is_floating_point() and answers.shape[-1:] != (classes,):
        raise ValueError(
            f"confusion: logits {tuple(answers.shape)} have not the {classes} classes; give "
            f"(..., n, {classes})"
        )
    _labels("confusion", given, y)
    _refuse_nan("confusion", answers)
    _classes("confusion", given, classes, "answers")
    _classes("confusion", y, classes)
    pair = (y * classes + given).reshape(-1, len(y))  # (s, n)
    counts = torch.zeros(
        len(pair), classes * classes, dtype=torch.int64, device=pair.device
    )
    counts.scatter_add_(1, pair, torch.ones_like(pair))
    return counts.reshape(*given.shape[:-1], classes, classes)


def reliability(p: Tensor, y: Tensor, bins: int = 10) -> Reliability:
    """Compute accuracy against confidence in `bins` bins of equal width.

    Bin k takes the confidences in ((k - 1) / bins, k / bins]. p: (..., n, c)
    probabilities; the confidence of an image is the largest of its c. y: (n,) labels.
    bins >= 1. Source: Guo et al. 2017, arXiv 1706.04599, section 2. Raises ValueError
    for shapes that do not fit, for no image, and where p holds no probabilities
    (logits, for instance: soften them first).
    """
    if not ranges.whole(bins, 1):
        raise ValueError(f"reliability: at least one bin is needed, got {bins!r}")
    _labels("reliability", p[..., 0] if p.ndim > 1 else p, y)
    _classes("reliability", y, p.shape[-1])
    rounding = torch.finfo(p.dtype).eps if p.is_floating_point() else 0
    p = p.double()  # a sum in half precision would be rounded once more
    within = bool(((p >= 0) & (p <= 1 + 1e-5)).all())
    total = bool(((p.sum(-1) - 1).abs() < 1e-3 + rounding).all())
    if not len(y) or not within or not total:
        raise ValueError(
            f"reliability: p {tuple(p.shape)} must be probabilities of at least one image; for "
            "logits give soften(z)"
        )
    confidence, answer = p.max(-1)  # (..., n)
    hit = (answer == y).double()
    edges = torch.arange(1, bins, dtype=torch.float64, device=p.device) / bins
    # (..., n) from 0; an edge belongs to the bin below it
    place = torch.bucketize(confidence, edges)

    def summed(values: Tensor) -> Tensor:
        totals = values.new_zeros(*place.shape[:-1], bins)
        return totals.scatter_add_(-1, place, values)

    sure = summed(confidence)
    right = summed(hit)
    count = summed(torch.ones_like(hit))
    return Reliability(sure / count, right / count, count.long())


def calibration_error(p: Tensor, y: Tensor, bins: int = 10) -> Tensor:
    """ECE = sum_k n_k / n |accuracy_k - confidence_k| over the bins of `reliability`

    Returns (...), in [0, 1]. Source: Guo et al. 2017, arXiv 1706.04599, equation 3;
    first in Naeini, Cooper & Hauskrecht 2015. It depends on the number of bins, and few
    images raise it: compare nets on the same images and bins. Arguments and errors:
    those of `reliability`.
    """
    confidence, hits, count = reliability(p, y, bins)
    gap = (hits - confidence).abs().nan_to_num()
    return (count * gap).sum(-1) / len(y)


def top1_agreement(z: Tensor, v: Tensor) -> Tensor:
    """Compute the share of images to which two nets give the same answer.

    Right or wrong: (...), in [0, 1]. z: (..., n, c) logits of one net or of a stack; v:
    (n, c) logits of the other, or shaped like z. Source: Stanton et al. 2021, arXiv
    2106.05945, "average top-1 agreement". Raises ValueError for shapes that do not fit
    and for NaN.
    """
    _pair("top1_agreement", z, v)
    return (z.argmax(-1) == v.argmax(-1)).double().mean(-1)


def predictive_kl(z: Tensor, v: Tensor) -> Tensor:
    """Compute the mean KL(p || q) over the images, in nats at T = 1: (...), >= 0.

    p of the net with logits v, q of the one with logits z. Shapes, source ("average
    predictive KL") and errors: those of `top1_agreement`.
    """
    _pair("predictive_kl", z, v)
    return kl(v, z)


@torch.no_grad()
def spread(net: nn.Sequential, x: Tensor) -> list[float]:
    """Measure how far images x (m, ...) differ after each hidden block of a net.

    The standard deviation over the images, root mean square over the units.
    """
    x = x.to(next(net.parameters()).device)
    deviations = []
    with in_eval(net):
        for block in net[:-1]:
            x = block(x)
            deviations.append(x.var(0, correction=0).mean().sqrt())
    return torch.stack(deviations).tolist()


def multiply_adds(work: Callable[[], object]) -> int:
    """Count the multiplications, each with an addition, of work().

    Those of its matrix products and convolutions, forward and backward.
    """
    with _Counter() as counter:
        work()
    return counter.flops // 2


class _Counter(TorchDispatchMode):
    """Inside, add up operations by torch's own formulas, as its FlopCounterMode does; that
    one has torch import its compiler, which takes as long as torch itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        count = COUNTS.get(func._overloadpacket)
        if count is None:
            # What is made of several operations, where nothing has a gradient
            with self:
                outcome = func.decompose(*args, **kwargs)
            if outcome is not NotImplemented:
                return outcome
        outcome = func(*args, **kwargs)
        if count is not None:
            self.flops += count(*args, **kwargs, out_val=outcome)
        return outcome


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
    """Count a convolution's way back: as much as its way there for each of x and w.

    PyTorch's own count is too large where it is grouped.
    """
    return 2 * math.prod(slope) * math.prod(w[1:]) * sum(wanted[:2])


# operation -> its formula
COUNTS = flop_registry | {torch.ops.aten.convolution_backward: shape_wrapper(_back)}


def _pair(name: str, z: Tensor, v: Tensor) -> None:
    alike = z.ndim >= 2 and z.shape[-2:] == v.shape[-2:]
    if not alike or v.shape[:-2] not in ((), z.shape[:-2]) or not z.shape[-2]:
        raise ValueError(
            f"{name}: logits {tuple(z.shape)} and {tuple(v.shape)} do not fit; give "
            "both for the same images, at least one, and the same classes"
        )
    _refuse_nan(name, z, v)


def _refuse_nan(name: str, *logits: Tensor) -> None:
    """Raise ValueError for NaN, which argmax would take for an answer."""
    if holds_nan(*logits):
        raise ValueError(
            f"{name}: logits of {', '.join(str(tuple(z.shape)) for z in logits)} hold NaN; "
            "train the net anew with a lower lr, or look for NaN in its inputs"
        )


def _classes(name: str, index: Tensor, classes: int, what: str = "labels") -> None:
    """Raise ValueError for an index that is no class."""
    if index.numel() and not 0 <= int(index.min()) <= int(index.max()) < classes:
        raise ValueError(
            f"{name}: {what} from {index.min()} to {index.max()}; {classes} "
            f"classes are 0 to {classes - 1}"
        )


def _labels(name: str, answers: Tensor, y: Tensor) -> None:
    if y.ndim != 1 or y.is_floating_point() or answers.shape[-1:] != y.shape:
        raise ValueError(
            f"{name}: {tuple(answers.shape)} answers need as many labels, class indices of "
            f"shape {tuple(answers.shape[-1:])}, got {y.dtype} {tuple(y.shape)}"
        )

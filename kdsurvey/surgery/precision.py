"""Low precision: few bits to compute with, full-precision weights behind that learn.

Sources: k bits as in WRPN (Mishra, Nurvitadhi, Cook & Marr 2018, arXiv 1709.01134),
ternary weights as in TWN (Li, Zhang & Liu 2016, arXiv 1605.04711). Every quantiser is a
step function, whose slope is 0 almost everywhere. Its gradient here is the
straight-through one: that of the same formula without the rounding, so 1 inside the
clipping range and 0 outside.
"""

import math
from dataclasses import dataclass, replace
from typing import TypeGuard, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey import ranges

Layer = nn.Linear | nn.Conv2d
Net = TypeVar("Net", bound=nn.Module)

FULL = 32  # bits of a number that is left as it is


def quantise_weights(w: Tensor, bits: int) -> Tensor:
    """w_q = round(n clip(w, -1, 1)) / n with n = 2^(k-1) - 1

    k bits, 2^k - 1 levels, 3 for bits = 2. w: any shape, and so is what is returned.
    bits: 2 to 16, or 32 for w as it is. Gradient: 1 where |w| <= 1, else 0. Source:
    WRPN. Raises ValueError for other bits.
    """
    return _scaled_levels(w, Precision(bits, threshold=None, scaled=False))


def quantise_activations(a: Tensor, bits: int, *, top: float = 1.0) -> Tensor:
    """a_q = round(n clip(a, 0, 1)) / n with n = 2^k - 1

    k bits, 2^k levels, none of them negative. a: any shape, and so is what is returned.
    bits: 1 to 16, or 32 for a as it is. top > 0: the largest level, for a in units of
    it; 1 in the source. Gradient: 1 where 0 <= a <= top, else 0. Source: WRPN. Raises
    ValueError for other bits or top.
    """
    precision = Precision(activation_bits=bits, top=top)
    if precision.activation_bits == FULL:
        return a
    n = 2**bits - 1
    rounded = (n * (a.clamp(0, top) / top)).round() / n * top
    return straight_through(rounded, a, 0, top)


def ternarise(w: Tensor, *, threshold: float = 0.7, of: str = "mean") -> Tensor:
    """w_q = s sign(w) where |w| > D, else 0, with D = threshold mean|w|

    s = mean of |w| over |w| > D. w: any shape; scale and threshold are one for all of
    it. of: "mean" as in TWN, or "max" for D = threshold max|w|, as TTQ sets it (Zhu et
    al. 2017, arXiv 1612.01064, threshold 0.05), whose two learnt scales are not here.
    Gradient: 1 everywhere, as nothing is clipped; s counts as a constant. Raises
    ValueError for a threshold outside [0, 1) or another `of`.
    """
    return _scaled_levels(w, Precision(2, threshold=threshold, of=of))


@dataclass(frozen=True)
class Precision:
    """How coarse a layer is. Raises ValueError for a value out of its range.

    weight_bits: 2 to 16, or 32 for full precision; activation_bits, of the layer's
    input: 1 to 16, or 32. threshold, of: of ternary weights, see `ternarise`; None
    takes the k-bit formula for 2 bits too. scaled: the k-bit formula sees w / max|w|, a
    scale a layer, as weights that were made for full precision seldom reach 1; False is
    the formula alone. top: see `quantise_activations`.
    """

    weight_bits: int = 2
    activation_bits: int = 8
    threshold: float | None = 0.7
    of: str = "mean"
    scaled: bool = True
    top: float = 1.0

    def __post_init__(self) -> None:
        ranges.plain_numbers(self)
        ternary = self.threshold is None or 0 <= self.threshold < 1
        rules = {
            "weight_bits": (_bits(self.weight_bits, 2), "2 to 16 bits, or 32"),
            "activation_bits": (_bits(self.activation_bits, 1), "1 to 16 bits, or 32"),
            "threshold": (ternary, "None, or a number in [0, 1)"),
            "of": (self.of in ("mean", "max"), '"mean" or "max"'),
            "top": (0 < self.top < float("inf"), "a finite number above 0"),
        }
        ranges.check("low precision", self, rules)

    @property
    def levels(self) -> int:
        """n: a weight is s c / n with a whole number c from -n to n."""
        return 2 ** (self.weight_bits - 1) - 1

    def codes(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the codes and the scale (c, s) of weights w of fewer than 32 bits.

        c: shaped like w, whole numbers from -n to n; s: a scalar.
        """
        w = w.detach()
        if self.weight_bits == 2 and self.threshold is not None:
            size = w.abs()
            unit = size.mean() if self.of == "mean" else size.max()
            kept = size > self.threshold * unit
            return w.sign() * kept, (size * kept).sum() / kept.sum().clamp(min=1)
        s = w.new_ones(())
        if self.scaled:
            s = w.abs().max().clamp(min=torch.finfo(w.dtype).tiny)
        return (self.levels * (w / s).clamp(-1, 1)).round(), s

    def weights(self, w: Tensor) -> Tensor:
        """Quantise the weights of a layer, with the straight-through gradient."""
        return w if self.weight_bits == FULL else _scaled_levels(w, self)

    def activations(self, a: Tensor) -> Tensor:
        """Quantise the input of a layer, with the straight-through gradient.

        What is negative becomes 0.
        """
        return quantise_activations(a, self.activation_bits, top=self.top)


class LowLinear(nn.Linear):
    """A linear layer that computes with few bits.

    `weight` is the full-precision one behind it, which learns.
    """

    precision: Precision

    def forward(self, x: Tensor) -> Tensor:
        w = self.precision.weights(self.weight)
        return F.linear(self.precision.activations(x), w, self.bias)


class LowConv2d(nn.Conv2d):
    """A convolution that computes with few bits.

    `weight` is the full-precision one behind it, which learns.
    """

    precision: Precision

    def forward(self, x: Tensor) -> Tensor:
        w = self.precision.weights(self.weight)
        return self._conv_forward(self.precision.activations(x), w, self.bias)


LOW = {nn.Linear: LowLinear, nn.Conv2d: LowConv2d}


def lower(
    net: Net, precision: Precision | None = None, *, ends: bool = False, **changes
) -> Net:
    """Let the inner Linear and Conv2d layers of a net compute in low precision.

    In place; returns the net. The layers change their class and nothing else:
    parameters, their names, masks and hooks stay, and the parameters are the
    full-precision shadow that an optimiser moves. precision: None is Precision(), 2
    bits and 8; changes: its fields. ends: the first and the last layer too, which are
    left in full precision else; but the first layer always reads its input, images, as
    they are. 32 bits for both give full precision back. Raises ValueError for a net
    without a layer to lower.
    """
    precision = replace(precision or Precision(), **changes)
    layers = weighted(net)
    chosen = layers if ends else layers[1:-1]
    if not chosen:
        raise ValueError(
            f"lower: {len(layers)} Linear or Conv2d layers leave none between the first "
            "and the last; ends=True?"
        )
    reads_images = replace(precision, activation_bits=FULL)
    for layer in chosen:
        lower_layer(layer, reads_images if layer is layers[0] else precision)
    return net


def lower_layer(layer: Layer, precision: Precision) -> None:
    """Let one Linear or Conv2d layer compute in this precision, in place.

    With 32 bits for both it is a plain one again.
    """
    plain = next(kind for kind in LOW if isinstance(layer, kind))
    full = precision.weight_bits == precision.activation_bits == FULL
    layer.__class__ = plain if full else LOW[plain]
    lowered = cast("LowLinear | LowConv2d", layer)  # a plain one keeps it too
    lowered.precision = precision


def is_weighted(part: nn.Module) -> TypeGuard[Layer]:
    """Tell whether a part of a net is a Linear or Conv2d layer, low or not."""
    return type(part) in (*LOW, *LOW.values())


def weighted(net: nn.Module) -> list[Layer]:
    """List the Linear and Conv2d layers of a net, low or not, in order."""
    return [part for part in net.modules() if is_weighted(part)]


def unpruned(layer: Layer) -> Tensor:
    """Return a layer's full-precision weights, with 0 where they are pruned."""
    if not hasattr(layer, "weight_mask"):
        return layer.weight
    return layer.get_parameter("weight_orig") * layer.get_buffer("weight_mask")


def used(layer: Layer) -> Tensor:
    """Return the weights that a Linear or Conv2d layer computes with, detached.

    Quantised where it is low, masked where it is pruned.
    """
    return precision_of(layer).weights(unpruned(layer)).detach()


def precision_of(layer: Layer) -> Precision:
    """Return the precision in which a Linear or Conv2d layer computes."""
    if isinstance(layer, LowLinear | LowConv2d):
        return layer.precision
    return Precision(FULL, FULL)


@torch.no_grad()
def re_estimate(net: nn.Module, x: Tensor) -> nn.Module:
    """Measure the running statistics of every batch norm again, on x (n, ...).

    In place; returns the net. After a change of precision the old ones belong to other
    activations. Dropout is off, all else is as in train mode; one pass over x as one
    batch. Modes and momenta stay as they were. Raises ValueError for fewer than two
    inputs.
    """
    if len(x) < 2:
        raise ValueError(
            "re_estimate: batch norm needs a batch of two inputs or more, "
            f"got {tuple(x.shape)}"
        )
    kinds = nn.BatchNorm1d | nn.BatchNorm2d
    layers = [part for part in net.modules() if isinstance(part, kinds)]
    norms = [layer for layer in layers if layer.track_running_stats]
    modes = {part: part.training for part in net.modules()}
    momenta = [norm.momentum for norm in norms]
    net.eval()
    for norm in norms:
        norm.training = True
        norm.momentum = 1.0
    net(x)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
    for part, mode in modes.items():
        part.training = mode
    return net


def straight_through(
    rounded: Tensor, w: Tensor, low: float = -math.inf, high: float = math.inf
) -> Tensor:
    """Return the value of `rounded`, exactly, with the gradient of w.

    The gradient passes where low <= w <= high, and is 0 elsewhere.
    """
    passing = w * ((w >= low) & (w <= high))
    return rounded.detach() + (passing - passing.detach())


def _scaled_levels(w: Tensor, precision: Precision) -> Tensor:
    if precision.weight_bits == FULL:
        return w
    c, s = precision.codes(w)
    bound = math.inf if precision.scaled else 1
    return straight_through(c / precision.levels * s, w, -bound, bound)


def _bits(bits: object, least: int) -> bool:
    return ranges.whole(bits, least) and (bits <= 16 or bits == FULL)

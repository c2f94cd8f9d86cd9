"""How a net grows: one layer wider or one more, with copied weights or random ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kdsurvey import surgery
from kdsurvey.lessons.net2net import experiments as net2net
from kdsurvey.nets import parameters
from kdsurvey.pictures import Table

KINDS, WAYS = ("wider", "deeper"), ("copied (Net2Net)", "at random")
DEEPEST, WIDEST = 8, 256  # hidden layers; units or channels of one


@dataclass(frozen=True)
class Growth:
    """What the reader asked for."""

    kind: str  # one of KINDS
    layer: int  # which hidden layer, from 1
    way: str  # where the new weights come from, one of WAYS
    noise: float  # of the copies, see surgery.widen
    rate: float  # share of the learning rate from then on


class Grown(NamedTuple):
    """A growth that has happened; accuracies in % on validation images, just before and just
    after.
    """

    batches: int  # done before
    growth: Growth
    sizes: tuple[tuple[int, ...], tuple[int, ...]]  # before, after
    weights: tuple[int, int]
    accuracy: tuple[float, float]

    @property
    def short(self) -> str:
        """A few words for a chart."""
        k = self.growth.layer
        random = " (random)" if self.growth.way == WAYS[1] else ""
        if self.growth.kind == "deeper":
            return f"new layer {k + 1}{random}"
        return f"layer {k}: {self.sizes[0][k - 1]} → {self.sizes[1][k - 1]}{random}"

    @property
    def sentence(self) -> str:
        """For a status line."""
        (a, b), (before, after) = self.weights, self.accuracy
        same = f"validation accuracy {before:.1f} % before, {after:.1f} % after"
        return (
            f"{self.growth.kind.capitalize()} at batch {self.batches}: {self._sizes}, "
            f"{a:,} → {b:,} weights; {same}."
        )

    @property
    def row(self) -> list[str]:
        """For `grew`."""
        (a, b), (before, after) = self.weights, self.accuracy
        changes = self._sizes, f"{a:,} → {b:,}", f"{before:.1f} → {after:.1f}"
        return [
            self.short,
            f"{self.batches}",
            self.growth.way,
            *changes,
            f"{self.growth.rate:g}x",
        ]

    @property
    def _sizes(self) -> str:
        return " → ".join("-".join(map(str, widths)) for widths in self.sizes)


def grew(all_grown: Sequence[Grown]) -> Table:
    """Return how a net grew, as a table."""
    head = [
        "",
        "after batch",
        "new weights",
        "sizes",
        "weights",
        "% of validation images right",
        "learning rate",
    ]
    return Table("How the net grew", head, [growth.row for growth in all_grown])


def hidden(net: nn.Sequential) -> list[int]:
    """Return the blocks of a `nets.mlp` or `nets.conv` that are its hidden layers."""
    return [k for k, block in enumerate(net[:-1]) if isinstance(block, nn.Sequential)]


def sizes(net: nn.Sequential) -> tuple[int, ...]:
    """Return the widths of the hidden layers."""
    return tuple(len(surgery.weighted(net[k])[0].weight) for k in hidden(net))


def refusal(growth: Growth, widths: tuple[int, ...]) -> str:
    """Say why a net of these widths cannot grow so; empty where it can."""
    layers = len(widths)
    if growth.layer > layers:
        return f"The net has {layers} hidden layers: choose one of 1 to {layers}."
    if growth.kind == "deeper" and len(widths) >= DEEPEST:
        return f"{DEEPEST} hidden layers are the most here."
    width = widths[growth.layer - 1]
    if growth.kind == "wider" and 2 * width > WIDEST:
        return f"Layer {growth.layer} is {width} wide: {WIDEST} is the most here."
    return ""


def grown(net: nn.Sequential, growth: Growth, seed: int, x: Tensor) -> nn.Sequential:
    """Return a new net: the layer twice as wide, or one more layer after it, as wide.

    seed: draws what is drawn. x: training images (n, ...), on which a new batch norm is
    measured. Raises ValueError as surgery.
    """
    layer = hidden(net)[growth.layer - 1]
    copied = growth.way == WAYS[0]
    if growth.kind == "deeper" and copied:
        return surgery.deepen(net, layer, data=x)
    if growth.kind == "deeper":
        return net2net.random_block(net, layer, seed)
    width = 2 * sizes(net)[growth.layer - 1]
    generator = torch.Generator().manual_seed(seed)
    if copied:
        return surgery.widen(net, layer, width, noise=growth.noise, generator=generator)
    return net2net.pad(net, layer, width, seed)


def summary(net: nn.Sequential) -> str:
    """Say how large a net is: '4-8-8 channels, 1,042 weights'."""
    first = surgery.weighted(net)[0]
    unit = "channels" if isinstance(first, nn.Conv2d) else "units"
    return f"{'-'.join(map(str, sizes(net)))} {unit}, {parameters(net):,} weights"

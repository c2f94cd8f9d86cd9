"""How a net grows: one layer wider or one more, with copied weights or random ones, and
the record of a run that grew.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kdsurvey import surgery
from kdsurvey.lessons.net2net import experiments as net2net
from kdsurvey.nets import parameters
from kdsurvey.pictures import Table

KINDS, WAYS = ("wider", "deeper"), ("copied (Net2Net)", "at random")
DEEPEST, WIDEST = 8, 256  # hidden layers; units or channels of one


class Growth(NamedTuple):
    """What the reader asked for."""

    kind: str  # one of KINDS
    layer: int  # which hidden layer, from 1
    way: str  # where the new weights come from, one of WAYS
    noise: float  # of the copies, see surgery.widen
    rate: float  # share of the learning rate from then on

    @property
    def fits(self) -> bool:
        """Whether every entry is one that a panel can ask for."""
        numbers = (
            all(type(n) in (int, float) for n in (self.noise, self.rate))
            and type(self.layer) is int
        )
        return (
            numbers
            and self.kind in KINDS
            and self.way in WAYS
            and self.layer >= 1
            and self.noise >= 0
            and self.rate > 0
        )


class Grown(NamedTuple):
    """What came of it; accuracies in % on validation images, just before and just after."""

    batches: int  # done before
    growth: Growth
    sizes: tuple[tuple[int, ...], tuple[int, ...]]  # before, after
    weights: tuple[int, int]
    accuracy: tuple[float, float]

    @property
    def short(self) -> str:
        """A few words for a chart."""
        k, random = self.growth.layer, " (random)" if self.growth.way == WAYS[1] else ""
        if self.growth.kind == "deeper":
            return f"new layer {k + 1}{random}"
        return f"layer {k}: {self.sizes[0][k - 1]} → {self.sizes[1][k - 1]}{random}"

    @property
    def sentence(self) -> str:
        """For a status line."""
        (a, b), (before, after) = self.weights, self.accuracy
        same = f"validation accuracy {before:.1f} % before, {after:.1f} % after"
        return f"{self.growth.kind.capitalize()} at batch {self.batches}: {self._sizes}, {a:,} → {b:,} weights; {same}."

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
    """How a net grew, as a table."""
    head = [
        "",
        "after batch",
        "new weights",
        "sizes",
        "weights",
        "% of validation images right",
        "learning rate",
    ]
    return Table("How the net grew", head, [found.row for found in all_grown])


def hidden(net: nn.Sequential) -> list[int]:
    """The blocks of a `nets.mlp` or `nets.conv` that are its hidden layers."""
    return [k for k, block in enumerate(net[:-1]) if isinstance(block, nn.Sequential)]


def sizes(net: nn.Sequential) -> tuple[int, ...]:
    """The widths of the hidden layers."""
    return tuple(len(net[k][0].weight) for k in hidden(net))


def refusal(growth: Growth, widths: tuple[int, ...]) -> str:
    """Why a net of these widths cannot grow so; empty where it can."""
    if growth.layer > len(widths):
        return f"The net has {len(widths)} hidden layers: choose one of 1 to {len(widths)}."
    if growth.kind == "deeper" and len(widths) >= DEEPEST:
        return f"{DEEPEST} hidden layers are the most here."
    if growth.kind == "wider" and 2 * widths[growth.layer - 1] > WIDEST:
        return f"Layer {growth.layer} is {widths[growth.layer - 1]} wide: {WIDEST} is the most here."
    return ""


def grown(net: nn.Sequential, growth: Growth, seed: int, x: Tensor) -> nn.Sequential:
    """A new net: the layer twice as wide, or one more layer after it, as wide.

    seed: draws what is drawn. x: training images (n, ...), on which a new batch norm is
    measured. Raises ValueError as surgery.
    """
    layer, copied = hidden(net)[growth.layer - 1], growth.way == WAYS[0]
    if growth.kind == "deeper":
        return (
            surgery.deepen(net, layer, data=x)
            if copied
            else net2net.random_block(net, layer, seed)
        )
    width = 2 * sizes(net)[growth.layer - 1]
    generator = torch.Generator().manual_seed(seed)
    if copied:
        return surgery.widen(net, layer, width, noise=growth.noise, generator=generator)
    return net2net.pad(net, layer, width, seed)


def said(net: nn.Sequential) -> str:
    """'4-8-8 channels, 1,042 weights'."""
    unit = "channels" if isinstance(net[hidden(net)[0]][0], nn.Conv2d) else "units"
    return f"{'-'.join(map(str, sizes(net)))} {unit}, {parameters(net):,} weights"


class Record:
    """How a run was made: its seed, every growth with the number of batches done before
    it, and the batches of the whole run.
    """

    def __init__(
        self, seed: int, growths: Iterable[tuple[int, Growth]] = (), until: int = 0
    ):
        self.seed = seed
        self.growths = list(growths)
        self.until = until

    def state(self) -> list:
        """What a permalink holds; `of` makes the same record of it."""
        short = [
            [batches, KINDS.index(g.kind), g.layer, WAYS.index(g.way), g.noise, g.rate]
            for batches, g in self.growths
        ]
        return [self.seed, short, self.until]

    @classmethod
    def of(cls, state: list) -> "Record":
        """The record that `state` wrote. Raises ValueError for what it never writes."""
        try:
            seed, short, until = state
            growths = [
                (done, Growth(KINDS[kind], k, WAYS[way], noise, rate))
                for done, kind, k, way, noise, rate in short
            ]
            whole = all(
                type(n) is int and n >= 0
                for n in (seed, until, *(done for done, _ in growths))
            )
            if whole and until and all(growth.fits for _, growth in growths):
                return cls(seed, growths, until)
        except (TypeError, ValueError, IndexError):
            pass
        raise ValueError(
            f"this permalink has no run that could be made again: {str(state)[:80]}"
        )

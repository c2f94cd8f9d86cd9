"""Nets that share a trunk: branches, each with its logits, and gates and fusions.

A gate or a fusion makes one answer of the branches.
"""

from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey.nets import drawn


class Branches(nn.Module):
    """Map x (n, ...) to the logits (m, n, c) of m branches on one trunk.

    The trunk runs once. trunk: an nn.Sequential of blocks from x to features; an empty
    one shares nothing. branches: m nn.Sequentials from these features to logits (n, c),
    whose last block is the head; they may differ in kind. Raises ValueError for
    anything else.
    """

    def __init__(self, trunk: nn.Sequential, branches: Sequence[nn.Sequential]):
        super().__init__()
        sequential = [isinstance(part, nn.Sequential) for part in (trunk, *branches)]
        if len(branches) < 2 or not all(sequential):
            raise ValueError(
                "branches: needs a trunk and 2 branches or more, each an "
                f"nn.Sequential, got {len(branches)} branches"
            )
        self.trunk = trunk
        self.branches = nn.ModuleList(branches)

    def __len__(self) -> int:
        return len(self.branches)

    def __getitem__(self, k: int) -> nn.Sequential:
        """Return trunk and branch k as one net, sharing their weights.

        From x to logits (n, c): the net that is served in the end.
        """
        return nn.Sequential(*self.trunk, *self.sequentials[k])

    @property
    def sequentials(self) -> list[nn.Sequential]:
        """List the branches; torch's type of a ModuleList does not say what is in it."""
        return cast("list[nn.Sequential]", list(self.branches))

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.trunk(x))

    def logits(self, shared: Tensor) -> Tensor:
        """Compute the logits (m, n, c) from the trunk's features."""
        return torch.stack([branch(shared) for branch in self.branches])


def check_branches(method: str, net: object) -> None:
    """Raise ValueError for a net without branches."""
    if not isinstance(net, Branches):
        raise ValueError(
            f"{method}: net must be Branches on a trunk, got {type(net).__name__}; "
            "kdsurvey.branches.branched makes them of a net"
        )


def branched(
    make: Callable[[int], nn.Sequential], at: int, count: int, seed: int = 0
) -> Branches:
    """Build `count` branches from nets that make(seed) gives, split before block `at`.

    The trunk is the first net's, up to there. Branch 0 with its trunk has the weights
    of make(seed), so that a net alone is its control; branch k draws from 1000 k +
    seed. at = 0 shares nothing. Raises ValueError where a branch would have no block.
    """
    nets = [make(1000 * k + seed) for k in range(count)]
    if not nets or not 0 <= at < len(nets[0]):
        raise ValueError(
            f"branched: at = {at}, count = {count}: the nets have "
            f"{len(nets[0]) if nets else 0} blocks to part"
        )
    return Branches(nets[0][:at], [net[at:] for net in nets])


class Mixed(nn.Module):
    """Map x to z_e = sum_i g_i z_i (n, c), the branches weighted for each image: ONE-E.

    gate: from the trunk's features to weights g (n, m), 0 or more, with the sum 1 in
    each row, see `gate`; None weighs all alike. Lan, Zhu & Gong 2018, arXiv 1806.04606.
    """

    def __init__(self, net: Branches, gate: nn.Module | None):
        super().__init__()
        self.net = net
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        return self.parts(x)[1]

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits (m, n, c) of the branches and z_e (n, c), in one pass.

        Raises ValueError for a gate of other branches.
        """
        shared = self.net.trunk(x)
        z = self.net.logits(shared)  # (m, n, c)
        if self.gate is None:
            return z, z.mean(0)
        g = self.gate(shared)  # (n, m)
        if g.shape != z.shape[1::-1]:
            raise ValueError(
                f"one: the gate gives {tuple(g.shape)} weights to logits "
                f"{tuple(z.shape)}; it needs {len(z)} a row"
            )
        return z, torch.einsum("nm,mnc->nc", g, z)


def gate(
    channels: int, branches: int, *, size: int = 1, seed: int | None = None
) -> nn.Sequential:
    """softmax(relu(BN(FC(GAP(features)))))

    From (n, channels, h, w) to weights (n, branches) that sum to 1. size: the map is
    averaged to size x size, 1 in the paper. Where the ReLU gives 0 a branch has the
    floor weight. The layer has no bias of its own: batch norm brings one. Lan, Zhu &
    Gong 2018. Raises ValueError for sizes below 1, fewer than 2 branches.
    """
    if min(channels, size) < 1 or branches < 2:
        raise ValueError(
            f"gate: needs channels and size >= 1 and branches >= 2, got {channels}, "
            f"{size} and {branches}"
        )
    layer = nn.Linear(channels * size**2, branches, bias=False, device="meta")
    parts = (
        nn.AdaptiveAvgPool2d(size),
        nn.Flatten(),
        layer,
        nn.BatchNorm1d(branches),
        nn.ReLU(),
        nn.Softmax(1),
    )
    return drawn(nn.Sequential(*parts), seed)


class Fused(nn.Module):
    """Map x to z_f (n, c): the fusion module on the last maps of all branches.

    The maps lie side by side. fusion: from maps (n, sum of C_k, h, w) to logits (n, c),
    see `fusion`. A branch's last map is what its head gets; maps larger than the
    smallest are averaged to its size. Kim, Hyun, Chung & Kwak 2020, arXiv 1904.09058.
    """

    def __init__(self, net: Branches, fusion: nn.Module):
        super().__init__()
        self.net = net
        self.fusion = fusion

    def forward(self, x: Tensor) -> Tensor:
        """Compute z_f alone: no head of a branch runs."""
        return self._fuse(self.maps(x))

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits (m, n, c) of the branches and z_f (n, c), in one pass.

        Raises ValueError where a head gets no map.
        """
        maps = self.maps(x)
        heads = [branch[-1] for branch in self.net.sequentials]
        z = torch.stack([head(m) for head, m in zip(heads, maps)])
        return z, self._fuse(maps)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Compute the last map (n, C_k, h_k, w_k) of each branch.

        Raises ValueError where a head gets no map.
        """
        shared = self.net.trunk(x)
        maps = [branch[:-1](shared) for branch in self.net.sequentials]
        if any(m.ndim != 4 for m in maps):
            raise ValueError(
                "ffl: the last block of a branch must get maps (n, c, h, w), got "
                f"{[tuple(m.shape) for m in maps]}"
            )
        return maps

    def _fuse(self, maps: list[Tensor]) -> Tensor:
        height = min(m.shape[2] for m in maps)
        width = min(m.shape[3] for m in maps)
        size = (height, width)
        same = [
            m if m.shape[2:] == size else F.adaptive_avg_pool2d(m, size) for m in maps
        ]
        return self.fusion(torch.cat(same, 1))


def fusion(
    *channels: int, width: int, head: nn.Module, seed: int | None = None
) -> nn.Sequential:
    """Build the fusion module: depthwise 3x3, pointwise 1x1 to `width` channels, head.

    Batch norm and ReLU after each convolution. channels: C_k of each branch's last map.
    head: from (n, width, h, w) to logits, as it is; global average pooling and a linear
    layer in the paper, whose width is that of one branch. Kim, Hyun, Chung & Kwak 2020.
    Raises ValueError for sizes below 1.
    """
    if not channels or min(width, *channels) < 1:
        raise ValueError(
            "fusion: needs the channels of each branch and a width of 1 or more, got "
            f"{channels} and {width}"
        )
    c = sum(channels)
    depthwise = nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False, device="meta")
    pointwise = nn.Conv2d(c, width, 1, bias=False, device="meta")
    parts = (
        depthwise,
        nn.BatchNorm2d(c),
        nn.ReLU(),
        pointwise,
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )
    return nn.Sequential(*drawn(nn.Sequential(*parts), seed), head)

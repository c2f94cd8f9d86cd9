"""What FSP compares: the matrices between the blocks of one net."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from kdsurvey.losses import fsp_matrix
from kdsurvey.stage import Teacher, upto

Pairs = Sequence[tuple[int, int]]


class Flow(nn.Module):
    """x -> the FSP matrices of pairs of blocks, flat and side by side (n, sum of
    c_start c_end), in one forward pass.

    net: an nn.Sequential of blocks, or a Teacher's; its blocks up to the last that a
    pair names are shared, not copied. pairs: (start, end), the map after `start` blocks
    and the one after `end`. order: {block: order of its channels, each of them once}.
    Yim et al. 2017, equation 1. Raises ValueError for no pairs, and for pairs and
    orders of blocks that are not there.
    """

    def __init__(
        self,
        net: nn.Module | Teacher,
        pairs: Pairs,
        order: Mapping[int, Sequence[int]] | None = None,
    ):
        super().__init__()
        self.pairs, self.order = tuple(pairs), dict(order or {})
        self.shapes: list[
            torch.Size
        ] = []  # (c_start, c_end) of each pair, known after the first pass
        if not self.pairs or not all(0 < start < end for start, end in self.pairs):
            raise ValueError(
                f"fsp: pairs = {pairs}: give at least one (start, end) with 0 < start < end"
            )
        if not set(self.order) <= {block for pair in self.pairs for block in pair}:
            raise ValueError(
                f"fsp: the permutation names the blocks {list(self.order)}, the teacher's pairs are {pairs}"
            )
        self.blocks = upto(
            net, max(end for _, end in self.pairs), "fsp: the last block of the pairs"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Raises ValueError, with the shapes, where features are no maps (n, c, h, w)
        or an order is not one of all channels.
        """
        maps = [x]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        for block, order in self.order.items():
            maps[block] = _reordered(maps[block], list(order))
        matrices = [fsp_matrix(maps[start], maps[end]) for start, end in self.pairs]
        self.shapes = [g.shape[1:] for g in matrices]
        return torch.cat([g.flatten(1) for g in matrices], 1)

    def split(self, flat: Tensor) -> list[Tensor]:
        """The matrices (n, c_start, c_end), one a pair, out of what `forward` gave."""
        parts = flat.split([shape.numel() for shape in self.shapes], 1)
        return [part.unflatten(1, shape) for part, shape in zip(parts, self.shapes)]


def _reordered(m: Tensor, order: list[int]) -> Tensor:
    if sorted(order) != list(range(m.shape[1])):
        raise ValueError(
            f"fsp: a permutation must name each of the {m.shape[1]} channels of {tuple(m.shape)} once, got {order}"
        )
    return m[:, order]

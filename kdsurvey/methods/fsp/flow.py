"""The FSP matrices between the blocks of one net."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import fsp_matrix
from kdsurvey.stage import Teacher, keeps_inputs, upto

Pairs = Sequence[tuple[int, int]]


class Flow(nn.Module):
    """Map x to the FSP matrices of pairs of blocks, flat, in one forward pass.

    They lie side by side: (n, sum of c_start c_end). net: an nn.Sequential of blocks,
    or a Teacher's; its blocks up to the last that a pair names are shared, not copied.
    pairs: (start, end), the map after `start` blocks and the one after `end`. order:
    {block: order of its channels, each of them once}. Yim et al. 2017, equation 1.
    Raises ValueError for no pairs, and for pairs and orders of blocks that are not
    there.
    """

    def __init__(
        self,
        net: nn.Module | Teacher,
        pairs: Pairs,
        order: Mapping[int, Sequence[int]] | None = None,
    ):
        super().__init__()
        self.pairs = ranges.pairs(pairs)
        self.order = {
            block: list(channels) for block, channels in (order or {}).items()
        }
        # (c_start, c_end) of each pair, known after the first pass
        self.shapes: list[torch.Size] = []
        if not self.pairs or not all(0 < start < end for start, end in self.pairs):
            raise ValueError(
                f"fsp: pairs = {pairs}: give at least one (start, end) with "
                "0 < start < end"
            )
        if not set(self.order) <= {block for pair in self.pairs for block in pair}:
            raise ValueError(
                f"fsp: the permutation names the blocks {list(self.order)}, the "
                f"teacher's pairs are {pairs}"
            )
        last = max(end for _, end in self.pairs)
        self.blocks = upto(net, last, "fsp: the last block of the pairs")
        # asked once, not at every pass; another block gets a copy of its input
        self.keep_inputs = [keeps_inputs(block) for block in self.blocks]
        for block, channels in self.order.items():  # an index in a list waits for a GPU
            index = torch.tensor(channels)
            self.register_buffer(_order_of(block), index, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the matrices of x (n, ...): (n, sum of c_start c_end).

        Raises ValueError, with the shapes, where features are no maps (n, c, h, w) or
        an order is not one of all channels.
        """
        maps = [x]
        for layers, keeps in zip(self.blocks, self.keep_inputs):
            maps.append(layers(maps[-1] if keeps else maps[-1].clone()))
        for block, channels in self.order.items():
            _check_order(maps[block], channels)
            index = self.get_buffer(_order_of(block))
            maps[block] = maps[block].index_select(1, index)
        matrices = [fsp_matrix(maps[start], maps[end]) for start, end in self.pairs]
        self.shapes = [g.shape[1:] for g in matrices]
        return torch.cat([g.flatten(1) for g in matrices], 1)

    def split(self, flat: Tensor) -> list[Tensor]:
        """Take apart what `forward` gave: a matrix (n, c_start, c_end) per pair."""
        parts = flat.split([shape.numel() for shape in self.shapes], 1)
        return [part.unflatten(1, shape) for part, shape in zip(parts, self.shapes)]


def _order_of(block: int) -> str:
    return f"order_{block}"


def _check_order(m: Tensor, order: list[int]) -> None:
    channels = m.shape[1]
    if sorted(order) != list(range(channels)):
        raise ValueError(
            f"fsp: a permutation must name each of the {channels} channels of "
            f"{tuple(m.shape)} once, got {order}"
        )

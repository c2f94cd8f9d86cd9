"""The batches of an epoch: random order and jitter, drawn from the seed alone.

In batch, and on the device.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from kdsurvey.stage import Batch


class Batches:
    """Draw the order and the jitter of every epoch from the seed alone.

    One draw a member where `seed` is a tuple. size: examples in a batch; pixels: the
    largest shift.
    """

    def __init__(
        self, size: int, pixels: int, seed: int | tuple[int, ...], device: torch.device
    ):
        self.size = size
        self.pixels = pixels
        self.stacked = isinstance(seed, tuple)
        seeds = seed if isinstance(seed, tuple) else (seed,)
        self.order = [torch.Generator().manual_seed(s) for s in seeds]
        self.shift = [torch.Generator(device).manual_seed(s) for s in seeds]

    def of_epoch(self, x: Tensor, y: Tensor) -> Iterator[Batch]:
        """Yield the batches of one epoch over x (N, ...) and y (N,)."""
        drawn = [torch.randperm(len(x), generator=g) for g in self.order]
        orders = torch.stack(drawn)  # (s, N)
        orders = (orders if self.stacked else orders[0]).to(x.device)
        for i in orders.split(self.size, -1):
            # Batch norm cannot learn from one example
            if i.shape[-1] > 1 or 1 in (self.size, len(x)):
                augmented = self.pixels > 0
                # x[i] keeps the order of x in memory, by which convolutions round
                yield Batch(self._augmented(x[i]), y[i], i, x, augmented=augmented)

    def _augmented(self, x: Tensor) -> Tensor:
        if not self.pixels:
            return x
        if not self.stacked:
            return jitter(x, self.pixels, self.shift[0])
        shifted = [jitter(member, self.pixels, g) for member, g in zip(x, self.shift)]
        return torch.stack(shifted)


def jitter(x: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Shift each image of x (n, c, h, w) by its own draw of up to `pixels` each way.

    In both directions; zeros move in. Returns a tensor shaped like x.
    """
    n, c, h, w = x.shape
    down, right = torch.randint(
        0, 2 * pixels + 1, (2, n), generator=generator, device=x.device
    )
    padded = F.pad(x, [pixels] * 4)
    # All shifted copies of an image as views: (n, 2 pixels + 1, 2 pixels + 1, h, w, c)
    views = padded.unfold(2, h, 1).unfold(3, w, 1).movedim(1, -1)
    # One view an image is copied whole, which is faster than to pick its pixels
    shifted = views[torch.arange(n, device=x.device), down, right]
    return shifted.flatten(1).view(n, h, w, c).permute(0, 3, 1, 2)

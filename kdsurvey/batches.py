"""Which examples a step sees: random order and jitter, drawn from the seed alone, in
batch and on the device.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from kdsurvey.stage import Batch


class Batches:
    """Random order and jitter, drawn from the seed alone; one draw a member where
    `seed` is a tuple.
    """

    def __init__(
        self, size: int, pixels: int, seed: int | tuple[int, ...], device: torch.device
    ):
        self.size = size
        self.pixels = pixels
        self.stacked = isinstance(seed, tuple)
        seeds = seed if self.stacked else (seed,)
        self.order = [torch.Generator().manual_seed(s) for s in seeds]
        self.shift = [torch.Generator(device).manual_seed(s) for s in seeds]

    def of_epoch(self, x: Tensor, y: Tensor) -> Iterator[Batch]:
        orders = torch.stack(
            [torch.randperm(len(x), generator=g) for g in self.order]
        )  # (s, N)
        orders = (orders if self.stacked else orders[0]).to(x.device)
        for i in orders.split(self.size, -1):
            if i.shape[-1] > 1 or 1 in (
                self.size,
                len(x),
            ):  # batch-norm cannot learn from one example
                yield Batch(
                    self._augmented(x[i]), y[i], i, x, augmented=self.pixels > 0
                )

    def _augmented(self, x: Tensor) -> Tensor:
        if not self.pixels:
            return x
        if not self.stacked:
            return jitter(x, self.pixels, self.shift[0])
        return torch.stack(
            [jitter(member, self.pixels, g) for member, g in zip(x, self.shift)]
        )


def jitter(x: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """x (n, c, h, w) with each image shifted by its own draw of up to `pixels` in both
    directions, zeros moving in.
    """
    n, _, h, w = x.shape
    down, right = torch.randint(
        0, 2 * pixels + 1, (2, n, 1), generator=generator, device=x.device
    )
    rows = down + torch.arange(h, device=x.device)  # (n, h)
    columns = right + torch.arange(w, device=x.device)  # (n, w)
    padded = F.pad(x, [pixels] * 4)
    image = torch.arange(n, device=x.device)
    shifted = padded.permute(0, 2, 3, 1)[
        image[:, None, None], rows[:, :, None], columns[:, None, :]
    ]  # (n, h, w, c)
    return shifted.permute(0, 3, 1, 2)

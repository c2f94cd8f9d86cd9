"""What "dkpp" makes of a teacher's predictions."""

import torch
from torch import Tensor

from kdsurvey.losses import dkpp_targets
from kdsurvey.stage import Batch


class Permuted:
    """(batch, p) -> p with all but the largest probability of each row permuted: (n, c) -> (n, c).

    redrawn: by a new draw every time, else by one draw for every training image, which
    it keeps through epochs and jitter.
    """

    def __init__(self, generator: torch.Generator, redrawn: bool):
        self._generator, self._redrawn = generator, redrawn
        self._noise: Tensor | None = None  # (N, c), for N training images

    def __call__(self, batch: Batch, p: Tensor) -> Tensor:
        if self._redrawn:
            return dkpp_targets(p, self._generator)
        if self._noise is None:
            shape = len(batch.inputs), p.shape[-1]
            self._noise = torch.rand(
                shape, generator=self._generator, device=self._generator.device
            ).to(p.device)
        return dkpp_targets(p, noise=self._noise[batch.i])

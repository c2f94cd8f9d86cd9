"""Teachers' predictions with permuted dark knowledge, for "dkpp"."""

import torch
from torch import Tensor

from kdsurvey.losses import dkpp_targets
from kdsurvey.stage import Batch


class Permuted:
    """Permute all but the largest probability of each row: (batch, p) -> (n, c) like p.

    redrawn: by a new draw every time, else by one draw for every training image, which
    it keeps through epochs and jitter.
    """

    def __init__(self, generator: torch.Generator, redrawn: bool):
        self._generator = generator
        self._redrawn = redrawn
        self._noise: Tensor | None = None  # (N, c), for N training images

    def __call__(self, batch: Batch, p: Tensor) -> Tensor:
        if self._redrawn:
            return dkpp_targets(p, self._generator)
        if self._noise is None:
            g = self._generator
            shape = len(batch.inputs), p.shape[-1]
            self._noise = torch.rand(shape, generator=g, device=g.device).to(p.device)
        return dkpp_targets(p, noise=self._noise[batch.i])

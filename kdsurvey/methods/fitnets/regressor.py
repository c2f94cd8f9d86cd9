"""The regressor that FitNets puts between the guided layer and the hint."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Regressor(nn.Module):
    """r(v_g; W_r): a valid convolution, for flat features a linear layer, then a ReLU.

    The ReLU is the hint's own non-linearity. The kernel k makes N_g - k + 1 = N_h in
    each direction. The weights are empty until the first features give their shape;
    they are drawn as PyTorch draws a layer's, from `seed` alone, on the CPU. Romero et
    al. 2015, arXiv 1412.6550, section 2.2.
    """

    def __init__(self, seed: int = 0, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.seed = seed
        self.weight = nn.Parameter(torch.empty(0, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(0, dtype=dtype))

    def forward(self, v: Tensor, hint: torch.Size) -> Tensor:
        """Map guided features v, (n, O_g, h, w) or (n, O_g), to the shape `hint`.

        Raises ValueError, with both shapes, where no valid convolution leads from one
        to the other.
        """
        if not self.weight.numel():
            self._take_shape(v.shape, hint)
        layer = F.conv2d if v.ndim == 4 else F.linear
        return torch.relu(layer(v, self.weight, self.bias))

    def _take_shape(self, guided: torch.Size, hint: torch.Size) -> None:
        kernel = [g - h + 1 for g, h in zip(guided[2:], hint[2:])]
        fits = len(guided) == len(hint) and len(guided) in (2, 4)
        if not fits or min(kernel, default=1) < 1:
            raise ValueError(
                "fitnets: no valid convolution leads from guided features "
                f"{tuple(guided)} to the hint {tuple(hint)}: both must be maps "
                "(n, c, h, w) or both flat, the hint no larger; choose other blocks, "
                "or give a regressor of your own"
            )
        generator = torch.Generator().manual_seed(self.seed)
        bound = (guided[1] * math.prod(kernel)) ** -0.5
        for part, shape in (
            (self.weight, (hint[1], guided[1], *kernel)),
            (self.bias, (hint[1],)),
        ):
            drawn = torch.empty(shape, device="cpu")
            drawn.uniform_(-bound, bound, generator=generator)
            own = torch.empty(shape, device=part.device, dtype=part.dtype)
            part.data = own.copy_(drawn)

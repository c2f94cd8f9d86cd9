"""Tensors as the images that matplotlib shows."""

import numpy as np
from torch import Tensor


def pictures(x: Tensor) -> np.ndarray:
    """Turn images (n, c, h, w) or (n, h, w) in [0, 1] into what matplotlib shows.

    Returns (n, h, w) in grey, (n, h, w, 3) in colour.
    """
    x = x.detach().float().cpu()
    if x.ndim == 4:
        x = x.movedim(1, -1)
        x = x[..., 0] if x.shape[-1] == 1 else x
    return x.numpy()

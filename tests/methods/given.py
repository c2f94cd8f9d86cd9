"""Blocks whose features are known, for losses that are checked against NumPy."""

import numpy as np
import torch
from torch import nn


class Given(nn.Module):
    """A block whose features are its weights, whatever comes in.

    The features are a row or a map for each example.
    """

    def __init__(self, features: np.ndarray):
        super().__init__()
        self.features = nn.Parameter(torch.tensor(features))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.features


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def slope(f, w: np.ndarray) -> np.ndarray:
    """The gradient of f at w by central differences."""
    gradient = np.zeros_like(w)
    for k in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[k] = 1e-6
        gradient[k] = (f(w + step) - f(w - step)) / 2e-6
    return gradient

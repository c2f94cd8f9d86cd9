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

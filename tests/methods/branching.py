"""Branches whose logits are their weights, for losses that are checked against NumPy."""

import numpy as np
import torch
from methods.given import Given
from torch import nn

from kdsurvey.branches import Branches
from kdsurvey.stage import Batch

Y = torch.tensor([0, 1, 2, 1])


def given(*logits: np.ndarray) -> Branches:
    """A branch for each of the logits (n, c); the trunk has no weights."""
    return Branches(
        nn.Sequential(nn.Identity()), [nn.Sequential(Given(z)) for z in logits]
    )


def batch(x: torch.Tensor | None = None, n: int = 4) -> Batch:
    x = torch.zeros(n, 1, dtype=torch.float64) if x is None else x
    return Batch(x, Y[: len(x)], torch.arange(len(x)), x)


def softmax(z: np.ndarray, T: float = 1.0) -> np.ndarray:
    e = np.exp(z / T - (z / T).max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def hard(z: np.ndarray) -> float:
    return -np.log(softmax(z)[np.arange(len(z)), Y]).mean()


def kl(v: np.ndarray, z: np.ndarray, T: float) -> float:
    p, q = softmax(v, T), softmax(z, T)
    return (p * np.log(p / q)).sum(1).mean()


def reached(term: torch.Tensor, **parts: nn.Module) -> set[str]:
    """The parts that a term has a slope in."""
    found = {}
    for name, part in parts.items():
        slopes = torch.autograd.grad(
            term, list(part.parameters()), retain_graph=True, allow_unused=True
        )
        found[name] = any(
            slope is not None and bool(slope.abs().max() > 0) for slope in slopes
        )
    return {name for name, is_reached in found.items() if is_reached}

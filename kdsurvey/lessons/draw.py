"""A small source of arguments for the exercises; what one seed draws is always the same."""

import random

import torch


class Draw:
    """Draw logits, shares, labels and numbers; no other source of chance is touched."""

    def __init__(self, seed: int):
        self._numbers = random.Random(seed)
        self._tensors = torch.Generator().manual_seed(seed)

    def number(self, low: float, high: float) -> float:
        """A number between two others."""
        return self._numbers.uniform(low, high)

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return self._numbers.randint(low, high)

    def one_of(self, *choices):
        """One of some values."""
        return self._numbers.choice(choices)

    def logits(self, *shape: int, scale: float = 2.0) -> torch.Tensor:
        """Normal numbers around 0."""
        values = torch.randn(*shape, generator=self._tensors, dtype=torch.float32)
        return scale * values

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Numbers between two others, all alike probable."""
        values = torch.rand(*shape, generator=self._tensors, dtype=torch.float32)
        return low + (high - low) * values

    def shares(self, *shape: int) -> torch.Tensor:
        """Probabilities: the last dimension sums to 1."""
        return self.logits(*shape).softmax(-1)

    def labels(self, n: int, classes: int) -> torch.Tensor:
        """Classes of n images; the first two are of the classes 1 and 2, if so many are there."""
        drawn = torch.randint(classes, (n,), generator=self._tensors)
        first = torch.arange(1, classes)[:2]
        return torch.cat([first, drawn])[:n]

    def order(self, n: int) -> torch.Tensor:
        """The numbers 0 to n - 1 in another order."""
        moved = torch.randperm(n, generator=self._tensors)
        return moved.flip(0) if torch.equal(moved, torch.arange(n)) else moved

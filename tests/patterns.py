"""What several test files need: a toy set small enough to train on many times, a net for
it, and the options of a function.
"""

from inspect import Parameter, signature

import torch
from torch import nn

from kdsurvey import data
from kdsurvey.nets import mlp


def small(seed: int = 0, **options) -> nn.Sequential:
    """A net for the toy set."""
    return mlp(128, 12, 3, seed=seed, **options)


def made_up(
    seed: int = 0, train: int = 96, test: int = 40, validation: int = 30
) -> data.Data:
    """Three classes of noisy 8 x 8 patterns with two channels: learnable, but not at once."""
    g = torch.Generator().manual_seed(seed)
    pattern = torch.rand(3, 2, 8, 8, generator=torch.Generator().manual_seed(99))

    def part(n: int) -> data.Pair:
        y = torch.randint(0, 3, (n,), generator=g)
        return (0.5 * pattern[y] + 0.5 * torch.rand(n, 2, 8, 8, generator=g)), y

    held_out = part(validation) if validation else None
    return data.Data(
        part(train), part(test), ("a", "b", "c"), "made-up patterns", held_out
    )


def optional(function) -> dict:
    """The arguments that may be left out, and what they are then."""
    parameters = signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not Parameter.empty}

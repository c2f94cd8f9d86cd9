"""Stacks: many small nets of one shape, trained in one pass."""

import copy
from collections.abc import Sequence
from typing import overload

import torch
from torch import Tensor, nn


class StackedLinear(nn.Module):
    """n linear layers at once: x (n, b, i) or one shared batch (b, i) -> (n, b, o)."""

    def __init__(self, layers: Sequence[nn.Linear]):
        super().__init__()
        weights = [layer.weight.detach().T for layer in layers]
        biases = [layer.bias.detach()[None] for layer in layers]
        self.weight = nn.Parameter(torch.stack(weights).contiguous())  # (n, i, o)
        self.bias = nn.Parameter(torch.stack(biases))  # (n, 1, o)

    def forward(self, x: Tensor) -> Tensor:
        each = x.expand(len(self.weight), *x.shape[-2:])
        return torch.baddbmm(self.bias, each, self.weight)


class StackedFlatten(nn.Module):
    """Flatten images, the last three dimensions: (n, b, c, h, w) -> (n, b, chw).

    And (b, c, h, w) -> (b, chw).
    """

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(-3)


def stack(nets: Sequence[nn.Sequential]) -> nn.Sequential:
    """Stack n nets of one shape: one net that trains them in one pass, unmixed.

    nets: results of nets.mlp with equal widths; they are copied, in order. The stack
    maps (n, b, c, h, w), one batch a member, or (b, c, h, w), a batch they share, to
    logits (n, b, classes). Give `methods.hinton` T and alpha as tensors (n,), and
    `Config(seed=(s1, ..., sn))`, and each member ends with the weights of its own run.
    `unstack` gives the nets back. Worth it for small nets: hidden layers of some 30
    units, not of 800. Raises ValueError for nets that cannot be stacked.
    """
    shapes = {str([p.shape for p in net.parameters()]) for net in nets}
    if len(shapes) != 1:
        raise ValueError(
            "stack: needs nets of one shape, at least one; "
            f"got {len(nets)} nets of {len(shapes)} shapes"
        )
    return _stacked(list(nets))


@overload
def _stacked(twins: list[nn.Sequential]) -> nn.Sequential: ...
@overload
def _stacked(twins: list[nn.Module]) -> nn.Module: ...
def _stacked(twins: list) -> nn.Module:
    first = twins[0]
    if isinstance(first, nn.Sequential):
        return nn.Sequential(*(_stacked(list(layers)) for layers in zip(*twins)))
    if isinstance(first, nn.Linear):
        return StackedLinear(twins)
    if isinstance(first, nn.Flatten):
        return StackedFlatten()
    if isinstance(first, nn.ReLU):
        return nn.ReLU()
    raise ValueError(
        f"stack: a {type(first).__name__} cannot be stacked; "
        "use nets.mlp without dropout, or train one by one"
    )


def unstack(stacked: nn.Sequential) -> list[nn.Sequential]:
    """Return the members of a stack as separate nets, in order."""
    size = next(stacked.parameters()).shape[0]
    return [_member(stacked, k) for k in range(size)]


@overload
def _member(module: nn.Sequential, k: int) -> nn.Sequential: ...
@overload
def _member(module: nn.Module, k: int) -> nn.Module: ...
def _member(module: nn.Module, k: int) -> nn.Module:
    if isinstance(module, nn.Sequential):
        return nn.Sequential(*(_member(child, k) for child in module))
    if isinstance(module, StackedFlatten):
        return nn.Flatten()
    if not isinstance(module, StackedLinear):
        return copy.deepcopy(module)
    layer = nn.utils.skip_init(
        nn.Linear, *module.weight.shape[1:], device=module.weight.device
    )
    with torch.no_grad():
        layer.weight.copy_(module.weight[k].T)
        layer.bias.copy_(module.bias[k, 0])
    return layer

"""Whether numbers are numbers: tensors with NaN are noticed where they come in."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor


def holds_nan(*tensors: Tensor) -> bool:
    """Tell whether any of these holds NaN. Reading it waits for the device."""
    return any(bool(t.isnan().any()) for t in _with_values(tensors))


def is_finite(tensors: Iterable[Tensor]) -> bool:
    """Tell whether all these hold finite numbers alone, in one pass over each."""
    ends = [torch.stack(t.detach().aminmax()) for t in _with_values(tensors)]
    finite = [pair.isfinite().all() for pair in ends]
    return bool(torch.stack(finite).all()) if finite else True


def _with_values(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Those that hold numbers: a tensor on "meta" and a fake one have only a shape."""
    return [t for t in tensors if t.is_floating_point() and has_values(t)]


def has_values(t: Tensor) -> bool:
    """Tell whether a tensor holds any number that can be read."""
    return bool(t.numel()) and not t.is_meta and not isinstance(t, FakeTensor)

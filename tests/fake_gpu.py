"""A GPU without a GPU: tensors that know their device and shape but hold no values."""

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode

WAITS = (
    "What depends on values waits for the GPU: no .item(), no `if tensor`, no z[mask]; "
    "masked_fill(mask, -inf) leaves classes out, as kdsurvey.losses understands."
)


class NoValues(FakeTensorMode):
    """Tensors with a device and a shape but no values.

    Reading one, or mixing two devices, raises an error.
    """

    def __deepcopy__(self, memo):  # a copied net stays in the same mode
        return self

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        try:
            return super().__torch_dispatch__(operation, types, args, kwargs)
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            error.add_note(WAITS)
            raise


class NoWaitingCopies(TorchDispatchMode):
    """Raise RuntimeError where a copy between devices waits for it.

    `to` and `copy_` need non_blocking=True; an index must lie where its tensor lies.
    """

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if operation is torch.ops.aten._to_copy.default:
            target = kwargs.get("device")
            self._check(args[0].device, target, kwargs.get("non_blocking", False))
        if operation is torch.ops.aten.copy_.default:
            non_blocking = kwargs.get("non_blocking", False) or True in args[2:]
            self._check(args[1].device, args[0].device, non_blocking)
        if operation is torch.ops.aten.index.Tensor:
            for index in args[1]:
                if index is not None:
                    self._check(index.device, args[0].device, False)
        return operation(*args, **kwargs)

    def _check(
        self, source: torch.device, target: torch.device | None, non_blocking: bool
    ) -> None:
        if target is not None and target.type != source.type and not non_blocking:
            raise RuntimeError(f"a copy from {source} to {target} that waits for it")

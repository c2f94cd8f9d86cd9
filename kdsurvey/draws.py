"""Random numbers of a run's own: torch's global generators are shared by all threads."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from kdsurvey.stage import is_known

DRAWING = (  # of the modules that are known
    nn.modules.dropout._DropoutNd,
    nn.RReLU,
    nn.RNNBase,
    nn.MultiheadAttention,
    nn.FractionalMaxPool2d,
    nn.FractionalMaxPool3d,
)

# Kernels that draw inside and take no generator
FUSED = (
    "_scaled_dot_product_",
    "_flash_attention",
    "_efficient_attention",
    "_cudnn_attention",
    "_cudnn_rnn",
    "miopen_rnn",
)


class Watching(TorchDispatchMode):
    """A mode that sees every operation, and does not make torch import its compiler."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Do not have torch mark this class as code that it must not compile: for that it
        would import its compiler at the first operation, which takes as long as torch itself.
        """
        return False


class OwnDraws(Watching):
    """Inside, what this thread draws comes from generators seeded here, one a device.

    They go on where they were at the next entry. The global generators are neither read
    nor moved, so other threads, a reader's cell among them, draw what they would draw
    alone. Kernels of a GPU that draw and take no generator, dropout within cuDNN's
    recurrent nets and within fused attention, are refused with a ValueError.
    """

    def __init__(self, seed: int):
        super().__init__()
        self._seed = seed
        self._generators: dict[torch.device, torch.Generator] = {}

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple = (),
        kwargs: dict | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        if any(isinstance(a, torch.Generator) for a in (*args, *kwargs.values())):
            return func(*args, **kwargs)
        device = _device(args, kwargs)
        if device.type == "meta":  # no values, nothing to draw
            return func(*args, **kwargs)
        own = self._of(device)
        if func is torch.ops.aten.native_dropout.default:
            return _dropout(own, *args)
        seeded = _with_generator(func)
        if seeded is None:
            refuse_fused(func, args, kwargs)
            return func(*args, **kwargs)
        return seeded(*args, **kwargs | {"generator": own})

    def _of(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self._seed)
        return self._generators[device]


def may_draw(learner: nn.Module, loss: Callable) -> bool:
    """Return whether a step may draw: anything that the package does not know, may."""
    if not is_known(loss):
        return True
    return any(
        isinstance(part, DRAWING) or not is_known(type(part))
        for part in learner.modules()
    )


def _device(args: tuple, kwargs: dict) -> torch.device:
    """The device that an operation draws on."""
    given = kwargs.get("device")
    found = [a.device for a in args if isinstance(a, Tensor)]
    device = torch.device(given or (found[0] if found else "cpu"))
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device


@cache
def _with_generator(func: Any) -> Any:
    """Return an operation's form that takes a generator; None where it has none."""
    names = {a.name for a in func._schema.arguments}
    if "generator" in names:
        return func
    packet = func.overloadpacket
    for overload in map(packet.__getattr__, packet.overloads()):
        if {a.name for a in overload._schema.arguments} == names | {"generator"}:
            return overload
    return None


def refuse_fused(func: Any, args: tuple, kwargs: dict) -> None:
    """Raise ValueError where a fused kernel would draw from the global generator."""
    name = func._schema.name.removeprefix("aten::")
    if not name.startswith(FUSED) or name.endswith("_attention_math"):
        return
    given = {a.name: value for a, value in zip(func._schema.arguments, args)} | kwargs
    share = given.get("dropout_p", given.get("dropout", 0.0))
    if share and given.get("train", True):
        raise ValueError(
            f"{name} drops {share:g} of its values by torch's global generator, which "
            "other threads move; a run repeats with dropout=0 there and an nn.Dropout "
            "beside it, or for attention inside torch.nn.attention.sdpa_kernel("
            "SDPBackend.MATH)"
        )


def _dropout(
    generator: torch.Generator, x: Tensor, p: float, train: bool | None
) -> tuple[Tensor, Tensor]:
    """The fused dropout of a GPU: what is kept, scaled up, and the mask of it."""
    if train is False or p == 0:
        return x.clone(), torch.ones_like(x, dtype=torch.bool)
    kept = torch.empty_like(x, dtype=torch.bool).bernoulli_(1 - p, generator=generator)
    return x * kept * (0.0 if p == 1 else 1 / (1 - p)), kept

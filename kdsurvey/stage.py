"""Stages, of which a method is made, the batches they see, and teachers.

A method is a generator of stages. Stages are lazy: the second is built after the first
has trained.
"""

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Integral

import torch
from torch import Tensor, nn

from kdsurvey.finite import holds_nan


@dataclass(frozen=True)
class Batch:
    """One batch as a loss sees it.

    A stack of learners with a seed each has a leading dimension on x, y and i.
    """

    x: Tensor  # (n, ...) inputs, augmented or not
    y: Tensor  # (n,) class indices
    i: Tensor  # (n,) where the examples lie in `inputs`
    inputs: Tensor  # (N, ...) the whole training set, as it is without augmentation
    augmented: bool = False


KNOWN = ("torch.nn.", "torch._dynamo.", "kdsurvey.")  # code without surprises
# (batch, progress in [0, 1]) -> {term: already weighted loss}
Loss = Callable[[Batch, float], dict[str, Tensor]]
Predict = Callable[[Tensor], Tensor]  # x -> logits


@dataclass
class Stage:
    """One stretch of training: who learns from which loss, and what is measured.

    score: measured after each epoch, name -> predict.
    """

    name: str
    learn: dict[nn.Module, Loss]  # several learners take turns on every batch
    score: Mapping[str, Predict] = field(default_factory=dict)
    epochs: float = 1.0  # share of Config.epochs
    lr: float = 1.0  # share of Config.lr


class Teacher:
    """Keep a frozen copy of a net, in eval mode, that remembers its logits.

    `teacher(batch)` gives the logits (n, c) for the batch, without gradient. Where
    inputs are not augmented the net runs once over the whole training set, and every
    later batch is an index selection. The caller's net is never touched. A Teacher made
    of a Teacher shares its net and its memory, so that many students can learn from one
    pass.

    net: any nn.Module from x to logits, or a Teacher. Raises ValueError for anything
    else, for weights that hold NaN, and for logits that do when they are first seen.
    """

    net: nn.Module
    # At most one entry: (inputs, their version, logits)
    _memory: list[tuple[Tensor, int, Tensor]]
    _seen = False

    def __init__(self, net: "nn.Module | Teacher"):
        if isinstance(net, Teacher):
            self.net = net.net
            self._memory = net._memory
            return
        if not isinstance(net, nn.Module):
            raise ValueError(
                f"a teacher must be a torch.nn.Module, got {type(net).__name__}"
            )
        if holds_nan(*net.parameters()):
            raise ValueError(
                f"the teacher {type(net).__name__} has weights that are NaN; its own "
                "training has diverged: train it anew with a lower lr"
            )
        self.net = copied(net).eval()
        for weight in self.net.parameters():  # a copied scripted net has no leaves
            weight.detach_()
        self._memory = []

    def __call__(self, batch: Batch) -> Tensor:
        if not batch.augmented:
            return self._remembered(batch.inputs)[batch.i]
        stack = batch.x.shape[: batch.x.ndim - batch.inputs.ndim + 1]  # (n,) or (s, n)
        x = batch.x.reshape(-1, *batch.inputs.shape[1:])
        logits = self.logits(x)
        if not self._seen:  # once: looking waits for the device
            self._refuse_nan(logits)
        return logits.unflatten(0, stack)

    @torch.no_grad()
    def logits(self, x: Tensor) -> Tensor:
        """Compute the logits (n, c) of x (n, ...), in full precision; remember nothing."""
        self.net.to(x.device)
        with torch.autocast(x.device.type, enabled=False):
            return torch.cat([logits_of(self.net, part) for part in x.split(2048)])

    def _remembered(self, inputs: Tensor) -> Tensor:
        for known, version, logits in self._memory:
            if known is inputs and version == inputs._version:
                return logits
        logits = self.logits(inputs)
        self._refuse_nan(logits)
        self._memory[:] = [(inputs, inputs._version, logits)]
        return logits

    def _refuse_nan(self, logits: Tensor) -> None:
        self._seen = True
        if holds_nan(logits):
            wrong = int(logits.isnan().any(-1).sum())
            raise ValueError(
                f"the teacher {type(self.net).__name__} says NaN for {wrong:,} of "
                f"{len(logits):,} inputs; train it anew with a lower lr, or give another"
            )


def check_nets(method: str, **nets: object) -> None:
    """Raise ValueError for what is no net, with the name of the argument."""
    for name, net in nets.items():
        if not isinstance(net, nn.Module | Teacher):
            what = net.__name__ if isinstance(net, type) else type(net).__name__
            raise ValueError(
                f"{method}: {name} must be a torch.nn.Module, an instance of one; got "
                f"{what}; kdsurvey.nets.mlp(784, 100, 10) makes one"
            )


def is_known(code: object) -> bool:
    """Tell whether a class or a function is torch's or this package's own."""
    return (getattr(code, "__module__", None) or "").startswith(KNOWN)


def copied(net: nn.Module) -> nn.Module:
    """Copy a net, also one that keeps computed tensors, as pruning and weight norm do."""
    values = [value for part in net.modules() for value in vars(part).values()]
    computed = [v for v in values if isinstance(v, Tensor) and not v.is_leaf]
    return copy.deepcopy(net, {id(v): v.detach().clone() for v in computed})


def logits_of(predict: Predict, x: Tensor) -> Tensor:
    """Ask a net, or a function, for the logits of x, which stays as it is.

    Raises ValueError where the answer is no tensor of numbers, and for inputs that a net
    cannot take.
    """
    try:
        z = kept(predict, x)
    except RuntimeError as error:
        _refuse_type(predict, x, error)
        if isinstance(predict, nn.Module):
            refuse_inputs(predict, x, error)
        raise
    check_logits(predict, z)
    return z


def _refuse_type(predict: Predict, x: Tensor, error: RuntimeError) -> None:
    """Raise ValueError where a net failed on inputs of another type than its weights."""
    weights = predict.parameters() if isinstance(predict, nn.Module) else ()
    others = {w.dtype for w in weights if w.is_floating_point()} - {x.dtype}
    if others:
        raise ValueError(
            f"the images are {x.dtype}, weights of {type(predict).__name__} "
            f"{', '.join(map(str, others))}; bring both to one, as x.float() and "
            f"net.float() do: {error}"
        ) from error


def refuse_inputs(net: nn.Module, x: Tensor, error: RuntimeError) -> None:
    """Raise ValueError where a net failed on inputs, for another reason than memory."""
    if isinstance(error, torch.OutOfMemoryError):
        return
    image = tuple(x.shape[1:])
    raise ValueError(
        f"{type(net).__name__} does not take inputs of shape {image}, "
        f"{math.prod(image):,} numbers each: {error}"
    ) from error


def kept(predict: Predict, x: Tensor) -> Tensor:
    """Call a net, or a function, on x, which stays as it is.

    A layer that works in place, or may, gets a copy of it.
    """
    return predict(x if keeps_inputs(predict) else x.clone())


def keeps_inputs(predict: Predict) -> bool:
    """Tell whether a net surely leaves its input as it is: torch's own layers, none of
    which works in place.
    """
    parts = list(predict.modules()) if isinstance(predict, nn.Module) else []
    known = bool(parts) and all(is_known(type(part)) for part in parts)
    return known and not any(getattr(part, "inplace", False) for part in parts)


def check_logits(predict: Predict, z: object) -> None:
    """Raise ValueError where what a net returned is no tensor of numbers."""
    if isinstance(z, Tensor) and z.is_floating_point():
        return
    name = type(predict).__name__
    what = f"a tensor of {z.dtype}" if isinstance(z, Tensor) else type(z).__name__
    raise ValueError(
        f"{name} returns {what}, not logits (n, c) alone; wrap it in a module whose "
        "forward returns them, as `return self.net(x)[0]` or `.logits` does"
    )


@torch.no_grad()
def watched(net: nn.Module, x: Tensor) -> Tensor:
    """Compute a net's logits for x in its current mode, without gradient or trace.

    In train mode too its batch-norm statistics stay as they are.
    """
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
    if not buffers:
        return net(x)
    return torch.func.functional_call(net, buffers, (x,))


def upto(net: "nn.Module | Teacher", block: int, name: str) -> nn.Sequential:
    """Return the first `block` blocks of a net, sharing its weights.

    From x to the features after them. Raises ValueError, with `name`, for a net without
    blocks, a block that is not in 1 to len(net), blocks without weights.
    """
    blocks = net.net if isinstance(net, Teacher) else net
    if not isinstance(blocks, nn.Sequential):
        raise ValueError(
            f"{name}: needs an nn.Sequential of blocks, got {type(blocks).__name__}; "
            "see kdsurvey.nets"
        )
    number = isinstance(block, Integral) and not isinstance(block, bool)
    if (
        not number
        or not 1 <= block <= len(blocks)
        or not any(True for _ in blocks[:block].parameters())
    ):
        raise ValueError(
            f"{name} = {block!r}: give a whole number from 1 to {len(blocks)}, "
            "past the first block with weights"
        )
    return blocks[:block]


@contextmanager
def in_eval(net: Predict | None) -> Iterator[None]:
    """Keep a net in eval mode inside, and put each part back in its own mode after.

    Another net may share a part. A function that is no net stays as it is, and None is no net.
    """
    parts = net.modules() if isinstance(net, nn.Module) else ()
    modes = {part: part.training for part in parts}
    for part in modes:
        part.training = False
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def beside(z: Tensor, *values: float | Tensor) -> tuple[float | Tensor, ...]:
    """Bring the values of a stack to the device of its logits z, without waiting for it.

    Numbers, and tensors of no dimension, stay as they are. Raises ValueError where z is
    no stack of as many members: a single net cannot learn from several values.
    """
    for v in values:
        if isinstance(v, Tensor) and v.ndim and v.shape != z.shape[:-2]:
            raise ValueError(
                f"values of shape {tuple(v.shape)} are for a stack of so many nets, with "
                f"logits {(*v.shape, *z.shape[-2:])}; got logits {tuple(z.shape)}; stack "
                "the nets with kdsurvey.sweeps.stack, or give one value"
            )
    return tuple(
        v.to(z.device, non_blocking=z.is_cuda)
        if isinstance(v, Tensor) and v.ndim
        else v
        for v in values
    )

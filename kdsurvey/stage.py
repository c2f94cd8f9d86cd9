"""What a method is made of: stages, the batches they see, and teachers that only watch.

A method is a generator of stages. Stages are lazy: the second is built after the first has trained.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Batch:
    """One batch as a loss sees it. A stack of learners with seeds of their own has a
    leading dimension on x, y and i.
    """

    x: Tensor  # (n, ...) inputs, augmented or not
    y: Tensor  # (n,) class indices
    i: Tensor  # (n,) where the examples lie in `inputs`
    inputs: Tensor  # (N, ...) the whole training set, as it is without augmentation
    augmented: bool = False


Loss = Callable[
    [Batch, float], dict[str, Tensor]
]  # (batch, progress in [0, 1]) -> {term: already weighted loss}
Predict = Callable[[Tensor], Tensor]  # x -> logits


@dataclass
class Stage:
    """One stretch of training: who learns from which loss, and what is measured after each epoch."""

    name: str
    learn: dict[nn.Module, Loss]  # several learners take turns on every batch
    score: dict[str, Predict] = field(default_factory=dict)
    epochs: float = 1.0  # share of Config.epochs
    lr: float = 1.0  # share of Config.lr


class Teacher:
    """A frozen copy of a net, in eval mode, that remembers its logits.

    `teacher(batch)` gives the logits (n, c) for the batch, without gradient. Where
    inputs are not augmented the net runs once over the whole training set, and every
    later batch is an index selection. The caller's net is never touched. A Teacher made
    of a Teacher shares its net and its memory, so that many students can learn from one
    pass.

    net: any nn.Module from x to logits, or a Teacher. Raises ValueError for anything else.
    """

    def __init__(self, net: "nn.Module | Teacher"):
        if isinstance(net, Teacher):
            self.net, self._memory = net.net, net._memory
            return
        if not isinstance(net, nn.Module):
            raise ValueError(
                f"a teacher must be a torch.nn.Module, got {type(net).__name__}"
            )
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self._memory: list[
            tuple[Tensor, int, Tensor]
        ] = []  # at most one: (inputs, their version, logits)

    def __call__(self, batch: Batch) -> Tensor:
        if not batch.augmented:
            return self._remembered(batch.inputs)[batch.i]
        stack = batch.x.shape[: batch.x.ndim - batch.inputs.ndim + 1]  # (n,) or (s, n)
        return self.logits(batch.x.reshape(-1, *batch.inputs.shape[1:])).unflatten(
            0, stack
        )

    @torch.no_grad()
    def logits(self, x: Tensor) -> Tensor:
        """The net's logits (n, c) for x (n, ...), in full precision; nothing is remembered."""
        self.net.to(x.device)
        with torch.autocast(x.device.type, enabled=False):
            return torch.cat([self.net(part) for part in x.split(2048)])

    def _remembered(self, inputs: Tensor) -> Tensor:
        known = self._memory[0] if self._memory else (None, None, None)
        if known[0] is not inputs or known[1] != inputs._version:
            known = (inputs, inputs._version, self.logits(inputs))
            self._memory[:] = [known]
        return known[2]


@torch.no_grad()
def watched(net: nn.Module, x: Tensor) -> Tensor:
    """What a net says to x as it is, in train mode too, without gradient, and without a
    trace in its batch-norm statistics.
    """
    return torch.func.functional_call(
        net, {name: buffer.clone() for name, buffer in net.named_buffers()}, (x,)
    )


def upto(net: "nn.Module | Teacher", block: int, name: str) -> nn.Sequential:
    """The first `block` blocks of a net, sharing its weights: from x to the features after them.

    Raises ValueError, with `name`, for a net without blocks, a block that is not in 1
    to len(net), blocks without weights.
    """
    net = net.net if isinstance(net, Teacher) else net
    if not isinstance(net, nn.Sequential):
        raise ValueError(
            f"{name}: needs an nn.Sequential of blocks, got {type(net).__name__}; see kdsurvey.nets"
        )
    if (
        type(block) is not int
        or not 1 <= block <= len(net)
        or not any(True for _ in net[:block].parameters())
    ):
        raise ValueError(
            f"{name} = {block!r}: give a whole number from 1 to {len(net)}, past the first block with weights"
        )
    return net[:block]


@contextmanager
def in_eval(net: Predict) -> Iterator[None]:
    """A net in eval mode inside, and each of its parts in the mode it had after:
    another net may share it. Functions stay.
    """
    modes = (
        {part: part.training for part in net.modules()}
        if isinstance(net, nn.Module)
        else {}
    )
    for part in modes:
        part.training = False
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def beside(z: Tensor, *values: float | Tensor) -> tuple[float | Tensor, ...]:
    """Bring the values of a stack to the device of its logits z, without waiting for it.

    Numbers, and tensors of no dimension, stay as they are.
    """
    return tuple(
        v.to(z.device, non_blocking=z.is_cuda)
        if isinstance(v, Tensor) and v.ndim
        else v
        for v in values
    )

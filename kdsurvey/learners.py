"""The nets that learn: where they live while they do, and what is asked of them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

from kdsurvey.finite import holds_nan
from kdsurvey.stage import check_logits, refuse_inputs

OWN = ("kdsurvey.", "torch._dynamo.")  # a learner of these may return more


def home(net: nn.Module, default: torch.device) -> torch.device:
    """The device of a net's weights; `default` for a net without any."""
    return next((weight.device for weight in net.parameters()), default)


@contextmanager
def visiting(learners: Iterable[nn.Module], device: torch.device) -> Iterator[None]:
    """Keep the learners on the device inside; they are back where they were after it.

    So the caller's nets and data stay together.
    """
    homes = {learner: home(learner, device) for learner in learners}
    for learner in homes:
        learner.to(device)
    try:
        yield
    finally:
        for learner, own in homes.items():
            learner.to(own)


def frozen_parts(learners: Iterable[nn.Module]) -> list[nn.Module]:
    """Find what the caller froze: parts in eval mode of which no weight learns."""
    frozen: list[nn.Module] = []
    for part in (part for learner in learners for part in learner.modules()):
        weights = list(part.parameters())
        still = weights and not any(w.requires_grad for w in weights)
        if still and not part.training:
            frozen += part.modules()
    return frozen


def to_train(learners: Iterable[nn.Module], frozen: Iterable[nn.Module]) -> None:
    """Put the learners in train mode; the batch norm of a frozen part moves no more."""
    for learner in learners:
        learner.train()
    for part in frozen:
        part.training = False


@contextmanager
def looked_at(learners: Iterable[nn.Module], classes: int) -> Iterator[None]:
    """Look at what each learner returns inside: logits, of as many classes as there are;
    one that fails on its inputs is named, with their shape.
    """
    asked: list[tuple[nn.Module, tuple]] = []  # the learner that computes now

    def note(learner: nn.Module, inputs: tuple) -> None:
        asked[:] = [(learner, inputs)]

    def look(learner: nn.Module, inputs: object, z: Any) -> None:
        asked.clear()
        check_logits(learner, z)
        if z.ndim > 1 and z.shape[-1] < classes:
            raise ValueError(
                f"{type(learner).__name__} returns {tuple(z.shape)}, logits of "
                f"{z.shape[-1]} classes; the data has {classes}"
            )

    try:
        with ExitStack() as hooks:  # which are gone whenever an interrupt comes
            for learner in filter(_can_be_looked_at, learners):
                hooks.callback(learner.register_forward_hook(look).remove)
                hooks.callback(learner.register_forward_pre_hook(note).remove)
            yield
    except RuntimeError as error:
        for learner, (x, *_) in asked:
            refuse_inputs(learner, x, error)
        raise


def _can_be_looked_at(net: nn.Module) -> bool:
    """Tell whether a net takes hooks, as a scripted one does not, and returns logits."""
    own = type(net).__module__.startswith(OWN)
    return not own and not isinstance(net, torch.jit.ScriptModule)


def weights_of(learner: nn.Module, dtype: torch.dtype) -> list[nn.Parameter]:
    """Return the weights that learn, of images of one type of numbers.

    Raises ValueError for a learner without any, for weights of another type, made under
    torch.inference_mode, or NaN.
    """
    weights = [w for w in learner.parameters() if w.requires_grad]
    if not weights:
        raise ValueError(
            f"train: {type(learner).__name__} has no weight that can learn; "
            "a Teacher is frozen; pass the net"
        )
    if any(w.is_inference() for w in weights):
        raise ValueError(
            f"train: {type(learner).__name__} was made under torch.inference_mode, where "
            "no weight can learn; make it outside"
        )
    others = {w.dtype for w in weights} - {dtype}
    if others:
        raise ValueError(
            f"train: the images are {dtype}, weights of {type(learner).__name__} "
            f"{', '.join(map(str, others))}; bring both to one, as x.float() and "
            "net.float() do; bf16 is a matter of Config(precision=...)"
        )
    if holds_nan(*weights):
        raise ValueError(
            f"train: {type(learner).__name__} has weights that are NaN before it learns; "
            "make it anew"
        )
    return weights

"""What a net answers with, and whether it answers the same image alike: what keeps a design
from serving more than its weights.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from kdsurvey.draws import Watching
from kdsurvey.learners import home
from kdsurvey.lessons.trial import Said
from kdsurvey.stage import in_eval, is_known, logits_of

CLOSE = 1e-3  # of logits, relative and absolute: what rounding may do
FEW = 0.05  # of images whose logits rounding may change by more, where it meets a step


class Sources(Watching):
    """Inside, note the tensors of numbers that operations begin with, `found` by where
    they lie: all that no operation inside has made.
    """

    def __init__(self, x: Tensor):
        super().__init__()
        self.found: dict[int, Tensor] = {}
        self._made: dict[int, Tensor] = {_place(x): x}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        for given in _tensors((args, kwargs)):
            if _place(given) not in self._made:
                self.found.setdefault(_place(given), given)
        outcome = func(*args, **(kwargs or {}))
        # kept, so that nothing else comes to lie where they are
        self._made |= {_place(made): made for made in _tensors(outcome)}
        return outcome


def _tensors(values: Any) -> list[Tensor]:
    leaves = [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
    return [leaf for leaf in leaves if leaf.is_floating_point()]


def _place(tensor: Tensor) -> int:
    """Return where the numbers of a tensor lie; a sparse one is its own place."""
    if tensor.layout is not torch.strided:
        return id(tensor)
    return tensor.untyped_storage().data_ptr()


def refuse_more(net: nn.Module, x: Tensor, least: int, most: int) -> None:
    """Raise Said for a net that answers images x with fewer or with more numbers than
    allowed, its weights and what it keeps elsewhere: another net, or a buffer.

    The statistics of torch's own layers are not counted.
    """
    size = sum(weights.numel() for weights in net.parameters())
    if size > most or size < least:
        raise Said(f"this net has {size:,} weights")
    places = {_place(weights) for weights in net.parameters()}
    statistics = {_place(buffer) for buffer in _buffers(net)}
    with torch.no_grad(), in_eval(net), Sources(x) as sources:
        logits_of(net, x)
    used = {place: t.numel() for place, t in sources.found.items()}
    idle = size - sum(n for place, n in used.items() if place in places)
    others = {place: n for place, n in used.items() if place not in places | statistics}
    elsewhere = sum(n for n in others.values() if n > 1)  # one is a factor, no weight
    if size + elsewhere > most:
        raise Said(
            f"this net has {size:,} weights, and answers with {elsewhere:,} numbers more "
            "that it keeps elsewhere, in a buffer or another net; they count too"
        )
    if size - idle < least:
        raise Said(f"{idle:,} of the {size:,} weights have no part in the answer")


def _buffers(net: nn.Module) -> list[Tensor]:
    """Return the buffers of torch's own layers: batch norm's statistics, pruning's masks."""
    layers = [layer for layer in net.modules() if is_known(type(layer))]
    return [buffer for layer in layers for buffer in layer.buffers(recurse=False)]


def refuse_unsteady(net: nn.Module, x: Tensor) -> None:
    """Raise Said for a net whose answer to an image depends on the images beside it, on
    its place among them, or changes from call to call.
    """
    order = torch.arange(len(x)).flip(0).roll(1)
    with torch.no_grad(), in_eval(net):
        together = logits_of(net, x)
        again = logits_of(net, x[order])
        half = logits_of(net, x[: -(-len(x) // 2)])
    for other, same in ((again, together[order]), (half, together[: len(half)])):
        apart = ~torch.isclose(other, same, rtol=CLOSE, atol=CLOSE, equal_nan=True)
        if apart.any(-1).double().mean() > FEW:
            raise Said(
                "it answers one image in several ways: by chance, as F.dropout(x) does, "
                "where F.dropout(x, training=self.training) would not, or by its place in "
                "the batch, or the images beside it"
            )


def asked(net: nn.Module, x: Tensor) -> Tensor:
    """Return images x where the weights of a net lie."""
    return x.to(home(net, x.device))

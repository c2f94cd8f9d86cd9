"""How flat the minima are that nets end in, and how soft their answers; beside a net
alone of equal training loss. For notebooks 07 and 11.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from kdsurvey.data import Data
from kdsurvey.losses import cross_entropy, entropy, soften
from kdsurvey.measures import top1_agreement
from kdsurvey.stage import Teacher

SIGMAS = (0.05, 0.1)
RELATIVE = 0.5
DRAWS = 8
# along one direction as long as each unit's weights
SLICE = tuple(k / 10 for k in range(-10, 11))
MATCHED = "alone, equal training loss"
# settings of `why`
MEASURES = {
    "sigmas": SIGMAS,
    "relative": RELATIVE,
    "draws": DRAWS,
    "slice": SLICE,
}


def nearest(
    train: Callable[[int], Sequence[nn.Module]],
    lengths: Iterable[int],
    data: Data,
    target: float,
) -> tuple[int, Sequence[nn.Module]]:
    """Return the one of these lengths, in epochs, whose nets come nearest to a training
    loss, and these nets. train: epochs -> nets.
    """
    tried = {epochs: train(epochs) for epochs in lengths}
    best = min(
        tried, key=lambda epochs: abs(training_loss(tried[epochs], data) - target)
    )
    return best, tried[best]


def why(pair: Sequence[nn.Module], data: Data, seed: int) -> dict:
    """Measure what the paper explains it by, means over the nets: loss, entropy, rises of
    the loss under noise on the weights, a slice.

    Rises: mean of DRAWS draws of Gaussian noise of s.d. sigma, or of RELATIVE times
    each weight tensor's root mean square.
    """
    x, y = data.train
    rises = {
        f"rise at {s:g}": mean(rise(net, x, y, s, seed) for net in pair) for s in SIGMAS
    }
    rises["rise, relative"] = mean(
        rise(net, x, y, RELATIVE, seed, relative=True) for net in pair
    )
    z = [Teacher(net).logits(x) for net in pair]
    tests = [Teacher(net).logits(data.test[0]) for net in pair]
    return {
        "loss": mean(cross_entropy(logits, y).item() for logits in z),
        "entropy in training": mean(entropy(logits).mean().item() for logits in z),
        "confidence": mean(soften(logits).amax(-1).mean().item() for logits in z),
        "agreement": mean(
            top1_agreement(*two).item() for two in combinations(tests, 2)
        ),
        **rises,
        "slice": [
            mean(values) for values in zip(*(along(net, x, y, seed) for net in pair))
        ],
    }


@torch.no_grad()
def rise(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    sigma: float,
    seed: int,
    relative: bool = False,
) -> float:
    """Compute how much the loss rises, in nats, when every weight gets Gaussian noise:
    the mean over DRAWS. The net stays as it is.
    """
    before, generator = loss(net, x, y), torch.Generator().manual_seed(seed)
    rises = []
    for _ in range(DRAWS):
        noisy = copy.deepcopy(net)
        for w in noisy.parameters():
            scale = sigma * w.square().mean().sqrt() if relative else sigma
            w.add_(scale * torch.randn(w.shape, generator=generator))
        rises.append(loss(noisy, x, y) - before)
    return mean(rises)


@torch.no_grad()
def along(net: nn.Module, x: Tensor, y: Tensor, seed: int) -> list[float]:
    """Compute the loss at w + t d for t of SLICE: d random, as long as w unit by unit (Li
    et al. 2018, arXiv 1712.09913).
    """
    generator, losses = torch.Generator().manual_seed(seed), []
    directions = [_like(w, generator) for w in net.parameters()]
    for t in SLICE:
        moved = copy.deepcopy(net)
        for w, d in zip(moved.parameters(), directions):
            w.add_(t * d)
        losses.append(loss(moved, x, y))
    return losses


def loss(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """Compute the cross-entropy with the labels y (N,) of images x, redrawn ones included."""
    return cross_entropy(Teacher(net).logits(x), y).item()


def training_loss(pair: Sequence[nn.Module], data: Data) -> float:
    """Return the mean over the nets of their loss on the training labels."""
    return mean(loss(net, *data.train) for net in pair)


def mean(values: Iterable[float]) -> float:
    """Return the mean to four decimals, as rows are kept."""
    values = list(values)
    return round(sum(values) / len(values), 4)


def _like(w: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a direction with the norm of each unit's weights; 0 for biases."""
    d = torch.randn(w.shape, generator=generator)
    if w.ndim == 1:
        return torch.zeros_like(w)
    return d * w.norm(dim=1, keepdim=True) / d.norm(dim=1, keepdim=True)

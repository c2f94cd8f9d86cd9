"""The networks. Each is an nn.Sequential of blocks, so that `net[:k]` is "up to block k"; a seed gives its weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def mlp(*widths: int, dropout: float = 0.0, seed: int | None = None) -> nn.Sequential:
    """A multi-layer perceptron of ReLU layers: mlp(784, 800, 800, 10) is the small net of Hinton et al. 2015.

    widths: input size, hidden widths, classes. dropout: probability of dropping a hidden unit, in [0, 1).
    seed: fixes the initial weights and leaves torch's global generator as it was. Maps (n, ...) to logits (n, widths[-1]).
    Raises ValueError for fewer than two widths, a width below 1 or a probability outside [0, 1).
    """
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"an MLP needs an input size, hidden widths and the classes, all at least 1; got {widths}")
    if not 0 <= dropout < 1:
        raise ValueError(f"a dropout probability lies in [0, 1), got {dropout}")
    with _seeded(seed):
        blocks = [nn.Flatten()]
        for m, n in zip(widths[:-2], widths[1:-1]):
            drop = [nn.Dropout(dropout)] if dropout else []
            blocks.append(nn.Sequential(nn.Linear(m, n), nn.ReLU(), *drop))
        return nn.Sequential(*blocks, nn.Linear(widths[-2], widths[-1]))


def conv(channels: int, *widths: int, classes: int = 10, seed: int | None = None) -> nn.Sequential:
    """A small convolutional net: a 3x3 conv, batch-norm, ReLU block per width, all but the first halving the map; mean, linear.

    channels: of the input; widths: channels of the blocks. Maps (n, channels, h, w) to logits (n, classes). seed as for mlp.
    Raises ValueError when there is no width or one is below 1.
    """
    if not widths or min(channels, classes, *widths) < 1:
        raise ValueError(f"a conv net needs channels, widths and classes of at least 1; got {channels}, {widths}, {classes}")
    with _seeded(seed):
        blocks = [
            nn.Sequential(nn.Conv2d(m, n, 3, stride=2 if k else 1, padding=1, bias=False), nn.BatchNorm2d(n), nn.ReLU())
            for k, (m, n) in enumerate(zip((channels, *widths), widths))
        ]
        head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes))
        return nn.Sequential(*blocks, head)


class Ensemble(nn.Module):
    """Several nets as one: the mean of their logits, that is, the geometric mean of their predictions.

    nets: modules from x (n, ...) to logits (n, c). Raises ValueError when there are none.
    """

    def __init__(self, nets: Sequence[nn.Module]):
        super().__init__()
        if not nets:
            raise ValueError("an ensemble needs at least one net, got none")
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([net(x) for net in self.nets]).mean(0)


def parameters(net: nn.Module) -> int:
    """How many numbers the net learns."""
    return sum(p.numel() for p in net.parameters())


@contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    """Torch's CPU generator seeded inside the block and put back after it; seed None leaves it alone."""
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.default_generator.manual_seed(seed)
        yield

"""The networks. Each is an nn.Sequential of blocks, so that `net[:k]` is "up to block
k"; a seed gives its weights.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn


def mlp(
    *widths: int, dropout: float = 0.0, norm: bool = False, seed: int | None = None
) -> nn.Sequential:
    """A multi-layer perceptron of ReLU layers: mlp(784, 800, 800, 10) is the small net
    of Hinton et al. 2015.

    widths: input size, hidden widths, classes. dropout: probability of dropping a
    hidden unit, in [0, 1). norm: batch norm before each ReLU. seed: fixes the initial
    weights and leaves torch's global generator as it was. Maps (n, ...) to logits (n,
    widths[-1]). Raises ValueError for fewer than two widths, a width below 1 or a
    probability outside [0, 1).
    """
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(
            "an MLP needs an input size, hidden widths and the classes, all at least "
            f"1; got {widths}"
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"a dropout probability lies in [0, 1), got {dropout}")
    blocks: list[nn.Module] = [nn.Flatten()]
    for m, n in zip(widths[:-2], widths[1:-1]):
        scale = [nn.BatchNorm1d(n)] if norm else []
        drop = [nn.Dropout(dropout)] if dropout else []
        blocks.append(
            nn.Sequential(nn.Linear(m, n, device="meta"), *scale, nn.ReLU(), *drop)
        )
    return drawn(
        nn.Sequential(*blocks, nn.Linear(widths[-2], widths[-1], device="meta")), seed
    )


def conv(
    channels: int, *widths: int, classes: int = 10, seed: int | None = None
) -> nn.Sequential:
    """A small convolutional net: a 3x3 conv, batch-norm, ReLU block per width, all but
    the first halving the map; mean, linear.

    channels: of the input; widths: channels of the blocks. Maps (n, channels, h, w) to
    logits (n, classes). seed as for mlp. Raises ValueError when there is no width or
    one is below 1.
    """
    _check(channels, widths, classes)
    blocks = [
        _conv_block(m, n, 2 if k else 1)
        for k, (m, n) in enumerate(zip((channels, *widths), widths))
    ]
    return drawn(nn.Sequential(*blocks, _head(widths[-1], classes)), seed)


def conv_mlp(
    shape: Sequence[int],
    *widths: int,
    hidden: int = 64,
    classes: int = 10,
    seed: int | None = None,
) -> nn.Sequential:
    """Convolutional blocks as in `conv`, the first halving the map, and an MLP of one
    hidden layer on the flat map as the head.

    shape: (channels, h, w) of the images. Maps (n, *shape) to logits (n, classes). seed
    as for mlp; errors as for conv.
    """
    channels, *size = shape
    _check(channels, (*widths, hidden), classes)
    blocks = [
        _conv_block(m, n, 1 if k else 2)
        for k, (m, n) in enumerate(zip((channels, *widths), widths))
    ]
    flat = widths[-1] * math.prod((side + 1) // 2 for side in size)
    layers = (
        nn.Linear(flat, hidden, device="meta"),
        nn.ReLU(),
        nn.Linear(hidden, classes, device="meta"),
    )
    return drawn(nn.Sequential(*blocks, nn.Sequential(nn.Flatten(), *layers)), seed)


def residual(
    channels: int,
    *widths: int,
    blocks: int = 1,
    classes: int = 10,
    seed: int | None = None,
) -> nn.Sequential:
    """A small residual net: a section per width, which is a block as in `conv` and then
    `blocks` residual blocks of its width.

    All but the first section halve the map. So section k of 0, 1, ... is blocks k
    (blocks + 1) to (k + 1)(blocks + 1) of the net, and `sections(net)` are the pairs
    that FSP compares. Shapes, seed and errors: as for conv; blocks >= 1.
    """
    _check(channels, widths, classes)
    if blocks < 1:
        raise ValueError(
            f"a residual net needs blocks >= 1 in each section, got {blocks}"
        )
    parts = []
    for k, (m, n) in enumerate(zip((channels, *widths), widths)):
        parts += [
            _conv_block(m, n, 2 if k else 1),
            *(Residual(n) for _ in range(blocks)),
        ]
    return drawn(nn.Sequential(*parts, _head(widths[-1], classes)), seed)


class Residual(nn.Module):
    """relu(x + BN(conv(relu(BN(conv(x)))))): maps (n, width, h, w) to their shape. He
    et al. 2015, arXiv 1512.03385, figure 2.
    """

    def __init__(self, width: int):
        super().__init__()
        self.first = _conv_block(width, width)
        self.second = _conv_block(width, width)[:2]

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


def sections(net: nn.Sequential) -> list[tuple[int, int]]:
    """List (start, end) of each section of a `residual` net, counted from 1.

    Its first block and its last.
    """
    blocks = enumerate(net[:-1], 1)
    starts = [k for k, block in blocks if not isinstance(block, Residual)]
    ends = [*(k - 1 for k in starts[1:]), len(net) - 1]
    return list(zip(starts, ends))


class Ensemble(nn.Module):
    """Several nets as one: the mean of their logits.

    That is the geometric mean of their predictions. nets: modules from x (n, ...) to
    logits (n, c), each asked on its own device: one may train elsewhere. Raises
    ValueError when there are none.
    """

    def __init__(self, nets: Sequence[nn.Module]):
        super().__init__()
        if not nets:
            raise ValueError("an ensemble needs at least one net, got none")
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        logits = []
        for net in self.nets:
            home = next((weight.device for weight in net.parameters()), x.device)
            logits.append(net(x.to(home)).to(x.device))
        return torch.stack(logits).mean(0)


def distinct(nets: Sequence[nn.Module]) -> None:
    """Raise ValueError where two nets have equal weights.

    Peers would have nothing to teach each other.
    """
    for (i, a), (j, b) in combinations(enumerate(nets), 2):
        pairs = zip(a.parameters(), b.parameters())
        if a is b or all(
            p.shape == q.shape and torch.equal(p, q.to(p.device)) for p, q in pairs
        ):
            raise ValueError(
                f"nets {i} and {j} have equal weights; give each a seed of its own"
            )


def parameters(net: nn.Module) -> int:
    """Count the numbers that the net learns."""
    return sum(p.numel() for p in net.parameters())


def _check(channels: int, widths: Sequence[int], classes: int) -> None:
    if not widths or min(channels, classes, *widths) < 1:
        raise ValueError(
            "a conv net needs channels, widths and classes of at least 1; got "
            f"{channels}, {widths}, {classes}"
        )


def _conv_block(m: int, n: int, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(m, n, 3, stride, padding=1, bias=False, device="meta")
    return nn.Sequential(layer, nn.BatchNorm2d(n), nn.ReLU())


def _head(width: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes, device="meta")
    )


def drawn(net: nn.Sequential, seed: int | None) -> nn.Sequential:
    """Draw torch's usual initial weights for a net whose layers are on "meta".

    On the CPU, so that a seed means the same weights on every device; returns the net.
    For a seed the generator is its own: no other thread can reach into the drawing.
    net: its layers are on "meta".
    """
    generator = None if seed is None else torch.Generator().manual_seed(int(seed))
    kinds = nn.Linear | nn.Conv2d
    for layer in [module for module in net.modules() if isinstance(module, kinds)]:
        bound = layer.weight[0].numel() ** -0.5
        for name, part in list(layer.named_parameters()):
            weights = torch.empty(part.shape, device="cpu")
            weights.uniform_(-bound, bound, generator=generator)
            own = torch.empty(part.shape).copy_(weights)  # on the default device
            setattr(layer, name, nn.Parameter(own))
    return net

"""Surgery on trained nets: a wider or a deeper net of the same function (Net2Net).

Source: Chen, Goodfellow & Shlens 2016, arXiv 1511.05641. A net is an nn.Sequential of
blocks, as `nets.mlp` and `nets.conv` build it, or of bare layers. The result is a new
net that shares no memory with the given one, which stays as it was; mode, device, dtype
and requires_grad carry over, gradients do not. An optimiser's state (momentum, Adam's
moments) belongs to the old weights and cannot carry over either: make a new optimiser.
`train` makes one for every stage, so there is nothing to do.
"""

import copy
import math
from collections.abc import Callable, Iterator
from numbers import Integral

import torch
from torch import Tensor, nn

from kdsurvey.surgery.precision import Layer

Norm = nn.BatchNorm1d | nn.BatchNorm2d

WEIGHTED = (nn.Linear, nn.Conv2d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
DROPOUTS = (nn.Dropout, nn.Dropout2d)
KEEP_SIGN = (
    *DROPOUTS,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Identity,
)
ELEMENTWISE = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.GELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softplus,
)
# None mixes units, or tells copies of one apart
KNOWN = (*NORMS, *KEEP_SIGN, *ELEMENTWISE, nn.Flatten)
WIDTH = {
    nn.Linear: "out_features",
    nn.Conv2d: "out_channels",
    nn.BatchNorm1d: "num_features",
    nn.BatchNorm2d: "num_features",
}


def widen(
    net: nn.Sequential,
    layer: int,
    width: int,
    *,
    noise: float = 0.0,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """Widen hidden block `layer` from n to q = width units, keeping the function.

    Net2WiderNet:
    g(j) = j for j <= n, else uniform from {1..n};  U_kj = W_k,g(j);  U'_jh = W'_g(j),h
    / |{x : g(x) = g(j)}| with W (m, n) into the block and W' (n, p) out of it (torch
    stores the transposes). Biases and batch-norm vectors (weight, bias, running mean
    and variance) are copied by g. For convolutions units are channels; where maps of h
    w pixels are flattened, W' goes by blocks of h w rows. The same to rounding in eval
    and in train mode; with dropout in train mode only on average, as copies are dropped
    one by one.

    net: blocks of Linear or Conv2d with batch norm, elementwise activations, pooling,
    dropout, Flatten. layer: which block, from 0; it has a single Linear or Conv2d, and
    another one follows. width: an integer above n. noise: 0 or more. Copies start equal
    and, without dropout, learn equally for ever. Gaussian noise with standard deviation
    noise x root mean square of W is added to all but the first copy of each column of
    W: the weights into units n+1..q, not W', biases or batch norm. The function is then
    kept only approximately; 0.05 is enough to tell the copies apart. generator: draws
    g, then the noise; None is torch's global one. A CPU generator's seed means the same
    net on every device. Raises ValueError for anything else. Departures: none; the
    scale of the noise is ours.
    """
    if not (math.isfinite(noise) and noise >= 0):
        raise ValueError(
            f"widen: noise is a share of the weights' size, 0 or more, got {noise}; "
            "try 0.05"
        )
    wide = _copy(net, "widen")
    (_, first), *between, (_, last) = _stretch(wide, layer, "widen")
    assert isinstance(first, Layer)
    assert isinstance(last, Layer)
    n = len(first.weight)
    parts = [part for _, part in between]
    _check_widening(layer, width, first, parts, last)
    g = _mapping(n, width, generator).to(first.weight.device)  # (q,)
    for part in (first, *(part for part in parts if type(part) in NORMS)):
        _copy_units(part, n, g)
    _divide(last, n, g)
    if noise:
        _perturb(first.weight, n, noise, generator)
    return wide


def deepen(
    net: nn.Sequential, layer: int, *, data: Tensor | None = None
) -> nn.Sequential:
    """Deepen a net by a block after block `layer` that starts as the identity.

    Net2DeeperNet: h = phi(W^T h')  becomes  h = phi(U^T phi(W^T h')) with U = I, which needs
    phi(phi(v)) = phi(v): ReLU has it. The new block is as wide as block `layer` and
    built like it: Linear with U = I, or Conv2d with stride 1, the same kernel (an even
    size takes the next odd one) and a 1 at its centre from channel i to i; zero bias
    where the old one has a bias; ReLU. It has no dropout of its own, and it learns
    where the old weights do.

    Where block `layer` has batch norm the new one has too, with gamma = sqrt(var +
    eps), beta = mu and (mu, var) as running statistics: it undoes its own
    normalisation. (mu, var) are measured there on data (n, ...), n >= 2, a batch of
    inputs, with batch norm in train mode and dropout off. So the function is the same
    to rounding in eval mode on any input, and in train mode on that batch; in train
    mode on other batches approximately, the better the larger both are (a unit that is
    silent on all of data is nearly silenced in train mode). Without batch norm it is
    the same everywhere, and data is not read.

    net, layer: as for widen. A bare layer's block reaches to its ReLU; the new block is
    one entry, an nn.Sequential. Raises ValueError for a wrong layer, the output layer,
    batch norm without data, and activations other than ReLU: sigmoid, tanh, GELU and
    LeakyReLU change a value the second time too. Departures: none.
    """
    deep = _copy(net, "deepen")
    (_, first), *after = _stretch(deep, layer, "deepen")
    assert isinstance(first, Layer)
    end, norm = _end_of_block(layer, after)
    block = nn.Sequential(_identity(first), nn.ReLU())
    if norm is not None:
        if data is None or len(data) < 2:
            raise ValueError(
                f"deepen: block {layer} has batch norm, which the new block must undo, "
                "so data must be a batch of two or more "
                f"inputs (n, ...), got {None if data is None else tuple(data.shape)}; pass "
                "training images, such as data=x[:512]"
            )
        below = nn.Sequential(*deep[:end], block[0])
        var, mu = _moments(below, norm, data.to(first.weight))
        block.insert(1, _undone(norm, var, mu))
    block.requires_grad_(first.weight.requires_grad).train(first.training)
    deeper = nn.Sequential(*deep[:end], block, *deep[end:])
    deeper.training = net.training
    return deeper


def _copy(net: nn.Sequential, verb: str) -> nn.Sequential:
    if type(net) is not nn.Sequential:
        raise ValueError(
            f"{verb}: the net must be an nn.Sequential of blocks, got "
            f"{type(net).__name__}; nets.mlp builds one"
        )
    return copy.deepcopy(net)  # without gradients


def _leaves(net: nn.Sequential) -> Iterator[tuple[int, nn.Module]]:
    """Yield the layers in the order in which they run, with their block's index."""
    for k, block in enumerate(net):
        if type(block) is nn.Sequential:
            for _, leaf in _leaves(block):
                yield k, leaf
        else:
            yield k, block


def _stretch(net: nn.Sequential, layer: int, verb: str) -> list[tuple[int, nn.Module]]:
    """List the layers from the one with the weights W of block `layer` to that of W'.

    Each with the index of its block.
    """
    if layer not in range(len(net)):
        raise ValueError(
            f"{verb}: layer {layer} is none of the net's blocks 0 to {len(net) - 1}"
        )
    leaves = list(_leaves(net))
    weighted = [i for i, (_, leaf) in enumerate(leaves) if type(leaf) in WEIGHTED]
    own = [i for i in weighted if leaves[i][0] == layer]
    if len(own) != 1:
        fit = sorted({leaves[i][0] for i in weighted[:-1]})
        raise ValueError(
            f"{verb}: block {layer} has {len(own)} Linear or Conv2d layers, not one; "
            f"hidden blocks with any: {fit}"
        )
    end = next((i for i in weighted if i > own[0]), len(leaves))
    stretch = leaves[own[0] : end + 1]
    first = leaves[own[0]][1]
    assert isinstance(first, Layer)
    block = f"{verb}: block {layer}, weights {tuple(first.weight.shape)},"
    kinds = [type(leaf) for _, leaf in leaves[own[0] + 1 : end]]
    strange = [kind.__name__ for kind in kinds if kind not in KNOWN]
    if strange:
        raise ValueError(
            f"{block} is followed by {', '.join(strange)}, which may mix its units; "
            "choose another block"
        )
    if end == len(leaves):
        raise ValueError(
            f"{block} is the output layer, as wide as there are classes; choose a "
            "hidden block"
        )
    stateful = [leaf for _, leaf in stretch if type(leaf) in (*WEIGHTED, *NORMS)]
    if any(sum(leaf is part for _, leaf in leaves) > 1 for part in stateful):
        raise ValueError(
            f"{block} or what follows it stands in the net twice; give each place a "
            "layer of its own"
        )
    return stretch


def _check_widening(
    layer: int, width: int, first: Layer, parts: list[nn.Module], last: Layer
) -> None:
    """Raise ValueError unless `width` is above the old one and W' fits its units.

    Every weight in W' must belong to one unit, block by block.
    """
    n = len(first.weight)
    inputs = last.weight.shape[1]
    shapes = f"weights {tuple(first.weight.shape)}, then {tuple(last.weight.shape)}"
    if not isinstance(width, Integral) or width <= n:
        raise ValueError(
            f"widen: block {layer} has {n} units ({shapes}); width must be an integer "
            f"above {n}, got {width}"
        )
    if any(getattr(part, "groups", 1) != 1 for part in (first, last)):
        raise ValueError(
            f"widen: block {layer} ({shapes}) or the next is a convolution in groups; "
            "only groups=1 can be widened"
        )
    flattens = [
        (part.start_dim, part.end_dim) for part in parts if type(part) is nn.Flatten
    ]
    flattened = type(first) is nn.Conv2d and type(last) is nn.Linear and bool(flattens)
    fits = inputs % n == 0 if flattened else type(first) is type(last) and inputs == n
    if not fits or set(flattens) - {(1, -1)}:
        raise ValueError(
            f"widen: cannot tell which weights belong to which unit of block {layer} "
            f"({shapes}); "
            "the next layer must read its units, or flattened maps of h w pixels: "
            "nn.Flatten() and then nn.Linear(n h w, ...)"
        )


def _mapping(n: int, q: int, generator: torch.Generator | None) -> Tensor:
    """Draw g, counted from 0: n units stand for themselves, each further one copies.

    The copied unit is drawn uniformly.
    """
    device = generator.device if generator else torch.device("cpu")
    copied = torch.randint(n, (q - n,), generator=generator, device=device)
    return torch.cat([torch.arange(n, device=device), copied])


def _copy_units(part: nn.Module, n: int, g: Tensor) -> None:
    """U_kj = W_k,g(j), and so for biases and batch-norm vectors.

    Past a Flatten a unit has h w neighbouring entries.
    """
    for name in ("weight", "bias", "running_mean", "running_var"):
        _rewrite(part, name, lambda v: v.unflatten(0, (n, -1))[g].flatten(0, 1))
    width = WIDTH[type(part)]
    setattr(part, width, getattr(part, width) // n * len(g))


def _divide(last: Layer, n: int, g: Tensor) -> None:
    """U'_jh = W'_g(j),h / |{x : g(x) = g(j)}|

    For each of the h w rows that a unit has past a Flatten.
    """
    copies = (g[:, None] == g).sum(1)  # (q,)
    per_unit = copies.view(-1, *[1] * (last.weight.ndim - 1))

    def divided(w: Tensor) -> Tensor:
        return (w.unflatten(1, (n, -1))[:, g] / per_unit).flatten(1, 2)

    _rewrite(last, "weight", divided)  # (p, q, h w, ...) inside
    setattr(last, WIDTH[type(last)].replace("out", "in"), last.weight.shape[1])


def _rewrite(part: nn.Module, name: str, new: Callable[[Tensor], Tensor]) -> None:
    """Replace a parameter or buffer, where the part has it, by a function of itself."""
    old = getattr(part, name, None)
    if old is None:
        return
    value = new(old.detach())
    if isinstance(old, nn.Parameter):
        value = nn.Parameter(value, old.requires_grad)
    setattr(part, name, value)


@torch.no_grad()
def _perturb(
    w: Tensor, n: int, noise: float, generator: torch.Generator | None
) -> None:
    """Add noise to the weights w (q, m, ...) into units n+1..q.

    Every column's first copy is among the first n.
    """
    device = generator.device if generator else torch.device("cpu")
    drawn = torch.randn(w[n:].shape, generator=generator, device=device)
    w[n:] += noise * w[:n].square().mean().sqrt() * drawn.to(w)


def _end_of_block(
    layer: int, after: list[tuple[int, nn.Module]]
) -> tuple[int, Norm | None]:
    """Find the index of the block after the ReLU of block `layer`.

    And the batch norm before that ReLU, if there is one.
    """
    norm: Norm | None = None
    for i, (k, part) in enumerate(after):
        rest = [other for j, other in after[i + 1 :] if j == k]
        if type(part) is nn.ReLU and all(type(other) in KEEP_SIGN for other in rest):
            return k + 1, norm
        norm = part if isinstance(part, Norm) else norm
        if type(part) not in (*NORMS, *KEEP_SIGN):
            break
    names = ", ".join(type(part).__name__ for _, part in after)
    raise ValueError(
        f"deepen: after block {layer} an identity needs phi(phi(v)) = phi(v), as ReLU "
        "has and sigmoid, tanh, GELU and LeakyReLU "
        f"have not; the weights are followed by {names}. End the block with ReLU; only "
        "pooling and dropout may come after it"
    )


def _identity(first: Layer) -> Layer:
    """Build a layer like `first` that gives its n units back as they are: U = I.

    For convolutions at the kernel's centre.
    """
    n = len(first.weight)
    bias = first.bias is not None
    same: Layer
    centre: tuple[int, ...] = ()
    if isinstance(first, nn.Conv2d):
        height, width = first.weight.shape[2:]
        kernel = (height | 1, width | 1)  # odd
        centre = (kernel[0] // 2, kernel[1] // 2)
        same = nn.Conv2d(n, n, kernel, padding=centre, bias=bias, device="meta")
    else:
        same = nn.Linear(n, n, bias, device="meta")
    U = first.weight.new_zeros(same.weight.shape)
    i = torch.arange(n, device=first.weight.device)
    diagonal: tuple[Tensor | int, ...] = (i, i, *centre)
    U[diagonal] = 1
    same.weight = nn.Parameter(U)
    if bias:
        same.bias = nn.Parameter(U.new_zeros(n))
    return same


@torch.no_grad()
def _moments(below: nn.Sequential, norm: Norm, x: Tensor) -> tuple[Tensor, Tensor]:
    """Measure the variance (biased) and the mean, each (n,), of below(x), x a batch.

    As a batch norm sees them. That is, with its own rounding, to be undone too: summing
    maps in channels-last order torch is right to about 1e-3 only.
    """
    below = copy.deepcopy(below).train()
    for part in below.modules():
        part.training &= type(part) not in DROPOUTS
    try:
        a = below(x)  # (b, n) or (b, n, h, w)
    except RuntimeError as error:
        raise ValueError(
            f"deepen: data {tuple(x.shape)} is no batch of inputs to this net ({error}); pass "
            "training images"
        ) from error
    seen = type(norm)(
        a.shape[1], momentum=1.0, affine=False, device=a.device, dtype=a.dtype
    )
    seen(a)
    biased = seen.get_buffer("running_var") * (1 - a.shape[1] / a.numel())
    return biased, seen.get_buffer("running_mean")


@torch.no_grad()
def _undone(norm: Norm, var: Tensor, mu: Tensor) -> Norm:
    """Build a batch norm like `norm` that is the identity where a batch has var and mu.

    gamma = sqrt(var + eps), beta = mu.
    """
    undone = type(norm)(
        len(mu),
        norm.eps,
        norm.momentum,
        track_running_stats=norm.track_running_stats,
        device=mu.device,
        dtype=mu.dtype,
    )
    undone.weight.copy_((var + norm.eps).sqrt())
    undone.bias.copy_(mu)
    if norm.track_running_stats:
        undone.get_buffer("running_mean").copy_(mu)
        undone.get_buffer("running_var").copy_(var)
        measured = undone.get_buffer("num_batches_tracked")
        measured += 1  # the batch that was measured
    return undone

"""The formulas, as pure functions of tensors: logits in, one number per stack member out.

Every loss sums over classes and averages over the batch (the last but one dimension).
Leading dimensions, where there are any, are a stack: `z` of shape (..., n, c) gives a
loss of shape (...), and `T` may be a tensor of that shape; teacher logits (n, c) serve
a whole stack.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def soften(z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """softmax(z / T) over the last dimension: q_i = exp(z_i / T) / sum_j exp(z_j / T).

    z: (..., n, c) or (c,) logits; T > 0, a number or a tensor of the stack's shape
    (...). Returns probabilities shaped like z. Source: Hinton, Vinyals & Dean 2015,
    equation 1. Raises ValueError when T is not a positive finite number.
    """
    return torch.softmax(_cooled(z, T), -1)


def entropy(z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """H(q) = -sum_i q_i log q_i of q = soften(z, T), in nats, from 0 to log c. z: (...,
    n, c) -> (..., n).
    """
    log_q = _log_soften(z, T)
    return -(log_q.exp() * log_q).sum(-1)


def cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    """H(y, q) = -log q_y at T = 1, mean over the batch.

    z: (..., n, c) logits; y: (n,) or (..., n) class indices. Returns (...). Raises
    ValueError when the shapes do not fit.
    """
    if y.shape[-1:] != z.shape[-2:-1] or y.is_floating_point():
        raise ValueError(
            f"cross_entropy: logits {_s(z)} need integer labels of shape {_s(z)[:-1]}, got {y.dtype} {_s(y)}; "
            "for soft labels use soft_cross_entropy"
        )
    if z.ndim == 2:
        return F.cross_entropy(_wide(z), y)
    y = y.expand(z.shape[:-1])
    return (
        -torch.log_softmax(_wide(z), -1).gather(-1, y[..., None]).squeeze(-1).mean(-1)
    )


def soft_cross_entropy(target: Tensor, z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """H(p, q) = -sum_i p_i log q_i with p = soften(target, T), q = soften(z, T); mean
    over the batch.

    target: (..., n, c) teacher logits, detached here; z: (..., n, c) learner logits; T
    > 0. Returns (...). There is no T^2 inside. Source: Hinton, Vinyals & Dean 2015,
    section 2. Raises ValueError on unequal shapes or a bad T.
    """
    _match("soft_cross_entropy", target, z)
    p = soften(target.detach(), T)  # (..., n, c)
    return -(p * _log_soften(z, T)).sum(-1).mean(-1)


def kl(target: Tensor, z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """KL(p || q) = sum_i p_i (log p_i - log q_i) with p = soften(target, T), q =
    soften(z, T); mean over the batch.

    target: (..., n, c) teacher logits, detached here; z: (..., n, c) learner logits; T
    > 0. Returns (...), >= 0. There is no T^2 inside. Same gradient as
    soft_cross_entropy, but it reaches 0. Raises ValueError on unequal shapes or a bad
    T.
    """
    _match("kl", target, z)
    log_p = _log_soften(target.detach(), T)  # (..., n, c)
    return (log_p.exp() * (log_p - _log_soften(z, T))).sum(-1).mean(-1)


def weighted_cross_entropy(z: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """sum_s w_s H(y_s, q_s) at T = 1: a sum over the batch, for weights that bring their own mean.

    z: (..., n, c) logits; y: (n,) class indices; w: (n,) or (..., n) weights, detached
    here. Returns (...). Raises ValueError when the shapes do not fit.
    """
    if y.shape != z.shape[-2:-1] or w.shape[-1:] != y.shape or y.is_floating_point():
        raise ValueError(
            f"weighted_cross_entropy: logits {_s(z)} need integer labels and weights (n,), got {_s(y)} and {_s(w)}"
        )
    labelled = y.expand(z.shape[:-1])[..., None]
    return -(
        w.detach() * torch.log_softmax(_wide(z), -1).gather(-1, labelled).squeeze(-1)
    ).sum(-1)


def cwtm(z: Tensor, v: Tensor, y: Tensor) -> Tensor:
    """Confidence weighted by teacher max: sum_s w_s H(y_s, q_s) with w_s = max p_s /
    sum_u max p_u, p = soften(v).

    z: (..., n, c) learner logits; v: (n, c) teacher logits, detached here; y: (n,)
    class indices. Returns (...). The weights sum to 1 over the batch, so there is no
    further mean. Source: Furlanello et al. 2018. Raises ValueError on unequal shapes.
    """
    _match("cwtm", v, z)
    w = soften(v).amax(-1)  # (n,)
    return weighted_cross_entropy(z, y, w / w.sum(-1, keepdim=True))


def dkpp_targets(
    p: Tensor, generator: torch.Generator | None = None, *, noise: Tensor | None = None
) -> Tensor:
    """Dark knowledge with permuted predictions: each row's largest probability stays,
    the others change places at random.

    p: (n, c) or (c,) probabilities; generator: None is torch's global one. noise: like
    p, whose order in a row is the new order there, for a permutation that is to be had
    again; drawn where None. Returns the like of p, with the same argmax, maximum and
    entropy. Source: Furlanello et al. 2018.
    """
    if noise is None:
        noise = torch.rand(
            p.shape,
            generator=generator,
            device=generator.device if generator else p.device,
        )
    noise = noise.to(p.device, non_blocking=p.is_cuda)  # a GPU need not be waited for
    top = p.argmax(-1, keepdim=True)
    steady = torch.arange(p.shape[-1], device=p.device).expand(p.shape)
    places, drawn = (
        keys.scatter(-1, top, -1).argsort(-1) for keys in (steady, noise)
    )  # the largest, the others
    return torch.empty_like(p).scatter(-1, places, p.gather(-1, drawn))


def ramp_up(progress: float, share: float) -> float:
    """w(t) = exp(-5 (1 - t / t_r)^2) up to t_r, then 1: how much a term weighs that
    needs a trained teacher.

    progress: t as a share of the training, in [0, 1]; share: t_r, likewise; 0 is 1 all
    along. Source: Kim et al. 2020. Raises ValueError for a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(
            f"ramp_up: a share of the training lies in [0, 1], got {share}"
        )
    return math.exp(-5 * max(0.0, 1 - progress / share) ** 2) if share else 1.0


def half_mse(target: Tensor, f: Tensor) -> Tensor:
    """1/2 ||target - f||^2 per example, mean over the batch (the first dimension).

    target: (n, ...) teacher features, detached here; f: (n, ...) learner features of
    the same shape. Returns a scalar. Source: Romero et al. 2015, equation 3. Raises
    ValueError on unequal shapes.
    """
    if target.shape != f.shape:
        raise ValueError(
            f"half_mse: target {_s(target)} and features {_s(f)} differ; put a regressor on the learner"
        )
    return 0.5 * (target.detach() - f).square().flatten(1).sum(1).mean()


def fsp_matrix(a: Tensor, b: Tensor) -> Tensor:
    """G_ij = sum_st a_sti b_stj / (h w), the flow from layer a to layer b of one net.

    a: (n, ca, h, w), b: (n, cb, h', w'); the larger map is max-pooled to the smaller.
    Returns (n, ca, cb). Source: Yim et al. 2017, equation 1. Raises ValueError when the
    batches differ or a map is not 4-dimensional.
    """
    if a.ndim != 4 or b.ndim != 4 or len(a) != len(b):
        raise ValueError(
            f"fsp_matrix: two maps (n, c, h, w) of one batch are needed, got {_s(a)} and {_s(b)}; "
            "choose convolutional blocks, before the head flattens its maps"
        )
    h, w = (min(sizes) for sizes in zip(a.shape[2:], b.shape[2:]))
    a, b = (
        m if m.shape[2:] == (h, w) else F.adaptive_max_pool2d(m, (h, w)) for m in (a, b)
    )
    return torch.einsum("nist,njst->nij", a, b) / (h * w)


def fsp_loss(g_t: Tensor, g_s: Tensor) -> Tensor:
    """||G_t - G_s||^2 (squared Frobenius norm) per example, mean over the batch.

    g_t: (n, ca, cb) teacher's FSP matrices, detached here; g_s: (n, ca, cb) learner's.
    Returns a scalar. Source: Yim et al. 2017, equation 2 for one pair of layers. Raises
    ValueError on unequal shapes.
    """
    if g_t.shape != g_s.shape:
        raise ValueError(
            f"fsp_loss: the teacher's matrices {_s(g_t)} and the learner's {_s(g_s)} differ; both nets need equal channels where "
            "the pair lies: a thinner or wider student will not do, and a deeper or shallower one has pairs of its own"
        )
    return (g_t.detach() - g_s).square().sum((-2, -1)).mean()


def _log_soften(z: Tensor, T: float | Tensor) -> Tensor:
    return torch.log_softmax(_cooled(z, T), -1)


def _cooled(z: Tensor, T: float | Tensor) -> Tensor:
    """z / T, with a stack of temperatures lined up with the stack of logits."""
    if isinstance(
        T, Tensor
    ):  # never read here: reading a tensor on a GPU would stall it
        if T.ndim and z.shape[:-2] not in (T.shape, ()):
            raise ValueError(
                f"a stack of temperatures {_s(T)} needs logits (n, c) or {_s(T)} + (n, c), got {_s(z)}"
            )
        return _wide(z) / (T[..., None, None] if T.ndim else T)
    if not (math.isfinite(T) and T > 0):
        raise ValueError(
            f"the temperature must be a positive finite number, got T = {T}"
        )
    return _wide(z) / T


def _wide(z: Tensor) -> Tensor:
    """At least float32: a sum of exponentials needs more than bfloat16's 8 bits."""
    return z.float() if z.dtype in (torch.bfloat16, torch.float16) else z


def _match(name: str, target: Tensor, z: Tensor) -> None:
    if target.shape[-2:] != z.shape[-2:]:
        raise ValueError(
            f"{name}: teacher logits {_s(target)} and learner logits {_s(z)} differ; both nets need the same classes and batch"
        )


def _s(t: Tensor) -> tuple[int, ...]:
    return tuple(t.shape)

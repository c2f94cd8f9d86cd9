"""The formulas, as pure functions of tensors: logits in, one number per stack member out.

Every loss sums over classes and averages over the batch (the last but one dimension).
Leading dimensions, where there are any, are a stack: `z` of shape (..., n, c) gives a
loss of shape (...), and `T` may be a tensor of that shape; teacher logits (n, c) serve
a whole stack. A class whose logit is -inf is masked: its probability is 0, and 0 log 0
is 0.
"""

import math
from numbers import Real

import torch
import torch.nn.functional as F
from torch import Tensor

HOTTEST = 1e4  # the highest T of kl in float32; T^2 kl is off by 1 % there


def soften(z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """softmax(z / T) over the last dimension: q_i = exp(z_i / T) / sum_j exp(z_j / T).

    z: (..., n, c) or (c,) logits; T > 0, a number or a tensor of the stack's shape
    (...). Returns probabilities shaped like z. Source: Hinton, Vinyals & Dean 2015,
    equation 1. Raises ValueError when T is not a positive finite number.
    """
    return torch.softmax(_cooled(z, T), -1)


def entropy(z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """H(q) = -sum_i q_i log q_i of q = soften(z, T), in nats, from 0 to log c.

    z: (..., n, c) logits. Returns (..., n). Raises ValueError for a bad T.
    """
    log_q = _log_soften(z, T)
    return -_times(log_q.exp(), log_q).sum(-1)


def cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    """H(y, q) = -log q_y at T = 1, mean over the batch.

    z: (..., n, c) logits; y: (n,) or (..., n) class indices. Returns (...). Raises
    ValueError when the shapes do not fit.
    """
    if y.shape[-1:] != z.shape[-2:-1] or y.is_floating_point():
        raise ValueError(
            f"cross_entropy: logits {tuple(z.shape)} need integer labels of shape "
            f"{tuple(z.shape[:-1])}, got {y.dtype} {tuple(y.shape)}; "
            "for soft labels use soft_cross_entropy"
        )
    if z.ndim == 2:
        return F.cross_entropy(_wide(z), y)
    return -_log_of_label(z, y).mean(-1)


def soft_cross_entropy(target: Tensor, z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """H(p, q) = -sum_i p_i log q_i with p = soften(target, T), q = soften(z, T).

    The mean over the batch. target: (..., n, c) teacher logits, detached here; z:
    (..., n, c) learner logits; T > 0. Returns (...). There is no T^2 inside. Source:
    Hinton, Vinyals & Dean 2015, section 2. Raises ValueError on unequal shapes or a
    bad T.
    """
    _match("soft_cross_entropy", target, z)
    p = soften(target.detach(), T)  # (..., n, c)
    return -_times(p, _log_soften(z, T)).sum(-1).mean(-1)


def kl(target: Tensor, z: Tensor, T: float | Tensor = 1.0) -> Tensor:
    """KL(p || q) = sum_i p_i (log p_i - log q_i), p and q softened from target and z

    The mean over the batch. target: (..., n, c) teacher logits, detached here; z:
    (..., n, c) learner logits; T > 0. Returns (...), >= 0. There is no T^2 inside. Same
    gradient as soft_cross_entropy, but it reaches 0. Raises ValueError on unequal
    shapes, a bad T, and one above HOTTEST, where a float32 no longer tells p from q.
    """
    _match("kl", target, z)
    log_p = _log_soften(target.detach(), T)  # (..., n, c)
    _refuse_too_hot(z, T)
    return _times(log_p.exp(), log_p - _log_soften(z, T)).sum(-1).mean(-1)


def weighted_cross_entropy(z: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """sum_s w_s H(y_s, q_s) at T = 1, a sum over the batch: the weights hold the 1/n.

    z: (..., n, c) logits; y: (n,) class indices; w: (n,) or (..., n) weights, detached
    here. Returns (...). Raises ValueError when the shapes do not fit.
    """
    if y.shape != z.shape[-2:-1] or w.shape[-1:] != y.shape or y.is_floating_point():
        raise ValueError(
            f"weighted_cross_entropy: logits {tuple(z.shape)} need integer labels and "
            f"weights (n,), got {tuple(y.shape)} and {tuple(w.shape)}"
        )
    return -(w.detach() * _log_of_label(z, y)).sum(-1)


def cwtm(z: Tensor, v: Tensor, y: Tensor) -> Tensor:
    """sum_s w_s H(y_s, q_s) with w_s = max p_s / sum_u max p_u, p = soften(v)

    Confidence weighted by teacher max (CWTM). z: (..., n, c) learner logits; v: (n, c)
    teacher logits, detached here; y: (n,) class indices. Returns (...). The weights sum
    to 1 over the batch, so there is no further mean. Source: Furlanello et al. 2018.
    Raises ValueError on unequal shapes.
    """
    _match("cwtm", v, z)
    w = soften(v).amax(-1)  # (n,)
    return weighted_cross_entropy(z, y, w / w.sum(-1, keepdim=True))


def dkpp_targets(
    p: Tensor, generator: torch.Generator | None = None, *, noise: Tensor | None = None
) -> Tensor:
    """Permute each row's probabilities at random, all but the largest, which stays.

    Dark knowledge with permuted predictions (DKPP). p: (n, c) or (c,) probabilities.
    generator: None is torch's global one. noise: shaped like p; the order of its
    entries along a row is the permutation, so pass it to repeat one; None draws it.
    Returns a tensor shaped like p, with the same argmax, maximum and entropy. Source:
    Furlanello et al. 2018.
    """
    if noise is None:
        device = generator.device if generator else p.device
        noise = torch.rand(p.shape, generator=generator, device=device)
    noise = noise.to(p.device, non_blocking=p.is_cuda)  # a GPU need not be waited for
    top = p.argmax(-1, keepdim=True)
    steady = torch.arange(p.shape[-1], device=p.device).expand(p.shape)
    # Ranks of the entries with the largest first: as they stand, and by the noise
    places = steady.scatter(-1, top, -1).argsort(-1)
    drawn = noise.scatter(-1, top, -1).argsort(-1)
    return torch.empty_like(p).scatter(-1, places, p.gather(-1, drawn))


def ramp_up(progress: float, share: float) -> float:
    """w(t) = exp(-5 (1 - t / t_r)^2) up to t_r, then 1: fades in a distillation term

    progress: t as a share of the training, in [0, 1]. share: t_r, likewise; 0 disables
    the ramp (the weight is always 1). Returns a weight in (0, 1]. Source: Kim et al.
    2020. Raises ValueError for a share outside [0, 1].
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
            f"half_mse: target {tuple(target.shape)} and features {tuple(f.shape)} "
            "differ; put a regressor on the learner"
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
            "fsp_matrix: two maps (n, c, h, w) of one batch are needed, got "
            f"{tuple(a.shape)} and {tuple(b.shape)}; choose convolutional blocks, "
            "before the head flattens its maps"
        )
    h = min(a.shape[2], b.shape[2])
    w = min(a.shape[3], b.shape[3])
    return torch.einsum("nist,njst->nij", _pooled(a, h, w), _pooled(b, h, w)) / (h * w)


def fsp_loss(g_t: Tensor, g_s: Tensor) -> Tensor:
    """||G_t - G_s||^2 (squared Frobenius norm) per example, mean over the batch.

    g_t: (n, ca, cb) teacher's FSP matrices, detached here; g_s: (n, ca, cb) learner's.
    Returns a scalar. Source: Yim et al. 2017, equation 2 for one pair of layers. Raises
    ValueError on unequal shapes.
    """
    if g_t.shape != g_s.shape:
        raise ValueError(
            f"fsp_loss: the teacher's matrices {tuple(g_t.shape)} and the learner's "
            f"{tuple(g_s.shape)} differ; both nets need equal channels where the pair "
            "lies: a thinner or wider student will not do, and a deeper or shallower "
            "one has pairs of its own"
        )
    return (g_t.detach() - g_s).square().sum((-2, -1)).mean()


def check_temperature(T: float | Tensor) -> None:
    """Refuse a temperature that is not a positive finite number: ValueError.

    A tensor is never read: on a GPU that would wait for it.
    """
    if isinstance(T, Tensor):
        return
    number = isinstance(T, Real) and not isinstance(T, bool)
    if not number or not (math.isfinite(T) and T > 0):
        raise ValueError(
            f"the temperature must be a positive finite number, got T = {T!r}"
        )


def _refuse_too_hot(z: Tensor, T: float | Tensor) -> None:
    if not isinstance(T, Tensor) and T > HOTTEST and z.dtype != torch.float64:
        raise ValueError(
            f"kl: T = {T:g} is above {HOTTEST:g}, where rounding is as large as the "
            "divergence; take losses.half_mse, to which T^2 kl comes as T grows, or "
            "logits in float64"
        )


def _pooled(m: Tensor, h: int, w: int) -> Tensor:
    return m if m.shape[2:] == (h, w) else F.adaptive_max_pool2d(m, (h, w))


def _log_of_label(z: Tensor, y: Tensor) -> Tensor:
    """log q_y of logits z (..., n, c) and labels y (n,) or (..., n): (..., n)."""
    labels = y.expand(z.shape[:-1])[..., None]
    return torch.log_softmax(_wide(z), -1).gather(-1, labels).squeeze(-1)


def _times(p: Tensor, log: Tensor) -> Tensor:
    """p log, which is 0 where p is: a class with the logit -inf is masked, not nan."""
    return p * log.masked_fill(p == 0, 0.0)


def _log_soften(z: Tensor, T: float | Tensor) -> Tensor:
    return torch.log_softmax(_cooled(z, T), -1)


def _cooled(z: Tensor, T: float | Tensor) -> Tensor:
    """z / T, a stack of temperatures lined up with the stack of logits."""
    check_temperature(T)
    if not isinstance(T, Tensor) or not T.ndim:
        return _wide(z) / T
    if z.shape[:-2] not in (T.shape, ()):
        raise ValueError(
            f"a stack of temperatures {tuple(T.shape)} needs logits (n, c) or "
            f"{tuple(T.shape)} + (n, c), got {tuple(z.shape)}"
        )
    return _wide(z) / T[..., None, None]


def _wide(z: Tensor) -> Tensor:
    """At least float32: a sum of exponentials needs more than bfloat16's 8 bits."""
    return z.float() if z.dtype in (torch.bfloat16, torch.float16) else z


def _match(name: str, target: Tensor, z: Tensor) -> None:
    if target.shape[-2:] != z.shape[-2:]:
        raise ValueError(
            f"{name}: teacher logits {tuple(target.shape)} and learner logits "
            f"{tuple(z.shape)} differ; both nets need the same classes and batch"
        )

"""Planted faults that `test_losses.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "masked classes are nan",
        "losses.py",
        "log.masked_fill(p == 0, 0.0)",
        "log",
    ),
    Fault(
        "soften forgets T",
        "losses.py",
        "torch.softmax(_cooled(z, T), -1)",
        "torch.softmax(_wide(z), -1)",
    ),
    Fault(
        "KL: mean over classes",
        "losses.py",
        "return _times(log_p.exp(), log_p - _log_soften(z, T)).sum(-1).mean(-1)",
        "return _times(log_p.exp(), log_p - _log_soften(z, T)).mean(-1).mean(-1)",
    ),
    Fault(
        "KL: direction swapped",
        "losses.py",
        "_times(log_p.exp(), log_p - _log_soften(z, T))",
        "_times(_log_soften(z, T).exp(), _log_soften(z, T) - log_p)",
    ),
    Fault(
        "KL: target not detached",
        "losses.py",
        "_log_soften(target.detach(), T)",
        "_log_soften(target, T)",
    ),
    Fault(
        "KL: T^2 inside",
        "losses.py",
        "return _times(log_p.exp(), log_p - _log_soften(z, T))",
        "return T**2 * _times(log_p.exp(), log_p - _log_soften(z, T))",
    ),
    Fault(
        "cross-entropy: target at T = 1",
        "losses.py",
        "p = soften(target.detach(), T)",
        "p = soften(target.detach())",
    ),
    Fault(
        "cross-entropy: target not detached",
        "losses.py",
        "p = soften(target.detach(), T)",
        "p = soften(target, T)",
    ),
    Fault(
        "cross-entropy: labels of a stack",
        "losses.py",
        "y.expand(z.shape[:-1])[..., None]",
        "y.expand(z.shape[:-1]).flip(-1)[..., None]",
    ),
    Fault(
        "logarithm of a softmax",
        "losses.py",
        "torch.log_softmax(_cooled(z, T), -1)",
        "soften(z, T).log()",
    ),
    Fault(
        "half precision kept",
        "losses.py",
        "return z.float() if",
        "return z if",
    ),
    Fault(
        "temperatures of a stack mis-paired",
        "losses.py",
        "/ T[..., None, None]",
        "/ T.flip(-1)[..., None, None]",
    ),
    Fault(
        "bad T accepted",
        "losses.py",
        "math.isfinite(T) and T > 0",
        "math.isfinite(T)",
    ),
    Fault(
        "half_mse: no half",
        "losses.py",
        "return 0.5 * (target",
        "return (target",
    ),
    Fault(
        "half_mse: mean over features",
        "losses.py",
        ".flatten(1).sum(1).mean()",
        ".flatten(1).mean()",
    ),
    Fault(
        "half_mse: target not detached",
        "losses.py",
        "(target.detach() - f)",
        "(target - f)",
    ),
    Fault(
        "FSP: average pooling",
        "losses.py",
        "F.adaptive_max_pool2d(m",
        "F.adaptive_avg_pool2d(m",
    ),
    Fault(
        "FSP: not divided by the map",
        "losses.py",
        "_pooled(b, h, w)) / (h * w)",
        "_pooled(b, h, w))",
    ),
    Fault(
        "FSP: norm not squared",
        "losses.py",
        ".sum((-2, -1)).mean()",
        ".sum((-2, -1)).sqrt().mean()",
    ),
    Fault(
        "FSP: target not detached",
        "losses.py",
        "(g_t.detach() - g_s)",
        "(g_t - g_s)",
    ),
    Fault(
        "kl at a temperature that drowns it",
        "losses.py",
        "T > HOTTEST and",
        "T < 0 and",
    ),
]

"""FitNets: Hints for Thin Deep Nets, Romero et al. 2015, arXiv 1412.6550."""

from collections.abc import Iterator

from torch import nn

from kdsurvey.losses import cross_entropy, half_mse, soft_cross_entropy
from kdsurvey.methods.regressor import Regressor
from kdsurvey.stage import Stage, Teacher, upto


def fitnets(
    student: nn.Sequential,
    teacher: nn.Sequential | Teacher,
    *,
    guided: int,
    hint: int,
    regressor: nn.Module | None = None,
    T: float = 3.0,
    lam: tuple[float, float] = (4.0, 1.0),
    hint_epochs: float = 0.4,
    hint_lr: float | None = None,
    seed: int = 0,
) -> Iterator[Stage]:
    """L_HT = 1/2 ||u_h(x) - r(v_g(x))||^2 for student[:guided] and r, then L_KD = H(y,
    P_S) + lam H(P_T^tau, P_S^tau)

    Romero et al. 2015, arXiv 1412.6550, equations 3 and 2, T for tau, no T^2. The
    regressor r is gone after the first stage.

    student, teacher: nn.Sequentials of blocks, from x (n, ...) to logits (n, c); the
    teacher is copied and frozen. guided, hint: v_g is student[:guided], u_h is
    teacher[:hint], the middle of each in the paper. regressor: any module from v_g's
    shape to u_h's; None is the paper's, `Regressor(seed)`. T > 0. lam >= 0 at the start
    and the end of the second stage, linear between. hint_epochs in [0, 1): the first
    stage's share of Config.epochs, 0 leaves it out; the second takes the rest. hint_lr:
    the first stage's share of Config.lr; None is 0.2, or 0.005 where convolutions make
    the hint: equation 3 sums over their map. Raises ValueError, with the shapes, for
    features that r cannot match, a block that is not there, a value out of its range.
    Departures: fixed lengths for early stopping; PyTorch's initial weights for
    U(-0.005, 0.005); SGD for RMSProp, with hint_lr by trial: a rate of 0.2 for a mean
    squared error over 300 units is 0.0013 for equation 3, and more did better.
    """
    if len(lam) != 2 or not min(lam) >= 0 or not 0 <= hint_epochs < 1:
        raise ValueError(
            f"fitnets: lam is a pair of values >= 0 and hint_epochs lies in [0, 1), got {lam} and {hint_epochs}"
        )
    v_g = upto(student, guided, "fitnets: guided")
    u_h = upto(teacher, hint, "fitnets: hint")
    teacher = Teacher(teacher)

    def kd_loss(batch, progress):
        # (n, c)
        z = student(batch.x)
        v = teacher(batch)
        now = lam[0] + (lam[1] - lam[0]) * progress
        return {
            "hard": cross_entropy(z, batch.y),
            "soft": now * soft_cross_entropy(v, z, T),
        }

    if hint_epochs:
        dtype = next(v_g.parameters()).dtype
        yield _hint(
            v_g,
            Teacher(u_h),
            Regressor(seed, dtype) if regressor is None else regressor,
            hint_epochs,
            hint_lr,
        )
    yield Stage(
        "distil", {student: kd_loss}, score={"student": student}, epochs=1 - hint_epochs
    )


def _hint(
    v_g: nn.Module, u_h: Teacher, r: nn.Module, epochs: float, lr: float | None
) -> Stage:
    def loss(batch, progress):
        u, v = u_h(batch), v_g(batch.x)  # (n, O_h, ...), (n, O_g, ...)
        return {
            "hint": half_mse(u, r(v, u.shape) if isinstance(r, Regressor) else r(v))
        }

    usual = (
        0.005 if any(isinstance(part, nn.Conv2d) for part in u_h.net.modules()) else 0.2
    )
    return Stage(
        "hint",
        {nn.ModuleList([v_g, r]): loss},
        epochs=epochs,
        lr=usual if lr is None else lr,
    )

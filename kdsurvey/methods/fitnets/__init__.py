"""FitNets: Hints for Thin Deep Nets, Romero et al. 2015, arXiv 1412.6550."""

from collections.abc import Iterator

from torch import nn

from kdsurvey import ranges
from kdsurvey.losses import check_temperature
from kdsurvey.methods.fitnets.equations import hint_loss, kd_loss
from kdsurvey.methods.fitnets.regressor import Regressor
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
    shared = ranges.share(hint_epochs) and hint_epochs < 1
    if not ranges.weights(lam, 2) or not shared:
        raise ValueError(
            "fitnets: lam is a pair of values >= 0 and hint_epochs lies in [0, 1), "
            f"got {lam} and {hint_epochs}"
        )
    check_temperature(T)
    v_g = upto(student, guided, "fitnets: guided")
    u_h = upto(teacher, hint, "fitnets: hint")

    def stages() -> Iterator[Stage]:
        frozen = Teacher(teacher)
        if hint_epochs:
            dtype = next(v_g.parameters()).dtype
            yield _hint(
                v_g,
                Teacher(u_h),
                Regressor(seed, dtype) if regressor is None else regressor,
                hint_epochs,
                hint_lr,
            )
        loss = kd_loss(student, frozen, T, lam)
        score = {"student": student}
        yield Stage("distil", {student: loss}, score, epochs=1 - hint_epochs)

    return stages()


def _hint(
    v_g: nn.Module, u_h: Teacher, r: nn.Module, epochs: float, lr: float | None
) -> Stage:
    """Build the first stage; nothing outside it keeps the regressor."""
    learner = nn.ModuleList([v_g, r])
    maps = any(isinstance(part, nn.Conv2d) for part in u_h.net.modules())
    usual = 0.005 if maps else 0.2
    rate = usual if lr is None else lr
    return Stage("hint", {learner: hint_loss(v_g, u_h, r)}, epochs=epochs, lr=rate)

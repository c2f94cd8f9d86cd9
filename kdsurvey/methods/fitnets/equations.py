"""Equations 2 and 3 of FitNets, the losses of its two stages."""

from torch import Tensor, nn

from kdsurvey.losses import cross_entropy, half_mse, soft_cross_entropy
from kdsurvey.methods.fitnets.regressor import Regressor
from kdsurvey.stage import Batch, Loss, Teacher


def hint_loss(v_g: nn.Module, u_h: Teacher, r: nn.Module) -> Loss:
    """L_HT = 1/2 ||u_h(x) - r(v_g(x))||^2, Romero et al. 2015, equation 3.

    v_g: the student's guided blocks; u_h: the teacher's up to the hint; r: regressor
    from the features of the one to those of the other.
    """

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        u = u_h(batch)  # (n, O_h, ...)
        v = v_g(batch.x)  # (n, O_g, ...)
        regressed = r(v, u.shape) if isinstance(r, Regressor) else r(v)
        return {"hint": half_mse(u, regressed)}

    return loss


def kd_loss(
    student: nn.Module, teacher: Teacher, T: float, lam: tuple[float, float]
) -> Loss:
    """L_KD = H(y, P_S) + lam H(P_T^tau, P_S^tau), Romero et al. 2015, equation 2.

    lam: at the start and at the end of the stage, linear between; T for tau.
    """

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z = student(batch.x)  # (n, c)
        v = teacher(batch)  # (n, c)
        now = lam[0] + (lam[1] - lam[0]) * progress
        return {
            "hard": cross_entropy(z, batch.y),
            "soft": now * soft_cross_entropy(v, z, T),
        }

    return loss

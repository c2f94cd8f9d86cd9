"""FitNets in one stage: what most libraries ship under its name, and here a control."""

from collections.abc import Iterator

from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import check_temperature
from kdsurvey.methods.fitnets.equations import hint_loss, kd_loss
from kdsurvey.methods.fitnets.regressor import Regressor
from kdsurvey.stage import Batch, Stage, Teacher, upto


def joint_hints(
    student: nn.Sequential,
    teacher: nn.Sequential | Teacher,
    *,
    guided: int,
    hint: int,
    beta: float = 0.01,
    regressor: nn.Module | None = None,
    T: float = 3.0,
    lam: tuple[float, float] = (4.0, 1.0),
    seed: int = 0,
) -> Iterator[Stage]:
    """L = L_KD + beta L_HT, the student and the regressor r at once: equations 2 and 3
    of `fitnets` in a single stage

    Romero et al. 2015, arXiv 1412.6550, section 3.1 has it as a variant that failed to
    learn, without batch norm.

    student, teacher, guided, hint, regressor, T, lam and seed: as for `fitnets`; all of
    Config.epochs is one stage. beta >= 0 weighs the hint; L_HT sums over the hint's
    features, so that 2 beta / features weighs their mean square. Raises ValueError for
    what fitnets refuses, and for a beta below 0. Departures: none from that variant;
    the paper gives no weight. Guided blocks, and their batch norm, run twice a step.
    """
    if not ranges.weight(beta):
        raise ValueError(
            f"joint_hints: beta weighs the hint and is 0 or more, got {beta}"
        )
    if not ranges.weights(lam, 2):
        raise ValueError(f"joint_hints: lam is a pair of values >= 0, got {lam}")
    check_temperature(T)
    v_g = upto(student, guided, "joint_hints: guided")
    u_h = upto(teacher, hint, "joint_hints: hint")

    def stages() -> Iterator[Stage]:
        dtype = next(v_g.parameters()).dtype
        r = Regressor(seed, dtype) if regressor is None else regressor
        distil = kd_loss(student, Teacher(teacher), T, lam)
        follow = hint_loss(v_g, Teacher(u_h), r)

        def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
            hints = beta * follow(batch, progress)["hint"]
            return distil(batch, progress) | {"hint": hints}

        learner = nn.ModuleList([student, r])
        yield Stage("joint", {learner: loss}, score={"student": student})

    return stages()

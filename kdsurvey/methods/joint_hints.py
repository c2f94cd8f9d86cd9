"""FitNets in one stage: what most libraries ship under its name, and here a control."""

from collections.abc import Iterator

from torch import nn

from kdsurvey.methods.fitnets import fitnets
from kdsurvey.stage import Stage, Teacher


def joint_hints(
    student: nn.Sequential,
    teacher: nn.Sequential | Teacher,
    *,
    guided: int,
    hint: int,
    beta: float = 0.01,
    **options,
) -> Iterator[Stage]:
    """L = L_KD + beta L_HT, the student and the regressor r at once: equations 2 and 3
    of `fitnets` in a single stage

    Romero et al. 2015, arXiv 1412.6550, section 3.1 has it as a variant that failed to
    learn, without batch norm.

    student, teacher, guided, hint, and of the options regressor, T, lam, seed: as for
    `fitnets`; all of Config.epochs is one stage. beta >= 0 weighs the hint; L_HT sums
    over the hint's features, so that 2 beta / features weighs their mean square. Raises
    ValueError for what fitnets refuses, and for a beta below 0. Departures: none from
    that variant; the paper gives no weight. Guided blocks, and their batch norm, run
    twice a step.
    """
    if not beta >= 0:
        raise ValueError(
            f"joint_hints: beta weighs the hint and is 0 or more, got {beta}"
        )
    first, second = fitnets(
        student, teacher, guided=guided, hint=hint, **options
    )  # neither has trained: it is one start
    ((parts, hint_loss),) = first.learn.items()
    _, regressor = parts

    def loss(batch, progress):
        return second.learn[student](batch, progress) | {
            "hint": beta * hint_loss(batch, progress)["hint"]
        }

    yield Stage(
        "joint", {nn.ModuleList([student, regressor]): loss}, score={"student": student}
    )

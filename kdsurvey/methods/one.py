"""Knowledge Distillation by On-the-Fly Native Ensemble (ONE), Lan, Zhu & Gong, NeurIPS
2018, arXiv 1806.04606.
"""

from collections.abc import Iterator

from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.branches import Branches, Mixed, check_branches
from kdsurvey.losses import check_temperature, cross_entropy, kl, ramp_up
from kdsurvey.stage import Batch, Stage


def one(
    net: Branches,
    gate: nn.Module | None,
    *,
    T: float = 3.0,
    ramp: float = 0.0,
    weight: float = 1.0,
) -> Iterator[Stage]:
    """L = sum_i H(y, q_i) + H(y, q_e) + T^2 sum_i KL(p_e || q_i), z_e = sum_i g_i z_i

    Lan, Zhu & Gong 2018, arXiv 1806.04606. One stage: the gated branches are the
    teacher, made as they train.

    net: m branches on a trunk, from x (n, ...) to logits z_i (m, n, c). gate: from the
    trunk's features to g (n, m), one weight an image and branch (see branches.gate);
    None is 1 / m. Both are trained in place. T > 0. The teacher is detached in the KL
    term, so that it learns from the labels alone. ramp in [0, 1]: the share of the
    training in which that term is faded in, a tip of the authors (80 of 300 epochs), 0
    in the equation. weight >= 0 of the KL term; 0 leaves it out. Raises ValueError for
    values out of range, and a gate for another number of branches. Departures: none.
    """
    check_branches("one", net)
    if not ranges.weight(weight):
        raise ValueError(
            f"one: weight is that of the KL term and 0 or more, got {weight}"
        )
    check_temperature(T)
    ramp_up(0.0, ramp)  # refuses a ramp outside [0, 1]
    mixed = Mixed(net, gate)

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z, z_e = mixed.parts(batch.x)  # (m, n, c), (n, c)
        terms = {
            "branches": cross_entropy(z, batch.y).sum(),
            "ensemble": cross_entropy(z_e, batch.y),
        }
        if weight:
            w = weight * ramp_up(progress, ramp) * T**2
            terms["distil"] = w * kl(z_e, z, T).sum()
        return terms

    def stages() -> Iterator[Stage]:
        branches = {f"branch {i}": net[i] for i in range(len(net))}
        yield Stage("one", {mixed: loss}, score={**branches, "ensemble": mixed})

    return stages()

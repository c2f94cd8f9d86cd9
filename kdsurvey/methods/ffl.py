"""Feature Fusion for Online Mutual Knowledge Distillation (FFL), Kim, Hyun, Chung &
Kwak, ICPR 2020, arXiv 1904.09058.
"""

from collections.abc import Iterator

from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.branches import Branches, Fused, Mixed, check_branches
from kdsurvey.losses import check_temperature, cross_entropy, kl, ramp_up
from kdsurvey.stage import Batch, Predict, Stage


def ffl(
    net: Branches,
    fusion: nn.Module,
    *,
    T: float = 3.0,
    ramp: float = 80 / 300,
    to_fused: float = 1.0,
    to_branches: float = 1.0,
) -> Iterator[Stage]:
    """L = sum_k H(y, q_k) + H(y, q_f) + w(t) T^2 [KL(p_e || q_f) + sum_k KL(p_f ||
    q_k)] with z_e = 1/m sum_k z_k

    Kim, Hyun, Chung & Kwak 2020, arXiv 1904.09058. One stage: the ensemble teaches the
    fused classifier, and that the branches.

    net: m branches, of one kind on a trunk or of different kinds on an empty one, from
    x (n, ...) to logits z_k (m, n, c). fusion: from their last maps side by side to z_f
    (n, c), see branches.fusion. Both are trained in place. T > 0. ramp in [0, 1]: the
    share of the training in which both KL terms are faded in, w(t) = exp(-5 (1 - t /
    ramp)^2), 80 of 300 epochs in the authors' code. to_fused, to_branches >= 0: weights
    of the two arrows, 1 there; 0 leaves one out. Targets are detached, each in its own
    term: z_f learns from z_e and teaches the z_k. Raises ValueError for values out of
    range and heads that get no maps. Departures: one optimiser, and one weight decay,
    for all; the authors' fusion module has its own.
    """
    check_branches("ffl", net)
    if not ranges.weights((to_fused, to_branches), 2):
        raise ValueError(
            "ffl: to_fused and to_branches are weights of 0 or more, "
            f"got {to_fused} and {to_branches}"
        )
    check_temperature(T)
    ramp_up(0.0, ramp)  # refuses a ramp outside [0, 1]
    fused = Fused(net, fusion)

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z, z_f = fused.parts(batch.x)  # (m, n, c), (n, c)
        w = ramp_up(progress, ramp) * T**2
        terms = {
            "branches": cross_entropy(z, batch.y).sum(),
            "fused": cross_entropy(z_f, batch.y),
        }
        if to_fused:
            terms["to fused"] = w * to_fused * kl(z.mean(0), z_f, T)
        if to_branches:
            terms["to branches"] = w * to_branches * kl(z_f, z, T).sum()
        return terms

    def stages() -> Iterator[Stage]:
        score: dict[str, Predict] = {f"branch {k}": net[k] for k in range(len(net))}
        score |= {"fused": fused, "ensemble": Mixed(net, None)}
        yield Stage("ffl", {fused: loss}, score=score)

    return stages()

"""EnsembleNet, Li, Ng & Natsev 2019, arXiv 1905.09979, as far as it could be verified:
heads trained with their ensemble.
"""

from collections.abc import Iterator

from torch import Tensor

from kdsurvey import ranges
from kdsurvey.branches import Branches, Mixed, check_branches
from kdsurvey.losses import cross_entropy
from kdsurvey.stage import Batch, Stage


def ensemblenet(net: Branches, *, lam: float) -> Iterator[Stage]:
    """L = lam 1/m sum_i H(y, q_i) + (1 - lam) H(y, q) with z = 1/m sum_i z_i

    After Li, Ng & Natsev 2019, arXiv 1905.09979: heads and their ensemble, trained end
    to end in one stage. By an exact identity this is L = H(y, q) + lam 1/m sum_i KL(q
    || q_i): lam = 0 trains the ensemble only, 1 the heads only, a larger one pulls the
    heads to their ensemble (co-distillation), one between 0 and 1 lets them differ. The
    slope of that KL through q is exactly 0, so a target that is detached, as in ONE,
    makes the same steps.

    net: m heads on a trunk, from x (n, ...) to logits (m, n, c), trained in place. lam
    >= 0. Raises ValueError for one below 0. Departures: only the paper's abstracts were
    at hand. The identity is mathematics; that the paper's loss is of this family is a
    reading of ours, and so are the averaged logits.
    """
    check_branches("ensemblenet", net)
    if not ranges.weight(lam):
        raise ValueError(f"ensemblenet: lam is 0 or more, got {lam!r}")

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z = net(batch.x)  # (m, n, c)
        heads = cross_entropy(z, batch.y).mean()
        ensemble = cross_entropy(z.mean(0), batch.y)
        return {"heads": lam * heads, "ensemble": (1 - lam) * ensemble}

    def stages() -> Iterator[Stage]:
        heads = {f"head {i}": net[i] for i in range(len(net))}
        ensemble = Mixed(net, None)
        yield Stage("ensemblenet", {net: loss}, score={**heads, "ensemble": ensemble})

    return stages()

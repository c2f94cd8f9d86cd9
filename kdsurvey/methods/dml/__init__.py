"""Deep Mutual Learning, Zhang, Xiang, Hospedales & Lu, CVPR 2018, arXiv 1706.00384."""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import check_temperature, kl, weighted_cross_entropy
from kdsurvey.methods.dml.turns import at_once, in_turn
from kdsurvey.nets import distinct
from kdsurvey.stage import Batch, Stage, check_nets


def dml(
    peers: Sequence[nn.Module],
    *,
    T: float = 1.0,
    target: str = "mean",
    weight: float = 1.0,
    turns: bool = True,
    labelled: Tensor | None = None,
) -> Iterator[Stage]:
    """L_k = H(y, q_k) + weight T^2 / (K - 1) sum_{l != k} KL(p_l || q_k), or with
    "ensemble" KL(mean_{l != k} p_l || q_k)

    Zhang et al. 2018, arXiv 1706.00384, sections 3.1 to 3.4; p_l, q_k: the peers'
    probabilities at T; T = weight = 1 there. peers: K >= 2 nets from x (n, ...) to
    logits (n, c), with different initial weights; trained in place. target: "mean" of
    the K - 1 divergences, or "ensemble", that from the mean of the peers'
    probabilities. weight >= 0. turns: as in Algorithm 1 each takes its turn on a batch
    with fresh predictions of the others, at K (K - 1) passes more; else all learn from
    one pass each. labelled: (N,) True where y counts; the divergence counts on all.
    Watched peers keep their batch-norm statistics. Raises ValueError for fewer than two
    peers, peers of equal weights, and values out of range. Departures: none by default.
    """
    peers = list(peers)
    check_nets("dml", **{f"peers[{k}]": peer for k, peer in enumerate(peers)})
    known = ranges.word(target, ("mean", "ensemble")) and ranges.weight(weight)
    if len(peers) < 2 or not known:
        raise ValueError(
            'dml: 2 peers or more, target "mean" or "ensemble", weight >= 0; '
            f"not {len(peers)}, {target!r}, {weight!r}"
        )
    check_temperature(T)
    distinct(peers)
    loss_k = partial(peer_loss, T=T, target=target, weight=weight, labelled=labelled)

    def stages() -> Iterator[Stage]:
        if turns:
            learn = {peer: in_turn(peer, peers, loss_k) for peer in peers}
        else:
            learn = {nn.ModuleList(peers): at_once(peers, loss_k)}
        score = {f"peer {k}": peer for k, peer in enumerate(peers)}
        yield Stage("mutual", learn, score)

    return stages()


def peer_loss(
    batch: Batch,
    z_k: Tensor,
    others: Sequence[Tensor],
    *,
    T: float,
    target: str,
    weight: float,
    labelled: Tensor | None,
) -> dict[str, Tensor]:
    """Compute the terms of L_k from the logits (n, c) of peer k and of the others.

    T, target, weight and labelled: as for `dml`.
    """
    m = torch.ones_like(batch.y)  # (n,)
    if labelled is not None:
        m = labelled.to(batch.y.device, non_blocking=batch.y.is_cuda)[batch.i]
    m = m.to(torch.promote_types(z_k.dtype, torch.float32))
    if target == "ensemble":
        log_p = torch.log_softmax(torch.stack(list(others)) / T, -1).logsumexp(0)
        others = [T * log_p]  # logits of the mean of the p_l at T
    mutual = sum(kl(z_l, z_k, T) for z_l in others) / len(others)
    assert isinstance(mutual, Tensor)  # sum() alone could be the number 0
    return {
        "hard": weighted_cross_entropy(z_k, batch.y, m / m.sum().clamp(min=1)),
        "mutual": weight * T**2 * mutual,
    }

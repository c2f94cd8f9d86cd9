"""Peers that learn in turns, as in Algorithm 1, or all at once."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from kdsurvey.stage import Batch, Loss, watched

# (batch, logits of a peer, logits of the others) -> its terms
PeerLoss = Callable[[Batch, Tensor, Sequence[Tensor]], dict[str, Tensor]]


def in_turn(peer: nn.Module, peers: Sequence[nn.Module], loss_k: PeerLoss) -> Loss:
    """Build the loss of one peer that learns while the others are watched."""
    others = [other for other in peers if other is not peer]

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        answers = [watched(other, batch.x) for other in others]
        return loss_k(batch, peer(batch.x), answers)

    return loss


def at_once(peers: Sequence[nn.Module], loss_k: PeerLoss) -> Loss:
    """Build the loss of all peers, from one pass of each."""

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z = [peer(batch.x) for peer in peers]
        terms = {}
        for k, z_k in enumerate(z):
            for name, term in loss_k(batch, z_k, [*z[:k], *z[k + 1 :]]).items():
                terms[f"peer {k} {name}"] = term
        return terms

    return loss

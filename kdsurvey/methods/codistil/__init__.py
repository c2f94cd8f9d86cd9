"""Codistillation: nets in processes of their own learn from stale copies of each other.

Anil et al. 2018, arXiv 1804.03235.
"""

from collections.abc import Iterator

from torch import Tensor, nn

from kdsurvey.losses import check_temperature, cross_entropy, kl
from kdsurvey.methods.codistil.exchange import Exchange
from kdsurvey.stage import Batch, Stage


def codistil(
    net: nn.Module,
    *,
    every: int = 50,
    burn_in: float = 0.2,
    exchange: str = "weights",
    T: float = 1.0,
    weight: float = 1.0,
) -> Iterator[Stage]:
    """L_i = H(y, q_i) + weight T^2 mean_{j != i} KL(p_j || q_i), p_j of process j's net
    as it was up to `every` steps ago

    Anil, Pereyra, Passos, Ormandi, Dahl & Hinton 2018, arXiv 1804.03235, algorithm 1.
    The survey's large distributed training.

    net: this process's, from x (n, ...) to logits (n, c), with initial weights of its
    own; every process calls this, for as many steps. every >= 1: steps between two
    exchanges. burn_in in [0, 1): the share of the steps without the others. exchange:
    "weights" (one architecture, each process may have its own data) or "predictions"
    (any nets, the same images, not augmented). Raises ValueError for values out of
    range, without torch.distributed, and where nets or images do not fit; RuntimeError
    when another process has ended. Departures: the copies exchange at the same step,
    where the paper's processes do not wait.
    """
    if every < 1 or not 0 <= burn_in < 1 or not weight >= 0:
        raise ValueError(
            "codistil: needs every >= 1, burn_in in [0, 1) and weight >= 0, "
            f"got {every}, {burn_in} and {weight}"
        )
    check_temperature(T)
    exchanged = Exchange(net, exchange)

    def stages() -> Iterator[Stage]:
        step = 0

        def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
            nonlocal step
            if progress >= burn_in:
                if step % every == 0:
                    exchanged.update(batch.inputs)
                step += 1
            z = net(batch.x)  # (n, c)
            terms = {"hard": cross_entropy(z, batch.y)}
            mutual = [kl(v(batch), z, T) for v in exchanged.others]
            if mutual:
                total = sum(mutual)
                assert isinstance(total, Tensor)  # sum() alone could be the number 0
                terms["mutual"] = weight * T**2 * total / len(mutual)
            return terms

        yield Stage("codistil", {net: loss}, score={"net": net})

    return stages()

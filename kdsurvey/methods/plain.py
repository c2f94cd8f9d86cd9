"""Training without a teacher: the controls that every comparison needs."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from kdsurvey import ranges
from kdsurvey.losses import cross_entropy, soft_cross_entropy
from kdsurvey.stage import Batch, Stage, check_nets


def plain(net: nn.Module, *, smoothing: float = 0.0) -> Iterator[Stage]:
    """L = H(u, q) with u = (1 - smoothing) y + smoothing / c

    The labels alone, or label smoothing.

    net: maps x (n, ...) to logits (n, c), or a stack of nets to (s, n, c); it is
    trained in place. smoothing in [0, 1): the probability that is spread evenly over
    the c classes; 0 is ordinary training. Raises ValueError for one outside its range.
    """
    check_nets("plain", net=net)
    if not ranges.share(smoothing) or smoothing == 1:
        raise ValueError(
            f"plain: smoothing is a probability in [0, 1), got {smoothing!r}"
        )

    def loss(batch: Batch, progress: float) -> dict[str, Tensor]:
        z = net(batch.x)  # (n, c)
        if not smoothing:
            return {"hard": cross_entropy(z, batch.y)}
        c = z.shape[-1]
        u = (1 - smoothing) * F.one_hot(batch.y, c) + smoothing / c  # (n, c)
        return {"smoothed": soft_cross_entropy(torch.log(u), z)}

    def stages() -> Iterator[Stage]:
        yield Stage("plain", {net: loss}, score={"net": net})

    return stages()

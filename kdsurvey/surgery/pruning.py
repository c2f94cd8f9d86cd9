"""Pruning: weights that are set to 0 and stay there."""

from torch import nn
from torch.nn.utils import prune as masks

from kdsurvey.surgery.precision import weighted


def prune(net: nn.Module, share: float) -> nn.Module:
    """Set the smallest weights of every Linear and Conv2d layer to 0, for good.

    In place; returns the net. share in [0, 1): of each layer's weights that are not pruned yet. By
    torch.nn.utils.prune.l1_unstructured: the layer keeps `weight_orig`, which learns,
    and `weight_mask`. A layer of low precision is pruned by its full-precision weights.
    Source: Han, Pool, Tran & Dally 2015, arXiv 1506.02626. Raises ValueError for
    another share.
    """
    if not 0 <= share < 1:
        raise ValueError(
            f"prune: share is the part of the weights to go, in [0, 1), got {share}"
        )
    for layer in weighted(net):
        masks.l1_unstructured(layer, "weight", float(share))
    return net

"""What notebook 07 draws and lists of its rows, and the one slope of the two targets."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey.data import Data
from kdsurvey.lessons import rows as kept
from kdsurvey.lessons.calls import wrongly_labelled
from kdsurvey.losses import kl, soften


class Targets(NamedTuple):
    """One of the paper's two targets at the learner's logits z."""

    value: float  # nats
    slope: Tensor  # (n, c), its gradient in z


def two_targets(z: Tensor, others: Tensor, T: float = 1.0) -> dict[str, Targets]:
    """Compute the mean of the divergences from the other peers, and the divergence from
    their mean: values that differ, and one slope.

    z: (n, c) logits of the learner; others: (K - 1, n, c) those of its peers. The slope
    of KL(p || q) in z is (q - p) / (n T): it is linear in p, so the mean over p may be
    taken before or after. Values: mean KL(p_l || q) - KL(mean p_l || q) is how far the
    peers are from their mean, H(mean p_l) - mean H(p_l), in which z does not occur.
    """
    p = soften(others, T).mean(0)
    losses = {
        "mean": lambda z: torch.stack([kl(v, z, T) for v in others]).mean(),
        "ensemble": lambda z: kl(T * p.log(), z, T),
    }
    targets = {}
    for name, loss in losses.items():
        at = z.detach().clone().requires_grad_()
        value = loss(at)
        targets[name] = Targets(value.item(), torch.autograd.grad(value, at)[0])
    return targets


def second_opinions(
    pair: Sequence[nn.Module], data: Data, right: Data, n: int
) -> tuple[np.ndarray, list[str]]:
    """Return the first n training images whose label is wrong, in [0, 1], and for each the
    label and what either net says: "7: 1, 1".

    right: the same data with every label right.
    """
    images, titles = wrongly_labelled(data, right.train[1], pair, n)
    return grey(images), titles


def grey(x: np.ndarray) -> np.ndarray:
    """Return standardised images (n, h, w) with their darkest pixel 0 and their brightest 1."""
    low, high = x.min(), x.max()
    return (x - low) / (high - low)


def gains(rows: pd.DataFrame, over: str = "alone") -> pd.DataFrame:
    """Return the rows of the other arms with "gain": points above the arm `over` at the
    same seed.
    """
    base = kept.at(rows, arm=over).set_index("seed")["accuracy"]
    gain = 100 * (rows["accuracy"] - rows["seed"].map(base))
    return rows.assign(gain=gain)[rows["arm"] != over]


def tuned_table(**recorded: pd.DataFrame) -> pd.DataFrame:
    """Return per cent right of every arm at its choice, mean ± s.d. over seeds, and
    what it chose: a column for each of the recorded rows.
    """

    def cell(runs: pd.DataFrame) -> str:
        return f"{kept.spread(runs['accuracy'])} ({runs['choice'].iloc[0]})"

    cells = {
        name.replace("_", " "): {
            arm: cell(runs) for arm, runs in kept.tuned(rows).groupby("arm")
        }
        for name, rows in recorded.items()
    }
    order = dict.fromkeys(arm for rows in recorded.values() for arm in rows["arm"])
    return pd.DataFrame(cells).reindex(order).fillna("not run")


def by_number(rows: pd.DataFrame, most: int = 5) -> dict[str, np.ndarray]:
    """Return per cent right of 1 to `most` peers, (seeds, most): with the mean of the
    divergences, with their sum; and of two peers.

    The two have the weight of that sum. All three begin with one net, and with two
    peers of weight 1.
    """
    numbers = range(3, most + 1)
    ends = {
        "mean": [f"K = {K}, mean" for K in numbers],
        "sum": [f"K = {K}, sum" for K in numbers],
        "2 peers, weight K - 1": [f"K = 2, weight {K - 1}" for K in numbers],
    }
    return {
        name: 100 * kept.by_seed(rows, ["K = 1", "K = 2, mean", *end])
        for name, end in ends.items()
    }


def slices(why: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the loss along a random direction, mean over the seeds, of every arm:
    (values of `flatness.SLICE`,).
    """
    return {
        arm: np.array(losses.tolist()).mean(0)
        for arm, losses in why.groupby("arm", sort=False)["slice"]
    }

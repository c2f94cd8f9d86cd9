"""What notebook 07 reads off its rows, and the one slope of the two targets."""

from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from kdsurvey import verdicts
from kdsurvey.losses import kl, soften
from kdsurvey.verdicts import Verdict, judge_rows


class Targets(NamedTuple):
    """One of the paper's two targets at the learner's logits z."""

    value: float  # nats
    slope: Tensor  # (n, c), its gradient in z


def two_targets(z: Tensor, others: Tensor, T: float = 1.0) -> dict[str, Targets]:
    """The mean of the divergences from the other peers, and the divergence from their mean: values that differ, and one slope.

    z: (n, c) logits of the learner; others: (K - 1, n, c) those of its peers. The slope of KL(p || q) in z is (q - p) / (n T):
    it is linear in p, so the mean over p may be taken before or after. Values: mean KL(p_l || q) - KL(mean p_l || q) is how far
    the peers are from their mean, H(mean p_l) - mean H(p_l), in which z does not occur.
    """
    p = soften(others, T).mean(0)
    losses = {
        "mean": lambda z: torch.stack([kl(v, z, T) for v in others]).mean(),
        "ensemble": lambda z: kl(T * p.log(), z, T),
    }
    found = {}
    for name, loss in losses.items():
        at = z.detach().clone().requires_grad_()
        value = loss(at)
        found[name] = Targets(value.item(), torch.autograd.grad(value, at)[0])
    return found


def chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each arm at the choice whose mean over seeds is best on validation images; of equals, the earlier one."""
    return verdicts.chosen(rows, "choice")


def default(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the choice that comes first: long training."""
    return rows[rows["choice"] == rows["choice"].iloc[0]]


def above(rows: pd.DataFrame, a: str, b: str, where: str, *, claim: str = "P5", column: str = "accuracy") -> Verdict:
    """The claim that arm a is above arm b on the test images; `where` ends the line."""
    of = {"accuracy": "", "ensemble": ", ensembles"}[column]
    return judge_rows(claim, rows, column, a=a, b=b, what=f"{a} - {b}{of}, {where}")


def softer(why: pd.DataFrame, a: str, b: str, column: str = "entropy", claim: str = "P5") -> Verdict:
    """The claim that arm a has more of what `column` counts than arm b: entropy, or a rise of the loss."""
    return judge_rows(claim, why, column, a=a, b=b, what=f"{column} of {a} - {b}", unit="nats")

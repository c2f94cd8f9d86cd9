"""What notebook 07 reads off its rows, and the one slope of the two targets."""

from typing import NamedTuple

import numpy as np
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
    """The mean of the divergences from the other peers, and the divergence from their
    mean: values that differ, and one slope.

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
    found = {}
    for name, loss in losses.items():
        at = z.detach().clone().requires_grad_()
        value = loss(at)
        found[name] = Targets(value.item(), torch.autograd.grad(value, at)[0])
    return found


def chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each arm at the choice whose mean over seeds is best on validation
    images; of equals, the earlier one.
    """
    return verdicts.chosen(rows, "choice")


def default(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the choice that comes first: long training."""
    return rows[rows["choice"] == rows["choice"].iloc[0]]


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    where: str,
    *,
    claim: str = "P5",
    column: str = "accuracy",
) -> Verdict:
    """The claim that arm a is above arm b on the test images; `where` ends the line."""
    of = {"accuracy": "", "ensemble": ", ensembles"}.get(column, f", {column}")
    return judge_rows(claim, rows, column, a=a, b=b, what=f"{a} - {b}{of}, {where}")


def against(
    rows: pd.DataFrame,
    a: str,
    *others: str,
    where: str,
    claim: str = "P5",
    column: str = "accuracy",
) -> str:
    """A verdict line for arm a above each of the others."""
    return "\n".join(
        above(rows, a, b, where, claim=claim, column=column).line for b in others
    )


def gains(rows: pd.DataFrame, over: str = "alone") -> pd.DataFrame:
    """The rows with "gain": points above the arm `over` at the same seed; without that arm."""
    base = rows[rows["arm"] == over].set_index("seed")["accuracy"]
    return rows.assign(gain=100 * (rows["accuracy"] - rows["seed"].map(base)))[
        rows["arm"] != over
    ]


def tuned(**recorded: pd.DataFrame) -> pd.DataFrame:
    """Per cent right of every arm at its choice, mean ± s.d. over seeds, and what it
    chose: a column for each of the rows.
    """

    def cell(runs: pd.DataFrame) -> str:
        share = 100 * runs["accuracy"]
        return f"{share.mean():.1f} ± {share.std():.1f} ({runs['choice'].iloc[0]})"

    cells = {
        name.replace("_", " "): {
            arm: cell(of) for arm, of in chosen(rows).groupby("arm")
        }
        for name, rows in recorded.items()
    }
    order = dict.fromkeys(arm for rows in recorded.values() for arm in rows["arm"])
    return pd.DataFrame(cells).reindex(order).fillna("not run")


def softer(
    why: pd.DataFrame, a: str, b: str, column: str = "entropy", claim: str = "P5"
) -> Verdict:
    """The claim that arm a has more of what `column` counts than arm b: entropy, or a
    rise of the loss.
    """
    said = column.replace("rise at", "rise of the loss at noise").replace(
        "rise, relative", "rise of the loss at relative noise"
    )
    return judge_rows(
        claim, why, column, a=a, b=b, what=f"{said}, {a} - {b}", unit="nats"
    )


def any_weight(number: pd.DataFrame) -> pd.DataFrame:
    """Every number of peers as one arm, "K = 2" for instance: the weight of the mutual
    term is part of its choice.
    """
    return number.assign(
        arm=number["arm"].str.split(",").str[0],
        choice=number["choice"] + ": " + number["arm"],
    )


def by_number(rows: pd.DataFrame, most: int = 5) -> dict[str, np.ndarray]:
    """Per cent right of 1 to `most` peers, (seeds, most): with the mean of the
    divergences, with their sum; and of two peers.

    The two have the weight of that sum. All three begin with one net, and with two
    peers of weight 1.
    """
    some = range(3, most + 1)
    ends = {
        "mean": [f"K = {K}, mean" for K in some],
        "sum": [f"K = {K}, sum" for K in some],
        "2 peers, weight K - 1": [f"K = 2, weight {K - 1}" for K in some],
    }
    by_arm = 100 * rows.pivot(index="seed", columns="arm", values="accuracy")
    return {
        name: by_arm[["K = 1", "K = 2, mean", *end]].to_numpy()
        for name, end in ends.items()
    }


def staleness(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Points that an exchange is worth over none, (seeds, exchanges) by how seldom it
    comes, for both lengths, both labels.
    """
    found = {}
    for (noise, choice), part in rows.groupby(["noise", "choice"], sort=False):
        by_arm = 100 * part.pivot(index="seed", columns="arm", values="accuracy")
        seldom = [arm for arm in dict.fromkeys(part["arm"]) if arm.startswith("every")]
        labels = (
            f"{100 * noise:.0f} % of the labels redrawn" if noise else "labels right"
        )
        found[f"{labels}, {choice}"] = (
            by_arm[seldom].to_numpy() - by_arm[["never"]].to_numpy()
        )
    return found


def slices(why: pd.DataFrame) -> dict[str, np.ndarray]:
    """The loss along a random direction, mean over the seeds, of every arm: (values of
    `mutual_why.SLICE`,).
    """
    return {
        arm: np.array(of.tolist()).mean(0)
        for arm, of in why.groupby("arm", sort=False)["slice"]
    }

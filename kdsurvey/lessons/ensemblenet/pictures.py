"""What notebook 12 draws and lists: divided heads, accuracy and diversity against lambda,
sizes.
"""

from functools import partial

import numpy as np
import pandas as pd
import torch

from kdsurvey import nets, plots
from kdsurvey.branches import Branches, Mixed
from kdsurvey.data import Data
from kdsurvey.lessons.branched_nets import parted, serving_cost, small
from kdsurvey.lessons.calls import titles
from kdsurvey.lessons.ensemblenet.claims import RATE, SLOW
from kdsurvey.lessons.ensemblenet.experiments import CONTROLS, LAMBDAS, name, thin
from kdsurvey.lessons.rows import at
from kdsurvey.pictures import Picture
from kdsurvey.stage import Teacher

COLUMNS = ["heads, %", "ensemble, %", "heads, train, %", "diversity, 1/100 nat"]
RECORDED = ["accuracy", "together", "train accuracy", "diversity"]  # as rows call them
TICKS = [8, 9, 10, 12, 15, 20, 30]  # of an axis of errors


def in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the columns COLUMNS, for tables: accuracies on test images in
    per cent, diversity in hundredths of a nat.
    """
    return rows.assign(**{to: 100 * rows[of] for to, of in zip(COLUMNS, RECORDED)})


def sweep(rows: pd.DataFrame) -> Picture:
    """Draw errors of heads and ensemble, and the diversity of the heads, against lambda.

    Means over seeds at two rates.
    """
    series: dict[str, dict] = {"error": {}, "diversity": {}}
    columns = ["accuracy", "together", "diversity"]
    for rate in (RATE, SLOW):
        means = at(rows, rate=rate).groupby("arm")[columns].mean()
        means = means.loc[[name(lam) for lam in LAMBDAS]]
        series["error"][f"heads, {rate}"] = 100 - 100 * means["accuracy"]
        series["error"][f"ensemble, {rate}"] = 100 - 100 * means["together"]
        series["diversity"][rate] = means["diversity"]
    lines = partial(plots.lines, LAMBDAS, logy=True, numbers=True)
    labels = "Errors", "lambda", "test error (%)"
    left = lines(series["error"], *labels, yticks=TICKS)
    labels = "Diversity", "lambda", "mean KL(q || q_i) (nats)"
    right = lines(series["diversity"], *labels)
    about = f"{left.about} {right.about}"
    return plots.beside([left, right], about, width=10.5, height=3.8)


def divided(net: Branches, data: Data, n: int = 10) -> tuple[np.ndarray, list[str]]:
    """Return the n test images on which the heads are most divided, and for each its label
    and what each head calls it: "3: 3, 8, 3".
    """
    x, y = data.test
    z = torch.stack([Teacher(net[k]).logits(x) for k in range(len(net))])  # (m, n, c)
    most = divergences(z).argsort(descending=True)[:n]
    calls = z[:, most].argmax(-1)
    return x[most, 0].numpy(), titles(data.classes, y[most], calls)


def diversity(net: Branches, data: Data) -> float:
    """Compute the mean KL(q || q_i) of heads on test images, in nats."""
    x = data.test[0]
    z = torch.stack([Teacher(net[k]).logits(x) for k in range(len(net))])
    return divergences(z).mean().item()


def divergences(z: torch.Tensor) -> torch.Tensor:
    """Compute the mean KL(q || q_i) of each image: z (m, n, c) logits -> (n,) nats."""
    log_q_i, log_q = z.log_softmax(-1), z.mean(0).log_softmax(-1)
    return (log_q.exp() * (log_q - log_q_i)).sum(-1).mean(0)


def answers(rows: pd.DataFrame, lam: float) -> pd.DataFrame:
    """Return recorded rows of one lambda as what can be served: "one head", "all heads",
    and beside them "one net" and "label smoothing"; "accuracy" is that of the answer.

    A lambda that was not recorded has no heads.
    """
    usual = at(rows, rate=RATE)
    heads = usual[usual["arm"] == name(lam)]
    controls = usual[usual["arm"].isin(CONTROLS)]
    one = heads.assign(arm="one head", accuracy=heads["branch 0"])
    joint = heads.assign(arm="all heads", accuracy=heads["together"])
    return pd.concat([controls, one, joint], ignore_index=True)


def sizes(seed: int = 0) -> pd.DataFrame:
    """Count weights, and multiply-adds of an answer, of one net, of three heads like it
    on its trunk, of thin heads, and of one thin net.
    """
    heads = thin(seed)
    counted = {
        "one net": small(seed),
        "three heads": Mixed(parted(seed), None),
        "three thin heads": Mixed(heads, None),
        "one thin net": heads[0],
    }
    lines = {
        arm: {"weights": nets.parameters(net), "multiply-adds": serving_cost(net)}
        for arm, net in counted.items()
    }
    return pd.DataFrame(lines).T

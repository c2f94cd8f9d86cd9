"""What notebook 15 draws of its rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey.data import Data
from kdsurvey.lessons import rows as kept
from kdsurvey.lessons.calls import titles
from kdsurvey.lessons.many_machines.experiments import EVERY, NEVER, exchanging
from kdsurvey.lessons.mutual_learning.pictures import grey
from kdsurvey.stage import Teacher


def disputed(
    pair: Sequence[nn.Module], data: Data, n: int
) -> tuple[np.ndarray, list[str]]:
    """Return the first n test images on which two nets disagree, in [0, 1], and for each
    the label and what either net says: "7: 1, 7".
    """
    x, y = data.test
    one, other = (Teacher(net).logits(x).argmax(-1) for net in pair)
    apart = (one != other).nonzero()[:n, 0]
    calls = one[apart], other[apart]
    return grey(x[apart, 0].numpy()), titles(data.classes, y[apart], calls)


def staleness(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the points that an exchange is worth over none, (seeds, exchanges) by how
    seldom it comes, for both lengths and both kinds of labels.
    """
    gained = {}
    for (noise, choice), part in rows.groupby(["noise", "choice"], sort=False):
        arms = set(part["arm"])
        seldom = [exchanging(n) for n in EVERY if exchanging(n) in arms]
        redrawn = f"{100 * noise:.0f} % of the labels redrawn"
        labels = redrawn if noise else "labels right"
        gain = kept.by_seed(part, seldom) - kept.by_seed(part, [NEVER])
        gained[f"{labels}, {choice}"] = 100 * gain
    return gained

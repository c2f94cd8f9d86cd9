"""What notebook 04 draws."""

import numpy as np
import pandas as pd

from kdsurvey import papers
from kdsurvey.lessons.fitnets.claims import deepest
from kdsurvey.lessons.rows import at

PAPER = {"labels": "plain", "KD": "kd", "hints, then KD": "hints"}  # arm -> its figure


def by_depth(rows: pd.DataFrame, arm: str) -> np.ndarray:
    """Return (depths,): the median over seeds of an arm's accuracy in per cent.

    Some seeds may not train: a mean would hide which.
    """
    return 100 * at(rows, arm=arm).groupby("depth")["accuracy"].median().to_numpy()


def beside_the_paper(best: pd.DataFrame) -> pd.DataFrame:
    """Return the paper's errors on MNIST and its deepest nets, an arm a line, beside our
    deepest, the median over seeds.

    best: rows of each arm at its best setting.
    """
    return pd.DataFrame(
        {
            arm: {
                "paper: % error on MNIST": _reported(key),
                "paper: deepest net": _reported(f"depth {key}"),
                "here: deepest net, median": float(deepest(best, arm).median()),
            }
            for arm, key in PAPER.items()
        }
    ).T


def _reported(key: str) -> float | tuple[float, ...]:
    return papers.reported("fitnets", key).value

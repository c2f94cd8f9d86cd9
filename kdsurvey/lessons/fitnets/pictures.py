"""What notebook 04 draws."""

import numpy as np
import pandas as pd

from kdsurvey.lessons.rows import at


def by_depth(rows: pd.DataFrame, arm: str) -> np.ndarray:
    """Return (depths,): the median over seeds of an arm's accuracy in per cent.

    Some seeds may not train: a mean would hide which.
    """
    return 100 * at(rows, arm=arm).groupby("depth")["accuracy"].median().to_numpy()

"""What notebook 03 draws."""

import numpy as np
import pandas as pd

from kdsurvey.lessons.missing_three.experiments import NO_THREES, TEMPERATURES, arm_of
from kdsurvey.lessons.rows import by_seed


def by_temperature(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column (seeds, temperatures) of the arms without 3s."""
    digits = [str(k) for k in range(10)]
    arms = [arm_of(NO_THREES, T, digits) for T in TEMPERATURES]
    return by_seed(rows, arms, column)

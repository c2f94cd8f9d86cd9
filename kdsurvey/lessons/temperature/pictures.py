"""What notebook 01 draws."""

import numpy as np
import pandas as pd

from kdsurvey.lessons.rows import by_seed
from kdsurvey.lessons.temperature.experiments import (
    ALPHAS,
    TEMPERATURES,
    at_alpha,
    at_temperature,
)


def by_temperature(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column (seeds, temperatures) of the rows of `softened`."""
    return by_seed(rows, [at_temperature(T) for T in TEMPERATURES], column)


def with_labels(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Return the column (seeds, temperatures) of hard targets: alike at every T."""
    return by_seed(rows, ["hard"] * len(TEMPERATURES), column)


def by_weight(rows: pd.DataFrame) -> np.ndarray:
    """Return the accuracy (seeds, weights) in per cent of arms of `weights_compared`."""
    return 100 * by_seed(rows, [at_alpha(alpha) for alpha in ALPHAS])

"""What notebook 02 draws."""

import numpy as np
import pandas as pd

from kdsurvey.lessons.distilling_mnist.experiments import TEMPERATURES, at_temperature
from kdsurvey.lessons.rows import at, by_seed


def by_temperature(rows: pd.DataFrame, width: int) -> np.ndarray:
    """Return the errors (seeds, temperatures) of students of a width, from the rows of
    `widths`.
    """
    arms = [at_temperature(T) for T in TEMPERATURES]
    return by_seed(at(rows, width=width), arms, "errors")

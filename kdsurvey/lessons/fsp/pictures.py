"""What notebook 05 draws."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey.data import Data
from kdsurvey.lessons.fsp.experiments import EVERY, calibrated, matrices
from kdsurvey.lessons.rows import at


def gallery(
    teacher: nn.Sequential,
    before: nn.Sequential,
    after: nn.Sequential,
    data: Data,
    which: Sequence[int],
) -> dict:
    """Return what `plots.matrices` draws: test images, and for each the last section's
    FSP matrix of three nets, on one scale.
    """
    x = data.test[0][list(which)]
    flows = [
        matrices(net, x)[-1].numpy()
        for net in (teacher, calibrated(before, data.train[0]), after)
    ]
    grid = [[image, *row] for image, *row in zip(x[:, 0].numpy(), *flows)]
    names = ["image", "teacher", "student before stage 1", "student after stage 1"]
    return {
        "grid": grid,
        "columns": names,
        "limits": [1.0] + [float(np.quantile(flows[0], 0.99))] * 3,
    }


def curves(
    rows: pd.DataFrame, starts: Sequence[str], steps: int = 110
) -> dict[str, np.ndarray]:
    """Return {start: (seeds, looks)}: validation accuracy in per cent over the first
    `steps` of the last stage.
    """
    looks = steps // EVERY + 1

    def shares(start: str) -> np.ndarray:
        recorded = at(rows, start=start)["accuracies"]
        return np.stack(recorded.map(lambda accuracies: accuracies[:looks]))

    return {start: 100 * shares(start) for start in starts}

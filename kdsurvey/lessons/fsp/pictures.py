"""What notebook 05 draws."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey import papers, records
from kdsurvey.data import Data
from kdsurvey.lessons.fsp.claims import best_rate
from kdsurvey.lessons.fsp.experiments import EVERY, matrices
from kdsurvey.lessons.rows import at
from kdsurvey.suggest import refuse_unknown

# what is compared -> experiment, column, and arm -> the paper's figure
PAPER = {
    "three nets together": (
        "fsp_ensembles",
        "ensemble",
        {
            "plain": "third ensemble",
            "FSP": "fsp ensemble",
            "FSP, shuffled": "shuffled ensemble",
            "teacher's weights copied": "copied ensemble",
        },
    ),
    "a smaller student": (
        "fsp_small",
        "accuracy",
        {
            "plain": "small alone",
            "FitNets (layer, then output)": "small fitnet",
            "FSP (flow)": "small fsp",
        },
    ),
    "another task": (
        "fsp_transfer",
        "accuracy",
        {
            "plain": "transfer alone",
            "FitNets": "transfer fitnet",
            "FSP": "transfer fsp",
        },
    ),
}


def gallery(
    nets: Mapping[str, nn.Sequential], data: Data, which: Sequence[int]
) -> dict:
    """Return what `plots.matrices` draws: test images, and for each the last section's
    FSP matrix of every net, on the scale of the first net's.

    nets: what the column is called -> a net, its batch norm calibrated.
    """
    x = data.test[0][list(which)]
    flows = [matrices(net, x)[-1].numpy() for net in nets.values()]
    grid = [[image, *row] for image, *row in zip(x[:, 0].numpy(), *flows)]
    scale = float(np.quantile(flows[0], 0.99))
    return {
        "grid": grid,
        "columns": ["image", *nets],
        "limits": [1.0] + [scale] * len(flows),
    }


def beside_the_paper(what: str) -> pd.DataFrame:
    """Return accuracies in per cent of a comparison of PAPER: the paper's, and the means
    over our seeds, an arm a line. Raises ValueError for another comparison.
    """
    refuse_unknown("beside_the_paper", "comparison", what, PAPER)
    experiment, column, arms = PAPER[what]
    rows = records.recorded(experiment)
    rows = best_rate(rows) if "rate" in rows else rows.assign(start=rows["arm"])
    means = 100 * rows.groupby("start")[column].mean()
    reported = [papers.reported("fsp", key).value for key in arms.values()]
    ours = means[list(arms)].round(1).to_list()
    table = pd.DataFrame({"paper, %": reported, "here, %": ours}, index=list(arms))
    return table.rename_axis(what)


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

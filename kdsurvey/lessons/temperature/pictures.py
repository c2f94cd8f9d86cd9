"""What notebook 01 draws."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import Tensor

from kdsurvey.lessons.rows import by_seed
from kdsurvey.lessons.temperature.experiments import (
    ALPHAS,
    TEMPERATURES,
    at_alpha,
    at_temperature,
)
from kdsurvey.losses import soften
from kdsurvey.pictures import Axis, Bars, Chart, Image, Picture, Table, image_chart

WRITTEN = 0.01  # probabilities below this have no number over their bar


def by_temperature(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column (seeds, temperatures) of the rows of `softened`."""
    return by_seed(rows, [at_temperature(T) for T in TEMPERATURES], column)


def with_labels(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Return the column (seeds, temperatures) of hard targets: alike at every T."""
    return by_seed(rows, ["hard"] * len(TEMPERATURES), column)


def by_weight(rows: pd.DataFrame) -> np.ndarray:
    """Return the accuracy (seeds, weights) in per cent of arms of `weights_compared`."""
    return 100 * by_seed(rows, [at_alpha(alpha) for alpha in ALPHAS])


def softer(x: Tensor, v: Tensor, label: str, temperatures: Sequence[float]) -> Picture:
    """Draw one image, and what a teacher says of it at each temperature.

    x: (1, h, w) in [0, 1]; v: (c,) the teacher's logits for it.
    """
    answers = {at_temperature(T): soften(v, T).numpy() for T in temperatures}
    charts = {"image": image_chart([Image(x[0].numpy())], caption=f"label {label}")}
    charts |= {
        name: _answer(name, p, first=k == 0)
        for k, (name, p) in enumerate(answers.items())
    }
    rows = [[str(k), *(f"{p[k]:.4f}" for p in answers.values())] for k in range(len(v))]
    return Picture(
        charts,
        mosaic=[list(charts)],
        widths=[2] + [5] * len(answers),
        width=900,
        height=250,
        title="One image, one teacher: what it says as the temperature rises",
        about=f"A digit, and the teacher's answer to it at {', '.join(answers)}: ten bars "
        "each. Nearly all is on one class at first; the higher T, the flatter the bars.",
        tables=[Table("The teacher's probabilities", ["class", *answers], rows)],
    )


def _answer(title: str, p: np.ndarray, *, first: bool) -> Chart:
    """Draw the probabilities of ten classes, each number over its bar."""
    numbers = [f"{share:.2f}".lstrip("0") if share >= WRITTEN else "" for share in p]
    return Chart(
        [Bars(range(len(p)), p, hatch="", words=numbers)],
        Axis("class", (-0.6, len(p) - 0.4), ticks=range(len(p))),
        Axis("probability" if first else "", (0, 1.15), ticks=(0, 0.5, 1)),
        title=title,
    )

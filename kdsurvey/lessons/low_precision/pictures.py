"""What notebook 09 draws and lists: curves, tables of arms and of bits, weights, sizes."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey.lessons import rows as kept
from kdsurvey.lessons.low_precision.experiments import ARMS, BITS
from kdsurvey.page import means
from kdsurvey.pictures import Axis, Chart, Picture, Points
from kdsurvey.surgery import used, weighted


def curves(rows: pd.DataFrame, arms: list[str]) -> Mapping[str, np.ndarray]:
    """Return validation accuracies in per cent at the default settings: arm -> (seeds,
    epochs).
    """
    usual = kept.at(rows, choice=0)
    return {
        arm: 100 * np.array(kept.at(usual, arm=arm)["curve"].tolist()) for arm in arms
    }


def beside(rows: pd.DataFrame, arms: Collection[str]) -> pd.DataFrame:
    """Return the recorded rows of arms at the rate of the first training, those of a
    second training at all of it.
    """
    full = rows["arm"].map(lambda arm: arm in ARMS and ARMS[arm].second)
    share = full.map({True: rows["choice"].max(), False: 0})
    return rows[rows["arm"].isin(arms) & (rows["choice"] == share)]


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one line per arm: accuracy (%) at its default setting and at the best of
    three, what that is, and the epochs behind it.
    """
    best = kept.tuned(rows)
    parts = {"default (%)": kept.at(rows, choice=0), "best of three (%)": best}
    columns = {
        name: means(kept.percent(part, "accuracy"), ["accuracy"])["accuracy"]
        for name, part in parts.items()
    }
    arms = best.groupby("arm", sort=False)
    return pd.DataFrame(
        {
            **columns,
            "setting": arms["knob"].first(),
            "epochs of the student": arms["epochs"].first(),
        }
    )


def by_bits(rows: pd.DataFrame) -> Mapping[str, np.ndarray]:
    """Return accuracies in per cent without a teacher: bits of the activations ->
    (seeds, bits of the weights).
    """
    alone = (
        rows[rows["arm"] == "no teacher"]
        .groupby(["activations", "seed", "weights"], sort=False)["accuracy"]
        .first()
    )
    cells = 100 * alone.unstack("weights")
    return {
        f"{bits}-bit activations": cells.loc[bits].to_numpy()
        for bits in BITS["activations"]
    }


def grid(rows: pd.DataFrame, arm: str = "no teacher") -> pd.DataFrame:
    """Return the accuracy in per cent, mean ± s.d. over seeds: bits of the weights down, of the
    activations across.
    """
    runs = kept.at(rows, arm=arm)
    cells = runs.groupby(["weights", "activations"], sort=False)["accuracy"]
    return cells.apply(kept.spread).unstack("activations")


def histogram(
    net: nn.Module, low: nn.Module, layer: int = 2
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Count the weights of a hidden layer in bins of 0.25, before rounding and after, in
    per cent, and return the middles of the bins too.
    """
    w, q = (used(weighted(part)[layer - 1]).flatten().numpy() for part in (net, low))
    reach = np.ceil(4 * np.abs(np.r_[w, q]).max()) / 4
    edges = np.arange(-reach - 0.125, reach + 0.25, 0.25)
    shares = {
        name: 100 * np.histogram(part, edges)[0] / len(w)
        for name, part in (("before", w), ("after", q))
    }
    return shares, [f"{middle:g}" for middle in edges[:-1] + 0.125]


def by_size(rows: pd.DataFrame) -> Picture:
    """Draw the mean accuracy of every order against the bytes of its file, with the s.d.
    over seeds; those with the teacher's step apart from those with labels in its place.
    """
    groups = rows.groupby("arm", sort=False)
    sizes = groups["bytes"].mean().round()
    means = 100 * groups["accuracy"].mean()
    spread = 100 * groups["accuracy"].std()
    marks, words = [], []
    for role, name in enumerate(("with a teacher's step", "labels alone")):
        arms = [arm for arm in means.index if ("D" in arm) == (role == 0)]
        aside = 1.03 - 0.06 * role  # the two kinds of one size stand side by side
        marks.append(
            Points(
                aside * sizes[arms],
                means[arms],
                role=role,
                spread=spread[arms],
                hollow=role == 1,
                legend=name,
                size=7,
            )
        )
        words += [f"{a}: {sizes[a]:g} bytes, {means[a]:.1f} %" for a in arms]
    title = "Accuracy against the bytes of a file, every order"
    chart = Chart(
        marks,
        Axis("bytes of the file", (1_500, 30_000), log=True),
        Axis("test accuracy (%)"),
        title=title,
        legend="right",
    )
    about = f"{title}: {'; '.join(words)}."
    return Picture({"sizes": chart}, width=710, height=340, about=about)

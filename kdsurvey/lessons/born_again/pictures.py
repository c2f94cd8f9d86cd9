"""What notebook 08 draws and lists: of its rows, of gradients, of the paper's tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import Tensor

from kdsurvey import papers, plots
from kdsurvey.data import Data
from kdsurvey.lessons.born_again.claims import NOISY
from kdsurvey.lessons.born_again.experiments import (
    GENERATIONS,
    TAUGHT,
    TEACHERS,
    split,
)
from kdsurvey.lessons.rows import at, by_seed, spread
from kdsurvey.pictures import Axis, Bars, Chart, Image, Rule, image_chart

HALVES = "The gradient of H(p, q) by the logits, in two parts"
TOGETHER = {  # name in a picture -> names of the arms, by the number of members
    "born again": "generations 1-{}",
    "alone": "{} nets alone",
    "alone, 10 epochs": "{} nets, 10 epochs",
}
SINGLE = {  # likewise, by the generation
    "born again": "generation {}",
    "alone": "alone {}",
    "alone, 10 epochs": "10 epochs {}",
}


def seed_noise(rows: pd.DataFrame) -> pd.DataFrame:
    """Measure how far two nets alone that differ by their seed lie apart, in points, over
    the pairs: mean and largest.
    """
    table = rows[rows["arm"].isin(("teacher", "alone"))].pivot(
        index=["labels", "setting", "seed"], columns="arm", values="accuracy"
    )
    apart = 100 * (table["teacher"] - table["alone"]).abs()
    return apart.groupby(["labels", "setting"], sort=False).agg(
        mean="mean", largest="max", n="count"
    )


def by_teacher(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean ± s.d. of the test accuracies in %, a line per teacher: of itself, and
    of what it taught. rows: of ban_teachers, with one kind of labels.
    """
    return pd.DataFrame(
        {
            arm: {
                name: spread(at(rows, arm=f"{arm}, {name}")["accuracy"])
                for name in TEACHERS
            }
            for arm in ("teacher", *TAUGHT)
        }
    ).rename_axis("teacher of")


def of_the_paper() -> pd.DataFrame:
    """Return the paper's table 2 on CIFAR-100, errors in %, one line per net; at the end
    the gain of BAN, and how far it is from BAN-1.

    Those two columns are one setting with two seeds: what lies between them is noise.
    """
    keys = {
        "teacher": "teacher",
        "BAN": "ban",
        "BAN-1": "ban-1",
        "BAN+L": "ban+l",
        "CWTM": "cwtm",
        "DKPP": "dkpp",
    }
    table = pd.DataFrame(
        {name: papers.reported("ban", key).value for name, key in keys.items()}
    )
    table.index = pd.Index(["112-33", "90-60", "80-80", "80-120"], name="DenseNet")
    return table.assign(
        gain=table["teacher"] - table["BAN"],
        **{"BAN and BAN-1": (table["BAN"] - table["BAN-1"]).abs()},
    ).round(2)


def text_and_tables() -> list[str]:
    """Set what the paper's sentences say of its results beside what its tables count."""
    before, after = (
        np.atleast_1d(papers.reported("ban", f"cifar10 {key}").value)
        for key in ("teacher", "ban")
    )
    table = of_the_paper()
    worse = int((after > before).sum())
    better = table.index[table["CWTM"] < table["teacher"]]
    equal = table.index[table["CWTM"] == table["teacher"]]
    return [
        "CIFAR-10, students 'systematically lower or equal' in error: "
        f"{worse} of {len(before)} in table 1 are higher",
        "CIFAR-100, CWTM improves 'all but the largest': in table 2 it improves "
        f"{' and '.join(better)}, and ties at {equal[0]}",
    ]


def by_generation(
    rows: pd.DataFrame, labels: str, *, ensembles: bool = False
) -> dict[str, np.ndarray]:
    """Return test accuracies in %, each (seeds, 4); of ensembles (seeds, 3), of 2 to 4
    members.
    """
    names = TOGETHER if ensembles else SINGLE
    numbers = range(2 if ensembles else 1, GENERATIONS + 1)
    runs = at(rows, labels=labels)
    return {
        name: 100 * by_seed(runs, [arm.format(k) for k in numbers])
        for name, arm in names.items()
    }


def lineages(rows: pd.DataFrame, *, ensembles: bool = False) -> plots.Picture:
    """Draw generations, or ensembles of them, beside nets alone.

    `by_generation` for both kinds of labels, side by side.
    """
    what = "Together" if ensembles else "One net"
    xlabel = "nets together" if ensembles else "generation"
    x = range(2 if ensembles else 1, GENERATIONS + 1)
    pictures = []
    for labels in (NOISY, "clean"):
        series = by_generation(rows, labels, ensembles=ensembles)
        words = f"{what}, labels {labels}", xlabel, "test accuracy (%)"
        pictures.append(plots.lines(x, series, *words, numbers=True))
    about = "\n".join(picture.about for picture in pictures)
    return plots.beside(pictures, about, width=11.5, height=3.6)


def halves(
    z: Tensor,
    v: Tensor,
    data: Data,
    which: Sequence[int],
    right: Tensor | None = None,
    title: str = HALVES,
) -> plots.Picture:
    """Draw the gradient by the logits of some training images, in the parts of `split`.

    Each image stands beside its bars. z, v: (N, c) logits of student and teacher for all
    training images; which: of them are shown; right: (N,) their right labels, where those
    that were given may be wrong.
    """
    (x, y), classes = data.train, data.classes
    truth, dark = split(z, v, y)
    names = [
        f"label {classes[y[k]]}{_corrected(y[k], right, k, classes)}" for k in which
    ]
    limit = 1.15 * (truth + dark)[list(which)].abs().max().item()
    charts, rows = {}, []
    for place, (k, name) in enumerate(zip(which, names)):
        last = place == len(which) - 1
        charts[f"image {place}"] = image_chart([Image(x[k, 0].numpy())], name)
        bars = _parts(truth[k], dark[k], legend=not place)
        charts[f"bars {place}"] = _of_classes(bars, limit, classes, last)
        rows.append([f"image {place}", f"bars {place}"])
    shown = ", ".join(name.removeprefix("label ") for name in names)
    parts = "ground truth at the label, dark knowledge elsewhere"
    return plots.Picture(
        charts,
        mosaic=rows,
        widths=(1, 4),
        width=691,
        height=144 * len(which) + 58,
        title=title,
        about=f"{title}: q - p against class, {parts}; labels {shown}.",
    )


def _parts(truth: Tensor, dark: Tensor, legend: bool) -> list[Bars]:
    """Return the bars of both parts of one gradient."""
    parts = {"ground truth": truth, "dark knowledge": dark}
    return [
        Bars(range(len(part)), part.numpy(), role=k, legend=name if legend else "")
        for k, (name, part) in enumerate(parts.items())
    ]


def _of_classes(
    bars: Sequence[Bars], limit: float, classes: Sequence[str], last: bool
) -> Chart:
    """Return a chart of bars, one per class; only the last chart names the classes."""
    zero = Rule([0], horizontal=True, style="-", colour="#000000", width=0.8)
    names = classes if last else [""] * len(classes)
    return Chart(
        [*bars, zero],
        Axis("class" if last else "", ticks=range(len(classes)), names=names),
        Axis("q - p", (-limit, limit), most=4),
        legend="above",
        columns=2,
    )


def _corrected(
    given: Tensor, right: Tensor | None, k: int, classes: Sequence[str]
) -> str:
    if right is None or right[k] == given:
        return ""
    return f" (a {classes[int(right[k])]})"

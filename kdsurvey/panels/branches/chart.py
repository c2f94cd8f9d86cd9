"""The picture of the branches panel: accuracies, diversity, and the gate's weights."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.race.arm import Arms
from kdsurvey.pictures import (
    Axis,
    Bars,
    Chart,
    Image,
    Line,
    Picture,
    Table,
    epoch_axis,
    limits,
)

ALONE, BRANCH, MEAN, GATED, FUSED = LINES = (
    "alone",
    "branch 0",
    "mean of logits",
    "gated",
    "fused",
)
IMAGES = 12  # validation images whose gates are shown
MOST = 5  # branches
LEAST = 5e-4  # nats that the axis of the diversity reaches at least


class Measured(NamedTuple):
    """What is measured of branches after each epoch."""

    # mean KL(mean || branch) in nats, before the run and after each epoch; nan where it
    # was not measured
    diversity: list[float]
    weights: Tensor  # (images, m), rows that sum to 1


def picture(
    accuracies: Chart, arms: Arms, x: Tensor, labels: Sequence[str], epochs: int
) -> Picture:
    """Return the accuracies, and beside them how far the branches are from their mean, and
    the weight of each for a row of images.

    x: the images, (n, c, h, w); labels: theirs; epochs: of a run.
    """
    measured = arms[1].measured if arms else None
    charts = {
        "accuracy": accuracies,
        "diversity": diversity_chart(measured, epochs),
        "gate": gate_chart(measured, x),
    }
    tables = []
    if measured:
        tables = [
            diversity_table(measured, arms[1].name),
            weight_table(measured, labels),
        ]
    return Picture(
        charts,
        height=360,
        mosaic=[["accuracy", "diversity"], ["accuracy", "gate"]],
        widths=(1.3, 1),
        tables=tables,
    )


def diversity_chart(measured: Measured | None, epochs: int) -> Chart:
    """Return how far the branches are from their mean, epoch by epoch."""
    diversity = dict(enumerate(measured.diversity)) if measured else {}
    known = {epoch: value for epoch, value in diversity.items() if value == value}
    x, y = list(known), list(known.values())
    top = limits.nice_ceiling(max(LEAST, max(y, default=0.01)))
    end = f"{y[-1]:.3f}" if y else ""
    gaps = len(known) < len(diversity)
    line = Line(x, y, role=1, style=":" if gaps else "-", end=end, size=4)
    return Chart(
        [line],
        epoch_axis(max(len(diversity) - 1, epochs)),
        Axis("mean KL (nats)", (0, top), most=4),
        title="How far branches are from their mean",
    )


def gate_chart(measured: Measured | None, x: Tensor) -> Chart:
    """Return the weight of every branch for each image, one on the other, and the images
    below.
    """
    faces = pictures(x)
    low, high = float(faces.min()), float(faces.max())
    places = range(len(faces))
    marks: list[Bars | Image] = [
        Image(face, low=low, high=high, extent=(k - 0.43, k + 0.43, -0.3, -0.02))
        for k, face in enumerate(faces)
    ]
    weights = measured.weights.T.tolist() if measured else []
    below = [0.0] * len(faces)
    for role, heights in enumerate(weights):
        bars = Bars(places, heights, base=below, role=role, width=0.86, alpha=0.75)
        marks.append(bars)
        below = [b + height for b, height in zip(below, heights)]
    return Chart(
        marks,
        Axis("", (-0.6, len(faces) - 0.4), ticks=(), shown=False),
        Axis("weight", (-0.3, 1), ticks=(0, 0.5, 1), bounds=(0, 1)),
        title="Weights by image, branch 0 at the bottom",
    )


def diversity_table(measured: Measured, name: str) -> Table:
    """Return the diversity, a row per epoch. name: of the method."""
    rows = [
        [f"epoch {k}" if k else "before training", f"{value:.4f}"]
        for k, value in enumerate(measured.diversity)
        if value == value
    ]
    caption = "KL(mean ‖ branch) on validation images, nats"
    return Table(caption, ["", name], rows)


def weight_table(measured: Measured, labels: Sequence[str]) -> Table:
    """Return the weights, a row per image, a column per branch."""
    rows = [
        [f"image {i}, label {label}", *(f"{g:.2f}" for g in measured.weights[i])]
        for i, label in enumerate(labels)
    ]
    head = [f"branch {k}" for k in range(measured.weights.shape[1])]
    return Table("Weight of each branch", ["", *head], rows)

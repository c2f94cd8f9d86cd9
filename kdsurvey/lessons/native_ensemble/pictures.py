"""What notebook 10 draws and lists: arms, what they cost, and the gate image by image."""

from collections.abc import Sequence

import pandas as pd
from torch import Tensor

from kdsurvey import plots
from kdsurvey.lessons.branched_nets import serving_cost
from kdsurvey.lessons.native_ensemble.claims import NAMED, ONE, TOGETHER
from kdsurvey.lessons.native_ensemble.experiments import ARMS
from kdsurvey.lessons.rows import at, table
from kdsurvey.pictures import Axis, Bars, Chart, Image, Points, Rule, image_chart
from kdsurvey.pictures.palette import roles

# of these one net stands beside the reader's
SERVED = ("alone", "label smoothing", "no distillation", "no gate", "ONE")
PARTS_OF_GATES = ("image", "before", "after")  # rows of the picture, from the top


def beside(rows: pd.DataFrame) -> pd.DataFrame:
    """Return recorded rows as what can be served: one net of an arm, and all branches of
    ONE as "ONE-E"; "accuracy" is that of the answer.
    """
    one = rows[rows["arm"].isin(SERVED)]
    one = one.assign(accuracy=one["branch 0"])
    joint = at(rows, arm="ONE")
    joint = joint.assign(arm="ONE-E", accuracy=joint[TOGETHER])
    return pd.concat([one, joint], ignore_index=True)


def tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return accuracies in per cent, mean ± s.d. over seeds, an arm a line and a choice
    a column: of one net, and of all three together.
    """
    return {name: table(rows, column=column) for column, name in NAMED.items()}


def costs() -> pd.DataFrame:
    """Count thousands of multiply-adds for each image: of a training step, of one net's
    answer, of all three together; and as shares.

    The shares are those of three separate nets. "alone" is three of them, as everywhere.
    """
    lines = {}
    for name, arm in ARMS.items():
        branches, together = arm.untrained(0)
        lines[name] = {
            "training": arm.step_cost(),
            "one net": serving_cost(branches[0]),
            "all three": serving_cost(together),
        }
    exact = pd.DataFrame(lines).T
    several = exact[["training", "all three"]]
    shares = (several / exact.loc["alone"])[several.columns].round(2)
    return (exact / 1000).round(1).join(shares.add_suffix(", of three nets"))


def trade(
    rows: pd.DataFrame, prices: pd.DataFrame, arms: Sequence[str], title: str
) -> plots.Picture:
    """Draw accuracy of one net and of all three against the multiply-adds of an answer.

    One marker per arm; the words have the numbers.
    """
    marks, words = [], []
    for k, (arm, role) in enumerate(zip(arms, roles(arms))):
        for column in (ONE, TOGETHER):
            values = 100 * at(rows, arm=arm)[column]
            price = prices.loc[arm, NAMED[column]]
            aside = price + 4 * (k - len(arms) // 2)  # equal prices stand side by side
            hollow = column == ONE
            spread = [values.std()]
            points = Points(
                [aside],
                [values.mean()],
                role=role,
                spread=spread,
                hollow=hollow,
                legend="" if hollow else arm,
                size=8,
            )
            marks.append(points)
            words.append(f"{arm}, {NAMED[column]}: {price:g}, {values.mean():.1f} %")
    chart = Chart(
        marks,
        Axis("thousands of multiply-adds for an answer"),
        Axis("test accuracy (%)"),
        title=title,
        legend="right",
        heading="hollow: one net\nfilled: all three",
    )
    key = "hollow one net, filled all three, mean and s.d."
    about = f"{title}; {key}: {'; '.join(words)}."
    return plots.Picture({"trade": chart}, width=710, height=365, about=about)


def weights(labels: Tensor, before: Tensor, after: Tensor) -> pd.DataFrame:
    """The numbers of `gates`: an image a line."""
    columns = [
        f"{when}, branch {k}"
        for when in ("before", "after")
        for k in range(before.shape[1])
    ]
    lines = [f"a {label}" for label in labels.tolist()]
    return pd.DataFrame(
        [[*a, *b] for a, b in zip(before.tolist(), after.tolist())], lines, columns
    ).round(2)


def gates(
    images: Tensor, labels: Tensor, before: Tensor, after: Tensor
) -> plots.Picture:
    """Draw digits (n, 1, h, w), and below each the gate's weights (n, m) of its branches.

    The upper bars are the weights before training, the lower ones those after it.
    """
    charts = {}
    for k, (image, label) in enumerate(zip(images, labels)):
        face = Image(image[0].numpy())
        charts[f"image {k}"] = image_chart([face], f"a {int(label)}")
    for when, weights in (("before", before), ("after", after)):
        for k, row in enumerate(weights.tolist()):
            charts[f"{when} {k}"] = _gate(row, when, first=k == 0)
    rows = [[f"{part} {k}" for k in range(len(images))] for part in PARTS_OF_GATES]
    digits = ", ".join(str(int(label)) for label in labels)
    m = before.shape[1]
    return plots.Picture(
        charts,
        mosaic=rows,
        heights=(1.1, 1, 1),
        width=92 * len(images) + 77,
        height=375,
        title="What the gate gives each branch, image by image; dotted: all alike",
        about=f"Validation digits {digits}, each with the gate's weights of {m} branches "
        "before and after training.",
    )


def _gate(weights: Sequence[float], when: str, first: bool) -> Chart:
    """Return a bar per branch; only the first chart of a row names its y-axis."""
    bars = [Bars([k], [weight], role=k) for k, weight in enumerate(weights)]
    ticks = (0, 0.5, 1)
    names = None if first else [""] * len(ticks)
    label = f"weight, {when}" if first else ""
    return Chart(
        [*bars, Rule([1 / len(weights)], horizontal=True, colour="#000000")],
        Axis("branch" if when == "after" else "", ticks=range(len(weights))),
        Axis(label, (0, 1), ticks=ticks, names=names),
    )

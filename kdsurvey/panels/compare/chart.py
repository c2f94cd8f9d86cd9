"""The picture of two methods side by side: curves, reliability diagram, and the images
on which they differ.
"""

import math
from collections.abc import Sequence

import numpy as np

from kdsurvey.panels.compare.sides import SHOWN, SIDES, Side, Sides, differing, tables
from kdsurvey.panels.kit.snapshots import Subject
from kdsurvey.pictures import (
    Axis,
    Band,
    Chart,
    Image,
    Line,
    Mark,
    Picture,
    Points,
    Text,
    epoch_axis,
    limits,
)
from kdsurvey.pictures.palette import COLOURS, GREY, INK

TERMS = 4  # loss terms of a side that have a line
TILE = 98  # width of an image and its captions, about CSS pixels
FACE = 50  # width of the image
ROW = 106  # from one row of images to the next
TOP = 28  # above the first row
LETTERS = 12.5  # from one caption to the next
ENOUGH = 10  # answers in a bin; fewer say little
MOSAIC = (
    ("head", "head", "head"),
    ("loss", "accuracy", "agreement"),
    ("calibration", "differ", "differ"),
)


def picture(
    sides: Sides, subject: Subject, images: np.ndarray, epochs: int, settings: str
) -> Picture:
    """Draw both sides as they are now.

    images: those of the subject as `images.pictures` makes them. epochs: of the axes, more
    where a side has more. settings: of both runs, for the table.
    """
    reached = max(epochs, *(len(side.accuracy) for side in sides))
    accuracies = [side.accuracy for side in sides]
    agreements = [side.agreement for side in sides]
    charts = {
        "head": _head(sides),
        "loss": _losses(sides, reached),
        "accuracy": _share(accuracies, "Accuracy, mean ± s.d. over seeds", reached),
        "agreement": _share(agreements, "Same answer as the teacher", reached),
        "calibration": _calibration(sides, subject),
        "differ": _differing(sides, subject, images),
    }
    return Picture(
        charts,
        mosaic=MOSAIC,
        heights=(0.07, 1, 1.05),
        height=560,
        tables=tables(sides, subject, settings),
    )


def _head(sides: Sides) -> Chart:
    """Return the key to the whole picture: the mark, the line and the name of each side."""
    marks: list[Mark] = []
    for k, (x, where, side) in enumerate(zip((0.01, 0.51), SIDES, sides)):
        marks.append(Line([x, x + 0.035], [0.5, 0.5], role=k, size=6.5))
        text = Text(
            x + 0.045,
            0.5,
            f"{where}: {side.name}",
            colour=COLOURS[k],
            size=13.5,
            bold=True,
        )
        marks.append(text)
    axis = Axis("", (0, 1), ticks=())
    return Chart(marks, axis, axis, frame="none")


def _losses(sides: Sides, epochs: int) -> Chart:
    """Return the first TERMS loss terms of both sides that are not always 0."""
    marks, values = [], []
    for k, side in enumerate(sides):
        for name in _shown_terms(side)[:TERMS]:
            y = [value if value > 0 else math.nan for value in side.term(name)]
            end = name if math.isfinite(y[-1]) else ""
            marks.append(Line(range(1, len(y) + 1), y, role=k, size=4.2, end=end))
        values += [value for terms in side.terms for value in terms.values()]
    reach = limits.decades(values, lowest=-5, bottom=-2, top=1)
    y_axis = Axis("mean over the epoch (nats)", reach, log=True)
    return Chart(marks, epoch_axis(epochs), y_axis, title="Loss terms, as weighted")


def _shown_terms(side: Side) -> list[str]:
    """Return the names of the terms that a logarithmic axis can show."""
    names = dict.fromkeys(name for terms in side.terms for name in terms)
    return [name for name in names if any(y > 0 for y in side.term(name))]


def _share(pair: Sequence[list[np.ndarray]], title: str, epochs: int) -> Chart:
    """Return a share over the epochs: a line per side, its last value at its end.

    pair: for both sides, the shares of every seed at each epoch. A band of one s.d. stands
    around a line of several seeds. The limits are whole tens, from the later half of the
    epochs, so that their differences show.
    """
    marks = []
    late = [100 * seeds.min() for share in pair for seeds in share[len(share) // 2 :]]
    for k, share in enumerate(pair):
        if share:
            marks += _mean_and_spread(100 * np.array(share), k)
    y = Axis("% of validation images", limits.tens(late), whole=True)
    return Chart(marks, epoch_axis(epochs), y, title=title)


def _mean_and_spread(values: np.ndarray, k: int) -> list:
    """Return the line of a side, and its band; values: (epochs, seeds)."""
    x, mean = np.arange(1, len(values) + 1), values.mean(1)
    last = f"{mean[-1]:.1f}"
    if values.shape[1] == 1:
        return [Line(x, mean, role=k, size=4.2, end=last)]
    spread = values.std(1, ddof=1)
    end = f"{last} ± {spread[-1]:.1f}"
    band = Band(x, mean - spread, mean + spread, role=k)
    return [band, Line(x, mean, role=k, size=4.2, end=end)]


def _calibration(sides: Sides, subject: Subject) -> Chart:
    """Return the reliability diagram: a mark per bin with enough answers.

    The more answers of all seeds a bin has, the larger is its mark.
    """
    marks = [
        Line([0, 1], [0, 1], colour="#777777", style=":", marker="", width=1.2),
        Text(0.045, 0.085, "calibrated", colour=GREY, tilt=45, along=True),
    ]
    for k, side in enumerate(sides):
        if side.z is not None:
            marks += _reliability(side, subject, k)
    axis = Axis(f"confidence (bins of {ENOUGH} answers or more)", (0, 1.03))
    y = Axis("share that is correct", (0, 1.03))
    return Chart(marks, axis, y, title="Calibration at T = 1")


def _reliability(side: Side, subject: Subject, k: int) -> list:
    """Return the marks of one side, and its calibration error in words."""
    bins, error = side.calibration(subject.y)
    x, y, n = (part[bins.count >= ENOUGH].numpy() for part in bins)
    area = 18 + 195 * np.sqrt(n / bins.count.sum().item())
    words = f"{SIDES[k]}: calibration error {100 * error.mean():.1f} %"
    return [
        Line(x, y, role=k, marker="", width=1.5),
        Points(x, y, role=k, area=area, alpha=0.75),
        Text(0.99, 0.14 - 0.09 * k, words, ha="right", colour=COLOURS[k]),
    ]


def _differing(sides: Sides, subject: Subject, images: np.ndarray) -> Chart:
    """Return images that the first seeds of both sides answer differently.

    Below each stand its label and all answers, with a tick at those that are right.
    """
    places = differing(sides)
    marks: list[Mark] = [Text(0, 10, _count(sides, subject, places))]
    for k, i in enumerate(places[:SHOWN]):
        x = TILE * (k % (SHOWN // 2))
        y = TOP + ROW * (k // (SHOWN // 2))
        marks.append(Image(images[i], extent=(x, x + FACE, y + FACE, y)))
        for line, (words, colour) in enumerate(_answers(i, sides, subject)):
            place = y + FACE + 13 + LETTERS * line
            marks.append(Text(x, place, words, colour=colour, va="baseline"))
    x_axis = Axis("", (0, TILE * SHOWN // 2), ticks=())
    y_axis = Axis("", (TOP + 2 * ROW, 0), ticks=())
    return Chart(
        marks,
        x_axis,
        y_axis,
        title="Where they differ",
        frame="none",
        equal=True,
        anchor="NW",
    )


def _answers(i: int, sides: Sides, subject: Subject) -> list[tuple[str, str]]:
    """Return the captions of an image, and their colours."""
    label, names = int(subject.y[i]), subject.classes
    nets = {where: side.latest[0] for where, side in zip(SIDES, sides)}
    nets["teacher"] = subject.teacher
    captions = [(f"label {names[label]}", INK)]
    for (who, logits), colour in zip(nets.items(), (*COLOURS[:2], GREY)):
        answer = int(logits[i].argmax())
        right = " ✓" if answer == label else ""
        captions.append((f"{who} {names[answer]}{right}", colour))
    return captions


def _count(sides: Sides, subject: Subject, places: np.ndarray) -> str:
    """Say how many images get two answers, and how often each side is right on them."""
    if any(side.z is None for side in sides):
        return "Press Start: validation images that get two answers appear here."
    right = [
        int((side.latest[0, places].argmax(-1) == subject.y[places]).sum())
        for side in sides
    ]
    correct = ", ".join(f"{where} on {n}" for where, n in zip(SIDES, right))
    two = f"{len(places)} of {len(subject.y)} validation images get two answers"
    return f"First seed: {two}. Correct: {correct}."

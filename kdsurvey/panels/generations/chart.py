"""The picture of the generations panel: accuracies, accuracy by generation, and what one
training image teaches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from torch import Tensor

from kdsurvey.panels.kit.classes import shown
from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.race.arm import SCORE, Arm, Arms
from kdsurvey.pictures import (
    Axis,
    Bars,
    Chart,
    Image,
    Line,
    Picture,
    Rule,
    Table,
    Text,
    image_chart,
    limits,
)
from kdsurvey.pictures.palette import roles

IMAGES = 100  # training images that can be shown
MOST = 6  # generations
ROOM = 1.18  # of the width that the generations take; what is left holds the values
Ends = dict[str, dict[int, float]]  # line -> generation -> % of images right at its end


class Taught(NamedTuple):
    """What the first training images are to teach the latest net of an arm, and its
    answers. aim, q: (n, c).
    """

    generation: int
    aim: Tensor
    weight: Tensor  # (n,)
    q: Tensor
    y: Tensor  # (n,) the labels as they were given


class Looked(NamedTuple):
    """Which training image is shown."""

    place: int
    pixels: Tensor  # (c, h, w)
    right: int  # its class
    classes: Sequence[str]


def by_generation(arm: Arm, epochs: int) -> Ends:
    """Return line -> generation -> % of validation images right at its end, of the
    generations that are over. epochs: of a generation.
    """
    ends: Ends = {}
    for row in arm.rows:
        if row["epoch"] == epochs:
            generation = int(row["stage"].split()[-1])
            for name, share in row.items():
                if name.endswith(SCORE):
                    line = ends.setdefault(name.removesuffix(SCORE), {})
                    line[generation] = 100 * share
    return ends


def picture(
    accuracies: Chart,
    arms: Arms,
    names: Sequence[str],
    epochs: int,
    count: int,
    looked: Looked,
) -> Picture:
    """Return the accuracies with the beginnings of the generations, the accuracy at their
    ends, and what one image teaches.

    names: of the lines, in the order of their roles; epochs: of a generation; count: of
    generations after the first teacher.
    """
    ends: Ends = {}
    for arm in arms:
        ends |= by_generation(arm, epochs)
    born_again = (arm.measured for arm in arms if arm.name == names[0])
    taught = next(born_again, None)
    births = birth_marks(epochs, count)
    tables = [end_table(ends)]
    if taught:
        tables.append(answer_table(taught, looked))
    return Picture(
        {
            "accuracy": replace(accuracies, marks=[*births, *accuracies.marks]),
            "by generation": end_chart(ends, names, count),
            "image": taught_image(taught, looked),
            "answers": answer_chart(taught, looked),
        },
        height=420,
        mosaic=[
            ["accuracy", "by generation", "by generation"],
            ["accuracy", "image", "answers"],
        ],
        widths=(2.3, 0.7, 1.6),
        heights=(1.1, 1),
        tables=tables,
    )


def birth_marks(epochs: int, count: int) -> list[Rule | Text]:
    """Return a dotted line where each generation begins, and its name."""
    starts = [epochs * k for k in range(count + 1)]
    word = "generation" if count < 3 else "gen."
    words = [
        Text(x, 0.99, f" {word} {k}", place="x", va="top", colour="#555555")
        for k, x in enumerate(starts)
    ]
    return [Rule(starts[1:], colour="#777777", width=1.2, span=(0, 0.99)), *words]


def end_chart(ends: Ends, names: Sequence[str], count: int) -> Chart:
    """Return the accuracy at the end of each generation, the values at the ends of lines."""
    marks = []
    for role, name in zip(roles(names), names):
        if name in ends:
            shares = ends[name]
            last = f"{shares[max(shares)]:.1f}"
            marks.append(
                Line(list(shares), list(shares.values()), role=role, end=last, size=6)
            )
    values = [share for line in ends.values() for share in line.values()]
    x = Axis(
        "generation (0: the first teacher)",
        (-0.1, ROOM * count),
        ticks=range(count + 1),
        bounds=(-0.1, count),
    )
    y = Axis("% of validation images", limits.whole(values or [80, 100], 5), most=4)
    return Chart(marks, x, y, title="At the end of each generation")


def taught_image(taught: Taught | None, looked: Looked) -> Chart:
    """Return the image, its label and what it counts."""
    right = looked.classes[looked.right]
    caption = [f"a {right}", " ", " "]
    if taught:
        given = looked.classes[int(taught.y[looked.place])]
        wrong = f" (is a {right})" if given != right else ""
        weight = f"counts {taught.weight[looked.place]:.2f} times"
        weighted = bool((taught.weight != 1).any())
        caption = [
            f"generation {taught.generation}",
            f"label {given}{wrong}",
            weight if weighted else " ",
        ]
    pixels = pictures(looked.pixels[None])[0]
    return image_chart([Image(pixels)], caption="\n".join(caption))


def answer_chart(taught: Taught | None, looked: Looked) -> Chart:
    """Return the answer that is taught and the one that is given, a bar per class."""
    nothing = np.zeros(len(looked.classes))
    aim = taught.aim[looked.place].numpy() if taught else nothing
    q = taught.q[looked.place].numpy() if taught else nothing
    classes = shown(looked.classes, aim, q, label=looked.right)
    places = range(classes.bars)
    left = [place - 0.21 for place in places]
    right = [place + 0.21 for place in places]
    bars = partial(Bars, width=0.4, edge=False)
    marks = [
        bars(left, classes.of(aim), role=6, hatch="//", legend="taught (born again)"),
        bars(right, classes.of(q), role=0, hatch="", legend="given"),
    ]
    return Chart(
        marks,
        classes.axis(),
        Axis("probability", (0, 1.3), ticks=(0, 0.5, 1)),
        title="The answer to it: taught, and given",
        columns=2,
    )


def end_table(ends: Mapping[str, Mapping[int, float]]) -> Table:
    """Return the accuracies at the ends, a row per generation."""
    rows = []
    for k in sorted({k for line in ends.values() for k in line}):
        cells = [f"{line[k]:.1f}" if k in line else "–" for line in ends.values()]
        rows.append([f"generation {k}", *cells])
    caption = "% of validation images right at the end of each generation"
    return Table(caption, ["", *ends], rows)


def answer_table(taught: Taught, looked: Looked) -> Table:
    """Return what is taught and what is given, a row per class."""
    place, classes = looked.place, looked.classes
    answers = zip(classes, taught.aim[place], taught.q[place])
    rows = [[name, f"{aim:.3f}", f"{q:.3f}"] for name, aim, q in answers]
    given, right = classes[int(taught.y[place])], classes[looked.right]
    caption = (
        f"Training image {place}, label {given}, right class {right}, "
        f"weight {taught.weight[place]:.2f}, generation {taught.generation}"
    )
    return Table(caption, ["class", "taught", "given"], rows)

"""The picture of one image at one temperature: softened answers and the gradient."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kdsurvey.pictures import (
    Axis,
    Bars,
    Chart,
    Image,
    Picture,
    Rule,
    Table,
    Text,
    image_chart,
    limits,
)


class Softened(NamedTuple):
    """One image at one temperature; g is what reaches each of the student's logits."""

    p: np.ndarray  # (c,) teacher
    q: np.ndarray | None  # (c,) student
    g: np.ndarray | None  # (c,) (q - p) / T, or T (q - p)
    nats: float  # entropy of p
    share: float  # of log c


class Example(NamedTuple):
    """The image that is shown, where it stands, and the name of its label."""

    place: int
    pixels: np.ndarray  # (h, w) or (h, w, 3)
    label: str


def picture(
    now: Softened,
    example: Example,
    classes: Sequence[str],
    T: float,
    *,
    gradient: str = "",
    reach: float = 1.0,
) -> Picture:
    """Draw the image and its numbers on the left, one row of bars per quantity on the right.

    gradient: its name; reach: its largest size, for the axis. Both count where there is a
    student.
    """
    quantities = {"p": now.p} if now.q is None else {"p": now.p, "q": now.q, "g": now.g}
    titles = {
        "p": "Teacher: p = softmax(v / T)",
        "q": "Student: q = softmax(z / T)",
        "g": f"{gradient[:1].upper()}{gradient[1:]} at the student's logits z",
    }
    caption = f"image {example.place}, label {example.label}"
    charts = {
        "digit": image_chart([Image(example.pixels)], caption=caption),
        "numbers": _numbers(now, T),
    }
    last = [*quantities][-1]
    for role, (name, heights) in enumerate(quantities.items()):
        y_axis = Axis("probability", (0, 1.2), ticks=(0, 0.5, 1))
        if name == "g":
            y_axis = Axis("gradient", (-reach, reach), most=4)
        shown = classes if name == last else None
        charts[name] = _bars(heights, role, y_axis, shown, titles[name])
    alone = now.q is None
    rows = (
        [("digit", "p"), ("numbers", "p")]
        if alone
        else [("digit", "p"), ("digit", "q"), ("numbers", "g")]
    )
    return Picture(
        charts,
        mosaic=rows,
        widths=(1, 5),
        height=240 if alone else 400,
        tables=[_table(quantities, example, classes, T, gradient)],
    )


def _numbers(now: Softened, T: float) -> Chart:
    """Return the temperature and the entropy of the teacher in words."""
    entropy = f"{now.nats:.3f} nats\n{now.share:.0%} of log {len(now.p)}"
    words = f"T = {T:g}\nteacher's entropy\n{entropy}"
    text = Text(0.5, 0.5, words, ha="center", size=11.5, place="axes")
    return Chart([text], frame="none")


def _bars(
    heights: np.ndarray,
    role: int,
    y_axis: Axis,
    classes: Sequence[str] | None,
    title: str,
) -> Chart:
    """Return one bar per class with its value; classes: named below, where they are."""
    places = range(len(heights))
    form = "+.3f" if min(y_axis.limits) < 0 else ".3f"
    words = [limits.short(height, form) for height in heights]
    marks = [Bars(places, heights, role=role, hatch="", edge=False, words=words)]
    if min(y_axis.limits) < 0:
        zero = Rule([0], horizontal=True, style="-", colour="#555555", width=0.9)
        marks.append(zero)
    names = [""] * len(heights) if classes is None else classes
    tilt = 20 if max(map(len, names)) > 8 else 0
    label = "" if classes is None else "class"
    x_axis = Axis(label, ticks=places, names=names, tilt=tilt)
    return Chart(marks, x_axis, y_axis, title=title)


def _table(
    quantities: dict[str, np.ndarray],
    example: Example,
    classes: Sequence[str],
    T: float,
    gradient: str,
) -> Table:
    heads = {"p": "teacher p", "q": "student q", "g": gradient}
    rows = [
        [name, *(f"{values[k]:.4f}" for values in quantities.values())]
        for k, name in enumerate(classes)
    ]
    caption = f"Image {example.place} (label {example.label}) at T = {T:g}"
    return Table(caption, ["class", *(heads[name] for name in quantities)], rows)

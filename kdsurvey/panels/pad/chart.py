"""What the digit pad shows about one image: two nets' probabilities and the nearest
training images, as a picture and a table.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kdsurvey.panels.kit.classes import shown
from kdsurvey.pictures import (
    Axis,
    Bars,
    Chart,
    Image,
    Picture,
    Table,
    Text,
    limits,
)

K = 6  # nearest training images


class Answers(NamedTuple):
    """What is said about one image at one T; nan, and no neighbours, where nothing is drawn."""

    image: np.ndarray  # (28, 28) in [0, 1]
    T: float
    p: np.ndarray  # (c,) teacher
    q: np.ndarray  # (c,) student
    near: Sequence[int] = ()  # at most K indices of training images, the nearest first
    far: Sequence[float] = ()  # their distances
    labels: Sequence[str] = ()  # their classes
    images: Sequence[np.ndarray] = ()  # (28, 28) each


def picture(now: Answers, classes: Sequence[str], share: float) -> Picture:
    """Draw the digit and how far it has come, the bars, the nearest training images.

    share: how far the challenge is done, in [0, 1].
    """
    charts = {
        "seen": _image(now.image, "What the nets see"),
        "way": _way(share),
        "bars": _bars(now, classes),
    }
    for k in range(K):
        title = "" if k else "Nearest training images"
        charts[f"n{k}"] = _near(now, k, title)
    near = [("n0", "n1", "n2")] * 4 + [("n3", "n4", "n5")] * 4
    rows = [
        ("seen" if k < 7 else "way", "bars", *names) for k, names in enumerate(near)
    ]
    return Picture(
        charts,
        mosaic=rows,
        widths=(2.1, 8.5, 1.05, 1.05, 1.05),
        height=260,
        tables=_tables(now, classes),
    )


def _image(pixels: np.ndarray, title: str = "", caption: str = "") -> Chart:
    """Return an image in a frame, at the top of its place."""
    x, y = Axis(caption, ticks=()), Axis("", ticks=())
    return Chart(
        [Image(pixels)], x, y, title=title, frame="box", equal=True, anchor="N"
    )


def _near(now: Answers, k: int, title: str) -> Chart:
    """Return one of the nearest training images; an empty frame where there is none."""
    if k < len(now.near):
        caption = f"{now.labels[k]}, d = {now.far[k]:.1f}"
        return _image(now.images[k], title, caption)
    return _image(np.zeros_like(now.image), title, " ")


def _way(share: float) -> Chart:
    """Return a bar from 0 to 1, and what is written on it."""
    done = share >= 1
    role = 2 if done else 4
    words = "done" if done else f"{int(100 * share)} %"
    marks = [
        Bars([0.5], [share], width=1, across=True, hatch="", edge=False, role=role),
        Text(0.5, 0.5, words, ha="center"),
    ]
    x, y = Axis("of the challenge done", (0, 1), ticks=()), Axis("", (0, 1), ticks=())
    return Chart(marks, x, y, frame="box")


def _bars(now: Answers, classes: Sequence[str]) -> Chart:
    """Return two bars per class, teacher and student."""
    bars_of = shown(classes, now.p, now.q)
    places = np.arange(bars_of.bars)
    looks = {"teacher p": (now.p, -0.23, ""), "student q": (now.q, 0.23, "///")}
    marks = []
    for role, (name, (p, aside, hatch)) in enumerate(looks.items()):
        heights = bars_of.of(p)
        words = [limits.short(height) for height in heights]
        bars = Bars(
            places + aside,
            heights,
            role=role,
            words=words,
            width=0.42,
            hatch=hatch,
            edge=False,
            legend=name,
        )
        marks.append(bars)
    return Chart(
        marks,
        bars_of.axis(),
        Axis("probability", (0, 1.12), ticks=(0, 0.5, 1)),
        title=f"Probabilities at T = {now.T:g}",
        legend="above",
        columns=2,
    )


def _tables(now: Answers, classes: Sequence[str]) -> list[Table]:
    """Put the same numbers into two tables; the first is empty where nothing is drawn."""
    answers = [
        [name, f"{now.p[k]:.4f}", f"{now.q[k]:.4f}"] for k, name in enumerate(classes)
    ]
    images = zip(now.near, now.labels, now.far)
    near = [
        [str(n), str(i), label, f"{d:.3f}"] for n, (i, label, d) in enumerate(images, 1)
    ]
    caption = f"Probabilities at T = {now.T:g}"
    head = ["class", "teacher p", "student q"]
    return [
        Table(caption, head, answers if now.near else []),
        Table("Nearest training images", ["rank", "image", "label", "distance"], near),
    ]

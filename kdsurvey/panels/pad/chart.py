"""What the digit pad shows about one image: two nets' probabilities and the nearest
training images, as a picture and a table.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from kdsurvey.panels.kit.charts import Bars, Chart, canvas, table
from kdsurvey.plots import COLOURS

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


class AnswersPicture:
    """The digit and how far it has come, the bars, the nearest training images."""

    def __init__(self, classes: Sequence[str]):
        near = [["n0", "n1", "n2"]] * 4 + [["n3", "n4", "n5"]] * 4
        mosaic = [
            ["seen" if k < 7 else "way", "bars", *names] for k, names in enumerate(near)
        ]
        figure, axes = canvas(250, mosaic, width_ratios=[2.4, 7, 1.2, 1.2, 1.2])
        self._seen = _image(axes["seen"])
        self._near = [_image(axes[f"n{k}"]) for k in range(K)]
        self._captions = [_caption(axes[f"n{k}"]) for k in range(K)]
        self._way, self._said = _progress(axes["way"])
        self._bars, self._T = _bars(axes["bars"], classes)
        _heading(axes["seen"], "What the nets see")
        _heading(axes["n0"], "Nearest training images")
        moving = [
            self._seen,
            *self._near,
            *self._captions,
            self._way,
            self._said,
            self._T,
        ]
        self._chart = Chart(
            figure, [*moving, *(a for bars in self._bars for a in bars.artists)]
        )

    def png(self, now: Answers, share: float) -> bytes:
        """The picture as PNG bytes; share: how far the challenge is done, in [0, 1]."""
        self._seen.set_data(now.image)
        self._T.set_text(f"Probabilities at T = {now.T:g}")
        for bars, heights in zip(self._bars, (now.p, now.q)):
            bars.show(heights)
        for k, (tile, caption) in enumerate(zip(self._near, self._captions)):
            there = k < len(now.near)
            tile.set_data(now.images[k] if there else np.zeros_like(now.image))
            caption.set_text(f"{now.labels[k]}, d = {now.far[k]:.1f}" if there else "")
        self._way.set_width(share)
        self._way.set_facecolor(COLOURS[2] if share >= 1 else COLOURS[4])
        self._said.set_text("done" if share >= 1 else f"{int(100 * share)} %")
        return self._chart.png()


def twin(now: Answers, classes: Sequence[str]) -> str:
    """The same numbers as two HTML tables, side by side."""
    answers = [
        [name, f"{now.p[k]:.4f}", f"{now.q[k]:.4f}"] for k, name in enumerate(classes)
    ]
    near = [
        [n + 1, i, label, f"{d:.3f}"]
        for n, (i, label, d) in enumerate(zip(now.near, now.labels, now.far))
    ]
    left = table(
        f"Probabilities at T = {now.T:g}",
        ["class", "teacher p", "student q"],
        answers if now.near else [],
    )
    right = table(
        "Nearest training images", ["rank", "image", "label", "distance"], near
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:32px;align-items:flex-start">{left}{right}</div>'


def _image(axis: Axes):
    _frame(axis)
    axis.set_anchor("N")
    return axis.imshow(
        np.zeros((28, 28)), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest"
    )


def _frame(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(visible=True, color="#999999")


def _caption(axis: Axes):
    return axis.text(
        0.5, -0.06, "", ha="center", va="top", fontsize=8, transform=axis.transAxes
    )


def _progress(axis: Axes):
    """A bar from 0 to 1, and what is written on it."""
    _frame(axis)
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="of the challenge done")
    (bar,) = axis.barh([0.5], [0], 1)
    return bar, axis.text(0.5, 0.46, "", ha="center", va="center", fontsize=8)


def _bars(axis: Axes, classes: Sequence[str]):
    """Two bars a class, teacher and student, and the text that says T."""
    looks = (("teacher p", COLOURS[0], ""), ("student q", COLOURS[1], "///"))
    both = [
        Bars(axis, len(classes), colour=colour, hatch=hatch, at=at, width=0.4)
        for (_, colour, hatch), at in zip(looks, (-0.2, 0.2))
    ]
    axis.set(ylim=(0, 1.12), yticks=(0, 0.5, 1), ylabel="probability", xlabel="class")
    axis.set_xticks(
        range(len(classes)), classes, rotation=20 if max(map(len, classes)) > 8 else 0
    )
    look = {
        "fontsize": 8,
        "frameon": False,
        "ncols": 2,
        "loc": "lower right",
        "bbox_to_anchor": (1, 0.98),
        "borderaxespad": 0,
    }
    axis.legend([bars.bars[0] for bars in both], [name for name, *_ in looks], **look)
    return both, _heading(axis, "")


def _heading(axis: Axes, text: str):
    """A heading that starts where the axis does and may be longer than it."""
    look = {"fontsize": 9.5, "fontweight": "bold"}
    heading = axis.annotate(
        text,
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        va="bottom",
        **look,
    )
    heading.set_in_layout(False)
    return heading

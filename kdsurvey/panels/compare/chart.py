"""The picture of two methods side by side: curves, reliability diagram, and the images
on which they differ.
"""

import numpy as np
from matplotlib.axes import Axes

from kdsurvey.panels.compare.curves import Losses, Share, reach
from kdsurvey.panels.compare.sides import SHOWN, SIDES, Sides, differing
from kdsurvey.panels.kit.charts import Chart, canvas, title
from kdsurvey.panels.kit.snapshots import Subject, pictures
from kdsurvey.plots import COLOURS, MARKERS, STYLES

TILE = 98  # width of an image and its captions, about CSS pixels; the image takes FACE of them
FACE = 50
HIGH = 204  # of the axis; the last captions hang out of it
ENOUGH = 10  # answers in a bin; fewer say little


class Calibration:
    """The reliability diagram of both sides: a mark a bin that has enough answers, the
    larger the more it has.
    """

    def __init__(self, axis: Axes):
        title(axis, "Calibration at T = 1")
        axis.set(
            xlabel=f"confidence (all seeds, bins of {ENOUGH} answers or more)",
            ylabel="share that is correct",
        )
        axis.set(xlim=(0, 1.03), ylim=(0, 1.03))
        axis.plot([0, 1], [0, 1], color="#777777", linewidth=0.9, linestyle=":")
        slope = {
            "rotation": 45,
            "rotation_mode": "anchor",
            "transform_rotates_text": True,
        }
        axis.text(0.045, 0.075, "calibrated", fontsize=7.5, color="#666666", **slope)
        self._lines = [
            axis.plot([], [], color=COLOURS[k], linestyle=STYLES[k], linewidth=1.1)[0]
            for k in range(2)
        ]
        self._marks = [
            axis.scatter(
                [],
                [],
                marker=MARKERS[k],
                color=COLOURS[k],
                alpha=0.75,
                linewidth=0,
                clip_on=False,
            )
            for k in range(2)
        ]
        self._said = [
            axis.text(
                0.99, 0.14 - 0.09 * k, "", ha="right", fontsize=8, color=COLOURS[k]
            )
            for k in range(2)
        ]
        self.artists = [*self._lines, *self._marks, *self._said]

    def show(self, sides: Sides, subject: Subject) -> None:
        """The answers of all seeds to the subject's images."""
        for k, side in enumerate(sides):
            x = []
            y = []
            sizes = []
            said = ""
            if side.z is not None:
                found, error = side.calibration(subject.y)
                x, y, n = (part[found.count >= ENOUGH].numpy() for part in found)
                sizes = 10 + 110 * np.sqrt(n / found.count.sum().item())
                said = f"{SIDES[k]}: calibration error {100 * error.mean():.1f} %"
            self._lines[k].set_data(x, y)
            self._marks[k].set_offsets(np.c_[x, y])
            self._marks[k].set_sizes(sizes)
            self._said[k].set_text(said)


class Differing:
    """Images that the first seeds of both sides answer differently: label, both
    answers, and a tick at the right one.
    """

    def __init__(self, axis: Axes, image: np.ndarray):
        self.axis = axis
        axis.axis("off")
        axis.set(aspect="equal", anchor="NW")
        self._title = axis.text(
            0, -2, "Where they differ", fontsize=9.5, fontweight="bold", va="bottom"
        )
        self._scores = axis.text(0, 9, "", fontsize=8.5, color="#222222", va="center")
        corners = [
            (TILE * (k % (SHOWN // 2)), 18 + 104 * (k // (SHOWN // 2)))
            for k in range(SHOWN)
        ]
        grey = {
            "cmap": "gray_r",
            "vmin": 0,
            "vmax": 1,
            "interpolation": "nearest",
            "aspect": "equal",
        }
        self._faces = [
            axis.imshow(image, extent=(x, x + FACE, y + FACE, y), **grey)
            for x, y in corners
        ]
        axis.set(xlim=(0, TILE * SHOWN // 2), ylim=(HIGH, 0))
        colours = ("#222222", *COLOURS[:2], "#666666")
        self._words = [
            [self._word(x, y + FACE + 9 + 11 * k, c) for k, c in enumerate(colours)]
            for x, y in corners
        ]
        self.artists = [
            self._title,
            self._scores,
            *self._faces,
            *(text for words in self._words for text in words),
        ]

    def show(self, sides: Sides, subject: Subject, images: np.ndarray) -> None:
        """subject: what was answered; images: the same as `pictures` makes them."""
        of = differing(sides)
        self._scores.set_text(self._count(sides, subject, of))
        for k, (face, words) in enumerate(zip(self._faces, self._words)):
            face.set_visible(k < len(of))
            for text in words:
                text.set_text("")
            if k < len(of):
                face.set_data(images[of[k]])
                self._describe(words, of[k], sides, subject)

    def _word(self, x: float, y: float, colour: str):
        return self.axis.text(x, y, "", fontsize=7.5, color=colour)

    def _describe(self, words, i: int, sides: Sides, subject: Subject) -> None:
        label, names = int(subject.y[i]), subject.classes
        nets = {
            **{where: side.z[0] for where, side in zip(SIDES, sides)},
            "teacher": subject.teacher,
        }
        words[0].set_text(f"label {names[label]}")
        for text, (who, logits) in zip(words[1:], nets.items()):
            answer = int(logits[i].argmax())
            text.set_text(f"{who} {names[answer]}{' ✓' if answer == label else ''}")

    def _count(self, sides: Sides, subject: Subject, of: np.ndarray) -> str:
        if any(side.z is None for side in sides):
            return "Press Start: validation images that get two answers appear here."
        right = [
            int((side.z[0, of].argmax(-1) == subject.y[of]).sum()) for side in sides
        ]
        correct = ", ".join(f"{where} on {n}" for where, n in zip(SIDES, right))
        return f"First seed: {len(of)} of {len(subject.y)} validation images get two answers. Correct: {correct}."


class Contrast:
    """The whole picture, for runs of about `epochs` epochs on the validation images of `subject`."""

    def __init__(self, subject: Subject, epochs: int):
        self._subject, self._images = subject, pictures(subject.x)
        rows = [
            ["head"] * 3,
            ["loss", "accuracy", "agreement"],
            ["calibration", "differ", "differ"],
        ]
        figure, axes = canvas(540, rows, height_ratios=[0.07, 1, 1.05])
        self._names = _head(axes["head"])
        self._losses = Losses(axes["loss"])
        self._calibration = Calibration(axes["calibration"])
        self._accuracy = Share(axes["accuracy"], "Accuracy, mean ± s.d. over seeds")
        self._agreement = Share(axes["agreement"], "Same answer as the teacher")
        self._differing = Differing(axes["differ"], self._images[0])
        self._curves = (self._losses, self._accuracy, self._agreement)
        self._least, self._epochs = epochs, 0
        self._reach(epochs)
        moving = (
            a
            for part in (*self._curves, self._calibration, self._differing)
            for a in part.artists
        )
        self._chart = Chart(figure, [*self._names, *moving])

    def png(self, sides: Sides) -> bytes:
        """The picture of both sides as they are now."""
        pairs = [[side.accuracy for side in sides], [side.agreement for side in sides]]
        reached = self._reach(max(len(side.accuracy) for side in sides))
        moved = [
            self._losses.fit(sides),
            self._accuracy.fit(pairs[0]),
            self._agreement.fit(pairs[1]),
        ]
        if reached or any(moved):
            self._chart.renew()
        for where, side, text in zip(SIDES, sides, self._names):
            text.set_text(f"{where}: {side.name}")
        self._losses.show(sides)
        self._accuracy.show(pairs[0])
        self._agreement.show(pairs[1])
        self._calibration.show(sides, self._subject)
        self._differing.show(sides, self._subject, self._images)
        return self._chart.png()

    def _reach(self, epochs: int) -> bool:
        """Makes room for so many epochs, and for the labels after them; whether that was needed."""
        epochs = max(epochs, self._least)
        if epochs == self._epochs:
            return False
        self._epochs = epochs
        for part in self._curves:
            reach(part.axis, epochs)
        return True


def _head(axis: Axes) -> list:
    """The key to the whole picture: the mark and the line of each side, and a place for its name."""
    axis.axis("off")
    axis.set(xlim=(0, 1), ylim=(0, 1))
    for k, x in enumerate((0.0, 0.5)):
        axis.plot(
            [x, x + 0.035],
            [0.5, 0.5],
            color=COLOURS[k],
            marker=MARKERS[k],
            linestyle=STYLES[k],
            markersize=5,
            clip_on=False,
        )
    place = {"fontsize": 10, "fontweight": "bold", "va": "center"}
    return [
        axis.text(x + 0.045, 0.47, "", color=COLOURS[k], **place)
        for k, x in enumerate((0.0, 0.5))
    ]

"""What stands beside the curves of generations: accuracy by generation, and what one
training image teaches.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from kdsurvey.data import Data
from kdsurvey.panels.compare.curves import EndLabels
from kdsurvey.panels.kit.charts import table, title
from kdsurvey.panels.kit.snapshots import pictures
from kdsurvey.panels.race.race import SCORE, Arm
from kdsurvey.plots import COLOURS, MARKERS, STYLES

IMAGES = 100  # training images that can be shown
MOST = 6  # generations
ROOM = 1.18  # of the width that the generations take; what is left holds the values


class Shown(NamedTuple):
    """What the first training images are to teach the latest net of an arm, and its
    answers. aim, q: (n, c).
    """

    generation: int
    aim: Tensor
    weight: Tensor  # (n,)
    q: Tensor
    y: Tensor  # (n,) the labels as they were given


def by_generation(arm: Arm, epochs: int) -> dict[str, dict[int, float]]:
    """Line -> generation -> % of validation images right at its end, of the generations
    that are over.
    """
    found: dict[str, dict[int, float]] = {}
    for row in arm.rows:
        if row["epoch"] == epochs:
            generation = int(row["stage"].split()[-1])
            for name, value in row.items():
                if name.endswith(SCORE):
                    found.setdefault(name.removesuffix(SCORE), {})[generation] = (
                        100 * value
                    )
    return found


class Lineage:
    """The charts on the axes "by generation", "image" and "answers", and where a
    generation begins on the axis "accuracy".

    data: with the right labels; names: of the lines, in the order of their colours;
    epochs: of a generation. chosen() -> which training image is shown.
    """

    def __init__(
        self,
        axes: Mapping[str, Axes],
        data: Data,
        names: Sequence[str],
        epochs: int,
        chosen: Callable[[], int],
    ):
        self._classes = data.classes
        self._right = data.train[1][:IMAGES].cpu()
        self._names = names
        self._epochs = epochs
        self._faces = pictures(data.train[0][:IMAGES])
        self._chosen = chosen
        self._limits = None
        self.axis = axes["by generation"]
        title(self.axis, "At the end of each generation")
        self.axis.set(
            xlabel="generation (0: the first teacher)", ylabel="% of validation images"
        )
        self.axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        looks = [
            {"color": COLOURS[k], "marker": MARKERS[k], "linestyle": STYLES[k]}
            for k in range(len(names))
        ]
        self._lines = [
            self.axis.plot([], [], markersize=4.5, linewidth=1.3, **look)[0]
            for look in looks
        ]
        self._ends = EndLabels(self.axis, len(names))
        births = axes["accuracy"]
        (self._births,) = births.plot(
            [], [], color="#777777", linestyle=":", linewidth=0.9
        )
        self._births.set_transform(births.get_xaxis_transform())
        words = {
            "fontsize": 7,
            "va": "top",
            "transform": births.get_xaxis_transform(),
            "color": "#555555",
        }
        self._said = [births.text(0, 0.99, "", **words) for _ in range(MOST + 1)]
        self._image(axes["image"], axes["answers"])
        bars = [bar for bars in self._bars for bar in bars]
        self.artists = [
            self._births,
            *self._said,
            *self._lines,
            *self._ends.texts,
            self._face,
            self._caption,
            *bars,
        ]

    def _image(self, image: Axes, answers: Axes) -> None:
        image.axis("off")
        self._face = image.imshow(
            self._faces[0], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest"
        )
        self._caption = image.text(
            0.5,
            -0.06,
            "",
            ha="center",
            va="top",
            fontsize=8,
            transform=image.transAxes,
            linespacing=1.4,
        )
        title(answers, "The answer to it: taught, and given")
        answers.set(
            ylim=(0, 1.3), xlabel="class", yticks=(0, 0.5, 1), ylabel="probability"
        )
        answers.set_xticks(range(len(self._classes)), self._classes)
        places = np.arange(len(self._classes))
        looks = ((COLOURS[6], "//", -0.21), (COLOURS[0], "", 0.21))
        zero = np.zeros(len(places))
        self._bars = [
            answers.bar(
                places + at, zero, 0.4, color=c, hatch=h, edgecolor="white", lw=0
            )
            for c, h, at in looks
        ]
        words = {
            "fontsize": 7.5,
            "frameon": False,
            "ncols": 2,
            "loc": "upper right",
            "borderpad": 0,
        }
        answers.legend(self._bars, ("taught (born again)", "given"), **words)

    def show(self, arms: Sequence[Arm], settings: Mapping) -> bool:
        found = {
            name: of
            for arm in arms
            for name, of in by_generation(arm, self._epochs).items()
        }
        moved, ends = self._fit(found, settings["count"]), []
        for k, name in enumerate(self._names):
            at = found.get(name, {})
            self._lines[k].set_data(list(at), list(at.values()))
            if at:
                last = max(at)
                ends.append((last, at[last], f"{at[last]:.1f}", COLOURS[k]))
        self._ends.show(ends)
        self._show_births(settings["count"])
        self._show_image(arms)
        return moved

    def _show_births(self, count: int) -> None:
        """A dotted line where each generation begins, and its name."""
        starts = [self._epochs * k for k in range(count + 1)]
        name = "generation" if count < 3 else "gen."
        self._births.set_data(
            [x for s in starts[1:] for x in (s, s, np.nan)], [0, 0.99, np.nan] * count
        )
        for k, text in enumerate(self._said):
            there = k <= count
            text.set(text=f" {name} {k}" if there else "", x=starts[k] if there else 0)

    def _show_image(self, arms: Sequence[Arm]) -> None:
        shown, i = arms[0].found if arms else None, self._chosen()
        right = self._classes[self._right[i]]
        self._face.set_data(self._faces[i])
        for bars, heights in zip(
            self._bars,
            (shown.aim[i], shown.q[i]) if shown else [[0] * len(self._classes)] * 2,
        ):
            for bar, height in zip(bars, heights):
                bar.set_height(float(height))
        if shown is None:
            self._caption.set_text(f"a {right}")
            return
        given = self._classes[shown.y[i]]
        label = f"label {given}" + (f" (is a {right})" if given != right else "")
        weight = (
            f"\ncounts {shown.weight[i]:.2f} times" if (shown.weight != 1).any() else ""
        )
        self._caption.set_text(f"generation {shown.generation}\n{label}{weight}")

    def _fit(self, found: Mapping[str, Mapping[int, float]], count: int) -> bool:
        """Whole fives around what there is, and room for the values at the ends."""
        values = [v for of in found.values() for v in of.values()] or [80, 100]
        limits = count, 5 * (min(values) // 5), 5 * -(-max(values) // 5)
        moved, self._limits = limits != self._limits, limits
        if moved:
            low, high = limits[1], max(limits[2], limits[1] + 5)
            self.axis.set(
                xlim=(-0.1, ROOM * count), ylim=(low, high), xticks=range(count + 1)
            )
            self.axis.spines["bottom"].set_bounds(-0.1, count)
        return moved

    def twin(self, arms: Sequence[Arm], settings: Mapping) -> str:
        found = {
            name: of
            for arm in arms
            for name, of in by_generation(arm, self._epochs).items()
        }
        generations = sorted({k for of in found.values() for k in of})
        rows = [
            [
                f"generation {k}",
                *(f"{of[k]:.1f}" if k in of else "–" for of in found.values()),
            ]
            for k in generations
        ]
        first = table(
            "% of validation images right at the end of each generation",
            ["", *found],
            rows,
        )
        shown, i = arms[0].found if arms else None, self._chosen()
        if shown is None:
            return first
        answers = [
            [name, f"{t:.3f}", f"{q:.3f}"]
            for name, t, q in zip(self._classes, shown.aim[i], shown.q[i])
        ]
        given, right = (self._classes[y[i]] for y in (shown.y, self._right))
        caption = f"Training image {i}, label {given}, right class {right}, weight {shown.weight[i]:.2f}, generation {shown.generation}"
        return first + table(caption, ["class", "taught", "given"], answers)

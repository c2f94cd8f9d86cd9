"""One moment of a finished run: which images it is about, its picture, and its twin as tables."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator

from kdsurvey.measures import confusion
from kdsurvey.panels.compare.curves import EndLabels, reach
from kdsurvey.panels.kit.charts import Chart, canvas, table, title
from kdsurvey.panels.kit.snapshots import Reel, Subject, pictures
from kdsurvey.plots import COLOURS, MARKERS, STYLES

EVERY = "every image"
WRONG = "wrong at this epoch"
TURNED = "answered in two ways or more"
UNLIKE = "unlike the teacher now"
KINDS = (EVERY, WRONG, TURNED, UNLIKE)
TERMS = 5  # loss terms that have a line
WRITTEN = 12  # classes; the cells of more are too small for their counts
STUDENT, TEACHER = COLOURS[1], COLOURS[0]


class Moment:
    """A reel seen from its k-th snapshot: answers (snapshots, m), the share of each
    that is right, and the counts of that one.
    """

    def __init__(self, reel: Reel, k: int):
        self.subject = reel.subject
        self.snapshots = reel.snapshots
        self.k = k
        self.epochs = [snapshot.epoch for snapshot in reel.snapshots]
        self.answers = np.stack(
            [snapshot.logits.argmax(-1).numpy() for snapshot in reel.snapshots]
        )
        self.correct = (self.answers == reel.subject.y.numpy()).mean(1)
        self.logits = reel.snapshots[k].logits.numpy()  # (m, c)
        self.counts = confusion(
            reel.snapshots[k].logits, reel.subject.y, len(reel.subject.classes)
        ).numpy()

    @property
    def epoch(self) -> int:
        return self.epochs[self.k]

    def images(self, kind: str) -> np.ndarray:
        """The places of the images of a kind, one of KINDS, in order."""
        now = self.answers[self.k]
        found = {
            EVERY: np.ones(len(now), dtype=bool),
            WRONG: now != self.subject.y.numpy(),
            TURNED: (self.answers != self.answers[0]).any(0),
            UNLIKE: now != self.subject.teacher.argmax(-1).numpy(),
        }
        return np.flatnonzero(found[kind])

    def turns(self, i: int) -> int:
        """How often the answer to an image changed from one snapshot to the next."""
        return int((np.diff(self.answers[:, i]) != 0).sum())


def nearest(reel: Reel, epoch: int) -> int:
    """The place of the snapshot whose epoch is next to this one; the earlier of two."""
    return int(np.argmin([abs(snapshot.epoch - epoch) for snapshot in reel.snapshots]))


def twin(moment: Moment, i: int) -> str:
    """The picture in numbers: the logits for image i, the confusions, and what every
    epoch lost and had right.
    """
    names, teacher = moment.subject.classes, moment.subject.teacher[i]
    label = names[int(moment.subject.y[i])]
    logits = [
        [name, f"{moment.logits[i, k]:.2f}", f"{teacher[k]:.2f}"]
        for k, name in enumerate(names)
    ]
    terms = list(
        dict.fromkeys(name for snapshot in moment.snapshots for name in snapshot.terms)
    )
    losses = [
        [f"{s.terms[name]:.4f}" if name in s.terms else "–" for name in terms]
        for s in moment.snapshots
    ]
    each = zip(moment.epochs, losses, moment.correct)
    rows = [
        [f"epoch {e}{', shown' if e == moment.epoch else ''}", *loss, f"{100 * c:.1f}"]
        for e, loss, c in each
    ]
    counts = [
        [f"label {name}", *row] for name, row in zip(names, moment.counts.tolist())
    ]
    return (
        table(
            f"Epoch {moment.epoch}, image {i}, label {label}: logits",
            ["class", "student", "teacher"],
            logits,
        )
        + table(
            "Images by label and answer",
            ["", *(f"answer {name}" for name in names)],
            counts,
        )
        + table(
            "Every epoch on the film",
            ["", *(f"{name} (nats)" for name in terms), "accuracy (%)"],
            rows,
        )
    )


class Confusions:
    """Counts by label and answer as a heat map, each written in its cell; a frame
    around that of the chosen image.
    """

    def __init__(self, axis: Axes, classes: tuple[str, ...], most: int):
        c = len(classes)
        axis.set(xlabel="the student's answer", ylabel="label")
        turned = {"rotation": 45, "ha": "right"} if max(map(len, classes)) > 2 else {}
        axis.set_xticks(range(c), classes, **turned)
        axis.set_yticks(range(c), classes)
        axis.spines[["top", "right"]].set_visible(True)
        axis.set_anchor("N")
        self._top = most
        self._map = axis.imshow(
            np.zeros((c, c)), cmap="Blues", norm=PowerNorm(0.45, 0, most)
        )
        places = [(i, j) for i in range(c) for j in range(c)] if c <= WRITTEN else []
        self._texts = {
            (i, j): axis.text(j, i, "", fontsize=8, ha="center", va="center")
            for i, j in places
        }
        self._frame = axis.add_patch(
            Rectangle((0, 0), 1, 1, fill=False, edgecolor=STUDENT, linewidth=2)
        )
        self._said = axis.text(
            0,
            1.02,
            "",
            fontsize=9.5,
            fontweight="bold",
            va="bottom",
            transform=axis.transAxes,
        )
        self.artists = [self._map, *self._texts.values(), self._frame, self._said]

    def show(self, moment: Moment, i: int) -> None:
        """The counts of the moment; image i has the frame."""
        self._map.set_data(moment.counts)
        for place, text in self._texts.items():
            n = int(moment.counts[place])
            text.set_visible(n > 0)
            text.set(text=str(n), color="white" if n > 0.35 * self._top else "#222222")
        self._frame.set_xy(
            (moment.answers[moment.k, i] - 0.5, int(moment.subject.y[i]) - 0.5)
        )
        wrong = len(moment.images(WRONG))
        self._said.set_text(
            f"Epoch {moment.epoch}: {wrong} of {len(moment.subject.y)} images wrong"
        )


class Logits:
    """The student's logits for one image beside the teacher's; a grey band at the label."""

    def __init__(self, axis: Axes, classes: tuple[str, ...]):
        title(axis, "Logits of this image")
        x, self.axis = np.arange(len(classes)), axis
        axis.set(xlabel="class", ylabel="logit", xlim=(-0.6, len(x) - 0.4))
        axis.set_xticks(x, classes)
        axis.axhline(0, color="#555555", linewidth=0.7)
        below = {
            "transform": axis.get_xaxis_transform(),
            "color": "#e4e4e4",
            "linewidth": 0,
            "zorder": 0,
        }
        self._band = axis.add_patch(Rectangle((-0.5, 0), 1, 1, **below))
        looks = (("student", STUDENT, -0.2, ""), ("teacher", TEACHER, 0.2, "///"))
        self._bars = [
            axis.bar(
                x + at,
                0 * x,
                0.38,
                color=colour,
                label=name,
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
            )
            for name, colour, at, hatch in looks
        ]
        axis.legend(
            fontsize=8,
            frameon=False,
            ncols=2,
            loc="lower right",
            bbox_to_anchor=(1.0, 0.98),
            borderaxespad=0,
        )
        self.artists = [self._band, *self._bars[0], *self._bars[1]]

    def fit(self, moment: Moment, i: int) -> bool:
        """One scale for all epochs of an image, so that growing logits are seen to
        grow; whether it has moved.
        """
        values = np.stack(
            [
                moment.subject.teacher[i].numpy(),
                *(s.logits[i].numpy() for s in moment.snapshots),
            ]
        )
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        room = 0.06 * (high - low) or 1.0
        wanted = (low - room, high + room)
        moved = wanted != self.axis.get_ylim()
        self.axis.set_ylim(wanted)
        return moved

    def show(self, moment: Moment, i: int) -> None:
        """The logits of the moment for image i."""
        self._band.set_x(int(moment.subject.y[i]) - 0.5)
        for bars, heights in zip(
            self._bars, (moment.logits[i], moment.subject.teacher[i].tolist())
        ):
            for bar, height in zip(bars, heights):
                bar.set_height(float(height))


class Course:
    """Loss terms and accuracy over the epochs of the film; a line down both charts, and
    a dot, at the moment.
    """

    def __init__(self, loss: Axes, accuracy: Axes):
        title(loss, "Loss terms, as weighted")
        loss.set(
            xlabel="epoch",
            ylabel="mean over the epoch (nats)",
            yscale="log",
            ylim=(1e-3, 10),
        )
        loss.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        loss.yaxis.set_minor_locator(NullLocator())
        accuracy.set(xlabel="epoch", ylabel="% of these images", ylim=(0, 100))
        accuracy.yaxis.set_major_locator(
            MaxNLocator(5, integer=True, steps=[1, 2, 5, 10])
        )
        self._axes, self._epochs = (loss, accuracy), 0
        looks = [
            {"color": COLOURS[2 + k], "marker": MARKERS[k], "linestyle": STYLES[k]}
            for k in range(TERMS)
        ]
        self._lines = [
            loss.plot([], [], markersize=2.8, linewidth=1.2, **look)[0]
            for look in looks
        ]
        self._curve = accuracy.plot(
            [], [], color=STUDENT, marker="s", markersize=2.8, linewidth=1.2
        )[0]
        self._now = [
            axis.plot([], [], color="#444444", linestyle=":", linewidth=1.1)[0]
            for axis in self._axes
        ]
        self._dot = accuracy.plot(
            [], [], color=STUDENT, marker="s", markersize=7, linestyle="none"
        )[0]
        bold = {
            "fontsize": 9.5,
            "fontweight": "bold",
            "va": "bottom",
            "transform": accuracy.transAxes,
        }
        self._ends = EndLabels(loss, TERMS)
        self._value = accuracy.text(0, 1.03, "Accuracy", **bold)
        self.artists = [
            *self._now,
            *self._lines,
            self._curve,
            self._dot,
            *self._ends.texts,
            self._value,
        ]

    def fit(self, moment: Moment) -> bool:
        """Whole decades, and tens of per cent; whether an axis has moved."""
        values = [
            y for snapshot in moment.snapshots for y in snapshot.terms.values() if y > 0
        ] or [1]
        low = max(math.floor(math.log10(min(values))), -5)
        high = math.ceil(math.log10(max(values)))
        decades = 10.0**low, 10.0 ** max(high, low + 1)
        wanted = (
            moment.epochs[-1],
            decades,
            min(90, 10 * math.floor(10 * moment.correct.min())),
        )
        moved, self._epochs = wanted != self._epochs, wanted
        for axis in self._axes if moved else ():
            reach(axis, wanted[0])
        self._axes[0].set_ylim(decades)
        self._axes[1].set_ylim(wanted[2], 100)
        return moved

    def show(self, moment: Moment) -> None:
        """The curves of the film, and the moment on them."""
        names = list(
            dict.fromkeys(
                name for s in moment.snapshots for name, y in s.terms.items() if y > 0
            )
        )[:TERMS]
        ends = []
        for line in self._lines:
            line.set_data([], [])
        for name, line in zip(names, self._lines):
            y = [snapshot.terms.get(name, math.nan) for snapshot in moment.snapshots]
            line.set_data(moment.epochs, y)
            ends += (
                [(moment.epochs[-1], y[-1], name, line.get_color())]
                if y[-1] > 0
                else []
            )
        self._ends.show(ends)
        self._curve.set_data(moment.epochs, 100 * moment.correct)
        for line, axis in zip(self._now, self._axes):
            line.set_data([moment.epoch] * 2, axis.get_ylim())
        value = 100 * moment.correct[moment.k]
        self._dot.set_data([moment.epoch], [value])
        self._value.set_text(f"Accuracy: {value:.1f} %")


class Rewound:
    """The whole picture, for films of this subject."""

    def __init__(self, subject: Subject):
        self._images = pictures(subject.x)
        rows = [
            ["digit", "logits", "logits", "confusion"],
            ["loss", "loss", "accuracy", "confusion"],
        ]
        figure, axes = canvas(460, rows, width_ratios=[0.95, 0.9, 1.45, 2.6])
        axes["digit"].axis("off")
        self._digit = axes["digit"].imshow(
            self._images[0], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest"
        )
        place = {
            "ha": "center",
            "va": "top",
            "fontsize": 8.5,
            "linespacing": 1.4,
            "transform": axes["digit"].transAxes,
        }
        self._caption = axes["digit"].text(0.5, -0.04, "", **place)
        self._logits = Logits(axes["logits"], subject.classes)
        self._course = Course(axes["loss"], axes["accuracy"])
        self._confusions = Confusions(
            axes["confusion"], subject.classes, int(subject.y.bincount().max())
        )
        parts = (self._logits, self._course, self._confusions)
        self._chart = Chart(
            figure,
            [self._digit, self._caption, *(a for part in parts for a in part.artists)],
        )

    def png(self, moment: Moment, i: int) -> bytes:
        """The picture of a moment, with image i."""
        moved = [self._logits.fit(moment, i), self._course.fit(moment)]
        if any(moved):
            self._chart.renew()
        self._digit.set_data(self._images[i])
        names, answer = moment.subject.classes, int(moment.answers[moment.k, i])
        self._caption.set_text(
            f"image {i}\nlabel {names[int(moment.subject.y[i])]}\nthe student says {names[answer]}"
        )
        for part in (self._logits, self._confusions):
            part.show(moment, i)
        self._course.show(moment)
        return self._chart.png()


def blank(sentence: str) -> bytes:
    """A picture that says why there is none."""
    figure, axes = canvas(120, [["empty"]])
    axes["empty"].axis("off")
    axes["empty"].text(
        0.5, 0.5, sentence, ha="center", va="center", fontsize=11, color="#555555"
    )
    return Chart(figure, []).png()

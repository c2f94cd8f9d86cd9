"""One moment of a finished run: which images it is about, its picture, and its tables."""

import math

import numpy as np

from kdsurvey.measures import confusion
from kdsurvey.panels.kit.snapshots import Reel
from kdsurvey.pictures import (
    Axis,
    Bars,
    Cells,
    Chart,
    Frame,
    Image,
    Line,
    Picture,
    Points,
    Rule,
    Table,
    Text,
    epoch_axis,
    image_chart,
    limits,
)
from kdsurvey.pictures.palette import GREY, MARKERS, STYLES

EVERY = "every image"
WRONG = "wrong at this epoch"
TURNED = "answered in two ways or more"
UNLIKE = "unlike the teacher now"
KINDS = (EVERY, WRONG, TURNED, UNLIKE)
TERMS = 5  # loss terms that have a line
WRITTEN = 12  # classes; the cells of more are too small for their counts
STUDENT, TEACHER = 1, 0  # roles
ROWS = (
    ("digit", "logits", "logits", "confusion"),
    ("loss", "loss", "accuracy", "confusion"),
)


class Moment:
    """A reel seen from its k-th snapshot: answers (snapshots, m), the share of each
    that is right, and the counts of that one.
    """

    def __init__(self, reel: Reel, k: int):
        assert reel.subject is not None  # it has snapshots
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


def picture(moment: Moment, i: int, image: np.ndarray) -> Picture:
    """Draw a moment, with image i of its subject."""
    names, answer = moment.subject.classes, int(moment.answers[moment.k, i])
    label = names[int(moment.subject.y[i])]
    caption = f"image {i}\nlabel {label}\nthe student says {names[answer]}"
    charts = {
        "digit": image_chart([Image(image)], caption=caption),
        "logits": _logits(moment, i),
        "loss": _losses(moment),
        "accuracy": _accuracy(moment),
        "confusion": _confusions(moment, i),
    }
    return Picture(
        charts,
        mosaic=ROWS,
        widths=(0.95, 0.9, 1.45, 2.6),
        height=460,
        tables=[_logit_table(moment, i), _count_table(moment), _epoch_table(moment)],
    )


def blank(sentence: str) -> Picture:
    """Say why there is no picture."""
    chart = Chart(
        [Text(0.5, 0.5, sentence, ha="center", size=14.5, colour=GREY, place="axes")],
        frame="none",
    )
    return Picture({"empty": chart}, height=120)


def _logits(moment: Moment, i: int) -> Chart:
    """Return the student's logits for one image beside the teacher's.

    A grey band stands at the label. One scale for all epochs of an image, so that growing
    logits are seen to grow.
    """
    subject = moment.subject
    teacher = subject.teacher[i].numpy()
    places = np.arange(len(subject.classes))
    label = int(subject.y[i])
    every = np.stack([teacher, *(s.logits[i].numpy() for s in moment.snapshots)])
    low, high = min(float(every.min()), 0.0), max(float(every.max()), 0.0)
    room = 0.06 * (high - low) or 1.0
    marks = [
        Rule([label - 0.5], [label + 0.5], colour="#e4e4e4"),
        Rule([0], horizontal=True, style="-", colour="#555555", width=0.9),
        Bars(
            places - 0.2,
            moment.logits[i],
            width=0.38,
            edge=False,
            role=STUDENT,
            hatch="",
            legend="student",
        ),
        Bars(
            places + 0.2,
            teacher,
            width=0.38,
            edge=False,
            role=TEACHER,
            hatch="///",
            legend="teacher",
        ),
    ]
    return Chart(
        marks,
        Axis("class", (-0.6, len(places) - 0.4), ticks=places, names=subject.classes),
        Axis("logit", (low - room, high + room)),
        title="Logits of this image",
        legend="above",
        columns=2,
    )


def _losses(moment: Moment) -> Chart:
    """Return the loss terms over the epochs of the film, in whole decades."""
    terms = [snapshot.terms for snapshot in moment.snapshots]
    values = [value for each in terms for value in each.values()]
    shown = dict.fromkeys(name for each in terms for name, y in each.items() if y > 0)
    marks: list = [Rule([moment.epoch], width=1.5)]
    for k, name in enumerate([*shown][:TERMS]):
        y = [each.get(name, math.nan) for each in terms]
        y = [value if value > 0 else math.nan for value in y]
        # the roles after those of student and teacher, each with a marker of its own
        end = name if math.isfinite(y[-1]) else ""
        line = Line(
            moment.epochs,
            y,
            width=1.6,
            end=end,
            role=2 + k,
            marker=MARKERS[k],
            style=STYLES[k],
            size=3.7,
        )
        marks.append(line)
    y_axis = Axis("mean over the epoch (nats)", limits.decades(values), log=True)
    x_axis = epoch_axis(moment.epochs[-1])
    return Chart(marks, x_axis, y_axis, title="Loss terms, as weighted")


def _accuracy(moment: Moment) -> Chart:
    """Return the accuracy over the epochs of the film; a line and a dot at the moment."""
    shares = 100 * moment.correct
    low = min(90, 10 * math.floor(shares.min() / 10))
    value = shares[moment.k]
    marks = [
        Rule([moment.epoch], width=1.5),
        Line(moment.epochs, shares, role=STUDENT, style="-", size=3.7, width=1.6),
        Points([moment.epoch], [value], role=STUDENT, size=9.5),
    ]
    return Chart(
        marks,
        epoch_axis(moment.epochs[-1]),
        Axis("% of these images", (low, 100), whole=True, most=5),
        title=f"Accuracy: {value:.1f} %",
    )


def _confusions(moment: Moment, i: int) -> Chart:
    """Return counts by label and answer; a frame stands around that of the chosen image."""
    classes = moment.subject.classes
    counts = moment.counts
    most = int(moment.subject.y.bincount().max())
    words = []
    if len(classes) <= WRITTEN:
        words = [[str(int(n)) if n else "" for n in row] for row in counts]
    cells = Cells(counts, high=most, power=0.45, colours="Blues", words=words)
    answer, label = moment.answers[moment.k, i], int(moment.subject.y[i])
    frame = Frame(answer - 0.5, label - 0.5, role=STUDENT)
    places = range(len(classes))
    tilt = 45 if max(map(len, classes)) > 2 else 0
    wrong = len(moment.images(WRONG))
    return Chart(
        [cells, frame],
        Axis("the student's answer", ticks=places, names=classes, tilt=tilt),
        Axis("label", ticks=places, names=classes),
        title=f"Epoch {moment.epoch}: {wrong} of {len(moment.subject.y)} images wrong",
        frame="box",
        equal=True,
        anchor="N",
    )


def _logit_table(moment: Moment, i: int) -> Table:
    names, teacher = moment.subject.classes, moment.subject.teacher[i]
    label = names[int(moment.subject.y[i])]
    rows = [
        [name, f"{moment.logits[i, k]:.2f}", f"{teacher[k]:.2f}"]
        for k, name in enumerate(names)
    ]
    caption = f"Epoch {moment.epoch}, image {i}, label {label}: logits"
    return Table(caption, ["class", "student", "teacher"], rows)


def _count_table(moment: Moment) -> Table:
    names = moment.subject.classes
    head = ["", *(f"answer {name}" for name in names)]
    counts = zip(names, moment.counts.tolist())
    rows = [[f"label {name}", *row] for name, row in counts]
    return Table("Images by label and answer", head, rows)


def _epoch_table(moment: Moment) -> Table:
    """Say what every epoch lost, and had right."""
    terms = dict.fromkeys(name for s in moment.snapshots for name in s.terms)
    rows = []
    for snapshot, correct in zip(moment.snapshots, moment.correct):
        shown = ", shown" if snapshot.epoch == moment.epoch else ""
        losses = [_written(snapshot.terms.get(name)) for name in terms]
        name = f"epoch {snapshot.epoch}{shown}"
        rows.append([name, *losses, f"{100 * correct:.1f}"])
    head = ["", *(f"{name} (nats)" for name in terms), "accuracy (%)"]
    return Table("Every epoch on the film", head, rows)


def _written(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"

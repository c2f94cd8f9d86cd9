"""One image at one temperature as a picture: bars for each class, and the same as a table."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from kdsurvey.losses import soften
from kdsurvey.panels.kit.classes import Shown, cut, shown
from kdsurvey.panels.temperature.softened import Softened, softened
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
)

LOW, HIGH = 0.5, 50.0  # of T


class Subject(NamedTuple):
    """Images that two nets have answered."""

    images: np.ndarray  # (n, h, w) or (n, h, w, 3) in [0, 1]
    labels: np.ndarray  # (n,) class indices
    v: Tensor  # (n, c) teacher's logits, in double precision on the CPU
    z: Tensor | None  # (n, c) student's
    classes: tuple[str, ...]  # c names

    def softened(self, i: int, T: float, squared: bool) -> Softened:
        """Soften the logits for image i; squared: the loss is multiplied by T^2."""
        z = None if self.z is None else self.z[i]
        return softened(self.v[i], z, T, squared)

    def name(self, i: int) -> str:
        """Return the name of the class of image i."""
        return self.classes[self.labels[i]]

    def shown(self, i: int) -> Shown:
        """Choose the classes of image i that have bars, the same at every temperature."""
        nets = [self.v] if self.z is None else [self.v, self.z]
        logits = [net[i].numpy() for net in nets]
        return shown(self.classes, *logits, label=int(self.labels[i]))


def picture(subject: Subject, i: int, T: float, squared: bool) -> Picture:
    """Draw image i, the probabilities at T, and the gradient at the student's logits."""
    now = subject.softened(i, T, squared)
    caption = f"image {i}\nlabel {cut(subject.name(i))}"
    classes = subject.shown(i)
    charts = {
        "digit": image_chart([Image(subject.images[i])], caption=caption),
        "numbers": _numbers(now, T),
        "p": _probabilities(
            classes, now.p, 0, "Teacher: p = softmax(v / T)", last=now.q is None
        ),
    }
    table = _table(subject, now, i, T, squared)
    mosaic, height = [["digit", "p"], ["numbers", "p"]], 250
    if now.q is not None and now.g is not None:
        charts["q"] = _probabilities(classes, now.q, 1, "Student: q = softmax(z / T)")
        charts["g"] = _gradient(subject, classes, now.g, i, squared)
        mosaic, height = [["digit", "p"], ["digit", "q"], ["numbers", "g"]], 440
    return Picture(charts, mosaic=mosaic, widths=(1, 5), height=height, tables=[table])


def _numbers(now: Softened, T: float) -> Chart:
    words = (
        f"T = {T:g}\nteacher's entropy\n{now.nats:.3f} nats\n"
        f"{now.share:.0%} of log {len(now.p)}"
    )
    nothing = Axis(ticks=())
    return Chart(
        [Text(0.5, 0.5, words, ha="center", va="center", place="axes")],
        nothing,
        nothing,
        frame="none",
    )


def _probabilities(
    classes: Shown, p: np.ndarray, role: int, title: str, last: bool = False
) -> Chart:
    """Return a bar per class; only the last chart of a column names them."""
    y = Axis("probability", (0, 1.2), ticks=(0, 0.5, 1))
    return Chart(
        [_bars(classes.of(p), role, "{:.3f}")], classes.axis(last), y, title=title
    )


def _gradient(
    subject: Subject, classes: Shown, g: np.ndarray, i: int, squared: bool
) -> Chart:
    limit = 1.3 * max(_largest_gradient(subject, i), 1e-6)
    name = gradient_name(squared)
    return Chart(
        [
            _bars(classes.of(g), 2, "{:+.3f}"),
            Rule([0], horizontal=True, style="-", width=0.9),
        ],
        classes.axis(),
        Axis("gradient", (-limit, limit), most=5),
        title=f"{name[0].upper()}{name[1:]} at the student's logits z",
    )


def _largest_gradient(subject: Subject, i: int) -> float:
    """Return the largest gradient for image i, at all T and with the factor or without.

    One scale for all of them, so that a gradient that shrinks is seen to shrink.
    """
    T = torch.logspace(np.log10(LOW), np.log10(HIGH), 25, dtype=torch.float64)
    assert subject.z is not None
    v, z = (logits[i].expand(len(T), 1, -1) for logits in (subject.v, subject.z))
    plain = (soften(z, T) - soften(v, T)).abs().amax((-2, -1)) / T
    return float(torch.maximum(plain, T**2 * plain).max())


def gradient_name(squared: bool) -> str:
    """Return the gradient's formula; squared: the loss is multiplied by T^2."""
    return "gradient T (q − p)" if squared else "gradient (q − p) / T"


def _bars(heights: np.ndarray, role: int, form: str) -> Bars:
    words = [_short(form.format(height)) for height in heights]
    return Bars(range(len(heights)), heights, role=role, hatch="", words=words)


def _short(number: str) -> str:
    """Shorten a number so that it fits over a bar: '0.07' is '.07', '-0.00' is '0'."""
    if not float(number):
        return "0"
    if number.lstrip("+-").startswith("0."):
        number = number.replace("0.", ".", 1)
    return number.replace("-", "−")


def _table(subject: Subject, now: Softened, i: int, T: float, squared: bool) -> Table:
    columns = {"teacher p": now.p}
    if now.q is not None and now.g is not None:
        columns |= {"student q": now.q, gradient_name(squared): now.g}
    rows = [
        [name, *(f"{values[k]:.4f}" for values in columns.values())]
        for k, name in enumerate(subject.classes)
    ]
    caption = f"Image {i} (label {subject.name(i)}) at T = {T:g}"
    return Table(caption, ["class", *columns], rows)

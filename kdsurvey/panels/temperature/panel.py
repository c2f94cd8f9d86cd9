"""What a temperature does to one image: softened teacher, softened student, and the
gradient that reaches the student.
"""

from collections.abc import Sequence
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.ticker import MaxNLocator

from kdsurvey.losses import entropy, soften
from kdsurvey.panels.kit.charts import Bars, Chart, canvas, table, title
from kdsurvey.panels.kit.controls import button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import pictures
from kdsurvey.plots import COLOURS

LOW, HIGH = 0.5, 50.0


class Softened(NamedTuple):
    """One image at one temperature; g is what reaches each of the student's logits."""

    p: np.ndarray  # (c,) teacher
    q: np.ndarray | None  # (c,) student
    g: np.ndarray | None  # (c,) (q - p) / T, or T (q - p)
    nats: float  # entropy of p
    share: float  # of log c


def softened(v, z, T: float, squared: bool) -> Softened:
    """v: (c,) teacher logits; z: (c,) student logits or None; squared: the loss is
    multiplied by T^2.
    """
    p, nats = soften(v, T), float(entropy(v, T))
    if z is None:
        return Softened(p.numpy(), None, None, nats, nats / np.log(len(v)))
    q = soften(z, T)
    g = (q - p) / T * (T**2 if squared else 1)
    return Softened(p.numpy(), q.numpy(), g.numpy(), nats, nats / np.log(len(v)))


def temperature(
    images,
    labels,
    teacher_logits,
    student_logits=None,
    classes: Sequence[str] | None = None,
    *,
    T: float = 1.0,
) -> Panel:
    """A panel: choose an image, slide T, see the teacher's and the student's softened
    probabilities and the gradient.

    images: (n, 1, h, w), (n, h, w) or (n, 3, h, w) in [0, 1]; labels: (n,) class
    indices; teacher_logits, student_logits: (n, c); classes: c names, the indices where
    None; all tensors or arrays. Raises ValueError when the lengths do not fit.
    """
    return Temperature(images, labels, teacher_logits, student_logits, classes, T)


class Temperature(Panel):
    """See `temperature`."""

    kind = "temperature"
    text = "(panel: temperature. An image, a slider for T, the softened probabilities and their gradient)"
    about = "Bars, one a class: the teacher's probabilities at T, the student's, and the gradient at the student's logits"

    def __init__(self, images, labels, teacher_logits, student_logits, classes, T):
        super().__init__()
        self._v, self._z = _rows(teacher_logits), _rows(student_logits)
        self._images = pictures(torch.as_tensor(images))
        self._labels = np.asarray(labels)
        self.classes = tuple(classes or map(str, range(self._v.shape[-1])))
        self._require_equal_lengths()
        self.T = knob("Temperature T", T, LOW, HIGH, log=True)
        self.image = widgets.BoundedIntText(
            0,
            min=0,
            max=len(self._v) - 1,
            description="Image",
            layout={"width": "150px"},
        )
        self.image.style.description_width = "50px"
        self.before, self.after = button("◀ previous image"), button("next image ▶")
        self.squared = widgets.Checkbox(
            True,
            description="multiply the loss by T²",
            indent=False,
            layout={"width": "auto"},
        )
        self._build()
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))
        for control in (self.T.box, self.image, self.squared):
            self.watch(control, self.refresh)
        self.keep(T=self.T.box, image=self.image, squared=self.squared)
        choice = [self.before, self.image, self.after]
        second = [self.T.row] if self._z is None else [self.T.row, self.squared]
        self.arrange("Temperature", row(*choice), row(*second, grid_gap="24px"))

    def draw(self) -> tuple[bytes, str]:
        i, T = self.image.value, self.T.value
        now = softened(
            self._v[i], None if self._z is None else self._z[i], T, self.squared.value
        )
        self._digit.set_data(self._images[i])
        self._caption.set_text(f"image {i}, label {self.classes[self._labels[i]]}")
        self._numbers.set_text(
            f"T = {T:g}\nteacher's entropy\n{now.nats:.3f} nats\n{now.share:.0%} of log {len(now.p)}"
        )
        if now.g is not None:
            self._scale_gradient(i)
        for bars, heights in zip(self._bars, (now.p, now.q, now.g)):
            bars.show(heights)
        self._describe(now, T)
        return self._chart.png(), self._twin(now, i, T)

    def _turn(self, by: int) -> None:
        self.image.value = (self.image.value + by) % len(self._v)

    def _describe(self, now: Softened, T: float) -> None:
        first, second = np.argsort(-now.p, kind="stable")[:2]
        sure = " and ".join(
            f"{self.classes[k]} ({now.p[k]:.2g})" for k in (first, second)
        )
        self.say(
            f"T = {T:g}: the teacher's entropy is {now.nats:.3f} nats, {now.share:.0%} of log {len(now.p)}; first {sure}."
        )

    def _twin(self, now: Softened, i: int, T: float) -> str:
        head, columns = ["class", "teacher p"], [now.p]
        if now.q is not None:
            head += ["student q", self._gradient_name()]
            columns += [now.q, now.g]
        rows = [
            [name, *(f"{column[k]:.4f}" for column in columns)]
            for k, name in enumerate(self.classes)
        ]
        return table(
            f"Image {i} (label {self.classes[self._labels[i]]}) at T = {T:g}",
            head,
            rows,
        )

    def _gradient_name(self) -> str:
        return "gradient T (q − p)" if self.squared.value else "gradient (q − p) / T"

    def _build(self) -> None:
        """The figure: the image and its numbers on the left, one row of bars a quantity
        on the right.
        """
        names = "p" if self._z is None else "pqg"
        left = (
            ["digit", "numbers"] if self._z is None else ["digit", "digit", "numbers"]
        )
        mosaic = (
            [[left[0], "p"], [left[1], "p"]]
            if self._z is None
            else [list(pair) for pair in zip(left, names)]
        )
        figure, axes = canvas(
            230 if self._z is None else 400, mosaic, width_ratios=[1, 5]
        )
        self._digit, self._caption, self._numbers = _left(
            axes["digit"], axes["numbers"], self._images
        )
        looks = {
            "p": (COLOURS[0], "{:.3f}"),
            "q": (COLOURS[1], "{:.3f}"),
            "g": (COLOURS[2], "{:+.3f}"),
        }
        self._bars = [
            _bars(axes[name], self.classes, *looks[name], last=name == names[-1])
            for name in names
        ]
        title(axes["p"], "Teacher: p = softmax(v / T)")
        self._gradient_axis, self._scaled = axes.get("g"), None
        if self._z is not None:
            title(axes["q"], "Student: q = softmax(z / T)")
            self._scale_gradient(0)
        moving = [a for bars in self._bars for a in bars.artists]
        self._chart = Chart(
            figure, [self._digit, self._caption, self._numbers, *moving]
        )

    def _scale_gradient(self, i: int) -> None:
        """One scale for all T and both settings, so that a gradient that shrinks is seen to shrink."""
        if self._scaled == (i, self.squared.value):
            return
        self._scaled = i, self.squared.value
        grid = torch.logspace(np.log10(LOW), np.log10(HIGH), 25).tolist()
        top = max(
            np.abs(softened(self._v[i], self._z[i], T, s).g).max()
            for T in grid
            for s in (False, True)
        )
        limit = 1.3 * max(float(top), 1e-6)
        name = self._gradient_name()
        self._gradient_axis.set(ylim=(-limit, limit), ylabel="gradient")
        title(
            self._gradient_axis,
            f"{name[0].upper()}{name[1:]} at the student's logits z",
        )
        if hasattr(self, "_chart"):
            self._chart.renew()

    def _require_equal_lengths(self) -> None:
        v = self._v
        z = self._z
        n = len(self._v)
        shapes = f"images {self._images.shape}, labels {self._labels.shape}, teacher_logits {tuple(v.shape)}"
        if v.ndim != 2 or not n or len(self._images) != n or self._labels.shape != (n,):
            raise ValueError(
                f"temperature: need n images, n labels and (n, c) logits, n at least 1; got {shapes}"
            )
        if len(self.classes) != v.shape[1]:
            raise ValueError(
                f"temperature: {len(self.classes)} classes are named, the logits {tuple(v.shape)} have {v.shape[1]}"
            )
        if z is not None and z.shape != v.shape:
            raise ValueError(
                f"temperature: student_logits {tuple(z.shape)} and teacher_logits {tuple(v.shape)} differ"
            )


def _bars(axis, classes, colour, form, last: bool) -> Bars:
    """Bars on an axis of probabilities; only the last axis of a column names the classes."""
    bars = Bars(axis, len(classes), colour=colour, form=form)
    axis.set(ylim=(0, 1.2), yticks=(0, 0.5, 1), ylabel="probability")
    axis.set_xticks(
        range(len(classes)),
        classes if last else [],
        rotation=20 if max(map(len, classes)) > 8 else 0,
    )
    if last:
        axis.set_xlabel("class")
    if form.startswith("{:+"):
        axis.axhline(0, color="#555555", linewidth=0.7)
        axis.yaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    return bars


def _left(above, below, images):
    """The image with its caption; below it, the numbers."""
    for axis in (above, below):
        axis.axis("off")
    digit = above.imshow(
        images[0], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest"
    )
    caption = above.text(
        0.5, -0.05, "", ha="center", va="top", fontsize=8.5, transform=above.transAxes
    )
    numbers = below.text(
        0.5,
        0.5,
        "",
        ha="center",
        va="center",
        fontsize=8.5,
        transform=below.transAxes,
        linespacing=1.35,
    )
    return digit, caption, numbers


def _rows(logits) -> torch.Tensor | None:
    """(n, c) logits in double precision on the CPU, or None."""
    return None if logits is None else torch.as_tensor(logits).detach().double().cpu()

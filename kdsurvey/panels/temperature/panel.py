"""What a temperature does to one image: softened teacher, softened student, and the
gradient that reaches the student.
"""

from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kdsurvey.panels.kit.controls import Check, Knob, Number, button, row
from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.temperature.chart import HIGH, LOW, Subject, picture
from kdsurvey.panels.temperature.softened import Softened
from kdsurvey.pictures import Picture

Values = ArrayLike | Tensor


def temperature(
    images: Values,
    labels: Values,
    teacher_logits: Values,
    student_logits: Values | None = None,
    classes: Sequence[str] | None = None,
    *,
    T: float = 1.0,
) -> Panel:
    """Make a panel: choose an image, slide T, see what becomes of the probabilities.

    It shows the teacher's and the student's softened probabilities and the gradient.
    images: (n, 1, h, w), (n, h, w) or (n, 3, h, w) in [0, 1]; labels: (n,) class
    indices; teacher_logits, student_logits: (n, c); classes: c names, the indices where
    None; all tensors or arrays. Raises ValueError when the lengths do not fit.
    """
    v = _double(teacher_logits)
    z = None if student_logits is None else _double(student_logits)
    names = tuple(classes or map(str, range(v.shape[-1])))
    shown = pictures(torch.as_tensor(images))
    subject = Subject(shown, np.asarray(labels), v, z, names)
    _require_equal_lengths(subject)
    return Temperature(subject, T=T)


class Temperature(Panel):
    """The probabilities at a temperature; see `temperature`."""

    kind = "temperature"
    text = (
        "(panel: temperature. An image, a slider for T, the softened probabilities and "
        "their gradient)"
    )
    about = (
        "Bars, one a class: the teacher's probabilities at T, the student's, and the "
        "gradient at the student's logits"
    )

    T = Knob("Temperature T", 1.0, LOW, HIGH, log=True, view=True)
    squared = Check("multiply the loss by T²", True, view=True)
    image: widgets.BoundedIntText

    def __init__(self, subject: Subject, *, T: float):
        last = len(subject.v) - 1
        image = Number("Image", 0, 0, last, width=150, label_width="50px", view=True)
        super().__init__(T=T, image=image)
        self._subject = subject
        self.before = button("◀ previous image")
        self.after = button("next image ▶")
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))
        knobs = [self.T.row] if subject.z is None else [self.T.row, self.squared]
        choice = row(self.before, self.image, self.after)
        self.arrange("Temperature", choice, row(*knobs, grid_gap="24px"))

    def draw(self) -> Picture:
        chosen = self.image.value, self.T.value, self.squared.value
        self.describe(self._sentence(self._subject.softened(*chosen)))
        return picture(self._subject, *chosen)

    def _turn(self, by: int) -> None:
        self.image.value = (self.image.value + by) % len(self._subject.v)

    def _sentence(self, now: Softened) -> str:
        """Say how unsure the teacher is, and what it holds most probable."""
        names = self._subject.classes
        two = np.argsort(-now.p, kind="stable")[:2]
        first = " and ".join(f"{names[k]} ({now.p[k]:.2g})" for k in two)
        return (
            f"T = {self.T.value:g}: the teacher's entropy is {now.nats:.3f} nats, "
            f"{now.share:.0%} of log {len(now.p)}; first {first}."
        )


def _double(logits: Values) -> Tensor:
    """Return logits (n, c) in double precision on the CPU."""
    return torch.as_tensor(logits).detach().double().cpu()


def _require_equal_lengths(subject: Subject) -> None:
    images, labels, v, z, classes = subject
    n = len(v)
    if v.ndim != 2 or not n or len(images) != n or labels.shape != (n,):
        raise ValueError(
            "temperature: need n images, n labels and (n, c) logits, n at least 1; got "
            f"images {images.shape}, labels {labels.shape}, "
            f"teacher_logits {tuple(v.shape)}"
        )
    if len(classes) != v.shape[1]:
        raise ValueError(
            f"temperature: {len(classes)} classes are named, "
            f"the logits {tuple(v.shape)} have {v.shape[1]}"
        )
    if z is not None and z.shape != v.shape:
        raise ValueError(
            f"temperature: student_logits {tuple(z.shape)} and teacher_logits "
            f"{tuple(v.shape)} differ"
        )

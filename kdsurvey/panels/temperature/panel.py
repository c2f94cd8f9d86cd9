"""What a temperature does to one image: softened teacher, softened student, and the
gradient that reaches the student.
"""

from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
import torch

from kdsurvey.losses import entropy, soften
from kdsurvey.panels.kit.controls import button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import pictures
from kdsurvey.panels.temperature.chart import Example, Softened, picture
from kdsurvey.pictures import Picture

LOW, HIGH = 0.5, 50.0


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
        self._reach: dict[int, float] = {}  # of the latest image
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))
        for control in (self.T.box, self.image, self.squared):
            self.watch(control, self.refresh)
        self.keep(T=self.T.box, image=self.image, squared=self.squared)
        choice = [self.before, self.image, self.after]
        second = [self.T.row] if self._z is None else [self.T.row, self.squared]
        self.arrange("Temperature", row(*choice), row(*second, grid_gap="24px"))

    def draw(self) -> Picture:
        i, T = self.image.value, self.T.value
        z = None if self._z is None else self._z[i]
        now = softened(self._v[i], z, T, self.squared.value)
        example = Example(i, self._images[i], self.classes[self._labels[i]])
        gradient = {} if z is None else self._gradient(i)
        self._describe(now, T)
        return picture(now, example, self.classes, T, **gradient)

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

    def _gradient(self, i: int) -> dict:
        """Return the name of the gradient, and its axis' reach.

        One scale for all T and both settings, so that a gradient that shrinks is seen to
        shrink.
        """
        name = "gradient T (q − p)" if self.squared.value else "gradient (q − p) / T"
        if i not in self._reach:
            grid = torch.logspace(np.log10(LOW), np.log10(HIGH), 25).tolist()
            top = max(
                np.abs(softened(self._v[i], self._z[i], T, squared).g).max()
                for T in grid
                for squared in (False, True)
            )
            self._reach = {i: 1.3 * max(float(top), 1e-6)}
        return {"gradient": name, "reach": self._reach[i]}

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


def _rows(logits) -> torch.Tensor | None:
    """(n, c) logits in double precision on the CPU, or None."""
    return None if logits is None else torch.as_tensor(logits).detach().double().cpu()

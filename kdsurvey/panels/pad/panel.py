"""A digit pad: draw a digit, and see at once what a teacher and a student answer, and
which training images are like it.
"""

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import torch
from torch import nn
from traitlets import TraitError

from kdsurvey.data import Data
from kdsurvey.losses import soften
from kdsurvey.panels.kit.controls import LABEL_WIDTH, button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.pad import digit
from kdsurvey.panels.pad.challenge import Attempt, attempt, with_article
from kdsurvey.panels.pad.chart import Answers, K, picture
from kdsurvey.panels.pad.ink import Ink
from kdsurvey.pictures import Picture
from kdsurvey.stage import Teacher

LOW, HIGH = 0.5, 50.0
SIGNS = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "turn left": "↺",
    "turn right": "↻",
    "thicker": "●",
    "thinner": "○",
}
HINTS = {
    False: "No drawing field here? Choose a test image and change it with the buttons: that is enough.",
    True: "Draw with mouse, finger or pen, or choose a test image and change it with the buttons.",
}


def pad(
    teacher: nn.Module,
    student: nn.Module,
    data: Data,
    *,
    T: float = 4.0,
    challenge: tuple[int, int] = (3, 8),
) -> Panel:
    """A panel: draw a digit, or choose a test image and nudge it; teacher and student
    answer at temperature T as it changes.

    teacher, student: nets from (n, 1, 28, 28) to (n, c) logits, copied, in eval mode;
    data: digits with c classes, MNIST's for one, whose test images can be chosen and
    whose training images are searched; T in [0.5, 50]; challenge: classes (a, b) of
    "make an a that is almost a b", judged by the teacher's probabilities at T. Raises
    ValueError for images that are not 28 x 28 with one channel, for nets with another
    number of classes, and for a challenge that names no two classes.
    """
    return Pad(teacher, student, data, T, challenge)


class Pad(Panel):
    """See `pad`. `sketch` is the reader's image, `ink` the drawing field."""

    kind = "pad"
    text = "(panel: digit pad. A field to draw in, buttons to nudge a digit, a slider for T; what teacher and student answer)"
    about = "The drawn digit, bars of the teacher's and the student's probabilities at T, and the nearest training images"

    def __init__(self, teacher, student, data, T, challenge):
        super().__init__()
        self._nets = (Teacher(teacher), Teacher(student))
        self.classes = tuple(map(str, data.classes))
        (x, y), (chosen, labels) = (
            (part[0].cpu(), part[1].cpu()) for part in (data.train, data.test)
        )
        self._require(x, challenge)
        self._train = x
        self._labels = y.numpy()
        self._norms = digit.squares(x)
        self._test = chosen[:, 0].numpy()
        first = [
            int((labels == k).nonzero()[0, 0]) if (labels == k).any() else 0
            for k in challenge
        ]
        self.sketch = digit.Sketch(self._test[first[0]])
        self.ink = Ink(layout={"flex": "0 0 auto"})
        self._hint = widgets.HTML()
        self._controls(T, challenge, first)
        self._listen()
        self._show()
        right = widgets.VBox(
            self._rows(),
            layout={
                "flex": "1 1 420px",
                "width": "auto",
                "min_width": "0",
                "grid_gap": "3px",
            },
        )
        self.arrange(
            "Digit pad", row(self.ink, right, grid_gap="12px", margin="0 0 8px")
        )

    def _controls(self, T: float, challenge, first: list[int]) -> None:
        last = len(self._test) - 1
        names = [(name, k) for k, name in enumerate(self.classes)]
        self.image, self.other = (
            _index(text, i, last)
            for text, i in zip(("Test image", "Mix in image"), first)
        )
        self.before = button("◀ previous", "Previous test image")
        self.after = button("next ▶", "Next test image")
        self.again = button(
            "Again", "The chosen test image as it was, without strokes and nudges"
        )
        self.clear = button("Clear", "Nothing but white, to draw on")
        self.rubber = widgets.ToggleButton(
            description="Rubber", tooltip="The pen rubs out", layout={"width": "auto"}
        )
        self.nudges = {
            move: button(f"{SIGNS[move]} {move}", f"Nudge the digit: {move}")
            for move in digit.MOVES
        }
        self.share = knob("Share of it", 0.0, 0, 1, step=0.05)
        self.T = knob("Temperature T", T, LOW, HIGH, log=True)
        self.make, self.almost = (
            widgets.Dropdown(
                options=names,
                value=k,
                description=text,
                style={"description_width": width},
                layout={"width": "auto"},
            )
            for k, text, width in zip(
                challenge, ("Make this:", "that is almost this:"), (LABEL_WIDTH, "auto")
            )
        )
        self.keep(
            T=self.T.box,
            image=self.image,
            other=self.other,
            share=self.share.box,
            make=self.make,
            almost=self.almost,
        )
        self.keep(sketch=_Kept(self))

    def _rows(self) -> list[widgets.Widget]:
        self.T.row.layout.width = "100%"
        self.share.row.layout = {"flex": "1 1 200px", "align_items": "center"}
        self.share.box.style.description_width = "auto"
        self.share.box.layout.width = "140px"
        return [
            self._hint,
            row(
                self.image, self.before, self.after, self.again, self.clear, self.rubber
            ),
            widgets.GridBox(
                list(self.nudges.values()),
                layout={"grid_template_columns": "repeat(4, 1fr)"},
            ),
            row(self.other, self.share.row),
            self.T.row,
            row(self.make, self.almost, grid_gap="8px"),
        ]

    def _listen(self) -> None:
        widgets.link((self.rubber, "value"), (self.ink, "rubber"))
        self.ink.on_drawing(lambda: self._safely(self._drawn))
        self.ink.on_arrow(lambda move: self._safely(lambda: self._nudge(move)))
        self.ink.observe(lambda change: self._hint_at(), "alive")
        self._hint_at()
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))
        self.click(self.again, self._choose)
        self.click(self.clear, lambda: self._take(self.sketch.clear))
        for move, key in self.nudges.items():
            self.click(key, lambda move=move: self._nudge(move))
        self.watch(self.image, self._choose)
        for control in (self.other, self.share.box):
            self.watch(control, self._mix)
        for control in (self.T.box, self.make, self.almost):
            self.watch(control, self.refresh)

    def _hint_at(self) -> None:
        self._hint.value = (
            f'<span style="line-height:1.35">{HINTS[self.ink.alive]}</span>'
        )

    def _turn(self, by: int) -> None:
        self.image.value = (self.image.value + by) % len(self._test)

    def _choose(self) -> None:
        self._take(lambda: self.sketch.choose(self._chosen()))

    def _chosen(self) -> np.ndarray:
        return self._test[self.image.value]

    def _nudge(self, move: str) -> None:
        self._take(lambda: self.sketch.nudge(move))

    def _mix(self) -> None:
        """Where a drawing has set the share to 0 nothing changes, and the field keeps its strokes."""
        with self._lock:
            changed = self.sketch.mix(self._test[self.other.value], self.share.value)
        if changed:
            self._show()

    def _drawn(self) -> None:
        ink = self.ink.drawn()
        if ink is not None:
            self._take(lambda: self.sketch.draw(ink), show=False)

    def _take(self, change: Callable[[], None], show: bool = True) -> None:
        """Changes the image, and shows it in the field unless it comes from there."""
        with self._lock:
            change()
        self.share.box.value = self.sketch.share
        if show:
            self._show()
        self.refresh()

    def _show(self) -> None:
        self.ink.show(self.sketch.image)
        self.refresh()

    def draw(self) -> Picture:
        now = self._answers()
        tried = attempt(now.p, self.make.value, self.almost.value, self.classes)
        self._describe(now, tried)
        return picture(now, self.classes, tried.share)

    def restore(self, state: dict) -> None:
        """As for every panel; the drawing comes last, because choosing a test image replaces it."""
        super().restore(
            {name: state[name] for name in self._kept if name in state} | state
        )

    def _answers(self) -> Answers:
        image, T = self.sketch.image, self.T.value
        if not image.any():
            return Answers(image, T, *np.full((2, len(self.classes)), np.nan))
        x = torch.from_numpy(image)[None, None]
        p, q = (soften(net.logits(x)[0].float(), T).numpy() for net in self._nets)
        near, far = digit.nearest_images(
            image, self._train, min(K, len(self._train)), self._norms
        )
        labels = [self.classes[k] for k in self._labels[near]]
        return Answers(
            image,
            T,
            p,
            q,
            near.tolist(),
            far.tolist(),
            labels,
            [self._train[i, 0].numpy() for i in near],
        )

    def _describe(self, now: Answers, tried: Attempt) -> None:
        a, b = (
            with_article(self.classes[choice.value])
            for choice in (self.make, self.almost)
        )
        task = f"{a} that is almost {b}"
        if not now.near:
            return self.say(
                f"The field is empty: draw a digit, or choose a test image. Make {task}."
            )
        said = [
            f"{name}: {self._two(p)}."
            for name, p in (("Teacher", now.p), ("Student", now.q))
        ]
        to_do = f"You made {task}." if tried.done else f"Make {task}: {tried.missing}."
        self.say(" ".join([*said, to_do]))

    def _two(self, p: np.ndarray) -> str:
        """The two most probable classes."""
        return ", ".join(
            f"{self.classes[k]} ({p[k]:.2f})" for k in np.argsort(-p, kind="stable")[:2]
        )

    def _require(self, x: torch.Tensor, challenge) -> None:
        c, side = len(self.classes), digit.FIELD
        if x.shape[1:] != (1, side, side):
            raise ValueError(
                f"pad: images (n, 1, {side}, {side}) are needed, got {tuple(x.shape)}; take kdsurvey.data.mnist_5k()"
            )
        if len(challenge) != 2 or len(set(challenge) & set(range(c))) != 2:
            raise ValueError(
                f"pad: challenge = {challenge} must be two different classes of 0 ... {c - 1}, such as (3, 8)"
            )
        for name, net in zip(("teacher", "student"), self._nets):
            shape = tuple(net.logits(x[:1]).shape)
            if shape != (1, c):
                raise ValueError(
                    f"pad: the {name} gives logits {shape} for one image, the data have {c} classes; train it on them"
                )


def _index(text: str, value: int, last: int) -> widgets.BoundedIntText:
    style, layout = {"description_width": LABEL_WIDTH}, {"width": "200px"}
    return widgets.BoundedIntText(
        value, min=0, max=last, description=text, style=style, layout=layout
    )


class _Kept:
    """The drawing as a control whose value a permalink keeps: "" for the chosen test
    image as it is.
    """

    def __init__(self, panel: Pad):
        self._panel = panel

    @property
    def value(self) -> str:
        base = self._panel.sketch.base
        return (
            "" if np.array_equal(base, self._panel._chosen()) else digit.to_text(base)
        )

    @value.setter
    def value(self, text: str) -> None:
        try:
            image = self._panel._chosen() if text == "" else digit.from_text(text)
        except ValueError as error:
            raise TraitError(str(error)) from error
        self._panel._take(lambda: self._panel.sketch.choose(image))

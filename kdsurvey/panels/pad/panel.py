"""A digit pad: draw a digit, and see at once what a teacher and a student answer, and
which training images are like it.
"""

from collections.abc import Callable, Sequence
from functools import partial

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor, nn
from traitlets import TraitError

from kdsurvey.data import Data
from kdsurvey.losses import soften
from kdsurvey.panels.kit.controls import Choice, Knob, Number, button, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.pad import digit
from kdsurvey.panels.pad.challenge import Attempt, attempt, with_article
from kdsurvey.panels.pad.chart import Answers, K, picture
from kdsurvey.panels.pad.ink import Ink
from kdsurvey.pictures import Picture
from kdsurvey.stage import Teacher

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
DRAW = (
    "Draw with mouse, finger or pen, or choose a test image and change it with the "
    "buttons."
)
NO_FIELD = (
    "No drawing field here? Choose a test image and change it with the buttons: that is "
    "enough."
)


def pad(
    teacher: nn.Module,
    student: nn.Module,
    data: Data,
    *,
    T: float = 4.0,
    challenge: tuple[int, int] = (3, 8),
) -> Panel:
    """Make a panel: draw a digit, or nudge a test image; see what the nets answer at T.

    teacher, student: nets from (n, 1, 28, 28) to (n, c) logits, copied, in eval mode;
    data: digits with c classes, MNIST's for one, whose test images can be chosen and
    whose training images are searched; T in [0.5, 50]; challenge: classes (a, b) of
    "make an a that is almost a b", judged by the teacher's probabilities at T. Raises
    ValueError for images that are not 28 x 28 with one channel, for nets with another
    number of classes, and for a challenge that names no two classes.
    """
    nets = {"teacher": Teacher(teacher), "student": Teacher(student)}
    _require(data, nets, challenge)
    return Pad(nets["teacher"], nets["student"], data, T=T, challenge=challenge)


class Pad(Panel):
    """The digit pad; see `pad`.

    `sketch` is the reader's image, `ink` the drawing field, `nudges` the buttons that
    change the image, by the names of their moves.
    """

    kind = "pad"
    text = (
        "(panel: digit pad. A field to draw in, buttons to nudge a digit, a slider for "
        "T; what teacher and student answer)"
    )
    about = (
        "The drawn digit, bars of the teacher's and the student's probabilities at T, "
        "and the nearest training images"
    )

    T = Knob("Temperature T", 4.0, 0.5, 50.0, log=True, view=True)
    share = Knob("Share of it", 0.0, 0, 1, step=0.05)
    image: widgets.BoundedIntText
    other: widgets.BoundedIntText
    make: widgets.Dropdown
    almost: widgets.Dropdown

    def __init__(
        self,
        teacher: Teacher,
        student: Teacher,
        data: Data,
        *,
        T: float,
        challenge: tuple[int, int],
    ):
        self.classes = tuple(map(str, data.classes))
        self._test = data.test[0][:, 0].cpu().numpy()
        first = [_first_of(k, data.test[1]) for k in challenge]
        super().__init__(T=T, **self._choices(first, challenge))
        self._nets = teacher, student
        self._train = data.train[0].cpu()
        self._labels = data.train[1].cpu().numpy()
        self._norms = digit.squares(self._train)
        self.sketch = digit.Sketch(self._test[first[0]])
        self.keep(sketch=_Drawing(self))
        self._make_buttons()
        self._listen()
        self._show()
        layout = {"flex": "1 1 420px", "width": "auto", "min_width": "0"}
        right = widgets.VBox(self._lines(), layout=layout | {"grid_gap": "3px"})
        self.arrange(
            "Digit pad", row(self.ink, right, grid_gap="12px", margin="0 0 8px")
        )

    def _choices(self, first: Sequence[int], challenge: tuple[int, int]) -> dict:
        """Return the controls whose range depends on the data."""
        last = len(self._test) - 1
        names = [(name, k) for k, name in enumerate(self.classes)]
        make, almost = challenge
        return {
            "image": Number("Test image", first[0], 0, last),
            "other": Number("Mix in image", first[1], 0, last),
            "make": Choice("Make this:", make, names, view=True),
            "almost": Choice(
                "that is almost this:", almost, names, label_width="auto", view=True
            ),
        }

    def _make_buttons(self) -> None:
        self.ink = Ink(layout={"flex": "0 0 auto"})
        self.hint = widgets.HTML()
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

    def _lines(self) -> list[widgets.Widget]:
        """Return the lines of controls beside the field, which is narrower than a page."""
        self.T.row.layout.width = "100%"
        self.share.row.layout.width = "auto"
        self.share.row.layout.flex = "1 1 200px"
        self.share.box.style.description_width = "auto"
        self.share.box.layout.width = "140px"
        for choice in (self.make, self.almost):
            choice.layout.width = "auto"
        turn = (self.before, self.after, self.again, self.clear, self.rubber)
        moves = {"grid_template_columns": "repeat(4, 1fr)"}
        return [
            self.hint,
            row(self.image, *turn),
            widgets.GridBox(list(self.nudges.values()), layout=moves),
            row(self.other, self.share.row),
            self.T.row,
            row(self.make, self.almost, grid_gap="8px"),
        ]

    def _listen(self) -> None:
        widgets.link((self.rubber, "value"), (self.ink, "rubber"))
        self.ink.on_drawing(lambda: self._safely(self._drawn))
        self.ink.on_arrow(lambda move: self._safely(lambda: self._nudge(move)))
        self.ink.observe(lambda change: self._explain(), "alive")
        self._explain()
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))
        self.click(self.again, self._choose)
        self.click(self.clear, lambda: self.take(self.sketch.clear))
        for move, nudge in self.nudges.items():
            self.click(nudge, partial(self._nudge, move))
        self.watch(self.image, self._choose)
        for control in (self.other, self.share.box):
            self.watch(control, self._mix)

    def _explain(self) -> None:
        hint = DRAW if self.ink.alive else NO_FIELD
        self.hint.value = f'<span style="line-height:1.35">{hint}</span>'

    # What the reader does to the image.

    @property
    def chosen(self) -> np.ndarray:
        """The chosen test image as it is, (28, 28)."""
        return self._test[self.image.value]

    def take(self, change: Callable[[], None], show: bool = True) -> None:
        """Change the image. show: in the field too, unless the change comes from there."""
        with self._lock:
            change()
        self.share.value = self.sketch.share
        if show:
            self._show()
        self.refresh()

    def _show(self) -> None:
        self.ink.show(self.sketch.image)
        self.refresh()

    def _turn(self, by: int) -> None:
        self.image.value = (self.image.value + by) % len(self._test)

    def _choose(self) -> None:
        self.take(lambda: self.sketch.choose(self.chosen))

    def _nudge(self, move: str) -> None:
        self.take(lambda: self.sketch.nudge(move))

    def _mix(self) -> None:
        """Mix in another image; the field keeps its strokes unless that changes what is
        seen, as it does not where a drawing has set the share to 0.
        """
        with self._lock:
            changed = self.sketch.mix(self._test[self.other.value], self.share.value)
        if changed:
            self._show()

    def _drawn(self) -> None:
        ink = self.ink.drawn()
        if ink is not None:
            self.take(lambda: self.sketch.draw(ink), show=False)

    def restore(self, state: dict) -> None:
        """Set the controls, then the drawing, which choosing a test image replaces.

        Errors: see Panel.restore.
        """
        last = {"sketch": state["sketch"]} if "sketch" in state else {}
        others = {name: value for name, value in state.items() if name != "sketch"}
        super().restore(others | last)

    # What the nets say to it.

    def draw(self) -> Picture:
        answers = self._answers()
        tried = attempt(answers.p, self.make.value, self.almost.value, self.classes)
        self.describe(self._sentence(answers, tried))
        return picture(answers, self.classes, tried.share)

    def _answers(self) -> Answers:
        image, T = self.sketch.image, self.T.value
        if not image.any():
            nothing = np.full(len(self.classes), np.nan)
            return Answers(image, T, nothing, nothing)
        x = torch.from_numpy(image)[None, None]
        p, q = (soften(net.logits(x)[0].float(), T).numpy() for net in self._nets)
        count = min(K, len(self._train))
        near, far = digit.nearest_images(image, self._train, count, self._norms)
        return Answers(
            image,
            T,
            p,
            q,
            near.tolist(),
            far.tolist(),
            labels=[self.classes[k] for k in self._labels[near]],
            images=[self._train[i, 0].numpy() for i in near],
        )

    def _sentence(self, answers: Answers, tried: Attempt) -> str:
        """Say what the nets answer, and how far the challenge is."""
        make = with_article(self.classes[self.make.value])
        almost = with_article(self.classes[self.almost.value])
        task = f"{make} that is almost {almost}"
        if not answers.near:
            start = "The field is empty: draw a digit, or choose a test image."
            return f"{start} Make {task}."
        teacher, student = self._two_of(answers.p), self._two_of(answers.q)
        to_do = f"Make {task}: {tried.missing}."
        if tried.done:
            to_do = f"You made {task}."
        return f"Teacher: {teacher}. Student: {student}. {to_do}"

    def _two_of(self, p: np.ndarray) -> str:
        """Return the two most probable classes in words."""
        two = np.argsort(-p, kind="stable")[:2]
        return ", ".join(f"{self.classes[k]} ({p[k]:.2f})" for k in two)


class _Drawing:
    """The drawing as a control whose value a permalink keeps.

    "" stands for the chosen test image as it is.
    """

    def __init__(self, panel: Pad):
        self._panel = panel

    @property
    def value(self) -> str:
        base = self._panel.sketch.base
        if np.array_equal(base, self._panel.chosen):
            return ""
        return digit.to_text(base)

    @value.setter
    def value(self, text: str) -> None:
        try:
            image = self._panel.chosen if text == "" else digit.from_text(text)
        except ValueError as error:
            raise TraitError(str(error)) from error
        self._panel.take(lambda: self._panel.sketch.choose(image))


def _first_of(label: int, labels: Tensor) -> int:
    """Return the place of the first image with this label, 0 where there is none."""
    places = (labels.cpu() == label).nonzero().flatten()
    return int(places[0]) if len(places) else 0


def _require(data: Data, nets: dict[str, Teacher], challenge: tuple[int, int]) -> None:
    """Raise ValueError for images, nets or a challenge that the pad cannot show."""
    x, c, side = data.train[0], len(data.classes), digit.FIELD
    if x.shape[1:] != (1, side, side):
        raise ValueError(
            f"pad: images (n, 1, {side}, {side}) are needed, got {tuple(x.shape)}; "
            "take kdsurvey.data.mnist_5k()"
        )
    if len(challenge) != 2 or len(set(challenge) & set(range(c))) != 2:
        raise ValueError(
            f"pad: challenge = {challenge} must be two different classes of "
            f"0 ... {c - 1}, such as (3, 8)"
        )
    for name, net in nets.items():
        shape = tuple(net.logits(x[:1].cpu()).shape)
        if shape != (1, c):
            raise ValueError(
                f"pad: the {name} gives logits {shape} for one image, "
                f"the data have {c} classes; train it on them"
            )

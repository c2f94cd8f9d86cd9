"""Back through a run: the student's logits, its confusions and its loss terms after any
epoch that the film still holds.
"""

import time

import ipywidgets as widgets

from kdsurvey.panels.kit.background import OFTEN, SHARE
from kdsurvey.panels.kit.controls import LABEL_WIDTH, button, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import IMAGES, Film, Reel, pictures
from kdsurvey.panels.rewind.chart import (
    EVERY,
    KINDS,
    Moment,
    blank,
    nearest,
    picture,
)
from kdsurvey.pictures import Picture

NOTHING = "Nothing to rewind yet: press Start in the panel above."
FIRST = "The first epoch is not over yet; its snapshot appears here."


def rewind(source, *, image: int = 0) -> Panel:
    """A panel on the film of another panel's latest run: scrub through its epochs, image by image.

    source: a panel with `films`, a dict name -> Film, as `compare` gives, or with one
    `film`. image: the one to start with. While the other panel trains, the newest epoch
    is shown until the reader chooses one. Raises ValueError for a source without a
    film.
    """
    films = getattr(source, "films", None) or {"run": getattr(source, "film", None)}
    if not isinstance(source, Panel) or not all(
        isinstance(film, Film) for film in films.values()
    ):
        raise ValueError(
            f"rewind: a {type(source).__name__} keeps no film; give a panel that trains, such as compare(...)"
        )
    if not 0 <= image < IMAGES:
        raise ValueError(
            f"rewind: image {image} is not on a film; it follows the first {IMAGES} images"
        )
    return Rewind(source, films, image)


class Rewind(Panel):
    """See `rewind`. A permalink holds the state of the other panel too, which makes its run again."""

    kind = "rewind"
    text = "(panel: rewind. A slider for the epoch, an image; logits, confusions and loss terms at that moment)"
    about = "An image, the student's logits for it beside the teacher's, confusions as a heat map, loss terms and accuracy"

    def __init__(self, source: Panel, films: dict[str, Film], image: int):
        super().__init__()
        self._source = source
        self._films = films
        self._images = None
        self._subject = None
        self._shown, self._next = 0, 0.0
        self._controls([*films], image)
        for film in films.values():
            film.listen(self._hear)
        for control, act in (
            (self.epoch, self._typed),
            (self.slider, self._slid),
            (self.follow, self.refresh),
            (self.side, self.refresh),
            (self.image, self.refresh),
            (self.only, self._choose),
        ):
            self.watch(control, act)
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))
        self.keep(
            side=self.side,
            epoch=self.epoch,
            follow=self.follow,
            only=self.only,
            image=self.image,
        )
        self.arrange("Rewind", *self._lines())

    def _controls(self, names: list[str], image: int) -> None:
        wide = {"description_width": LABEL_WIDTH}
        self.side = widgets.Dropdown(
            options=names,
            description="Which side",
            style=wide,
            layout={"width": "240px"},
        )
        self.epoch = widgets.BoundedIntText(
            0,
            min=0,
            max=10**6,
            description="Epoch",
            style=wide,
            layout={"width": "200px"},
        )
        self.slider = widgets.IntSlider(
            0,
            min=0,
            max=0,
            readout=False,
            layout={"flex": "1 1 80px", "min_width": "80px"},
        )
        self.follow = widgets.ToggleButton(
            True, description="Newest epoch", layout={"width": "auto"}
        )
        self.only = widgets.Dropdown(
            options=KINDS,
            description="Step through",
            style=wide,
            layout={"width": "310px"},
        )
        self.image = widgets.BoundedIntText(
            image, min=0, max=IMAGES - 1, description="Image", layout={"width": "150px"}
        )
        self.image.style.description_width = "50px"
        self.before, self.after = button("◀ previous"), button("next ▶")

    def _lines(self) -> list[widgets.HBox]:
        moment = row(self.epoch, self.slider, self.follow, grid_gap="8px")
        moment.layout.flex_flow = "row nowrap"
        which = [self.side] if len(self._films) > 1 else []
        return [moment, row(*which, self.only, self.before, self.image, self.after)]

    # What the reader does. A value that the panel itself has set is the one it shows,
    # and asks for nothing.

    def _typed(self) -> None:
        if self.epoch.value != self._shown:
            self.follow.value = False
            self.refresh()

    def _slid(self) -> None:
        if self.slider.value != self._shown:
            self.epoch.value = self.slider.value

    def _turn(self, by: int) -> None:
        """To the next image of the chosen kind, round the end."""
        images = self._of_kind()
        further = [i for i in images if (i - self.image.value) * by > 0] or images
        if further:
            self.image.value = further[0 if by > 0 else -1]

    def _choose(self) -> None:
        """To the first image of the kind, unless the one in sight is of it."""
        images = self._of_kind()
        if images and self.image.value not in images:
            self.image.value = images[0]
        self.refresh()

    def _of_kind(self) -> list[int]:
        reel = self._reel()
        return (
            Moment(reel, self._wanted(reel)).images(self.only.value).tolist()
            if reel.snapshots
            else []
        )

    def state(self) -> dict:
        """The controls, and the state of the other panel."""
        return super().state() | {"source": self._source.state()}

    def restore(self, state: dict) -> None:
        """Sets the controls, and brings the other panel into its state where it is in
        another one; errors: see Panel.restore.
        """
        before = super().state()
        super().restore(
            {name: value for name, value in state.items() if name != "source"}
        )
        try:
            if state.get("source") != self._source.state():
                self._source.restore(state.get("source") or {})
        except ValueError:
            super().restore(before)
            raise

    # What the other panel does.

    def _hear(self) -> None:
        """On the thread that trains: seldom enough that the training hardly notices,
        and always at the end.
        """
        if time.perf_counter() >= self._next or not self._reel().running:
            self.refresh()

    def _reel(self) -> Reel:
        return self._films[self.side.value].read()

    def draw(self) -> Picture:
        reel = self._reel()
        if not reel.snapshots:
            said = FIRST if reel.running else NOTHING
            self.say(said)
            return blank(said)
        if reel.subject is not self._subject:
            self._images, self._subject = pictures(reel.subject.x), reel.subject
        moment = Moment(reel, self._place(reel))
        i = self.image.value
        self.say(self._sentence(moment, i, reel.running))
        return picture(moment, i, self._images[i])

    def redraw(self) -> None:
        """Draw now; the next drawing is due after a multiple of the time that this took."""
        start = time.perf_counter()
        super().redraw()
        end = time.perf_counter()
        self._next = end + max(OFTEN, SHARE * (end - start))

    def _wanted(self, reel: Reel) -> int:
        return (
            len(reel.snapshots) - 1
            if self.follow.value
            else nearest(reel, self.epoch.value)
        )

    def _place(self, reel: Reel) -> int:
        """Which snapshot to show; the controls are made to fit the film."""
        k = self._wanted(reel)
        first, self._shown, last = (reel.snapshots[j].epoch for j in (0, k, -1))
        with self.slider.hold_trait_notifications():
            self.slider.min = 0
            self.slider.max = last
            self.slider.value = self._shown
            self.slider.min = first
        if self.follow.value or not reel.running:
            self.epoch.value = self._shown
        self.image.max = len(reel.subject.y) - 1
        return k

    def _sentence(self, moment: Moment, i: int, running: bool) -> str:
        names, turns = moment.subject.classes, moment.turns(i)
        now = f"Epoch {moment.epoch} ({moment.epochs[0]} to {moment.epochs[-1]} are on film{', more to come' if running else ''})"
        label, answer, teacher = (
            names[int(k)]
            for k in (
                moment.subject.y[i],
                moment.answers[moment.k, i],
                moment.subject.teacher[i].argmax(),
            )
        )
        said = f"{now}: {100 * moment.correct[moment.k]:.1f} % right. Image {i}, label {label}: student {answer}, teacher {teacher}"
        said += f"; the answer changed {turns} time{'' if turns == 1 else 's'}."
        of = len(moment.images(self.only.value))
        return (
            said
            if self.only.value == EVERY
            else f"{said} {of} images are {self.only.value}."
        )

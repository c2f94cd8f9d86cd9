"""Back through a run: the student's logits, its confusions and its loss terms after any
epoch that the film still holds.
"""

import time
from collections.abc import Mapping

import ipywidgets as widgets

from kdsurvey.panels.kit.background import until_next
from kdsurvey.panels.kit.controls import Choice, Number, button, row
from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import IMAGES, Film, Reel
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


def rewind(source: Panel, *, image: int = 0) -> Panel:
    """Make a panel on the film of another panel's latest run: scrub through its epochs.

    source: a panel with `films`, a dict name -> Film, as `compare` gives, or with one
    `film`. image: the one to start with. While the other panel trains, the newest epoch
    is shown until the reader chooses one. Raises ValueError for a source without a
    film, and for an image that none follows.
    """
    films = getattr(source, "films", None) or {"run": getattr(source, "film", None)}
    kept = all(isinstance(film, Film) for film in films.values())
    if not isinstance(source, Panel) or not kept:
        raise ValueError(
            f"rewind: a {type(source).__name__} keeps no film; "
            "give a panel that trains, such as compare(...)"
        )
    if not 0 <= image < IMAGES:
        raise ValueError(
            f"rewind: image {image} is not on a film; "
            f"it follows the first {IMAGES} images"
        )
    return Rewind(source, films, image=image)


class Rewind(Panel):
    """A run, epoch by epoch; see `rewind`.

    A permalink holds the state of the other panel too, which makes its run again.
    """

    kind = "rewind"
    text = (
        "(panel: rewind. A slider for the epoch, an image; logits, confusions and loss "
        "terms at that moment)"
    )
    about = (
        "An image, the student's logits for it beside the teacher's, confusions as a "
        "heat map, loss terms and accuracy"
    )

    epoch = Number("Epoch", 0)
    only = Choice("Step through", EVERY, KINDS, width=310)
    image = Number("Image", 0, 0, IMAGES - 1, width=150, label_width="50px")
    side: widgets.Dropdown

    def __init__(self, source: Panel, films: Mapping[str, Film], *, image: int):
        names = list(films)
        side = Choice("Which side", names[0], names)
        super().__init__(image=image, side=side)
        self._source = source
        self._films = films
        self._shown_epoch = 0
        self.next_redraw = 0.0  # seconds of the clock, before which none is due
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
        self.before = button("◀ previous")
        self.after = button("next ▶")
        self.keep(follow=self.follow)
        self._listen()
        self.arrange("Rewind", *self._lines())

    def _listen(self) -> None:
        for film in self._films.values():
            film.listen(self.hear)
        acts = {
            self.epoch: self._typed,
            self.slider: self._slid,
            self.follow: self.refresh,
            self.side: self.refresh,
            self.image: self.refresh,
            self.only: self._choose,
        }
        for control, act in acts.items():
            self.watch(control, act)
        self.click(self.before, lambda: self._turn(-1))
        self.click(self.after, lambda: self._turn(+1))

    def _lines(self) -> list[widgets.HBox]:
        moment = row(
            self.epoch, self.slider, self.follow, grid_gap="8px", flex_flow="row nowrap"
        )
        which = [self.side] if len(self._films) > 1 else []
        return [moment, row(*which, self.only, self.before, self.image, self.after)]

    # What the reader does. A value that the panel itself has set is the one it shows,
    # and asks for nothing.

    def _typed(self) -> None:
        if self.epoch.value != self._shown_epoch:
            self.follow.value = False
            self.refresh()

    def _slid(self) -> None:
        if self.slider.value != self._shown_epoch:
            self.epoch.value = self.slider.value

    def _turn(self, by: int) -> None:
        """Go to the next image of the chosen kind, round the end."""
        images = self._of_kind()
        further = [i for i in images if (i - self.image.value) * by > 0] or images
        if further:
            self.image.value = further[0 if by > 0 else -1]

    def _choose(self) -> None:
        """Go to the first image of the kind, unless the one in sight is of it."""
        images = self._of_kind()
        if images and self.image.value not in images:
            self.image.value = images[0]
        self.refresh()

    def _of_kind(self) -> list[int]:
        reel = self.reel
        if not reel.snapshots:
            return []
        return Moment(reel, self._wanted(reel)).images(self.only.value).tolist()

    def state(self) -> dict:
        """Return the controls, and the state of the other panel."""
        return super().state() | {"source": self._source.state()}

    def restore(self, state: dict) -> None:
        """Set the controls, and bring the other panel into its state, unless it is in it.

        Errors: see Panel.restore.
        """
        before = super().state()
        own = {name: value for name, value in state.items() if name != "source"}
        super().restore(own)
        try:
            if state.get("source") != self._source.state():
                self._source.restore(state.get("source") or {})
        except ValueError:
            super().restore(before)
            raise

    # What the other panel does.

    def hear(self) -> None:
        """Draw soon, called on the thread that trains after every change of a film.

        So seldom that the training hardly notices, and always at the end.
        """
        if time.perf_counter() >= self.next_redraw or not self.reel.running:
            self.refresh()

    @property
    def reel(self) -> Reel:
        """What the film of the chosen side holds now."""
        return self._films[self.side.value].read()

    def redraw(self) -> None:
        """Draw now; the next drawing is due after a multiple of the time this one took."""
        start = time.perf_counter()
        super().redraw()
        end = time.perf_counter()
        self.next_redraw = end + until_next(end - start)

    def draw(self) -> Picture:
        reel = self.reel
        if not reel.snapshots:
            sentence = FIRST if reel.running else NOTHING
            self.describe(sentence)
            return blank(sentence)
        moment = Moment(reel, self._place(reel))
        self.image.max = len(moment.subject.y) - 1
        i = self.image.value
        self.describe(self._sentence(moment, i, reel.running))
        (image,) = pictures(moment.subject.x[i : i + 1])
        return picture(moment, i, image)

    def _wanted(self, reel: Reel) -> int:
        """Return the place of the snapshot that the reader wants to see."""
        if self.follow.value:
            return len(reel.snapshots) - 1
        return nearest(reel, self.epoch.value)

    def _place(self, reel: Reel) -> int:
        """Return the place of the snapshot to show, after fitting the controls to the film."""
        place = self._wanted(reel)
        first, last = reel.snapshots[0].epoch, reel.snapshots[-1].epoch
        self._shown_epoch = reel.snapshots[place].epoch
        with self.slider.hold_trait_notifications():
            self.slider.min = 0
            self.slider.max = last
            self.slider.value = self._shown_epoch
            self.slider.min = first
        if self.follow.value or not reel.running:
            self.epoch.value = self._shown_epoch
        return place

    def _sentence(self, moment: Moment, i: int, running: bool) -> str:
        names = moment.subject.classes
        label = names[int(moment.subject.y[i])]
        answer = names[int(moment.answers[moment.k, i])]
        teacher = names[int(moment.subject.teacher[i].argmax())]
        more = ", more to come" if running else ""
        first, last = moment.epochs[0], moment.epochs[-1]
        share = f"{100 * moment.correct[moment.k]:.1f} % right"
        turns = moment.turns(i)
        times = "1 time" if turns == 1 else f"{turns} times"
        sentence = (
            f"Epoch {moment.epoch} ({first} to {last} are on film{more}): {share}. "
            f"Image {i}, label {label}: student {answer}, teacher {teacher}; "
            f"the answer changed {times}."
        )
        if self.only.value == EVERY:
            return sentence
        count = len(moment.images(self.only.value))
        return f"{sentence} {count} images are {self.only.value}."

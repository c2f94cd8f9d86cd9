"""Two methods, the same student, the same seeds: side by side while they train."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from itertools import zip_longest
from typing import NamedTuple

import ipywidgets as widgets
from torch import nn

from kdsurvey.config import Config, device_of
from kdsurvey.data import Data
from kdsurvey.nets import mlp
from kdsurvey.panels.compare.chart import picture
from kdsurvey.panels.compare.sides import SIDES, Side, judged
from kdsurvey.panels.compare.training import Method, members, standard, trained
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.controls import button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import Film, Subject, pictures, terms_of
from kdsurvey.pictures import Picture
from kdsurvey.stage import Teacher
from kdsurvey.training import StopTraining


class Settings(NamedTuple):
    """What the controls said at Start."""

    left: str
    right: str
    T: float
    alpha: float
    width: int
    seed: int


def compare(
    data: Data,
    teacher: nn.Module,
    *,
    methods: Mapping[str, Method] | None = None,
    student: Callable[[int, int], nn.Module] | None = None,
    config: Config | None = None,
    seeds: int = 3,
    left: str | None = None,
    right: str | None = None,
    T: float = 4.0,
    alpha: float = 0.9,
    width: int = 32,
    stacked: bool = True,
    place: str | None = None,
) -> Panel:
    """A panel that trains the same student by two methods at once, from equal weights,
    on the same images in the same order.

    methods: name -> function(student, teacher, T, alpha) that returns stages; those of
    `standard` where None. left, right: the names to start with; the first two where
    None. student(width, seed) -> net; an MLP with one hidden layer where None. config:
    15 epochs where None; its seed is the first one. seeds: students a side, one a seed.
    Nets that can be stacked (see sweeps.stack) train in one pass; stacked=False trains
    them one by one, for methods that cannot take a stack. Where the data has no
    validation part, 500 training images are held out. place: as for live_training.
    Raises ValueError for a name that is not among the methods and for fewer seeds than
    one.
    """
    data = data.validated()
    config = config or Config(epochs=15)
    methods = dict(methods or standard(data, teacher))
    names = [*methods]
    chosen = left or names[0], right or names[min(1, len(names) - 1)]
    unknown = [name for name in chosen if name not in methods]
    if unknown or seeds < 1:
        raise ValueError(
            f"compare: need one seed or more, got {seeds}, and methods of {names}; unknown: {unknown}"
        )
    return Compare(
        data,
        teacher,
        methods,
        student,
        config,
        seeds,
        (*chosen, T, alpha, width),
        stacked,
        place,
    )


class Compare(Running, Panel):
    """See `compare`. `sides` is what the last run has shown, `films` holds it epoch by
    epoch for the first seed.

    A permalink holds the run too: the panel that takes it trains again, and shows the same picture.
    """

    patience = 6

    kind = "compare"
    text = "(panel: two methods side by side. Left, Right, T, alpha, width, first seed; Start, Pause, Stop; charts and images)"
    about = (
        "Charts of two methods: loss terms, accuracy and agreement with the teacher over the epochs, a reliability diagram, "
        "and images that the two answer differently"
    )

    def __init__(
        self, data, teacher, methods, student, config, seeds, start, stacked, place
    ):
        super().__init__()
        inputs = data.train[0][0].numel()
        classes = len(data.classes)
        self._device = device_of(config)
        self._make = student or (
            lambda width, seed: mlp(inputs, width, classes, seed=seed)
        )
        self._data, self._teacher = data.to(self._device), Teacher(teacher)
        x, y = (part.cpu() for part in data.validation)
        self._subject = Subject(
            x, y, self._teacher.logits(self._data.validation[0]).cpu(), data.classes
        )
        self._methods = methods
        self._config = config
        self._seeds = seeds
        self._stacked = stacked
        self._runner, self.films = Runner(place), {where: Film() for where in SIDES}
        self._images = pictures(self._subject.x)
        self.sides = Side(start[0]), Side(start[1])
        self._settings: Settings | None = None
        self._controls(*start)

    def _controls(self, left, right, T, alpha, width) -> None:
        named = {
            "options": [*self._methods],
            "layout": {"width": "50%"},
            "style": {"description_width": "110px"},
        }
        self.left = widgets.Dropdown(value=left, description="Left", **named)
        self.right = widgets.Dropdown(value=right, description="Right", **named)
        self.T = knob("Temperature T", T, 0.5, 50, log=True)
        self.alpha = knob("Weight alpha", alpha, 0, 1, step=0.01)
        self.width = knob("Width", width, 1, 1600, log=True, whole=True)
        self.seed = widgets.BoundedIntText(
            self._config.first_seed, min=0, max=10**6, description="First seed"
        )
        self.seed.style.description_width, self.seed.layout.width = "110px", "200px"
        self.start = button("Start", style="primary", width="80px")
        self.pause = button("Pause", width="80px")
        self.stop, self._meter = button("Stop", width="80px"), widgets.HTML()
        for control, act in (
            (self.start, self._start),
            (self.pause, self._pause),
            (self.stop, self._stop),
        ):
            self.click(control, act)
        boxes = {"T": self.T.box, "alpha": self.alpha.box, "width": self.width.box}
        self.keep(left=self.left, right=self.right, **boxes, seed=self.seed)
        lines = [
            row(self.left, self.right),
            row(self.T.row, self.alpha.row),
            row(self.width.row, self.seed),
        ]
        for line in lines:
            line.layout.flex_flow = "row nowrap"
        self.arrange(
            "Two methods side by side",
            *lines,
            row(self.start, self.pause, self.stop, self._meter),
        )

    # Callbacks: they copy values and set flags, nothing else.

    def _wanted(self) -> Settings:
        return Settings(**{name: control.value for name, control in self._kept.items()})

    def _start(
        self, settings: Settings | None = None, until: int | None = None
    ) -> None:
        self.error = None
        settings = settings or self._wanted()
        self._runner.start(lambda run: self._train(run, settings, until), self._tell)

    def state(self) -> dict:
        """The controls, and the run in the picture: what they were at its Start, and
        how many epochs it has trained.
        """
        return super().state() | {
            "run": [*self._settings, self._done()]
            if self._settings and self._done()
            else None
        }

    def restore(self, state: dict) -> None:
        """Sets the controls and makes the run again, up to the epoch where it stood;
        errors: see Panel.restore.
        """
        again = self._run_of(state["run"]) if state.get("run") else ()
        super().restore({name: value for name, value in state.items() if name != "run"})
        if again:
            self._start(*again)

    def _run_of(self, run: list) -> tuple[Settings, int]:
        """What `state` says of a run. Raises ValueError for what it never says."""
        boxes = self.T.box, self.alpha.box, self.width.box, self.seed
        try:
            left, right, *numbers, until = run
            fits = (
                {left, right} <= set(self._methods)
                and type(until) is int
                and until >= 1
                and len(numbers) == len(boxes)
            )
            if fits and all(
                type(n) is type(box.value) and box.min <= n <= box.max
                for n, box in zip(numbers, boxes)
            ):
                return Settings(left, right, *numbers), until
        except (TypeError, ValueError):
            pass
        raise ValueError(
            f"this permalink has no run that this panel could make again: {str(run)[:80]}"
        )

    # From here on: the thread of the run.

    def _train(self, run: Run, settings: Settings, until: int | None) -> None:
        sides = Side(settings.left), Side(settings.right)
        with self._lock:
            self.sides = sides
            self._settings = settings
            self._next = 0.0
        for film in self.films.values():
            film.begin(*self._subject)
        run.gate()
        with ExitStack() as ends:
            both = [
                ends.enter_context(closing(self._side(side.name, run)))
                for side in sides
            ]
            for turn, pair in enumerate(zip_longest(*both), 1):
                self._after_turn(turn, pair)
                if turn == until and any(side.tested is None for side in sides):
                    raise StopTraining  # where the reader stopped it

    def _side(self, name: str, run: Run) -> Iterator:
        """The students of one side, from the weights that belong to their seeds; see
        `turns.trained`.
        """
        first = self._settings.seed
        width = self._settings.width
        T = self._settings.T
        alpha = self._settings.alpha
        seeds = range(first, first + self._seeds)
        parts = members(
            [self._make(width, seed) for seed in seeds], seeds, self._stacked
        )

        def stages(net):
            return self._methods[name](net, self._teacher, T, alpha)

        return trained(parts, stages, self._data, self._config, lambda step: run.gate())

    def _after_turn(self, turn: int, pair) -> None:
        """Keeps what both sides have shown in this turn; a side whose stages are over
        has shown nothing.
        """
        with self._lock:
            for side, shown in zip(self.sides, pair):
                if shown:
                    side.add(*shown, self._subject)
        for film, shown in zip(self.films.values(), pair):
            if shown:
                film.add(turn, shown[1][0], terms_of(shown[0][0]))
        self._redraw_seldom()

    def _tell(self, state: str, error: Exception | None) -> None:
        """Hears of every change of state."""
        super()._tell(state, error)
        if state not in ("running", "paused"):
            for film in self.films.values():
                film.end()

    def _sentence(self, state: str) -> str:
        if state == "running":
            return "Training both sides, epoch by epoch. The controls take effect at the next Start."
        return f"{state.capitalize()} after {self._done()} epochs. {judged(self.sides)}".strip()

    def _done(self) -> int:
        return max(len(side.accuracy) for side in self.sides)

    def draw(self) -> Picture:
        used, done = self._settings or self._wanted(), self._done()
        seeds = (
            f"seeds {used.seed} to {used.seed + self._seeds - 1}"
            if self._seeds > 1
            else f"seed {used.seed}"
        )
        said = f"T = {used.T:g}, alpha = {used.alpha:g}, width {used.width}, {seeds}"
        self._meter.value = f"Epoch {done} of {max(done, self._config.epochs)} · {said} · {self._device}"
        shown = self.sides, self._subject, self._images
        return picture(*shown, self._config.epochs, said)

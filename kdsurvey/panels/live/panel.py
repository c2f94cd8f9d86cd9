"""Distillation while you watch: temperature, weight and learning rate change under the
running training.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import ipywidgets as widgets
import torch
from torch import nn

from kdsurvey.config import SCHEDULES, Config, device_of
from kdsurvey.data import Data
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.panels.kit.background import OFTEN, Run, Runner, Running
from kdsurvey.panels.kit.batch_curves import History, picture
from kdsurvey.panels.kit.controls import button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import IMAGES, Film, terms_of
from kdsurvey.panels.live.knob_log import Timeline, Wanted
from kdsurvey.pictures import Picture
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import train

TERMS = ("hard", "soft")  # of the loss
PACES = {
    "as fast as it goes": None,
    "100 batches a second": 100,
    "20 batches a second": 20,
    "3 batches a second": 3,
}


def live_training(
    data: Data,
    teacher: nn.Module,
    *,
    student: Callable[[int, int], nn.Module] | None = None,
    config: Config | None = None,
    T: float = 4.0,
    alpha: float = 0.9,
    width: int = 100,
    pace: int | None = 100,
    place: str | None = None,
) -> Panel:
    """A panel that distils a student from the teacher, live, with hinton's loss.

    T, alpha, learning rate and pace take effect on the next batch; width and seed at
    the next Start. Where the data has no validation part, 500 training images are held
    out. student(width, seed) -> net; an MLP with one hidden layer where None. config:
    30 epochs at a constant rate where None; its lr and seed are where the controls
    start, its schedule scales the rate. pace: batches a second, one of PACES; None
    trains as fast as it goes. place: a name; a new panel of the same name stops the run
    of the old one, as the same cell does when it runs again.
    """
    return LiveTraining(
        data,
        teacher,
        student,
        config or Config(epochs=30, schedule="constant"),
        T,
        alpha,
        width,
        pace,
        place,
    )


class LiveTraining(Running, Panel):
    """See `live_training`. `student` is the net of the last run, `rows` what `train`
    said about each of its epochs.

    `film` holds its latest epochs, for `rewind`. A permalink holds the run too, with
    every knob that was turned at every batch.
    """

    kind = "live"
    text = "(panel: live distillation. Sliders for T, alpha, learning rate and width; Start, Pause, Step, Stop; curves)"
    about = "Two charts: the loss terms of every batch, and the validation accuracy of every epoch"

    def __init__(self, data, teacher, student, config, T, alpha, width, pace, place):
        super().__init__()
        inputs, classes = data.train[0][0].numel(), len(data.classes)
        self._make = student or (
            lambda width, seed: mlp(inputs, width, classes, seed=seed)
        )
        self._data = data.validated()
        self._teacher = Teacher(teacher)
        self._config = config
        self._runner = Runner(place)
        self._history = History()
        self._before = None
        self._timeline = None
        self.film = Film()
        self._steps = -(-len(self._data.train[0]) // config.batch_size)
        self.student: nn.Module | None = None
        self.rows: list[dict] = []
        self._device = device_of(config)
        self._forget_time()
        self._controls(T, alpha, width, pace)

    def _controls(self, T, alpha, width, pace) -> None:
        self.T = knob("Temperature T", T, 0.5, 50, log=True)
        self.alpha = knob("Weight alpha", alpha, 0, 1, step=0.01)
        self.lr = knob("Learning rate", self._config.lr, 1e-4, 10, step=0.01, log=True)
        self.width = knob("Width at Start", width, 1, 1600, log=True, whole=True)
        self.seed = widgets.BoundedIntText(
            self._config.first_seed, min=0, max=10**6, description="Seed at Start"
        )
        self.seed.style.description_width, self.seed.layout.width = "110px", "200px"
        self.pace = widgets.Dropdown(
            options=list(PACES.items()),
            value=pace,
            description="Pace",
            layout={"width": "240px"},
        )
        self.pace.style.description_width = "50px"
        self.start = button("Start", style="primary", width="80px")
        self.pause = button("Pause", width="80px")
        self.step = button("Step", "Train on one batch, then pause", width="80px")
        self.stop = button("Stop", width="80px")
        self._meter = widgets.HTML()
        self._wire()
        self.keep(
            T=self.T.box,
            alpha=self.alpha.box,
            lr=self.lr.box,
            width=self.width.box,
            seed=self.seed,
            pace=self.pace,
        )
        knobs = [row(self.T.row, self.alpha.row), row(self.lr.row, self.width.row)]
        for line in knobs:
            line.layout.flex_flow = "row nowrap"
        acts = row(self.seed, self.pace, self.start, self.pause, self.step, self.stop)
        self.arrange("Live distillation", *knobs, acts, self._meter)

    def _wire(self) -> None:
        for control in (self.T.box, self.alpha.box, self.lr.box, self.pace):
            self.watch(control, self._want)
        self.click(self.start, self._start)
        self.click(self.pause, self._pause)
        self.click(self.step, self._step)
        self.click(self.stop, self._stop)
        self._want()

    # Callbacks: they copy values and set flags, nothing else.

    def _want(self) -> None:
        self._wanted = Wanted(
            self.T.value, self.alpha.value, self.lr.value, self.pace.value
        )

    def _start(self, holding: bool = False, again: Timeline | None = None) -> None:
        self.error = None
        width, seed = (
            (again.width, again.seed) if again else (self.width.value, self.seed.value)
        )
        self._runner.start(
            lambda run: self._train(run, width, seed, again), self._tell, holding
        )

    def _step(self) -> None:
        if not self._runner.busy:
            self._start(holding=True)
        self._runner.last.step()

    def state(self) -> dict:
        """The controls, and how the last run was made."""
        return super().state() | {
            "run": self._timeline.state()
            if self._timeline and self._timeline.until
            else None
        }

    def restore(self, state: dict) -> None:
        """Sets the controls and makes the run again; errors: see Panel.restore."""
        again = Timeline.of(state["run"]) if state.get("run") else None
        super().restore({name: value for name, value in state.items() if name != "run"})
        if again:
            self._start(again=again)

    # From here on: the thread of the run.

    def _train(self, run: Run, width: int, seed: int, again: Timeline | None) -> None:
        self._data = self._data.to(self._device)
        self._again, self._applied = again, again.at(0) if again else self._wanted
        self._knobs = {
            name: torch.tensor(getattr(self._applied, name), device=self._device)
            for name in ("T", "alpha")
        }
        with self._lock:
            self._before = self._history if self._history.accuracy.y else self._before
            self._history = History()
            self.rows = []
            self._timeline = Timeline(width, seed, self._applied)
        x, y = self._data.validation
        self.film.begin(x, y, self._teacher.logits(x), self._data.classes)
        run.gate()
        self._forget_time()
        self.student = self._make(width, seed)
        stages = self._filmed(hinton(self.student, self._teacher, **self._knobs))
        hooks = {
            "on_epoch": self._after_epoch,
            "on_batch": lambda step: self._after_batch(step, run),
        }
        train(stages, self._data, self._settings(seed), progress=False, **hooks)

    def _filmed(self, stages: Iterator[Stage]) -> Iterator[Stage]:
        """The stages, whose answers to the validation images are kept when they are
        measured: asking again would cost 5 %.
        """
        watched = self._data.validation[0]

        def keeping(predict):
            def answer(x):
                z = predict(x)
                if x.data_ptr() == watched.data_ptr() and len(z) >= min(
                    len(watched), IMAGES
                ):
                    self._answers = z
                return z

            return answer

        for stage in stages:
            yield replace(
                stage,
                score={name: keeping(predict) for name, predict in stage.score.items()},
            )

    def _settings(self, seed: int) -> Config:
        """The reader's learning rate, times what the schedule makes of the progress."""
        schedule = self._config.schedule
        factor = schedule if callable(schedule) else SCHEDULES[schedule]
        return replace(
            self._config,
            lr=1.0,
            schedule=lambda progress: self._applied.lr * factor(progress),
            seed=seed,
        )

    def _after_batch(self, step, run: Run) -> None:
        self._history.add(
            step.progress * self._config.epochs, step.terms, step.examples
        )
        self._timeline.until = self._history.batches
        self._apply(step.progress * self._config.epochs)
        now = time.perf_counter()
        if now >= self._next:
            self._show(now)
        if self._applied.pace:
            self._beat = max(self._beat + 1 / self._applied.pace, now)
            run.rest(self._beat - now)
        if (
            self._again
            and self._history.batches
            == self._again.until
            < self._steps * self._config.epochs
        ):
            run.stop()  # where the reader stopped it
        run.gate()
        self._apply(
            step.progress * self._config.epochs
        )  # what was changed during a pause

    def _after_epoch(self, row: dict) -> None:
        self.rows.append(row)
        with self._lock:
            self._history.accuracy.add(
                row["epoch"], 100 * row["student validation accuracy"]
            )
        self.film.add(row["epoch"], self._answers, terms_of(row))

    def _apply(self, epoch: float) -> None:
        """Hands over to the next batch what the controls say, or what they said when
        the run was first made.
        """
        done = self._history.batches
        wanted = self._again.at(done) if self._again else self._wanted
        applied = self._applied
        if wanted == applied:
            return
        for name, tensor in self._knobs.items():
            tensor.fill_(getattr(wanted, name))
        with self._lock:
            for said in self._timeline.note(done, applied, wanted):
                self._history.change(epoch, said)
        self._applied = wanted

    def _show(self, now: float) -> None:
        """Draws, with the speed since the last time."""
        self._speed = (self._history.examples - self._counted) / max(
            now - self._since, 1e-9
        )
        self._redraw_seldom()
        self._since, self._counted = time.perf_counter(), self._history.examples

    def _forget_time(self) -> None:
        self._since = self._beat = time.perf_counter()
        self._next = self._since + OFTEN
        self._counted = 0
        self._speed = 0.0

    def _tell(self, state: str, error: Exception | None) -> None:
        """Hears of every change of state."""
        if self._runner.last.over:
            self.film.end()
        if state == "running":
            self._since, self._counted = time.perf_counter(), self._history.examples
        super()._tell(state, error)

    def _sentence(self, state: str) -> str:
        accuracy = self._history.accuracy.y
        last = (
            f" Validation accuracy {accuracy[-1]:.1f} % after epoch {self._history.accuracy.x[-1]:.0f}."
            if accuracy
            else ""
        )
        if state == "running":
            return "Training. T, alpha and the learning rate take effect on the next batch."
        return f"{state.capitalize()} after {self._history.batches} batches.{last}"

    def draw(self) -> Picture:
        self._history.read()
        epochs, total = self._config.epochs, self._config.epochs * self._steps
        epoch = min(epochs, self._history.batches // self._steps + 1)
        speed = f"{self._speed:,.0f} images a second on {self._device}"
        self._meter.value = f"Epoch {epoch} of {epochs} · batch {self._history.batches} of {total} · {speed}"
        return picture(self._history, self._before, TERMS, epochs)

"""Distillation while you watch: temperature, weight and learning rate change under the
running training.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from kdsurvey.config import SCHEDULES, Config, device_of
from kdsurvey.data import Data
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.panels.kit.background import OFTEN, Run
from kdsurvey.panels.kit.batch_curves import History, picture
from kdsurvey.panels.kit.controls import Choice, Knob, Number, holder
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import IMAGES, Film, terms_of
from kdsurvey.panels.kit.training_panel import TrainingPanel
from kdsurvey.panels.live.knob_log import KnobLog, Knobs, LiveRun
from kdsurvey.pictures import Picture
from kdsurvey.stage import Predict, Stage, Teacher
from kdsurvey.training import Step, train

PACES = (
    ("as fast as it goes", None),
    ("100 batches a second", 100),
    ("20 batches a second", 20),
    ("3 batches a second", 3),
)
TERMS = ("hard", "soft")  # of hinton's loss
Make = Callable[[int, int], nn.Module]  # (width, seed) -> net


def live_training(
    data: Data,
    teacher: nn.Module,
    *,
    student: Make | None = None,
    config: Config | None = None,
    T: float = 4.0,
    alpha: float = 0.9,
    width: int = 100,
    pace: int | None = 100,
    place: str | None = None,
) -> Panel:
    """Make a panel that distils a student from the teacher, live, with hinton's loss.

    T, alpha, learning rate and pace take effect on the next batch; width and seed at
    the next Start. Where the data has no validation part, 500 training images are held
    out. student(width, seed) -> net; an MLP with one hidden layer where None. config:
    30 epochs at a constant rate where None; its lr and seed are where the controls
    start, its schedule scales the rate. pace: batches a second, one of PACES; None
    trains as fast as it goes. place: a name; a new panel of the same name stops the run
    of the old one, as the same cell does when it runs again.
    """
    config = config or Config(epochs=30, schedule="constant")
    starts = {"T": T, "alpha": alpha, "width": width, "pace": pace}
    return LiveTraining(
        data, teacher, student=student, config=config, place=place, **starts
    )


class LiveTraining(TrainingPanel):
    """Live distillation; see `live_training`.

    Of the last run: `student` is its net, `rows` what `train` said about each of its
    epochs, `history` what every batch lost, `before` the history of the run before it;
    `film` holds its latest epochs, for `rewind`. A permalink holds the run too, with
    every knob that was turned at every batch.
    """

    kind = "live"
    text = (
        "(panel: live distillation. Sliders for T, alpha, learning rate and width; "
        "Start, Pause, Step, Stop; curves)"
    )
    about = (
        "Two charts: the loss terms of every batch, and the validation accuracy of "
        "every epoch"
    )
    made_as = LiveRun
    has_step = True

    T = Knob("Temperature T", 4.0, 0.5, 50, log=True)
    alpha = Knob("Weight alpha", 0.9, 0, 1, step=0.01)
    lr = Knob("Learning rate", 0.1, 1e-4, 10, step=0.01, log=True)
    width = Knob("Width at Start", 100, 1, 1600, log=True, whole=True)
    seed = Number("Seed at Start", 0)
    pace = Choice("Pace", 100, PACES, label_width="50px")

    def __init__(
        self,
        data: Data,
        teacher: nn.Module,
        *,
        student: Make | None,
        config: Config,
        place: str | None = None,
        **starts: float | None,
    ):
        rate = {"lr": config.lr, "seed": config.first_seed}
        super().__init__(place, **rate, **starts)
        sizes = data.train[0][0].numel(), len(data.classes)
        self._make = student or partial(_one_hidden_layer, *sizes)
        self._data = data.validated()
        self._teacher = Teacher(teacher)
        self._config = config
        self._device = device_of(config)
        self._steps = -(-len(self._data.train[0]) // config.batch_size)
        self.film = Film()
        self.history = History()
        self.before: History | None = None
        self.student: nn.Module | None = None
        self._rows: list[dict] = []
        self._log: KnobLog | None = None
        self._speed = Speed()
        self._beat = 0.0  # seconds of the clock, when the latest batch was due
        for name in ("T", "alpha", "lr", "pace"):
            self.watch(holder(getattr(self, name)), self._want)
        self._want()
        self.arrange_all("Live distillation")

    @property
    def rows(self) -> list[dict]:
        return self._rows

    def made(self) -> LiveRun | None:
        return self._log.made() if self._log else None

    # Callbacks: they copy values and set flags, nothing else.

    def _want(self) -> None:
        self._wanted = Knobs(self.T.value, self.alpha.value, self.lr.value)
        self._wanted_pace = self.pace.value

    def prepare(self, again: LiveRun | None) -> Callable[[Run], None]:
        """Return the training of a student, or of the same one again; see TrainingPanel."""
        width = again.width if again else int(self.width.value)
        seed = again.seed if again else self.seed.value
        return partial(self._train, width=width, seed=seed, again=again)

    # From here on: the thread of the run.

    def _train(self, run: Run, width: int, seed: int, again: LiveRun | None) -> None:
        self._data = self._data.to(self._device)
        self._again = again
        self._applied = again.knobs_at(0) if again else self._wanted
        self._tensors = {
            name: torch.tensor(getattr(self._applied, name), device=self._device)
            for name in ("T", "alpha")
        }
        with self._lock:
            if self.history.accuracy.y:
                self.before = self.history
            self.history = History()
            self._rows = []
            self._log = KnobLog(width, seed, self._applied)
        x, y = self._data.held_out
        self.film.begin(x, y, self._teacher.logits(x), self._data.classes)
        run.gate()
        self._restart_clocks()
        self.student = self._make(width, seed)
        stages = self._listened(hinton(self.student, self._teacher, **self._tensors))
        train(
            stages,
            self._data,
            self._settings(seed),
            progress=False,
            on_epoch=self._after_epoch,
            on_batch=partial(self._after_batch, run),
        )

    def _listened(self, stages: Iterator[Stage]) -> Iterator[Stage]:
        """Keep what the student answers to the validation images when it is measured.

        Asking it again, for the film, would cost 5 % of the time.
        """
        for stage in stages:
            self._answers = FirstAnswer(stage.score["student"])
            yield replace(stage, score={"student": self._answers})

    def _settings(self, seed: int) -> Config:
        """Return a config with the reader's learning rate, scaled by the schedule."""
        schedule = self._config.schedule
        factor = schedule if callable(schedule) else SCHEDULES[schedule]

        def rate(progress: float) -> float:
            return self._applied.lr * factor(progress)

        return replace(self._config, lr=1.0, schedule=rate, seed=seed)

    def _after_batch(self, run: Run, step: Step) -> None:
        epoch = step.progress * self._config.epochs
        self.history.add(epoch, step.terms, step.examples)
        assert self._log is not None
        self._log.batches = self.history.batches
        self._apply(epoch)
        if time.perf_counter() >= self.next_redraw:
            self._speed.measure(self.history.examples)
            self.redraw_seldom()
            self._speed.restart(self.history.examples)
        self._hold_back(run)
        if self._ended_here():
            run.stop()
        run.gate()
        self._apply(epoch)  # what was changed during a pause

    def _hold_back(self, run: Run) -> None:
        """Wait until the next batch is due; a run that is made again is not held back."""
        pace = None if self._again else self._wanted_pace
        if pace:
            now = time.perf_counter()
            self._beat = max(self._beat + 1 / pace, now)
            run.rest(self._beat - now)

    def _ended_here(self) -> bool:
        """Return whether the run that is made again was stopped after this batch."""
        if not self._again:
            return False
        whole = self._steps * self._config.epochs
        return self.history.batches == self._again.until < whole

    def _after_epoch(self, row: dict) -> None:
        self._rows.append(row)
        accuracy = 100 * row["student validation accuracy"]
        with self._lock:
            self.history.accuracy.add(row["epoch"], accuracy)
        self.film.add(row["epoch"], self._answers.take(), terms_of(row))

    def _apply(self, epoch: float) -> None:
        """Hand the knobs over to the next batch: as they are, or as they were when the
        run was first made.
        """
        wanted = self._wanted
        if self._again:
            wanted = self._again.knobs_at(self.history.batches)
        if wanted == self._applied:
            return
        for name, tensor in self._tensors.items():
            tensor.fill_(getattr(wanted, name))
        assert self._log is not None
        with self._lock:
            for sentence in self._log.note(self._applied, wanted):
                self.history.change(epoch, sentence)
        self._applied = wanted

    def _restart_clocks(self) -> None:
        now = time.perf_counter()
        self._beat = now
        self.next_redraw = now + OFTEN
        self._speed = Speed()

    def hear(self, state: str, error: Exception | None) -> None:
        """Take in a change of state; the film ends with the run.

        It ends when all is drawn: whoever listens to it draws, too, and one at a time can.
        """
        if state == "running":
            self._speed.restart(self.history.examples)
        super().hear(state, error)
        if not self.busy:
            self.film.end()

    def sentence(self, state: str) -> str:
        if state == "running":
            return "Training. T, alpha and the learning rate take effect on the next batch."
        ended = f"{state.capitalize()} after {self.history.batches} batches."
        accuracy = self.history.accuracy
        if not accuracy.y:
            return ended
        latest = f"{accuracy.y[-1]:.1f} % after epoch {accuracy.x[-1]:.0f}"
        return f"{ended} Validation accuracy {latest}."

    def draw(self) -> Picture:
        self.history.read()
        self.meter = self._progress()
        return picture(self.history, self.before, TERMS, self._config.epochs)

    def _progress(self) -> str:
        """Say how far the run is, and how fast it goes."""
        epochs, batches = self._config.epochs, self.history.batches
        epoch = min(epochs, batches // self._steps + 1)
        speed = f"{self._speed.value:,.0f} images a second on {self._device}"
        count = f"batch {batches} of {epochs * self._steps}"
        return f"Epoch {epoch} of {epochs} · {count} · {speed}"


class FirstAnswer:
    """A score that keeps what it answers first, until that is taken.

    `train` measures the validation images before all others, so that after an epoch
    their logits, of IMAGES images at most, are here.
    """

    def __init__(self, predict: Predict):
        self._predict = predict
        self._kept: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        z = self._predict(x)
        if self._kept is None:
            self._kept = z[:IMAGES]
        return z

    def take(self) -> Tensor:
        """Return the first answer, and be ready to keep another one."""
        kept, self._kept = self._kept, None
        assert kept is not None
        return kept


class Speed:
    """How fast examples pass, in examples a second: `value`, when last measured."""

    def __init__(self):
        self.value = 0.0
        self.restart(0)

    def restart(self, examples: int) -> None:
        """Count from now; examples: that have passed so far."""
        self._since = time.perf_counter()
        self._passed = examples

    def measure(self, examples: int) -> None:
        """Measure the speed since the last restart; examples: that have passed so far."""
        seconds = max(time.perf_counter() - self._since, 1e-9)
        self.value = (examples - self._passed) / seconds


def _one_hidden_layer(inputs: int, classes: int, width: int, seed: int) -> nn.Module:
    return mlp(inputs, width, classes, seed=seed)

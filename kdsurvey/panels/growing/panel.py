"""Net2Net while it trains: a net that grows wider or deeper at the press of a button."""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace

import ipywidgets as widgets
from torch import nn

from kdsurvey.config import SCHEDULES, Config, device_of
from kdsurvey.data import Data
from kdsurvey.methods import plain
from kdsurvey.nets import mlp, parameters
from kdsurvey.panels.growing.growth import (
    DEEPEST,
    WAYS,
    Grown,
    Growth,
    Record,
    grew,
    grown,
    refusal,
    said,
    sizes,
)
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.batch_curves import History, picture
from kdsurvey.panels.kit.controls import button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.live.panel import PACES
from kdsurvey.pictures import Picture
from kdsurvey.training import StopTraining, accuracy, epochs

TERMS = ("hard",)  # of the loss
RATES = {
    "1x the learning rate": 1.0,
    "0.3x the learning rate": 0.3,
    "0.1x the learning rate": 0.1,
}
MEASURED = 512  # training images on which the batch norm of a new layer is measured


class Cut(Exception):
    """Raised between two batches to end a stretch of training: the net is to grow."""


def growing(
    data: Data,
    *,
    net: Callable[[int], nn.Sequential] | None = None,
    config: Config | None = None,
    noise: float = 0.05,
    pace: int | None = 20,
    place: str | None = None,
) -> Panel:
    """A panel that trains a small net on the labels and lets it grow meanwhile: a layer
    twice as wide, or one more layer.

    net(seed) -> a `nets.mlp` or `nets.conv`; an MLP with two hidden layers of 8 where
    None. New weights are copied so that the function stays (Net2Net; `noise` tells the
    copies apart) or drawn at random; either takes effect before the next batch, with a
    new optimiser and with the share of the learning rate that the reader chose. The
    epoch that was under way ends there: the next begins, in an order of its own.
    config: 20 epochs of batches of 64 at a constant rate of 0.02 where None; all
    batches of a run together are as many as those epochs have. pace, place, data
    without a validation part: as for live_training.
    """
    config = config or Config(epochs=20, batch_size=64, lr=0.02, schedule="constant")
    widths = data.train[0][0].numel(), 8, 8, len(data.classes)
    return Growing(
        data, net or (lambda seed: mlp(*widths, seed=seed)), config, noise, pace, place
    )


class Growing(Running, Panel):
    """See `growing`. `net` is the net of the last run, `grown` how it grew. A permalink
    holds the run too, with every growth.
    """

    kind = "growing"
    text = "(panel: a net that grows. Wider, Deeper, layer, new weights, noise, learning rate; Start, Pause, Step, Stop; curves)"
    about = "Two charts with dotted lines where the net grew: the loss of every batch, and the validation accuracy"

    def __init__(self, data, net, config, noise, pace, place):
        super().__init__()
        self._device = device_of(config)
        self._data = data.validated().to(self._device)
        self._make = net
        self._config = config
        n, size = len(self._data.train[0]), config.batch_size
        self._steps = max(
            1, n // size + (n % size > 1)
        )  # a last example alone is no batch, see `Batches`
        self._total, self._runner = config.epochs * self._steps, Runner(place)
        self._history = History()
        self._before = None
        self._record = None
        self.net: nn.Sequential = net(config.first_seed)
        self.grown: list[Grown] = []
        self._due: list[
            tuple[int, Growth]
        ] = []  # (batches that must be done before, what)
        self._controls(noise, pace)

    def _controls(self, noise: float, pace: int | None) -> None:
        self.wider = button("Wider", "Twice as many units in this layer")
        self.deeper = button("Deeper", "One more layer after it")
        named = {
            "style": {"description_width": "85px"},
            "layout": {"width": "auto", "flex": "1 1 200px"},
        }
        layers = [(f"layer {k}", k) for k in range(1, DEEPEST + 1)]
        self.layer = widgets.Dropdown(
            options=layers,
            value=2 if len(sizes(self.net)) > 1 else 1,
            description="Where",
            **named,
        )
        self.way = widgets.Dropdown(options=WAYS, description="New weights", **named)
        self.rate = widgets.Dropdown(
            options=[*RATES.items()], value=1.0, description="Afterwards", **named
        )
        self.noise = knob("Noise of copies", noise, 0, 1, step=0.05)
        paces = {
            "options": [*PACES.items()],
            "index": [*PACES.values()].index(pace),
        }  # a value of None would show as nothing
        self.pace = widgets.Dropdown(**paces, description="Pace", **named)
        self.seed = widgets.BoundedIntText(
            self._config.first_seed, min=0, max=10**6, description="Seed at Start"
        )
        self.seed.style.description_width, self.seed.layout.width = "110px", "200px"
        self.start = button("Start", style="primary", width="80px")
        self.pause = button("Pause", width="80px")
        self.step = button("Step", "Train on one batch, then pause", width="80px")
        self.stop = button("Stop", width="80px")
        self._meter = widgets.HTML()
        acts = {
            "start": self._start,
            "pause": self._pause,
            "step": self._step,
            "stop": self._stop,
        }
        acts |= {
            "wider": lambda: self._ask("wider"),
            "deeper": lambda: self._ask("deeper"),
        }
        for name, act in acts.items():
            self.click(getattr(self, name), act)
        self.keep(
            layer=self.layer,
            way=self.way,
            rate=self.rate,
            noise=self.noise.box,
            seed=self.seed,
            pace=self.pace,
        )
        lines = [
            row(self.layer, self.way, self.rate),
            row(self.noise.row, self.pace, self.wider, self.deeper, grid_gap="4px"),
        ]
        run = row(
            self.seed, self.start, self.pause, self.step, self.stop, grid_gap="4px"
        )
        self.arrange("A net that grows while it trains", *lines, run, self._meter)

    # Callbacks: they copy values and set flags, nothing else.

    def _ask(self, kind: str) -> None:
        growth = Growth(
            kind, self.layer.value, self.way.value, self.noise.value, self.rate.value
        )
        no = refusal(growth, sizes(self.net))
        if not self._runner.busy:
            self.say("Nothing is running: press Start.")
        elif no:
            self.say(no)
        else:
            self._due.append((0, growth))
            what = "is wider" if kind == "wider" else "has a new layer after it"
            self.say(f"Layer {growth.layer} {what} from the next batch on.")

    def _start(self, holding: bool = False, again: Record | None = None) -> None:
        self.error = None
        seed = again.seed if again else self.seed.value
        self._runner.start(
            lambda run: self._train(run, seed, again), self._tell, holding
        )

    def _step(self) -> None:
        if not self._runner.busy:
            self._start(holding=True)
        self._runner.last.step()

    def state(self) -> dict:
        """The controls, and how the last run was made."""
        return super().state() | {
            "run": self._record.state() if self._record and self._record.until else None
        }

    def restore(self, state: dict) -> None:
        """Sets the controls and makes the run again; errors: see Panel.restore."""
        again = Record.of(state["run"]) if state.get("run") else None
        super().restore({name: value for name, value in state.items() if name != "run"})
        if again:
            self._start(again=again)

    # From here on: the thread of the run.

    def _train(self, run: Run, seed: int, again: Record | None) -> None:
        net = self._make(seed)
        with self._lock:
            self._before = self._history if self._history.accuracy.y else self._before
            self._history = History()
            self._record = Record(seed)
            self.net = net
            self.grown = []
            self._due = list(again.growths) if again else []
        self._until, self._factor = again.until if again else self._total, 1.0
        run.gate()
        self._beat = self._next = time.perf_counter()
        while self._history.batches < self._total:
            while growth := self._taken():
                self._grow(growth, seed)
            self._stretch(run, seed)

    def _stretch(self, run: Run, seed: int) -> None:
        """Trains until the net is to grow, or to the end; an optimiser and an order of its own."""
        schedule = self._config.schedule
        factor = schedule if callable(schedule) else SCHEDULES[schedule]
        left = self._total - self._history.batches
        of_run = lambda p: self._factor * factor(self._history.batches / self._total)
        self._ends_early = left % self._steps > 0
        config = replace(
            self._config,
            epochs=-(-left // self._steps),
            schedule=of_run,
            seed=seed + len(self.grown),
        )
        trained = epochs(
            plain(self.net),
            self._data,
            config,
            on_batch=lambda step: self._after_batch(step, run),
        )
        with suppress(Cut), closing(trained):
            for found in trained:
                self._score(100 * found["net validation accuracy"])
        if self._history.batches == self._total and self._ends_early:
            self._score(self._measured())

    def _after_batch(self, step, run: Run) -> None:
        self._history.add(
            (self._history.batches + 1) / self._steps, step.terms, step.examples
        )
        done = self._record.until = self._history.batches
        now = time.perf_counter()
        self._redraw_seldom()
        if self.pace.value:
            self._beat = max(self._beat + 1 / self.pace.value, now)
            run.rest(self._beat - now)
        if done == self._until < self._total:
            raise StopTraining  # where the reader stopped it
        run.gate()
        if (
            self._ends_early
            if done == self._total
            else any(at <= done for at, _ in self._due)
        ):
            raise Cut

    def _taken(self) -> Growth | None:
        """The next growth that is due, taken off the list."""
        due = [entry for entry in self._due if entry[0] <= self._history.batches]
        if due:
            self._due.remove(due[0])
        return due[0][1] if due else None

    def _grow(self, growth: Growth, seed: int) -> None:
        no = refusal(growth, sizes(self.net))
        if no:
            self.say(no)
            return
        done, before = self._history.batches, self._measured()
        net = grown(
            self.net, growth, seed + 1 + len(self.grown), self._data.train[0][:MEASURED]
        )
        nets, self._factor = (self.net, net), growth.rate
        after = 100 * accuracy(net, *self._data.validation)
        found = Grown(
            done,
            growth,
            tuple(map(sizes, nets)),
            tuple(map(parameters, nets)),
            (before, after),
        )
        with self._lock:
            self.net = net
            self._record.growths.append((done, growth))
            self.grown.append(found)
            self._history.change(done / self._steps, found.short)
        for share in found.accuracy:
            self._score(share)
        self._next = 0.0
        self.say(found.sentence)

    def _measured(self) -> float:
        return 100 * accuracy(self.net, *self._data.validation)

    def _score(self, share: float) -> None:
        with self._lock:
            self._history.accuracy.add(self._history.batches / self._steps, share)

    def _sentence(self, state: str) -> str:
        if state == "running":
            return "Training. Wider and Deeper take effect before the next batch."
        last = [
            f" Validation accuracy {share:.1f} %."
            for share in self._history.accuracy.y[-1:]
        ]
        return f"{state.capitalize()} after {self._history.batches} batches.{''.join(last)}"

    def draw(self) -> Picture:
        self._history.read()
        done = self._history.batches
        epoch = min(self._config.epochs, self._history.batches // self._steps + 1)
        self._meter.value = f"Epoch {epoch} of {self._config.epochs} · batch {done} of {self._total} · {said(self.net)}"
        runs = self._history, self._before
        tables = [grew(self.grown)]
        return picture(*runs, TERMS, self._config.epochs, tables)

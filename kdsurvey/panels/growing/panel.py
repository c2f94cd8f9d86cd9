"""Net2Net while it trains: a net that grows wider or deeper at the press of a button."""

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial

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
    grew,
    grown,
    refusal,
    sizes,
    summary,
)
from kdsurvey.panels.growing.schedule import GrowingRun, GrowthSchedule, Next, Planned
from kdsurvey.panels.kit.background import Run
from kdsurvey.panels.kit.batch_curves import Curve, History, picture
from kdsurvey.panels.kit.controls import Choice, Knob, button, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.training_panel import TrainingPanel
from kdsurvey.panels.live.panel import PACES
from kdsurvey.panels.race.finished import refuse_run
from kdsurvey.pictures import Picture
from kdsurvey.training import Step, StopTraining, accuracy, epochs

TERMS = ("hard",)  # of the loss
SCORED = "net validation accuracy"
RATES = (
    ("1x the learning rate", 1.0),
    ("0.3x the learning rate", 0.3),
    ("0.1x the learning rate", 0.1),
)
# a net and the rows that `train` returned for it, before and after each growth
Finished = Sequence[tuple[nn.Sequential, Sequence[dict]]]
MEASURED = 512  # training images on which the batch norm of a new layer is measured


class EndOfStretch(Exception):
    """Raised between two batches: the net is to grow, or the run has all its batches."""


def growing(
    data: Data,
    *,
    net: Callable[[int], nn.Sequential] | None = None,
    config: Config | None = None,
    noise: float = 0.05,
    pace: int | None = 20,
    finished: Finished = (),
    place: str | None = None,
) -> Panel:
    """Return a panel that trains a small net on the labels and lets it grow meanwhile: a layer
    twice as wide, or one more layer.

    net(seed) -> a `nets.mlp` or `nets.conv`; an MLP with two hidden layers of 8 where
    None. New weights are copied so that the function stays (Net2Net; `noise` tells the
    copies apart) or drawn at random; either takes effect before the next batch, with a
    new optimiser and with the share of the learning rate that the reader chose. The
    epoch that was under way ends there: the next begins, in an order of its own.
    config: 20 epochs of batches of 64 at a constant rate of 0.02 where None; all
    batches of a run together are as many as those epochs have. finished: a net as it
    was before and after each growth, with the rows that `train` returned for it, which
    is shown until the first run here. pace, place, data without a validation part: as
    for live_training.
    """
    config = config or Config(epochs=20, batch_size=64, lr=0.02, schedule="constant")
    widths = data.train[0][0].numel(), 8, 8, len(data.classes)
    make = net or (lambda seed: mlp(*widths, seed=seed))
    return Growing(data, make, config, place, finished, noise=noise, pace=pace)


class Growing(TrainingPanel):
    """See `growing`. `net` is the net of the last run, `grown` how it grew, `factor` the share
    of the learning rate now, `history` what it has shown, `before` the run before. A permalink
    holds the run too, with every growth.
    """

    kind = "growing"
    title = "A net that grows while it trains"
    text = (
        "(panel: a net that grows. Wider, Deeper, layer, new weights, noise, learning rate; "
        "Start, Pause, Step, Stop; curves)"
    )
    about = (
        "Two charts with dotted lines where the net grew: the loss of every batch, and the "
        "validation accuracy"
    )
    made_as = GrowingRun
    has_step = True

    layer = Choice(
        "Where", 1, [(f"layer {k}", k) for k in range(1, DEEPEST + 1)], width=200
    )
    way = Choice("New weights", WAYS[0], WAYS, width=280)
    rate = Choice("Afterwards", 1.0, RATES, width=290)
    noise = Knob("Noise of copies", 0.05, 0, 1, step=0.05)
    pace = Choice("Pace", 20, PACES, label_width="50px")

    def __init__(
        self,
        data: Data,
        make: Callable[[int], nn.Sequential],
        config: Config,
        place: str | None,
        finished: Finished = (),
        **starts: object,
    ):
        self.net = make(config.first_seed)
        layer = min(2, len(sizes(self.net)))
        super().__init__(place, seed=config.first_seed, layer=layer, **starts)
        self._device = device_of(config)
        self._data = data.validated().to(self._device)
        self._make = make
        self._config = config
        n, size = len(self._data.train[0]), config.batch_size
        # a last example alone is no batch, see `Batches`
        self._steps = max(1, n // size + (n % size > 1))
        self.history = History()
        self.before: History | None = None
        self.grown: list[Grown] = []
        self.factor = 1.0
        self.schedule = self._plan(None)
        self._seed = config.first_seed
        self._next_beat = 0.0
        if finished:
            self._show(finished)
        self._lay_out()

    def _lay_out(self) -> None:
        self.wider = button("Wider", "Twice as many units in this layer")
        self.deeper = button("Deeper", "One more layer after it")
        self.click(self.wider, lambda: self._ask("wider"))
        self.click(self.deeper, lambda: self._ask("deeper"))
        where = row(self.layer, self.way, self.rate)
        grow = row(self.noise.row, self.pace, self.wider, self.deeper, grid_gap="4px")
        buttons = row(self.seed, *self.buttons, grid_gap="4px")
        self.arrange(self.title, where, grow, buttons, self.meter_line)

    def _show(self, finished: Finished) -> None:
        """Show a run from elsewhere: the loss and the accuracy of its epochs."""
        _refuse(finished)
        losses = {term: Curve() for term in TERMS}
        self.history.terms = losses
        epoch = 0
        for k, (net, rows) in enumerate(finished):
            if k:
                before, after = (
                    "-".join(map(str, sizes(n))) for n in (finished[k - 1][0], net)
                )
                self.history.change(epoch, f"{before} → {after}")
            for measured in rows:
                epoch += 1
                for term, curve in losses.items():
                    curve.add(epoch, measured[term])
                share = 100 * measured[SCORED]
                self.history.accuracy.add(epoch, share)
        self.history.batches = epoch * self._steps
        self.net = copy.deepcopy(finished[-1][0])
        share = self.history.accuracy.y[-1]
        self.show_finished(f"Validation accuracy {share:.1f} %.")

    def _plan(self, again: GrowingRun | None) -> GrowthSchedule:
        """Return the schedule of a run, or of one that is made again."""
        total = self._config.epochs * self._steps
        if again is None:
            return GrowthSchedule(total, self._steps)
        return GrowthSchedule(total, self._steps, again.growths, again.until)

    # Callbacks: they copy values and set flags, nothing else.

    def _ask(self, kind: str) -> None:
        settings = self.settings
        growth = Growth(
            kind, settings.layer, settings.way, settings.noise, settings.rate
        )
        reason = refusal(growth, sizes(self.net))
        if not self.busy:
            self.say("Nothing is running: press Start.")
        elif reason:
            self.say(reason)
        else:
            self.schedule.ask(growth)
            what = "is wider" if kind == "wider" else "has a new layer after it"
            self.say(f"Layer {growth.layer} {what} from the next batch on.")

    def prepare(self, again: GrowingRun | None) -> Callable[[Run], None]:
        seed = again.seed if again else self.seed.value
        return partial(self._train, seed=seed, schedule=self._plan(again))

    def made(self) -> GrowingRun | None:
        if not self.history.batches:
            return None
        growths = tuple(Planned.at(one.batches, one.growth) for one in self.grown)
        return GrowingRun(self._seed, growths, self.history.batches)

    # From here on: the thread of the run.

    def _train(self, run: Run, seed: int, schedule: GrowthSchedule) -> None:
        net = self._make(seed)
        with self._lock:
            if self.history.accuracy.y:
                self.before = self.history
            self.history = History()
            self.ran_here = True
            self._seed = seed
            self.net = net
            self.grown = []
            self.schedule = schedule
            self.factor = 1.0
        run.gate()
        self._next_beat = self.next_redraw = time.perf_counter()
        while not schedule.over(self.history.batches):
            while growth := schedule.take(self.history.batches):
                self._grow(growth, seed)
            self._stretch(run, seed + len(self.grown))

    def _stretch(self, run: Run, seed: int) -> None:
        """Train until the net is to grow, or to the end; an optimiser and an order of its own."""
        began = self.history.batches
        config = replace(
            self._config,
            epochs=self.schedule.epochs_left(began),
            schedule=lambda progress: self._rate(),
            seed=seed,
        )
        after_batch = partial(self._after_batch, run=run, began=began)
        stages = plain(self.net)
        trained = epochs(stages, self._data, config, on_batch=after_batch)
        with suppress(EndOfStretch), closing(trained):
            for row in trained:
                self._score(100 * row["net validation accuracy"])
        done = self.history.batches
        if self.schedule.over(done) and self.schedule.cut_short(began):
            self._score(self._measured())

    def _rate(self) -> float:
        """Return the share of the learning rate, by the progress of the whole run."""
        schedule = self._config.schedule
        factor = schedule if callable(schedule) else SCHEDULES[schedule]
        return self.factor * factor(self.history.batches / self.schedule.total)

    def _after_batch(self, step: Step, run: Run, began: int) -> None:
        epoch = (self.history.batches + 1) / self._steps
        self.history.add(epoch, step.terms, step.examples)
        done = self.history.batches
        now = time.perf_counter()
        self.redraw_seldom()
        if self.pace.value:
            self._next_beat = max(self._next_beat + 1 / self.pace.value, now)
            run.rest(self._next_beat - now)
        if self.schedule.after(done, began) is Next.STOP:
            raise StopTraining
        run.gate()  # growths may be asked for during a pause
        if self.schedule.after(done, began) in (Next.GROW, Next.END):
            raise EndOfStretch

    def _grow(self, growth: Growth, seed: int) -> None:
        reason = refusal(growth, sizes(self.net))
        if reason:
            self.say(reason)
            return
        done, before = self.history.batches, self._measured()
        images = self._data.train[0][:MEASURED]
        net = grown(self.net, growth, seed + 1 + len(self.grown), images)
        self.factor = growth.rate
        after = 100 * accuracy(net, *self._data.held_out)
        happened = Grown(
            done,
            growth,
            (sizes(self.net), sizes(net)),
            (parameters(self.net), parameters(net)),
            (before, after),
        )
        with self._lock:
            self.net = net
            self.grown.append(happened)
            self.history.change(done / self._steps, happened.short)
        for share in happened.accuracy:
            self._score(share)
        self.next_redraw = 0.0
        self.say(happened.sentence)

    def _measured(self) -> float:
        return 100 * accuracy(self.net, *self._data.held_out)

    def _score(self, share: float) -> None:
        with self._lock:
            self.history.accuracy.add(self.history.batches / self._steps, share)

    def sentence(self, state: str) -> str:
        if state == "running":
            return "Training. Wider and Deeper take effect before the next batch."
        done = f"{state.capitalize()} after {self.history.batches} batches."
        shares = self.history.accuracy.y
        return f"{done} Validation accuracy {shares[-1]:.1f} %." if shares else done

    def draw(self) -> Picture:
        self.history.read()
        done, longest = self.history.batches, self._config.epochs
        epoch = min(longest, done // self._steps + 1)
        self.meter = (
            f"Epoch {epoch} of {longest} · batch {done} of {self.schedule.total} · "
            f"{summary(self.net)}"
        )
        tables = [grew(self.grown)]
        return picture(self.history, self.before, TERMS, longest, tables)


def _refuse(finished: Finished) -> None:
    """Raise ValueError for what are no nets with the rows that `train` returned."""
    if not isinstance(finished, Sequence) or isinstance(finished, str):
        kind = type(finished).__name__
        raise ValueError(
            f"growing: finished is of the type {kind}; give a list of (net, rows of train)"
        )
    for k, run in enumerate(finished):
        refuse_run(f"growing: finished[{k}]", run)
        for measured in run[1]:
            missing = [name for name in (*TERMS, SCORED) if name not in measured]
            if missing:
                raise ValueError(
                    f"growing: finished[{k}] has the row {measured!r}, which lacks "
                    f"{', '.join(missing)}"
                )

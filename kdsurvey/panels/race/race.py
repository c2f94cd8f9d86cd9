"""Arms that train by turns, epoch by epoch: what panels that compare a few ways to
train one net are built on.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Generic, TypeVar

from torch import nn

from kdsurvey.config import Config, device_of
from kdsurvey.data import Data
from kdsurvey.panels.kit import permalink
from kdsurvey.panels.kit.background import Run
from kdsurvey.panels.kit.controls import Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.training_panel import TrainingPanel
from kdsurvey.panels.race import accuracy_chart
from kdsurvey.panels.race.arm import Arm, Runner
from kdsurvey.panels.race.finished import (
    Finished,
    refuse_arms,
    refuse_runs,
    refuse_unfit,
)
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import copied
from kdsurvey.training import Step, StopTraining, epochs


@dataclass(frozen=True)
class RaceRun:
    """How a race was run: the settings that the controls do not say any more, and the
    epochs after which it was stopped, 0 where it is over.
    """

    changed: dict
    until: int


AnArm = TypeVar("AnArm", bound=Runner)


class Turns(TrainingPanel, Generic[AnArm]):
    """Start trains several arms, from equal weights and on the same images in the same
    order, by turns: an epoch of each.

    A panel of its own kind declares its controls, and calls `arrange_all` when it is
    complete. It says with `lineup` who runs, with `epochs_of` how, with `measure` what is
    to be known of an arm after each epoch, and draws with `drawn`. `arms` is the last run. A
    permalink holds the run too: the panel that takes it trains again, and shows the same
    picture.
    """

    made_as = RaceRun
    patience = 20
    arms: Sequence[AnArm] = ()

    def __init__(self, data: Data, config: Config, place: str | None, **starts: object):
        super().__init__(place, seed=config.first_seed, **starts)
        self._device = device_of(config)
        self._data = data.validated().to(self._device)
        self._config = config
        self.run_settings: Settings | None = None
        self._over = False

    # What a panel of its own kind says.

    def lineup(self, settings: Settings) -> Sequence[AnArm]:
        """Return the arms for these settings; on the thread of the run."""
        raise NotImplementedError

    def images(self, settings: Settings) -> Data:
        """Return what all arms learn from and are measured on; on the thread of the run."""
        return self._data

    def length(self, settings: Settings) -> int:
        """Return how many epochs the longest arm will train, all its stages counted."""
        return self._config.epochs

    def measure(self, arm: AnArm) -> object:
        """Return what a picture shows of an arm, before the run and after each epoch; on
        the thread of the run.
        """

    def epochs_of(
        self, arm: AnArm, data: Data, config: Config, on_batch: Callable
    ) -> Generator:
        """Train an arm; yield after each epoch what `arm.add` takes in."""
        raise NotImplementedError

    def drawn(self, settings: Settings, words: str, epochs: int) -> Picture:
        """Return the picture of a run of so many epochs; words: its settings."""
        raise NotImplementedError

    # The run, and how it was made.

    def prepare(self, again: tuple[Settings, int] | None) -> Callable[[Run], None]:
        settings, until = again or (self.settings, None)
        return partial(self._train, settings=settings, until=until)

    def made(self) -> RaceRun | None:
        if not (self.run_settings and self.epochs_done):
            return None
        now = Panel.state(self)
        then = vars(self.run_settings)
        changed = {name: value for name, value in then.items() if value != now[name]}
        return RaceRun(changed, 0 if self._over else self.epochs_done)

    def unpack(self, packed: object, kept: dict) -> tuple[Settings, int]:
        """Return the settings of a run and where it stopped, when every control has tried
        them on.
        """
        run = permalink.unpack(RaceRun, packed)
        if not set(run.changed) <= set(kept):
            raise permalink.impossible(packed)
        before = Panel.state(self)
        Panel.restore(self, kept | run.changed)
        settings = self.settings
        Panel.restore(self, before)
        return settings, run.until

    @property
    def rows(self) -> list[dict]:
        """Rows of all arms so far, each with the arm's name."""
        return [{"arm": arm.name} | row for arm in self.arms for row in arm.rows]

    @property
    def epochs_done(self) -> int:
        """Epochs that the longest arm has trained."""
        return max((arm.epochs for arm in self.arms), default=0)

    # From here on: the thread of the run.

    def _train(self, run: Run, settings: Settings, until: int | None) -> None:
        arms = tuple(self.lineup(settings))
        for arm in arms:
            arm.measured = self.measure(arm)
        with self._lock:
            self.arms = arms
            self.run_settings = settings
            self.next_redraw = 0.0
            self._over = False
            self.ran_here = True
        run.gate()
        config = replace(self._config, seed=settings.seed)
        data = self.images(settings)

        def on_batch(step: Step) -> None:
            run.gate()

        with ExitStack() as ends:
            runs = [
                ends.enter_context(closing(self.epochs_of(arm, data, config, on_batch)))
                for arm in arms
            ]
            for turn, shown in enumerate(zip_longest(*runs), 1):
                self.after_turn(shown)
                if self.stops_after(turn, until):
                    raise StopTraining  # where the reader stopped it
        self._over = True

    def stops_after(self, turn: int, until: int | None) -> bool:
        """Return whether a run that stopped after `until` turns is to stop after this one."""
        return turn == until

    def after_turn(self, shown: Sequence) -> None:
        """Take in what every arm has shown in this turn, None where its stages are over."""
        going = [(arm, epoch) for arm, epoch in zip(self.arms, shown) if epoch]
        measured = [self.measure(arm) for arm, _ in going]
        with self._lock:
            for (arm, epoch), value in zip(going, measured):
                arm.add(epoch)
                arm.measured = value
        self.redraw_seldom()

    def draw(self) -> Picture:
        settings = self.run_settings or self.settings
        done = self.epochs_done
        words = self.words(settings)
        whole = max(done, self.length(settings))
        self.meter = f"Epoch {done} of {whole} · {words} · {self._device}"
        return self.drawn(settings, words, whole)


class Race(Turns[Arm]):
    """Arms by turns, each with its accuracy over the epochs, and what stands beside it.

    A race of its own kind sets `lines`, the names of all lines in the order of their roles
    (a line of another name is an error), and draws with `beside`. The rest: see `Turns`.
    """

    lines: Sequence[str] = ()

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        """Return the picture: the accuracies, and what stands beside them, with its tables."""
        raise NotImplementedError

    def arrange_with(self, finished: Finished | None) -> None:
        """Put the panel together, with nets that were trained elsewhere, if any."""
        if finished is not None:
            refuse_runs(self.kind, finished)
        if finished:
            self.show(finished)
        self.arrange_all()

    def show(self, finished: Finished) -> None:
        """Show nets that were trained elsewhere, as the controls say, until the first run
        here; to be called before the panel is put together.

        Raises ValueError for an arm that does not run here.
        """
        settings = self.settings
        lineup = {arm.name: arm for arm in self.lineup(settings)}
        refuse_arms(self.kind, finished, lineup)
        for name, (net, rows) in finished.items():
            arm = lineup[name]
            arm.measured = self.measure(arm)
            own = copied(net).to(self._device)
            refuse_unfit(f"{self.kind}: finished[{name!r}]", own, self._data)
            self.take(arm, own)
            for row in rows:
                arm.add(row)
            arm.measured = self.measure(arm)
        self.arms = [lineup[name] for name in finished]
        self.run_settings = settings
        self.show_finished(self._tested())

    def take(self, arm: Arm, net: nn.Module) -> None:
        """Put a net that was trained elsewhere in the place of an arm's own."""
        arm.net = net

    def epochs_of(
        self, arm: Arm, data: Data, config: Config, on_batch: Callable
    ) -> Generator:
        """Train an arm; yield after each epoch what `arm.add` takes in."""
        return epochs(arm.stages, data, config, on_batch=on_batch)

    def sentence(self, state: str) -> str:
        if state == "running":
            return (
                "Training by turns, an epoch of each. "
                "The controls take effect at the next Start."
            )
        done = f"{state.capitalize()} after {self.epochs_done} epochs."
        if state != "finished":
            return done
        return f"{done} {self._tested()} One seed says little: try others."

    def _tested(self) -> str:
        """Say what the arms got right on test images."""
        shares = (
            f"{name} {share:.1f} %"
            for arm in self.arms
            for name, share in arm.tested.items()
        )
        return f"On test images: {'; '.join(shares)}."

    def drawn(self, settings: Settings, words: str, epochs: int) -> Picture:
        """Return the picture of a run of so many epochs; words: its settings."""
        accuracies = accuracy_chart.chart(self.arms, self.lines, epochs)
        picture = self.beside(accuracies, settings)
        table = accuracy_chart.table(self.arms, words)
        return replace(picture, tables=(table, *picture.tables))

"""Arms that train by turns, epoch by epoch: what panels that compare a few ways to
train one net are built on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import zip_longest

import ipywidgets as widgets
from torch import nn

from kdsurvey.config import Config, device_of
from kdsurvey.data import Data
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.charts import Chart, canvas
from kdsurvey.panels.kit.controls import button, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.accuracy_chart import Accuracies, Arms, Aside, twin
from kdsurvey.stage import Stage
from kdsurvey.training import StopTraining, epochs

SCORE, TESTED = " validation accuracy", " test accuracy"  # how `train` calls them


class Arm:
    """One arm: its net, the stages that train it, and what they have shown so far.

    lines: name -> (epochs, % of validation images right), a line a score, and one of
    the arm's own name where its stages score one thing. tested: the same, after the
    last epoch. silent: stage -> (its first epoch, its last), where it scores nothing;
    epochs are counted through all stages. found: what `Race.measure` last said of the
    net.
    """

    def __init__(self, name: str, net: nn.Module, stages: Iterator[Stage]):
        self.name = name
        self.net = net
        self.stages = stages
        self.rows: list[dict] = []
        self.lines: dict[str, tuple[list[int], list[float]]] = {}
        self.tested: dict[str, float] = {}
        self.silent: dict[str, tuple[int, int]] = {}
        self.found = None

    def add(self, row: dict) -> None:
        """One epoch."""
        self.rows.append(row)
        epoch, scores = len(self.rows), self._scores(row, SCORE)
        for name, share in scores.items():
            x, y = self.lines.setdefault(name, ([], []))
            x.append(epoch)
            y.append(share)
        if not scores:
            self.silent[row["stage"]] = (
                self.silent.get(row["stage"], (epoch,))[0],
                epoch,
            )
        self.tested |= self._scores(row, TESTED)

    @property
    def late(self) -> list[float]:
        """Shares from the later half of a stage, by the longest that scores: a stage
        may begin anew, far below its end.
        """
        scored = [
            (row["epoch"], self._scores(row, SCORE).values()) for row in self.rows
        ]
        half = max((epoch for epoch, shares in scored if shares), default=0) // 2
        return [share for epoch, shares in scored if epoch > half for share in shares]

    def _scores(self, row: dict, ending: str) -> dict[str, float]:
        """Line -> per cent, of the accuracies whose name has this ending."""
        found = {
            name.removesuffix(ending): 100 * share
            for name, share in row.items()
            if name.endswith(ending)
        }
        return dict(zip([self.name], found.values())) if len(found) == 1 else found


class Race(Running, Panel):
    """Start trains several arms, from equal weights and on the same images in the same
    order, by turns: an epoch of each.

    A race of its own kind makes its controls, names them with `keep` and then calls
    `assemble`; it says with `lineup` who runs, with `measure` what its second picture
    wants to know of a net after each epoch, and with `words` what the settings were.
    Every score of every stage is a line: lines that `assemble` is not told of are an
    error. `arms` is the last run. A permalink holds the run too: the panel that takes
    it trains again, and shows the same picture.
    """

    patience = 20
    arms: Arms = ()
    views: Sequence[
        str
    ] = ()  # kept controls that choose what is shown: they are no settings of a run

    def __init__(self, data: Data, config: Config, place: str | None):
        super().__init__()
        self._device = device_of(config)
        self._data = data.validated().to(self._device)
        self._config = config
        self._runner = Runner(place)
        self._settings: dict | None = None
        self._over = False

    def assemble(
        self,
        title: str,
        lines: Sequence[str],
        rows: Sequence[widgets.Widget],
        *beside_seed,
        **picture,
    ) -> None:
        """Puts the panel together. lines: the names of all lines, in the order of their colours.

        rows: of controls; beside_seed: more controls, in the row of the buttons;
        picture: see `_build`.
        """
        self.seed = widgets.BoundedIntText(
            self._config.first_seed, min=0, max=10**6, description="Seed"
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
        self.keep(seed=self.seed)
        self._build(lines, **picture)
        acts = row(
            self.seed, *beside_seed, self.start, self.pause, self.stop, grid_gap="6px"
        )
        self.arrange(title, *rows, acts, self._meter)

    def _build(
        self,
        lines: Sequence[str],
        aside: Callable[..., Aside],
        height: int,
        mosaic: Sequence[Sequence[str]],
        **grid,
    ) -> None:
        """The figure, whose axis "accuracy" is the race's own; aside(axes) draws on the others."""
        figure, axes = canvas(height, mosaic, **grid)
        self._accuracies = Accuracies(axes["accuracy"], lines, self._config.epochs)
        self._aside = aside(axes)
        self._chart = Chart(figure, [*self._accuracies.artists, *self._aside.artists])

    # What a race of its own kind says.

    def lineup(self, settings: Mapping) -> Sequence[Arm]:
        """The arms for these settings, name -> value of every kept control; on the
        thread of the run.
        """
        raise NotImplementedError

    def images(self, settings: Mapping) -> Data:
        """What all arms learn from and are measured on; on the thread of the run."""
        return self._data

    def length(self, settings: Mapping) -> int:
        """How many epochs the longest arm will train, all its stages counted."""
        return self._config.epochs

    def measure(self, arm: Arm) -> object:
        """What the second picture shows of an arm's net, before the run and after each
        epoch; on the thread of the run.
        """

    def words(self, settings: Mapping) -> str:
        """The settings as a reader says them."""
        raise NotImplementedError

    # Callbacks: they copy values and set flags, nothing else.

    def _start(self, settings: Mapping | None = None, until: int | None = None) -> None:
        self.error = None
        settings = settings or self._wanted()
        self._runner.start(lambda run: self._train(run, settings, until), self._tell)

    def _wanted(self) -> dict:
        return {
            name: value
            for name, value in Panel.state(self).items()
            if name not in self.views
        }

    def state(self) -> dict:
        """The controls, and the run in the picture: what differed at its Start, and its
        epochs, 0 where it is over.
        """
        now = super().state()
        since = {
            name: value
            for name, value in (self._settings or {}).items()
            if value != now[name]
        }
        return now | {
            "run": [since, 0 if self._over else self.epochs_done]
            if self.epochs_done
            else None
        }

    def restore(self, state: dict) -> None:
        """Sets the controls and makes the run again, up to the epoch where it stood;
        errors: see Panel.restore.
        """
        controls = {name: value for name, value in state.items() if name != "run"}
        again = self._run_of(state["run"], controls) if state.get("run") else ()
        super().restore(controls)
        if again:
            self._start(*again)

    def _run_of(self, run: list, controls: dict) -> tuple[dict, int]:
        """What `state` says of a run, when every control has tried it on. Raises
        ValueError for what it never says.
        """
        fits = (
            isinstance(run, list)
            and len(run) == 2
            and isinstance(run[0], dict)
            and type(run[1]) is int
            and run[1] >= 0
        )
        if not fits or not set(run[0]) <= set(controls):
            raise ValueError(
                f"this permalink has no run that this panel could make again: {str(run)[:80]}"
            )
        before = Panel.state(self)
        super().restore(controls | run[0])
        settings = self._wanted()
        super().restore(before)
        return settings, run[1]

    # From here on: the thread of the run.

    def _train(self, run: Run, settings: Mapping, until: int | None) -> None:
        arms = tuple(self.lineup(settings))
        for arm in arms:
            arm.found = self.measure(arm)
        with self._lock:
            self.arms = arms
            self._settings = settings
            self._next = 0.0
            self._over = False
        run.gate()
        config = replace(self._config, seed=settings["seed"])
        data = self.images(settings)
        with ExitStack() as ends:
            runs = [
                epochs(arm.stages, data, config, on_batch=lambda step: run.gate())
                for arm in arms
            ]
            for trained in runs:
                ends.enter_context(closing(trained))
            for turn, rows in enumerate(zip_longest(*runs), 1):
                self._after_turn(rows)
                if turn == until:
                    raise StopTraining  # where the reader stopped it
        self._over = True

    def _after_turn(self, rows: Sequence[dict | None]) -> None:
        """Keeps a row an arm, none where its stages are over."""
        going = [
            (arm, row, self.measure(arm)) for arm, row in zip(self.arms, rows) if row
        ]
        with self._lock:
            for arm, row, found in going:
                arm.add(row)
                arm.found = found
        self._redraw_seldom()

    def _sentence(self, state: str) -> str:
        if state == "running":
            return "Training by turns, an epoch of each. The controls take effect at the next Start."
        tested = "; ".join(
            f"{name} {share:.1f} %"
            for arm in self.arms
            for name, share in arm.tested.items()
        )
        over = (
            f" On test images: {tested}. One seed says little: try others."
            if state == "finished"
            else ""
        )
        return f"{state.capitalize()} after {self.epochs_done} epochs.{over}"

    @property
    def epochs_done(self) -> int:
        """Epochs that the longest arm has trained."""
        return max((len(arm.rows) for arm in self.arms), default=0)

    def draw(self) -> tuple[bytes, str]:
        settings, done = self._settings or self._wanted(), self.epochs_done
        said = f"{self.words(settings)}, seed {settings['seed']}"
        whole = max(done, self.length(settings))
        self._meter.value = f"Epoch {done} of {whole} · {said} · {self._device}"
        moved = (
            self._accuracies.show(self.arms, whole),
            self._aside.show(self.arms, settings),
        )
        if any(moved):
            self._chart.renew()
        return self._chart.png(), twin(self.arms, said) + self._aside.twin(
            self.arms, settings
        )

"""Panels that train: Start, Pause, Step, Stop, a seed, and the run in the permalink."""

import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from kdsurvey.panels.kit import controls, permalink
from kdsurvey.panels.kit.background import SHARE, Run, Runner, until_next
from kdsurvey.panels.kit.controls import Number, button
from kdsurvey.panels.kit.panel import Panel


class TrainingPanel(Panel):
    """A panel with a run in the background.

    A kind of its own says with `prepare` what a run does, with `sentence` what the status line
    says of it, and sets `meter`, the line under the buttons. Where a permalink is to hold the
    run, `made_as` is a dataclass of all that made it (see `permalink.pack`), and `made()` that
    of the run on show: the panel that takes the link trains again, and shows the same picture.

    has_step: whether there is a Step button; `seed = None` takes the seed away. patience: a
    redraw comes at the earliest this many times its own cost after the one before, but two
    seconds are always enough: drawing takes about 1 / patience of the time. place: a name; a
    new panel of the same name stops the run of the old one, as the same cell does when it runs
    again. ran_here: False while a run from elsewhere is on show; no permalink holds that.
    """

    seed: widgets.BoundedIntText = Number("Seed", 0, 0, 10**6, says="seed {}")
    made_as: type | None = None
    patience = SHARE
    has_step = False
    start_label = "Start"
    title = ""
    ran_here = True

    def __init__(self, place: str | None = None, **starts: object):
        super().__init__(**starts)
        self.runner = Runner(place)
        self.next_redraw = 0.0  # seconds of the clock, before which none is due
        self.start = button(self.start_label, style="primary", width="80px")
        self.pause = button("Pause", width="80px")
        self.step = button("Step", "Train on one batch, then pause", width="80px")
        self.stop = button("Stop", width="80px")
        self.meter_line = widgets.HTML()
        self.click(self.start, self.begin)
        self.click(self.pause, self._pause)
        self.click(self.step, self._step)
        self.click(self.stop, self._stop)

    def arrange_all(self, title: str = "") -> None:
        """Put the panel together: the rows of the declared controls, and one of the seed and
        the buttons. title: that of the class where empty.
        """
        others = {n: c for n, c in self.declared.items() if n != "seed"}
        lines, beside = controls.rows(others, self._made)
        seed = [self.seed] if "seed" in self.declared else []
        buttons = controls.row(*seed, *beside, *self.buttons, grid_gap="6px")
        self.arrange(title or self.title, *lines, buttons, self.meter_line)

    @property
    def buttons(self) -> list[widgets.Button]:
        """The buttons of a run, to be put in a row."""
        step = [self.step] if self.has_step else []
        return [self.start, self.pause, *step, self.stop]

    @property
    def meter(self) -> str:
        """The line that says how far the run is."""
        return self.meter_line.value

    @meter.setter
    def meter(self, text: str) -> None:
        self.meter_line.value = text

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self.runner.busy

    @property
    def rows(self) -> list[dict]:
        """Rows of the training so far, as `train` returns them."""
        return []

    # What a kind of its own says.

    def prepare(self, again: Any) -> Callable[[Run], None]:
        """Return what a run is to do, on a thread of its own, after copying what the controls
        say. again: how the run was made that is to be made again; None for a new one.
        """
        raise NotImplementedError

    def sentence(self, state: str) -> str:
        """Say what the run does or did. state: running, paused, stopped or finished."""
        raise NotImplementedError

    def made(self) -> Any:
        """Return how the run on show was made, as `made_as`; None before the first."""

    def unpack(self, packed: Any, kept: dict) -> Any:
        """Return the run that a permalink holds. kept: the state of the controls in it.
        Raises ValueError where the panel could not make it, as where a reader could not have
        set what made it.
        """
        assert self.made_as is not None
        made: Any = permalink.unpack(self.made_as, packed)
        for name, value in permalink.settings_of(made):
            if name in self.declared and not self.declared[name].allows(value):
                raise permalink.impossible(packed)
        return made

    def show_finished(
        self, words: str, head: str = "A finished run; Start trains one here."
    ) -> None:
        """Say that the run on show was trained elsewhere. A run sets `ran_here` again when
        it takes the other's place.
        """
        self.ran_here = False
        self.say(f"{head} {words}")

    # Callbacks: they copy values and set flags, nothing else.

    def begin(self, again: Any = None, holding: bool = False) -> None:
        """Start a run, or the same run again; the one before ends. holding: it waits for
        Step.
        """
        self.error = None
        self.runner.start(self.prepare(again), self.hear, holding)

    def _pause(self) -> None:
        """Hold, or go on."""
        if not self.busy:
            self.say("Nothing is running: press Start.")
            return
        self.runner.hold()

    def _step(self) -> None:
        if not self.busy:
            self.begin(holding=True)
        self.runner.step()

    def _stop(self) -> None:
        if not self.busy:
            self.say("Nothing is running.")
        self.runner.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the run to end; return whether it has."""
        return self.runner.wait(timeout)

    def end(self) -> None:
        """Ask the run to end; returns at once."""
        self.runner.stop()

    def close(self) -> None:
        """Stop the run, wait until its thread has ended, and free all widgets."""
        self.runner.stop()
        self.runner.wait(5)
        super().close()

    def state(self) -> dict:
        """Return what a permalink holds: the controls, and how the run on show was made."""
        if self.made_as is None:
            return super().state()
        made = self.made() if self.ran_here else None
        return super().state() | {"run": permalink.pack(made) if made else None}

    def restore(self, state: dict) -> None:
        """Set the controls and make the run again. Raises ValueError, and changes nothing,
        for a state that this panel never had.
        """
        if self.made_as is None:
            super().restore(state)
            return
        kept = {name: value for name, value in state.items() if name != "run"}
        run = state.get("run")
        again = self.unpack(run, kept) if run else None
        super().restore(kept)
        if again:
            self.begin(again)

    # On the thread of the run.

    def redraw_seldom(self) -> None:
        """Draw on this thread, so seldom that the training hardly notices."""
        start = time.perf_counter()
        if start >= self.next_redraw:
            self.redraw()
            end = time.perf_counter()
            self.next_redraw = end + until_next(end - start, self.patience)

    def hear(self, state: str, error: Exception | None) -> None:
        """Take in a change of state of the run: say it, then draw, which may take a while.

        What the run failed of is the last word: the drawing may fail of the same.
        """
        self.pause.description = "Resume" if state == "paused" else "Pause"
        if not (error or self.error):
            self.say(self.sentence(state))
        if state != "running":
            self.redraw()
        if error:
            self.fail(error)

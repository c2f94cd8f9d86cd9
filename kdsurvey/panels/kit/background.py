"""Work in the background that can be paused, taken step by step, and stopped: one run
at a time for each panel.
"""

import atexit
import threading
import weakref
from collections.abc import Callable

from kdsurvey.training import StopTraining

OFTEN, SELDOM = 0.2, 2.0  # seconds between two redraws, at least and at most
SHARE = 30  # times what a redraw costs: drawing takes 3 % of the time
WORDS = {
    "running": "Running.",
    "paused": "Paused.",
    "stopped": "Stopped.",
    "finished": "Finished.",
    "failed": "Failed.",
}
_runs: "weakref.WeakSet[Run]" = weakref.WeakSet()


def until_next(cost: float, share: float = SHARE, often: float = OFTEN) -> float:
    """Return the seconds from one redraw, which took `cost` seconds, to the next.

    A drawing whose layout is new takes twenty times as long as one whose numbers are: a
    reader who has just pressed Start must not wait that many times longer to see it move.
    """
    return min(max(often, share * cost), SELDOM)


class Run(threading.Thread):
    """One piece of work on a thread of its own, which it ends in one of three ways:
    finished, stopped, failed.

    work(run): calls `run.gate()` between its batches. tell(state, error): hears of
    every change of state, on this thread. before: an earlier run that must end first.
    holding: pause before the first batch.
    """

    def __init__(
        self,
        work: Callable,
        tell: Callable,
        before: "Run | None" = None,
        holding: bool = False,
    ):
        super().__init__(name="kdsurvey run", daemon=True)
        self._work = work
        self._tell = tell
        self._before = before
        self._changed = threading.Condition()
        self._stopping = False
        self._holding = holding
        self._steps = 0
        self.state = "waiting"
        _runs.add(self)

    def run(self) -> None:
        if self._before:
            self._before.join()
            self._before = None
        error, end = None, "failed"
        try:
            self._enter("running")
            self._work(self)
            end = "stopped" if self._stopping else "finished"
        except StopTraining:
            end = "stopped"
        except Exception as failure:
            error = failure
        finally:
            self._enter(end, error)
            del self._work, self._tell  # what they hold must not outlive the run

    def gate(self) -> None:
        """Between two batches: waits while paused, raises StopTraining once stopped."""
        if self._holding and not self._steps and not self._stopping:
            self._enter("paused")
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or self._steps or not self._holding
            )
            if self._stopping:
                raise StopTraining
            self._steps = max(0, self._steps - 1)
        if self.state == "paused" and not self._holding:
            self._enter("running")

    def rest(self, seconds: float) -> None:
        """Waits, but not through a stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def hold(self, holding: bool) -> None:
        """Pause, or go on."""
        self._set(_holding=holding, _steps=0)

    def step(self) -> None:
        """Pause after one more batch."""
        self._set(_holding=True, _steps=self._steps + 1)

    def stop(self) -> None:
        """Ask it to end at its next gate; returns at once."""
        self._set(_stopping=True)

    @property
    def holding(self) -> bool:
        return self._holding

    @property
    def over(self) -> bool:
        return self.state in ("finished", "stopped", "failed")

    def _set(self, **flags) -> None:
        with self._changed:
            vars(self).update(flags)
            self._changed.notify_all()

    def _enter(self, state: str, error: Exception | None = None) -> None:
        self.state = state
        self._tell(state, error)


_latest: "weakref.WeakValueDictionary[str, Runner]" = (
    weakref.WeakValueDictionary()
)  # by place


class Runner:
    """The runs of one panel. A new start stops the run before it; so does a new panel of
    the same place. A cell that runs again closes its old panels: see `cells`.
    """

    def __init__(self, place: str | None = None):
        self.last: Run | None = None
        if place:
            earlier = _latest.get(place)
            if earlier:
                earlier.stop()
            _latest[place] = self

    @property
    def busy(self) -> bool:
        return self.last is not None and not self.last.over

    def start(self, work: Callable, tell: Callable, holding: bool = False) -> None:
        """Starts work(run) as soon as an earlier run has ended, which it is told to."""
        self.stop()
        self.last = Run(
            work, tell, before=self.last if self.busy else None, holding=holding
        )
        self.last.start()

    def hold(self) -> None:
        """Pauses the run, or lets it go on."""
        if self.last:
            self.last.hold(not self.last.holding)

    def step(self) -> None:
        """Pauses the run after one more batch."""
        if self.last:
            self.last.step()

    def stop(self) -> None:
        """Asks the run to end; returns at once."""
        if self.last:
            self.last.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the run to end; whether it has."""
        if self.last:
            self.last.join(timeout)
        return not (self.last and self.last.is_alive())


@atexit.register
def _stop_all() -> None:
    """No thread may still train when the interpreter goes away."""
    for run in list(_runs):
        run.stop()
    for run in list(_runs):
        if run.is_alive():
            run.join(2)

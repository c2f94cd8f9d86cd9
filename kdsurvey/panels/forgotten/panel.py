"""Digits that the student never sees: which of them does it know all the same?"""

from collections.abc import Callable

import ipywidgets as widgets

from kdsurvey.panels.forgotten.chart import picture
from kdsurvey.panels.kit.background import Run, Runner, Running
from kdsurvey.panels.kit.controls import button, knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.pictures import Picture

RESULT = ("errors", "per_class", "errors_corrected", "per_class_corrected", "n")


def forgotten(
    run: Callable[[tuple[int, ...], float, Callable], dict],
    digits: int = 10,
    *,
    removed: tuple[int, ...] = (3,),
    T: float = 8.0,
    place: str | None = None,
) -> Panel:
    """A panel: tick the digits to leave out of the transfer set, set T, run; see the
    recall of every class.

    run(removed, T, on_batch) trains and returns {"errors", "per_class",
    "errors_corrected", "per_class_corrected", "n"}: wrong answers of n, and recalls in
    [0, 1], one a class, before and after the bias of the missing classes is corrected.
    It passes on_batch on to `train`, which is how Stop reaches it. place: as for
    live_training. Raises ValueError when fewer than two digits would remain.
    """
    return Forgotten(run, digits, removed, T, place)


class Forgotten(Running, Panel):
    """See `forgotten`. `result` is what the last run returned."""

    kind = "forgotten"
    text = "(panel: forgotten digits. A box for every digit to leave out, a slider for T, Run and Stop; bars of recall)"
    about = "Bars, two a digit: its recall before and after the bias of the missing classes is corrected"

    def __init__(self, run, digits, removed, T, place):
        super().__init__()
        self._run_with = run
        self.digits = digits
        self._runner = Runner(place)
        self.result, self._shown = None, ((), T)
        narrow = {"width": "56px"}
        self.boxes = [
            widgets.Checkbox(
                k in removed, description=str(k), indent=False, layout=narrow
            )
            for k in range(digits)
        ]
        self._remaining(removed)
        self.T = knob("Temperature T", T, 0.5, 50, log=True)
        self.start = button("Run", style="primary", width="80px")
        self.stop = button("Stop", width="80px")
        self.click(self.start, self._start)
        self.click(self.stop, self._stop)
        self.keep(T=self.T.box, **{str(k): box for k, box in enumerate(self.boxes)})
        which = widgets.HTML("Leave out of the transfer set:")
        self.arrange(
            "Digits the student never sees",
            row(which, *self.boxes),
            row(self.T.row, self.start, self.stop),
        )

    @property
    def removed(self) -> tuple[int, ...]:
        """The digits that are ticked."""
        return tuple(k for k, box in enumerate(self.boxes) if box.value)

    def state(self) -> dict:
        """The controls, and whether the run on show is theirs."""
        return super().state() | {
            "ran": bool(self.result) and self._shown == (self.removed, self.T.value)
        }

    def restore(self, state: dict) -> None:
        """Sets the controls and runs with them; errors: see Panel.restore."""
        super().restore({name: value for name, value in state.items() if name != "ran"})
        if state.get("ran"):
            self._start()

    def _start(self) -> None:
        self._remaining(self.removed)
        self.error = None
        removed, T = self.removed, self.T.value
        self._runner.start(lambda run: self._work(run, removed, T), self._tell)

    def _remaining(self, removed) -> None:
        if self.digits - len(removed) < 2:
            raise ValueError(
                "at least two digits must remain in the transfer set; clear a box"
            )

    def _work(self, run: Run, removed: tuple[int, ...], T: float) -> None:
        result = self._run_with(removed, T, lambda *step: run.gate())
        run.gate()  # a stopped run has no result
        missing = [name for name in RESULT if name not in result]
        if missing:
            raise ValueError(
                f"forgotten: run() must return {', '.join(RESULT)}; {', '.join(missing)} missing"
            )
        with self._lock:
            self.result, self._shown = result, (removed, T)

    def _tell(self, state: str, error: Exception | None) -> None:
        if error:
            self.fail(error)
        elif state == "running":
            self.say("Training …")
        elif state == "stopped":
            self.say("Stopped; the picture shows the run before.")
        else:
            self.redraw()
            self.say(self._sentence())

    def _sentence(self) -> str:
        r, (removed, T) = self.result, self._shown
        out = ", ".join(map(str, removed)) or "nothing"
        return f"Left out {out}, T = {T:g}: {r['errors']} errors of {r['n']}, {r['errors_corrected']} after the correction."

    def draw(self) -> Picture:
        removed, T = self._shown
        return picture(self.result, self.digits, removed, T)

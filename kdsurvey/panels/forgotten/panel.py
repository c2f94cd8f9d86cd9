"""Digits that the student never sees: which of them does it know all the same?"""

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from kdsurvey.panels.forgotten.chart import picture
from kdsurvey.panels.kit.background import Run
from kdsurvey.panels.kit.controls import Knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.training_panel import TrainingPanel
from kdsurvey.pictures import Picture
from kdsurvey.training import Step

RESULT = ("errors", "per_class", "errors_corrected", "per_class_corrected", "n")
# (removed digits, T, on_batch) -> what RESULT names
Experiment = Callable[[tuple[int, ...], float, Callable[[Step], None]], Mapping]


def forgotten(
    run: Experiment,
    digits: int = 10,
    *,
    removed: Sequence[int] = (3,),
    T: float = 8.0,
    finished: Mapping | None = None,
    place: str | None = None,
) -> Panel:
    """Make a panel: tick the digits to leave out of the transfer set, set T, run.

    It shows the recall of every class. run(removed, T, on_batch) trains and returns
    {"errors", "per_class", "errors_corrected", "per_class_corrected", "n"}: wrong
    answers of n, and recalls in [0, 1], one a class, before and after the bias of the
    missing classes is corrected. It passes on_batch on to `train`, which is how Stop
    reaches it. finished: a run of these digits and this T that is shown until the first
    one here. place: as for live_training. Raises ValueError when fewer than two
    digits would remain.
    """
    return Forgotten(run, digits, removed=removed, finished=finished, place=place, T=T)


class Forgotten(TrainingPanel):
    """Recall of digits that were left out; see `forgotten`.

    `result` is what the last run returned, and `chosen` the digits it had to do without
    and its T; `boxes` are the boxes to tick, one a digit.
    """

    kind = "forgotten"
    text = (
        "(panel: forgotten digits. A box for every digit to leave out, a slider for T, "
        "Run and Stop; bars of recall)"
    )
    about = (
        "Bars, two a digit: its recall before and after the bias of the missing classes "
        "is corrected"
    )
    start_label = "Run"

    T = Knob("Temperature T", 8.0, 0.5, 50, log=True)
    seed = None

    def __init__(
        self,
        run: Experiment,
        digits: int,
        *,
        removed: Sequence[int],
        finished: Mapping | None = None,
        place: str | None = None,
        T: float,
    ):
        super().__init__(place, T=T)
        self._run = run
        self.digits = digits
        self._require_two(removed)
        self.result = finished
        self.chosen: tuple[tuple[int, ...], float] = (tuple(removed), T)
        self.boxes = [_box(k, k in removed) for k in range(digits)]
        self.keep(**{str(k): box for k, box in enumerate(self.boxes)})
        which = widgets.HTML("Leave out of the transfer set:")
        self.arrange(
            "Digits the student never sees",
            row(which, *self.boxes),
            row(self.T.row, self.start, self.stop),
        )
        if finished:
            self.show_finished(self.sentence("finished"), "A recorded run.")

    @property
    def removed(self) -> tuple[int, ...]:
        """The digits that are ticked."""
        return tuple(k for k, box in enumerate(self.boxes) if box.value)

    def state(self) -> dict:
        """Return the controls, and whether the run on show is theirs."""
        shown = self.result is not None and self.ran_here
        ran = shown and self.chosen == (self.removed, self.T.value)
        return super().state() | {"ran": ran}

    def restore(self, state: dict) -> None:
        """Set the controls and run with them; errors: see Panel.restore."""
        super().restore({name: value for name, value in state.items() if name != "ran"})
        if state.get("ran"):
            self.begin()

    def prepare(self, again: None) -> Callable[[Run], None]:
        """Return a run with what is ticked. Raises ValueError for too few digits."""
        removed, T = self.removed, self.T.value
        self._require_two(removed)
        return lambda run: self._work(run, removed, T)

    def _require_two(self, removed: Sequence[int]) -> None:
        if self.digits - len(removed) < 2:
            raise ValueError(
                "at least two digits must remain in the transfer set; clear a box"
            )

    def _work(self, run: Run, removed: tuple[int, ...], T: float) -> None:
        result = self._run(removed, T, lambda *step: run.gate())
        run.gate()  # a stopped run has no result
        missing = [name for name in RESULT if name not in result]
        if missing:
            raise ValueError(
                f"forgotten: run() must return {', '.join(RESULT)}; "
                f"{', '.join(missing)} missing"
            )
        with self._lock:
            self.result = result
            self.ran_here = True
            self.chosen = removed, T

    def sentence(self, state: str) -> str:
        if state == "running":
            return "Training …"
        if state == "stopped":
            return "Stopped; the picture shows the run before."
        result, (removed, T) = self.result, self.chosen
        assert result is not None
        names = ", ".join(map(str, removed)) or "nothing"
        return (
            f"Left out {names}, T = {T:g}: {result['errors']} errors of {result['n']}, "
            f"{result['errors_corrected']} after the correction."
        )

    def draw(self) -> Picture:
        removed, T = self.chosen
        return picture(self.result, self.digits, removed, T)


def _box(digit: int, ticked: bool) -> widgets.Checkbox:
    layout = {"width": "56px"}
    return widgets.Checkbox(ticked, description=str(digit), indent=False, layout=layout)

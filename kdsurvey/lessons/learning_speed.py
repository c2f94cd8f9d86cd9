"""How fast a net learns: its accuracy on validation images every few steps, and how
many steps and seconds a target takes.
"""

import time
from collections.abc import Sequence

from torch import nn

from kdsurvey.data import Data
from kdsurvey.training import Step, accuracy
from kdsurvey.verdicts import Values


class Pace:
    """An on_batch hook for `train` that measures `net` on the validation images after
    every `every` steps.

    stage: count the steps of the stage of that name alone; None counts those of every
    stage. steps, accuracies (in [0, 1]) and seconds grow together and begin before the
    first step; the seconds are those of the training, without the measuring.
    """

    def __init__(
        self, net: nn.Module, data: Data, every: int, stage: str | None = None
    ):
        self._net = net
        self._validation = data.held_out
        self._every = every
        self._stage = stage
        self.steps = [0]
        self.accuracies = [accuracy(net, *data.held_out)]
        self.seconds = [0.0]
        self._done = 0
        self._spent = 0.0
        self._since = time.perf_counter()

    def __call__(self, step: Step) -> None:
        now = time.perf_counter()
        if self._stage in (None, step.stage):
            self._done, self._spent = self._done + 1, self._spent + now - self._since
            if self._done % self._every == 0:
                self.steps.append(self._done)
                self.seconds.append(round(self._spent, 3))
                self.accuracies.append(accuracy(self._net, *self._validation))
        self._since = time.perf_counter()

    def row(self) -> dict[str, Sequence[float]]:
        """What is kept of it."""
        return {
            "steps": self.steps,
            "accuracies": self.accuracies,
            "seconds": self.seconds,
        }


def reached(target: float, at: Values, accuracies: Sequence[float]) -> float:
    """Where among `at` (steps or seconds) the accuracy first is the target or more.

    Where that never happens, one interval after the last: the earliest at which it
    still may have, so the gap to an arm that did arrive is never overstated.
    """
    return next(
        (a for a, share in zip(at, accuracies) if share >= target),
        at[-1] + at[-1] - at[-2],
    )

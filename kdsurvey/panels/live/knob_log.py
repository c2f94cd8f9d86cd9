"""What the knobs of a live run were, batch by batch, so that the run can be made again."""

from collections.abc import Iterable
from typing import NamedTuple


class Wanted(NamedTuple):
    """What the controls say. Callbacks replace it whole; the training reads it between two batches."""

    T: float
    alpha: float
    lr: float
    pace: float | None = None  # batches a second; None: as fast as it goes


class Timeline:
    """How a run was made: width and seed, the knobs at its start, and every change with
    the number of batches done before it.

    start: (T, alpha, lr); changes: (batches, name of the knob, value), in order; until:
    batches of the whole run.
    """

    def __init__(
        self,
        width: int,
        seed: int,
        start: Wanted,
        changes: Iterable[tuple[int, str, float]] = (),
        until: int = 0,
    ):
        self.width = width
        self.seed = seed
        self.start = start
        self.changes = list(changes)
        self.until = until

    def note(self, batches: int, before: Wanted, after: Wanted) -> list[str]:
        """Keeps what has changed, and says it: ["T = 8"]."""
        names = [
            name for name in KNOBS if getattr(before, name) != getattr(after, name)
        ]
        self.changes += [(batches, name, getattr(after, name)) for name in names]
        return [f"{name} = {getattr(after, name):g}" for name in names]

    def at(self, batches: int) -> Wanted:
        """The knobs for the next batch, when so many are done."""
        return self.start._replace(
            pace=None,
            **{name: value for done, name, value in self.changes if done <= batches},
        )

    def state(self) -> list:
        """What a permalink holds; `of` makes the same timeline of it."""
        start = [getattr(self.start, name) for name in KNOBS]
        return [
            self.width,
            self.seed,
            start,
            [list(change) for change in self.changes],
            self.until,
        ]

    @classmethod
    def of(cls, state: list) -> "Timeline":
        """The timeline that `state` wrote. Raises ValueError for what it never writes."""
        try:
            width, seed, start, changes, until = state
            numbers = [
                width,
                seed,
                until,
                *start,
                *(number for done, _, value in changes for number in (done, value)),
            ]
            fits = (
                len(start) == len(KNOBS)
                and all(name in KNOBS for _, name, _ in changes)
                and width >= 1
            )
            if fits and all(
                type(number) in (int, float) and number >= 0 for number in numbers
            ):
                return cls(
                    width,
                    seed,
                    Wanted(*start),
                    [tuple(change) for change in changes],
                    until,
                )
        except (TypeError, ValueError):
            pass
        raise ValueError(
            f"this permalink has no run that could be made again: {str(state)[:80]}"
        )


KNOBS = Wanted._fields[:3]

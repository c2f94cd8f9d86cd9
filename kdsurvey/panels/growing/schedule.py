"""When a run grows, and when it ends: the plan of a run that is cut into stretches."""

import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from enum import Enum

from kdsurvey.panels.growing.growth import KINDS, WAYS, Growth
from kdsurvey.panels.kit.permalink import number, place_among


@dataclass(frozen=True)
class Planned:
    """A growth, and how many batches must be done before it."""

    batches: int
    kind: str = field(metadata=place_among(*KINDS))
    layer: int = field(metadata=number(1))
    way: str = field(metadata=place_among(*WAYS))
    noise: float = field(metadata=number())
    rate: float = field(metadata=number(sys.float_info.min))

    @classmethod
    def at(cls, batches: int, growth: Growth) -> "Planned":
        """Plan a growth for when so many batches are done."""
        return cls(batches, *astuple(growth))

    @property
    def growth(self) -> Growth:
        """The growth without its time."""
        return Growth(self.kind, self.layer, self.way, self.noise, self.rate)


@dataclass(frozen=True)
class GrowingRun:
    """How a run was made: its seed, every growth, and the batches after which it ended."""

    seed: int
    growths: tuple[Planned, ...]
    until: int = field(metadata=number(1))


class Next(Enum):
    """What comes after a batch."""

    TRAIN = "another batch"
    GROW = "the end of this stretch: the net is to grow"
    STOP = "the end of the run, where the reader stopped it"
    END = "the end of the last stretch, in the middle of an epoch"


class GrowthSchedule:
    """The plan of one run, counted in batches from its beginning.

    A run is a chain of stretches. Each trains the net of then, with an optimiser and an order
    of images of its own, in epochs of `per_epoch` batches, until a growth is due or until the
    run has `total` batches. As a growth may come in the middle of an epoch, the last stretch
    may end in the middle of one too.

    planned: the growths of a run that is made again; until: where the reader stopped that
    one, `total` for a new run. More growths are due at once when they are asked for, from any
    thread.
    """

    def __init__(
        self,
        total: int,
        per_epoch: int,
        planned: Sequence[Planned] = (),
        until: int | None = None,
    ):
        self.total = total
        self.per_epoch = per_epoch
        self.until = total if until is None else until
        self.waiting: list[Planned] = list(planned)

    def ask(self, growth: Growth) -> None:
        """Let the net grow before the next batch."""
        self.waiting.append(Planned.at(0, growth))

    def take(self, done: int) -> Growth | None:
        """Return the next growth that is due after `done` batches, and forget it; None where
        there is none.
        """
        for planned in self.waiting:
            if planned.batches <= done:
                self.waiting.remove(planned)
                return planned.growth
        return None

    def over(self, done: int) -> bool:
        """Return whether the run has all its batches."""
        return done >= self.total

    def epochs_left(self, done: int) -> int:
        """Return how many epochs a stretch has that begins after `done` batches; the last
        one may be cut.
        """
        return -(-(self.total - done) // self.per_epoch)

    def after(self, done: int, began: int) -> Next:
        """Return what comes after `done` batches, in a stretch that began after `began`."""
        if done == self.total:
            return Next.END if self.cut_short(began) else Next.TRAIN
        if done == self.until:
            return Next.STOP
        due = any(planned.batches <= done for planned in self.waiting)
        return Next.GROW if due else Next.TRAIN

    def cut_short(self, began: int) -> bool:
        """Return whether the run ends in the middle of an epoch of a stretch that began after
        `began` batches.
        """
        return (self.total - began) % self.per_epoch > 0

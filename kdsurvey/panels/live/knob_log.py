"""How the knobs of a live run were turned, batch by batch, so that it can be made again."""

from dataclasses import dataclass, field, replace

from kdsurvey.panels.kit.permalink import number, one_of


@dataclass(frozen=True)
class Knobs:
    """The knobs that take effect on the next batch.

    Callbacks replace the whole object; the training reads it between two batches.
    """

    T: float
    alpha: float
    lr: float


NAMES = tuple(Knobs.__dataclass_fields__)


@dataclass(frozen=True)
class Turn:
    """One knob that was turned when so many batches were done."""

    batches: int
    name: str = field(metadata=one_of(*NAMES))
    value: float


@dataclass(frozen=True)
class LiveRun:
    """How a run was made.

    start: the knobs at its start; turns: in their order; until: batches of the whole run.
    """

    width: int = field(metadata=number(1))
    seed: int
    start: Knobs
    turns: tuple[Turn, ...]
    until: int

    def knobs_at(self, batches: int) -> Knobs:
        """Return the knobs for the next batch when so many are done."""
        turned = {
            turn.name: turn.value for turn in self.turns if turn.batches <= batches
        }
        return replace(self.start, **turned)


class KnobLog:
    """The log of a run that is being made. batches: how many are done."""

    def __init__(self, width: int, seed: int, start: Knobs):
        self._beginning = LiveRun(width, seed, start, (), 0)
        self._turns: list[Turn] = []
        self.batches = 0

    def note(self, before: Knobs, after: Knobs) -> list[str]:
        """Log what differs between the knobs; return it in words, such as "T = 8"."""
        names = [n for n in NAMES if getattr(before, n) != getattr(after, n)]
        turns = [Turn(self.batches, name, getattr(after, name)) for name in names]
        self._turns += turns
        return [f"{turn.name} = {turn.value:g}" for turn in turns]

    def made(self) -> LiveRun | None:
        """Return how the run was made so far; None before its first batch."""
        if not self.batches:
            return None
        turns = tuple(self._turns)
        return replace(self._beginning, turns=turns, until=self.batches)

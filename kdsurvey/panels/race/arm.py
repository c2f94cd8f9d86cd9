"""One arm of a race: a net, how it is trained, and what it has shown so far."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from torch import nn

from kdsurvey.stage import Stage

SCORE, TESTED = " validation accuracy", " test accuracy"  # how `train` calls them


class Runner(Protocol):
    """One of those that train by turns, and what it has shown so far.

    rows: those of `train`. measured: what `Turns.measure` last returned.
    """

    name: str
    rows: list[dict]
    measured: Any

    @property
    def epochs(self) -> int:
        """How many epochs it has trained."""

    def add(self, shown: Any, /) -> None:
        """Take in one epoch."""


class Arm:
    """One arm: its net, the stages that train it, and what they have shown so far.

    lines: name -> (epochs, % of validation images right), a line per score, and one of
    the arm's own name where its stages score one thing. tested: the same, after the
    last epoch. silent: stage -> (its first epoch, its last), where it scores nothing;
    epochs are counted through all stages. measured: what `Turns.measure` last returned.
    """

    def __init__(self, name: str, net: nn.Module, stages: Iterator[Stage]):
        self.name = name
        self.net = net
        self.stages = stages
        self.rows: list[dict] = []
        self.lines: dict[str, tuple[list[int], list[float]]] = {}
        self.tested: dict[str, float] = {}
        self.silent: dict[str, tuple[int, int]] = {}
        self.measured: Any = None

    @property
    def epochs(self) -> int:
        """How many epochs it has trained."""
        return len(self.rows)

    def add(self, row: dict) -> None:
        """Take in one epoch."""
        self.rows.append(row)
        epoch = len(self.rows)
        scores = self._scores(row, SCORE)
        for name, share in scores.items():
            epochs, shares = self.lines.setdefault(name, ([], []))
            epochs.append(epoch)
            shares.append(share)
        if not scores:
            first, _ = self.silent.get(row["stage"], (epoch, epoch))
            self.silent[row["stage"]] = first, epoch
        self.tested |= self._scores(row, TESTED)

    @property
    def late(self) -> list[float]:
        """Accuracies after the midpoint of the longest scored stage, of all stages; used for
        the limits, so that a restart does not stretch the axis.
        """
        scored = [
            (row["epoch"], self._scores(row, SCORE).values()) for row in self.rows
        ]
        half = max((epoch for epoch, shares in scored if shares), default=0) // 2
        return [share for epoch, shares in scored if epoch > half for share in shares]

    def _scores(self, row: dict, ending: str) -> dict[str, float]:
        """Return line -> per cent, of the accuracies whose name has this ending."""
        scores = {
            name.removesuffix(ending): 100 * share
            for name, share in row.items()
            if name.endswith(ending)
        }
        return dict(zip([self.name], scores.values())) if len(scores) == 1 else scores


Arms = Sequence[Arm]


def as_drawn(row: Mapping[str, Any], lines: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of `train` whose accuracies have the names of a panel's lines.

    lines: what the stage scores -> the line that draws it; other scores are left out.
    """
    known = {}
    for name, value in row.items():
        ending = next((end for end in (SCORE, TESTED) if name.endswith(end)), "")
        scored = name.removesuffix(ending)
        if not ending:
            known[name] = value
        elif scored in lines:
            known[lines[scored] + ending] = value
    return known

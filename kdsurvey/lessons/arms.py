"""An arm of an experiment: one way to train a net, with everything that tells it from
the others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from torch import nn

from kdsurvey.data import Data
from kdsurvey.stage import Stage
from kdsurvey.suggest import Known
from kdsurvey.training import Config, train

Role = Literal["method", "control", "diagnostic"]
AnArm = TypeVar("AnArm", bound="Arm")
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Arm:
    """One way to train a net.

    A lesson whose arms differ in more than this derives a class of its own, with a
    field for each difference (a setting, a number of peers, a generation). Nothing
    reads a name to find out what an arm is.

    name: what rows and pictures call it. method: (net, teacher, ...) -> stages,
    or what a class of its own says.
    changes: of the lesson's `Config`, by the names of its fields. role: "method" is
    what the lesson is about, "control" what it is compared with, "diagnostic" what
    explains a difference.
    """

    name: str
    method: Callable[..., Any]
    changes: Mapping[str, Any] = field(default_factory=dict)
    role: Role = "method"

    def config(self, config: Config, **more: Any) -> Config:
        """Return the config with the arm's changes, and `more`, which go first."""
        return replace(config, **{**self.changes, **more})


def by_name(*arms: AnArm) -> dict[str, AnArm]:
    """Return the arms by name, in their order. Raises ValueError for two of one name.

    The table answers a name that it lacks, as every table of names does that the
    reader's words look something up in.
    """
    named = Known("arm", {arm.name: arm for arm in arms})
    if len(named) < len(arms):
        names = [arm.name for arm in arms]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"several arms are called {twice}; give each its own name")
    return named


def multiplied(config: Config, factor: float) -> Config:
    """Return the settings under which a loss makes the steps of `factor` times that loss.

    Weight decay is multiplied by the rate too, so it is divided by the factor.
    """
    decay = config.weight_decay / factor
    return replace(config, lr=factor * config.lr, weight_decay=decay)


def fit(
    net: Net,
    stages: Iterator[Stage],
    data: Data,
    config: Config,
    *,
    may_diverge: bool = False,
    **hooks: Any,
) -> Net:
    """Train a net by the stages, in silence, and return it.

    may_diverge: a run whose loss stops being finite ends there, and its net is kept as
    it is: a result like any other. hooks: on_epoch and on_batch of `train`.
    """
    ignored = (FloatingPointError,) if may_diverge else ()
    with suppress(*ignored):
        train(stages, data, config, progress=False, **hooks)
    return net


def alone_first(
    arms: Sequence[AnArm], run: Callable[[AnArm, Any], Any]
) -> Iterator[tuple[AnArm, Any]]:
    """Run the arms in order and yield each with what it gave; the first teaches the rest.

    run: (arm, teacher) -> what was trained; teacher is what the first arm gave, None
    for the first arm itself. For lessons whose later arms need the nets that learnt
    alone: as teachers, or to say how smooth labels have to be.
    """
    first, *rest = arms
    teacher = run(first, None)
    yield first, teacher
    for arm in rest:
        yield arm, run(arm, teacher)

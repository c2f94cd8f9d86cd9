"""Examples of methods at work, which each method's own test file lists as CONTRACT."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from torch import nn

from kdsurvey.nets import conv
from kdsurvey.stage import Stage


@dataclass
class Example:
    """A method at work: its stages, and every net it was given.

    learners: the nets that it may change; frozen: those that it may not.
    """

    stages: Iterator[Stage]
    learners: list[nn.Module]
    frozen: list[nn.Module] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """How to build an example; whether every learner learns from the labels.

    epochs: in which it learns a batch by heart.
    """

    make: Callable[[], Example]
    labelled: bool = True
    epochs: int = 100


def small_net(seed: int) -> nn.Sequential:
    """Build a net with batch norm, so that a statistic that drifts is seen.

    Its weights are on whatever device is the default.
    """
    return conv(2, 6, 8, classes=3, seed=seed)


def distilled(method: Callable[..., Iterator[Stage]], **options) -> Example:
    """Build the example of a method of one student and one teacher."""
    student = small_net(0)
    teacher = small_net(1)
    return Example(method(student, teacher, **options), [student], [teacher])

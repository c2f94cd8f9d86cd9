"""A survey of knowledge distillation that you can run.

`plots` and `verdicts` are imported on first use: training needs no matplotlib, pandas or scipy.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from kdsurvey import (
    branches,
    data,
    losses,
    methods,
    nets,
    packed,
    papers,
    surgery,
    sweeps,
    training,
)
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import Config, StopTraining, accuracy, train

if TYPE_CHECKING:
    from kdsurvey import plots, verdicts

ON_FIRST_USE = ("plots", "verdicts")

__version__ = "0.1.0"
__all__ = [
    "Batch",
    "Config",
    "Stage",
    "StopTraining",
    "Teacher",
    "accuracy",
    "branches",
    "data",
    "losses",
    "methods",
    "nets",
    "packed",
    "papers",
    "plots",
    "surgery",
    "sweeps",
    "train",
    "training",
    "verdicts",
]


def __getattr__(name: str) -> ModuleType:
    """Import a module of ON_FIRST_USE. Raises AttributeError for any other name."""
    if name in ON_FIRST_USE:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

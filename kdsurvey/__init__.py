"""A survey of knowledge distillation that you can run.

What ON_FIRST_USE names is imported on first use: training needs no matplotlib, pandas,
scipy or widgets.
"""

import sys
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
from kdsurvey.suggest import suggest_in
from kdsurvey.training import Config, StopTraining, accuracy, train

if TYPE_CHECKING:
    from kdsurvey import plots, schemes, verdicts

ON_FIRST_USE = (
    "exercises",
    "measures",
    "panels",
    "plots",
    "records",
    "schemes",
    "verdicts",
)

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
    "exercises",
    "losses",
    "measures",
    "methods",
    "nets",
    "packed",
    "panels",
    "papers",
    "plots",
    "records",
    "schemes",
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
    special = (name for name in globals() if name.startswith("__"))
    return sorted({*special, *__all__})


_modules = [part for part in list(vars().values()) if isinstance(part, ModuleType)]
suggest_in(
    sys.modules[__name__], *(m for m in _modules if m.__name__.startswith(__name__))
)

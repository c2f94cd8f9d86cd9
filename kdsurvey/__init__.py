"""A survey of knowledge distillation that you can run.

Everything is imported on first use. Torch takes seconds, which the command line does not
wait for; training needs no matplotlib, pandas, scipy or widgets.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from kdsurvey.suggest import SuggestingPackage

if TYPE_CHECKING:
    from kdsurvey import (
        branches,
        data,
        losses,
        methods,
        nets,
        packed,
        papers,
        plots,
        schemes,
        surgery,
        sweeps,
        training,
        verdicts,
    )
    from kdsurvey.stage import Batch, Stage, Teacher
    from kdsurvey.training import Config, StopTraining, accuracy, train

HOME = {  # of what stands here beside modules
    "Batch": "stage",
    "Config": "training",
    "Stage": "stage",
    "StopTraining": "training",
    "Teacher": "stage",
    "accuracy": "training",
    "train": "training",
}

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


def __getattr__(name: str) -> Any:
    """Import what has this name. Raises AttributeError where nothing has."""
    if name in HOME:
        value = getattr(import_module(f"{__name__}.{HOME[name]}"), name)
        globals()[name] = value
        return value
    if name[0] != "_" and find_spec(f"{__name__}.{name}"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    special = (name for name in globals() if name.startswith("__"))
    return sorted({*special, *__all__})


sys.modules[__name__].__class__ = SuggestingPackage

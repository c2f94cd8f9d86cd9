"""The exercises by notebook: `exercises.mutual_learning.slope.check(answer)`.

Each lesson keeps its own in `kdsurvey/lessons/NOTEBOOK/exercises.py`; a module is
loaded when it is first asked for.
"""

import importlib
import pkgutil
from importlib.resources import files
from types import ModuleType

from kdsurvey import lessons
from kdsurvey.lessons.exercise import Exercise, Report

NOTEBOOKS = tuple(
    module.name
    for module in pkgutil.iter_modules(lessons.__path__)
    if module.ispkg and files(lessons).joinpath(module.name, "exercises.py").is_file()
)
__all__ = ["NOTEBOOKS", "Exercise", "Report"]


def __getattr__(name: str) -> ModuleType:
    if name not in NOTEBOOKS:
        raise AttributeError(
            f"no notebook is called {name!r}; exercises has {', '.join(NOTEBOOKS)}"
        )
    return importlib.import_module(f"kdsurvey.lessons.{name}.exercises")


def __dir__() -> list[str]:
    return sorted({*globals(), *NOTEBOOKS})

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
from kdsurvey.suggest import suggest_in

NOTEBOOKS = tuple(
    module.name
    for module in pkgutil.iter_modules(lessons.__path__)
    if module.ispkg and files(lessons).joinpath(module.name, "exercises.py").is_file()
)
__all__ = ["NOTEBOOKS", "Exercise", "Report"]


def __getattr__(name: str) -> ModuleType:
    if name not in NOTEBOOKS:
        raise AttributeError(name)  # which the module answers: see `suggest`
    module = importlib.import_module(f"kdsurvey.lessons.{name}.exercises")
    suggest_in(module)
    return module


def __dir__() -> list[str]:
    special = (name for name in globals() if name.startswith("__"))
    return sorted({*special, *__all__, *NOTEBOOKS})

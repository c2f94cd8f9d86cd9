"""The experiments of the notebooks, one module a notebook: each is a function of data
and a seed that returns rows.

The notebooks run them live for a seed and read the other seeds from what
`kdsurvey record` kept of the same functions, see `records`.
"""

import pkgutil
from functools import cache
from importlib import import_module

from kdsurvey.records import Experiment


def experiments() -> dict[str, Experiment]:
    """Collect the recorded experiments of all lessons by name, in the order of the
    modules' names.

    Raises ValueError where two have one name.
    """
    return dict(_collected())


@cache
def _collected() -> dict[str, Experiment]:
    collected: dict[str, Experiment] = {}
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Experiment) and value.run.__module__ == module.name:
                if value.name in collected:
                    raise ValueError(
                        f"two experiments are called {value.name!r}; rename one"
                    )
                collected[value.name] = value
    return collected

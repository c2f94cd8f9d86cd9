"""The experiments of the notebooks, one module a notebook: each is a function of data
and a seed that returns rows.

The notebooks run them live for a seed and read the other seeds from what
`kdsurvey record` kept of the same functions, see `records`.
"""

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module

from kdsurvey import data
from kdsurvey.lessons.fsp import experiments as fsp
from kdsurvey.lessons.fsp import students as fsp_students
from kdsurvey.lessons.net2net import copy_tune_distil
from kdsurvey.lessons.net2net import experiments as net2net
from kdsurvey.lessons.playground import experiments as playground
from kdsurvey.records import Experiment

EXPERIMENTS = {
    "playground": playground.playground,
    "fsp_faster": fsp.fsp_faster,
    "fsp_small": fsp_students.fsp_small,
    "fsp_ensembles": fsp_students.fsp_ensembles,
    "fsp_transfer": fsp_students.fsp_transfer,
    "net2net_deeper": net2net.net2net_deeper,
    "net2net_wider": net2net.net2net_wider,
    "net2net_twins": net2net.net2net_twins,
    "net2net_seconds": net2net.net2net_seconds,
    "copy_tune_distil": copy_tune_distil.copy_tune_distil,
    "fsp_fashion": fsp_students.fsp_fashion,
}

NOT_EMBEDDED: dict[
    str, Callable[[], data.Data]
] = {  # experiments on data that does not come with the package, and that data
    "fsp_fashion": lambda: data.fashion_mnist().hold_out(2_000),
}


@cache
def experiments() -> dict[str, Experiment]:
    """Collect the recorded experiments of all lessons by name, in the order of the modules' names.

    Raises ValueError where two have one name.
    """
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

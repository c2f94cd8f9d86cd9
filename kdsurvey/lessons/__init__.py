"""The experiments of the notebooks, one module a notebook: each is a function of data
and a seed that returns rows.

The notebooks run them live for a seed and read the other seeds from what `python -m
kdsurvey.lessons` recorded with the same functions, under results/.
"""

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module

from kdsurvey import data
from kdsurvey.lessons.born_again import experiments as born_again
from kdsurvey.lessons.born_again import language as small_language
from kdsurvey.lessons.ensemblenet import budgets as online_compared
from kdsurvey.lessons.ensemblenet import experiments as ensemble_heads
from kdsurvey.lessons.feature_fusion import experiments as feature_fusion
from kdsurvey.lessons.fitnets import experiments as fitnets
from kdsurvey.lessons.fsp import experiments as fsp
from kdsurvey.lessons.fsp import students as fsp_students
from kdsurvey.lessons.low_precision import compression
from kdsurvey.lessons.low_precision import experiments as low_precision
from kdsurvey.lessons.mutual_learning import codistilling
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.lessons.mutual_learning import flatness as mutual_why
from kdsurvey.lessons.native_ensemble import experiments as native_ensemble
from kdsurvey.lessons.net2net import copy_tune_distil
from kdsurvey.lessons.net2net import experiments as net2net
from kdsurvey.lessons.playground import experiments as playground
from kdsurvey.records import Experiment

EXPERIMENTS = {
    "playground": playground.playground,
    "fitnets_depths": fitnets.fitnets_depths,
    "fitnets_first_stages": fitnets.fitnets_first_stages,
    "fitnets_starts": fitnets.fitnets_starts,
    "fsp_faster": fsp.fsp_faster,
    "fsp_small": fsp_students.fsp_small,
    "fsp_ensembles": fsp_students.fsp_ensembles,
    "fsp_transfer": fsp_students.fsp_transfer,
    "net2net_deeper": net2net.net2net_deeper,
    "net2net_wider": net2net.net2net_wider,
    "net2net_twins": net2net.net2net_twins,
    "net2net_seconds": net2net.net2net_seconds,
    "copy_tune_distil": copy_tune_distil.copy_tune_distil,
    "ban_targets": born_again.ban_targets,
    "ban_rates": born_again.ban_rates,
    "ban_generations": born_again.ban_generations,
    "ban_teachers": born_again.ban_teachers,
    "ban_language": small_language.ban_language,
    "ban_language_alone": small_language.ban_language_alone,
    "dml_peers": mutual_learning.dml_peers,
    "dml_clean": mutual_learning.dml_clean,
    "dml_number": mutual_learning.dml_number,
    "dml_semi": mutual_learning.dml_semi,
    "dml_unequal": mutual_learning.dml_unequal,
    "dml_why": mutual_why.dml_why,
    "codistil_stale": codistilling.codistil_stale,
    "codistil_runs": codistilling.codistil_runs,
    "ffl_peers": feature_fusion.ffl_peers,
    "ffl_arrows": feature_fusion.ffl_arrows,
    "ffl_kinds": feature_fusion.ffl_kinds,
    "ffl_clean": feature_fusion.ffl_clean,
    "ffl_heart": feature_fusion.ffl_heart,
    "precision_schemes": low_precision.precision_schemes,
    "precision_bits": low_precision.precision_bits,
    "precision_teachers": low_precision.precision_teachers,
    "precision_clothes": low_precision.precision_clothes,
    "compression_orders": compression.compression_orders,
    "one_parts": native_ensemble.one_parts,
    "one_seeds": native_ensemble.one_seeds,
    "one_clean": native_ensemble.one_clean,
    "one_why": native_ensemble.one_why,
    "ensemble_lambda": ensemble_heads.ensemble_lambda,
    "ensemble_lambda_clean": ensemble_heads.ensemble_lambda_clean,
    "ensemble_thin": ensemble_heads.ensemble_thin,
    "online_compared": online_compared.online_compared,
    "online_compared_clean": online_compared.online_compared_clean,
    "fsp_fashion": fsp_students.fsp_fashion,
}

NOT_EMBEDDED: dict[
    str, Callable[[], data.Data]
] = {  # experiments on data that does not come with the package, and that data
    "precision_clothes": lambda: data.fashion_mnist().hold_out(2_000),
    "fsp_fashion": lambda: data.fashion_mnist().hold_out(2_000),
    "ban_language": small_language.text,
    "ban_language_alone": small_language.text,
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

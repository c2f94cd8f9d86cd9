"""The experiments of the notebooks, one module a notebook: each is a function of data and a seed that returns rows.

The notebooks run them live for a seed and read the other seeds from what `python -m kdsurvey.lessons` recorded with the same
functions, under results/.
"""

from collections.abc import Callable

from kdsurvey import data
from kdsurvey.lessons import distilling_mnist, full_mnist, missing_three, playground

EXPERIMENTS = {
    "nets_compared": distilling_mnist.nets_compared,
    "learning_rates": distilling_mnist.learning_rates,
    "widths": distilling_mnist.widths,
    "few_labels": distilling_mnist.few_labels,
    "transfer_sets": distilling_mnist.transfer_sets,
    "ensemble": distilling_mnist.ensemble,
    "missing": missing_three.missing,
    "playground": playground.playground,
    "full_mnist": full_mnist.full_mnist,
}

NOT_EMBEDDED: dict[str, Callable[[], data.Data]] = {  # experiments on data that does not come with the package, and that data
    "full_mnist": lambda: data.mnist().hold_out(10_000),
}

"""How many threads a run computes on: one, unless KDSURVEY_THREADS says otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from kdsurvey import variables

MOST = 256  # more threads than this take minutes to start, or never do


def number() -> int:
    """Return the threads of a run: $KDSURVEY_THREADS, or 1.

    Small nets are fastest on one, and repeat to the last bit only there. Raises
    ValueError where the variable is no whole number of 1 or more, or far too many.
    """
    return variables.whole("KDSURVEY_THREADS", 1, least=1, most=MOST)


@contextmanager
def of_a_run() -> Iterator[None]:
    """Compute on the threads of a run inside; the caller's number is back after it.

    Nothing is set when the package is imported: training, `accuracy` and recorded
    experiments run inside this. It takes a microsecond, so once an epoch is nothing.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number())
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Small digits that a seed deals, and a net that has learnt them: several designs begin here."""

from functools import cache

from torch import nn

from kdsurvey import nets
from kdsurvey.config import Config
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import on_labels

TEACHER = (196, 100, 10)  # widths
CONFIG = Config(epochs=8, lr=0.2)


@cache
def small_digits(seed: int) -> Data:
    """Deal 3,000 digits of 14 x 14 for training, 1,000 for validation, 1,000 for the test."""
    return mnist_5k().hold_out(1000).halved().dealt(seed)


@cache
def digits_and_teacher(seed: int) -> tuple[Data, nn.Module]:
    """Return small digits, and a net that has learnt all that are for training.

    Trained at the first call of a seed. Both are shared: copy before a change.
    """
    digits = small_digits(seed)
    return digits, on_labels(nets.mlp(*TEACHER, seed=seed), digits, CONFIG, seed)

"""Small digits that a seed deals, and nets for them: several designs begin here."""

from functools import cache

from torch import nn

from kdsurvey import nets
from kdsurvey.config import Config
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.mutual_learning.experiments import drawn

TEACHER = (196, 100, 10)  # widths
CONFIG = Config(epochs=8, lr=0.2)
SHARE = 0.06  # of the digits, where they are few
# long enough to learn wrong labels by heart
LONG = Config(epochs=16, batch_size=50, lr=0.1, schedule="cosine", nesterov=True)


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


def few_digits_and_teacher(seed: int) -> tuple[Data, nn.Module]:
    """Return 180 digits, and a net that has learnt 3,000."""
    digits, teacher = digits_and_teacher(seed)
    return digits.fraction(SHARE, seed), teacher


def small_net(seed: int) -> nn.Sequential:
    """Make a net that is smaller than the teacher, with 6,220 weights."""
    return nets.mlp(196, 30, 10, seed=seed)


def noisy_digits(seed: int, count: int) -> Data:
    """Deal so many digits of 14 x 14, about, two fifths of the labels drawn anew."""
    return drawn(mnist_5k().hold_out(1000).dealt(seed), seed, 0.4, count=count)


def wide_net(seed: int) -> nn.Sequential:
    """Make a net that learns wrong labels by heart, with 17,418 weights."""
    return nets.mlp(196, 64, 64, 10, seed=seed)

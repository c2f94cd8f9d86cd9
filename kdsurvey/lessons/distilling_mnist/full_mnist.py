"""Full MNIST, 60,000 training images and the 10,000 official test images: the scale at
which the paper reports.
"""

from dataclasses import replace

import pandas as pd

from kdsurvey import data as data_sets
from kdsurvey import papers, records
from kdsurvey.data import Data
from kdsurvey.lessons.distilling_mnist.experiments import (
    ARMS,
    CONFIG,
    FULL,
    JITTER,
    T_PAPER,
    row,
    students,
    teach,
)
from kdsurvey.lessons.missing_three.experiments import (
    NO_THREES,
    REACH,
    TWO_DIGITS,
    without,
)
from kdsurvey.records import experiment
from kdsurvey.stage import Teacher
from kdsurvey.training import Config

TEACHER = Config(epochs=80, batch_size=256, lr=0.2, precision="bf16")
STUDENT = replace(TEACHER, epochs=40, lr=0.1)
LINES = (  # of the table: its name, arm, column, key of the paper's figure
    ("big net", "teacher", "errors", "big"),
    ("small net alone", "hard only", "errors", "small"),
    ("small net alone, three times the rate", "hard only, lr 0.3", "errors", None),
    ("small net distilled, T = 20", "soft only", "errors", "distilled"),
    ("small net alone, jittered images", "hard only, jittered", "errors", None),
    ("no 3 in the transfer set", "no 3, T = 20", "errors", "no 3"),
    ("… on the 1,010 test 3s", "no 3, T = 20", "errors on removed", "no 3, on 3s"),
    (
        "no 3, one bias corrected",
        "no 3, T = 20",
        "errors corrected",
        "no 3, corrected",
    ),
    (
        "… on the 1,010 test 3s",
        "no 3, T = 20",
        "errors on removed corrected",
        "no 3, corrected, on 3s",
    ),
    ("only 7s and 8s", "only 7 and 8, T = 20", "errors", "only 7 and 8"),
    (
        "only 7s and 8s, one number corrected",
        "only 7 and 8, T = 20",
        "errors corrected",
        "only 7 and 8, corrected",
    ),
)


def whole() -> Data:
    """Load full MNIST, 10,000 of its training images held out for validation."""
    return data_sets.mnist().hold_out(10_000)


@experiment(
    settings={
        "teacher": TEACHER,
        "student": STUDENT,
        "jitter": JITTER,
        "t_paper": T_PAPER,
        "arms": ARMS,
        "full": FULL,
        "config": CONFIG,  # only a default of the functions that it calls
        "no_threes": NO_THREES,
        "two_digits": TWO_DIGITS,
        "reach": REACH,
    },
    data=whole,
    embedded=False,
    dealt=False,  # the official test images
)
def full_mnist(data: Data, seed: int) -> list[dict]:
    """Compare big, small and distilled nets, no 3s, and only 7s and 8s, all from one
    teacher.
    """
    net = teach(data, seed, TEACHER)
    teacher = Teacher(net)
    return [
        row("teacher", seed, net, data),
        *students(data, seed, net, FULL, STUDENT),
        without(data, seed, teacher, NO_THREES, T_PAPER, STUDENT),
        without(data, seed, teacher, TWO_DIGITS, T_PAPER, STUDENT),
    ]


def table() -> pd.DataFrame:
    """Return the errors on the 10,000 official test images, beside the paper's."""
    rows = records.recorded("full_mnist")
    lines = [
        _line(rows.loc[rows["arm"] == arm, column], label, key)
        for label, arm, column, key in LINES
    ]
    columns = ["errors of 10,000", "here", "seeds", "the paper"]
    return pd.DataFrame(lines, columns=columns).set_index("errors of 10,000")


def _line(errors: pd.Series, label: str, key: str | None) -> tuple:
    here = f"{errors.mean():.0f} ± {errors.std():.0f}"
    if key is None:
        return label, here, len(errors), "not reported"
    figure = papers.reported("hinton", key)
    return label, here, len(errors), f"{figure.value:g} {figure.unit}"

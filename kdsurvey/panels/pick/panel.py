"""Say what you can pay for an answer: what is left, and what would you pick?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.ensemblenet.budgets import BUDGETS
from kdsurvey.lessons.rows import at, columns
from kdsurvey.lessons.what_would_you_pick.pictures import accuracies_of, best_tries
from kdsurvey.lessons.what_would_you_pick.served import Answer, answers
from kdsurvey.panels.kit.controls import Choice, Knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.pick.chart import picture
from kdsurvey.pictures import Picture
from kdsurvey.verdicts import judge

WRONG, RIGHT = "a fifth of the labels wrong", "all labels right"
# what was recorded: name -> the labels, and the training budget in epochs of one net
RUNS = {f"{WRONG}, budget {budget}": (WRONG, budget) for budget in BUDGETS}
RUNS |= {f"{RIGHT}, budget {BUDGETS[1]}": (RIGHT, BUDGETS[1])}
NEEDED = (
    "arm",
    "seed",
    "budget",
    "epochs",
    "setting",
    "accuracy",
    "average",
    "validation accuracy",
    "validation average",
)


def pick(
    wrong: pd.DataFrame | None = None,
    right: pd.DataFrame | None = None,
    *,
    adds: float = 150.0,
    size: float = 250.0,
) -> Panel:
    """Make a panel: set what an answer may cost, see which of the recorded answers are
    left, which of them was best on validation images, and what cannot be told from it.

    wrong, right: rows of `online_compared` and `online_compared_clean`, the recorded
    ones where None. adds, size: the limits that it starts with, in thousands of
    multiply-adds and in kilobytes. Nothing is trained. Raises ValueError for limits out
    of range and for rows without the columns of those experiments.
    """
    tables = {
        WRONG: records.recorded("online_compared") if wrong is None else wrong,
        RIGHT: records.recorded("online_compared_clean") if right is None else right,
    }
    for rows in tables.values():
        if not isinstance(rows, pd.DataFrame):
            kind = type(rows).__name__
            raise ValueError(
                f"pick: rows of the type {kind}; give a table, as "
                'records.recorded("online_compared") is'
            )
        columns(rows, *NEEDED)
    return Pick(tables, adds=adds, size=size)


class Pick(Panel):
    """What can be served within two limits; see `pick`."""

    kind = "pick"
    text = (
        "(panel: what would you pick? Recorded runs, limits of multiply-adds and of "
        "kilobytes; dots of accuracy and of cost)"
    )
    about = (
        "Three charts with a row for everything that can be served: test accuracy, "
        "multiply-adds and kilobytes; faint is what costs more than the limits"
    )

    runs = Choice("Recorded", list(RUNS)[1], tuple(RUNS), width=360, view=True)
    adds = Knob("Multiply-adds", 150.0, 30, 400, step=10, view=True)
    size = Knob("Kilobytes", 250.0, 60, 700, step=10, view=True)

    def __init__(self, tables: Mapping[str, pd.DataFrame], **starts: float):
        super().__init__(**starts)
        self._tables = tables
        limits = row(self.adds.row, self.size.row, flex_flow="row nowrap")
        self.arrange("What would you pick?", row(self.runs), limits)

    @property
    def affordable(self) -> list[Answer]:
        """The answers within both limits, the cheapest first."""
        adds, size = 1e3 * self.adds.value, 1e3 * self.size.value
        return [a for a in answers() if a.adds <= adds and a.bytes <= size]

    def draw(self) -> Picture:
        labels, budget = RUNS[self.runs.value]
        tries = best_tries(self._tables[labels], budget)
        everything = answers()
        accuracies = accuracies_of(tries, everything)
        left = self.affordable
        self.describe(_sentence(left, accuracies, _validated(tries, left)))
        within = [answer in left for answer in everything]
        limits = self.adds.value, self.size.value
        return picture(everything, accuracies, within, *limits)


def _validated(
    tries: Mapping[bool, pd.DataFrame], left: list[Answer]
) -> dict[str, float]:
    """Return name -> mean accuracy on validation images, by which one is chosen."""
    shares = {}
    for answer in left:
        column = "validation average" if answer.joint else "validation accuracy"
        runs = at(tries[answer.joint], arm=answer.arm)
        shares[answer.name] = runs[column].mean()
    return shares


def _sentence(
    left: list[Answer],
    accuracies: Mapping[str, np.ndarray],
    validated: Mapping[str, float],
) -> str:
    """Say which answer was best on validation images, and what cannot be told from it."""
    if not left:
        return "Nothing that was recorded is as cheap as that; raise a limit."
    chosen = max(left, key=lambda answer: validated[answer.name])
    equal = [
        answer.name
        for answer in left
        if answer != chosen and _alike(accuracies[chosen.name], accuracies[answer.name])
    ]
    mean = accuracies[chosen.name].mean()
    first = (
        f"Best on validation images: {chosen.name}, {mean:.1f} % of the test images."
    )
    rest = f" Not told from it: {', '.join(equal)}." if equal else ""
    return first + rest


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether no difference is resolved over seeds, of accuracies in per cent."""
    return judge("O12a", a / 100, b / 100, what="a - b").word == "NOT RESOLVED"

"""What notebook 12 answers, on heads that agree, and its diagnostics of methods at equal
training multiply-adds.
"""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd
import torch

from kdsurvey import ranges, records
from kdsurvey.lessons import judging
from kdsurvey.lessons.branched_nets import RIGHT, WRONG, edges, stand
from kdsurvey.lessons.ensemblenet.budgets import ALONE, ARMS, BUDGETS, SETTINGS, SMOOTH
from kdsurvey.lessons.ensemblenet.experiments import THIN_LAMBDAS, name, parts
from kdsurvey.lessons.judging import Claims, primary
from kdsurvey.lessons.rows import at, columns
from kdsurvey.verdicts import Exact, Verdict, chosen, judge_rows

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

HEADS = {"accuracy": "heads", "together": "ensemble"}  # what a line calls a column
RATE, SLOW, FAST = "the rate", "a third of it", "three times it"
LONG = "15 epochs"
DEFAULT = f"default settings, {WRONG}"
THIN_HEADS = f"thin heads, {name(THIN_LAMBDAS[1])}"
THIN_APART = f"thin heads, {name(THIN_LAMBDAS[0])}"
THIN_NET = "one thin net"

EPOCHS = 15  # of every arm where steps are equal
LEAST, MIDDLE, MOST = BUDGETS
METHODS = tuple(ARMS)[2:]  # those with several branches
THREE, *ONLINE, THIN = METHODS
SERVED = (SMOOTH, *METHODS)
BESIDE = {  # the row that the one net served by a method stands beside
    SMOOTH: "O7b",
    THREE: "O12a",
    "DML": "P5a",
    "FFL": "P8b",
    "ONE": "P9a",
    "EnsembleNet": "P10b",
    THIN: "P10c",
}


def tuned(
    rows: pd.DataFrame, column: str = "accuracy", setting: str = "rate"
) -> pd.DataFrame:
    """Return each arm's rows at its best setting on validation images, for its heads or,
    column "together", for their ensemble.

    Of the rates those count that every arm has.
    """
    tries = rows[rows["rate"] != FAST] if setting == "rate" else rows
    return chosen(tries, setting, column=f"validation {column}")


def rated(rows: pd.DataFrame, lam: float) -> pd.DataFrame:
    """Return the runs with one lambda; their arm is the rate."""
    same = at(rows, arm=name(lam))
    return same.assign(arm=same["rate"])


def above(
    rows: pd.DataFrame,
    a: str | float,
    b: str | float,
    column: str = "accuracy",
    *,
    where: str = DEFAULT,
    id: str = "P10b",
) -> Verdict:
    """Judge a control: arm a is above arm b in its heads' "accuracy", in that of all
    "together", or in "diversity".

    a, b: names, or values of lambda. where: the end of the line. id: the row that it
    stands beside.
    """
    a, b = (arm if isinstance(arm, str) else name(arm) for arm in (a, b))
    unit = "nats" if column == "diversity" else "points"
    what = f"{HEADS.get(column, column)}, {a} - {b}, {where}"
    return judge_rows(id, rows, column, a=a, b=b, what=what, unit=unit)


def best_rate(
    rows: pd.DataFrame, a: str | float, b: str | float, column: str = "accuracy"
) -> Verdict:
    """Judge as `above` does, each arm at the better of two rates for this column."""
    runs = tuned(rows, column)
    a, b = (arm if isinstance(arm, str) else name(arm) for arm in (a, b))
    verdict = above(runs, a, b, column, where=f"tuned, {WRONG}")
    return replace(verdict, note=f"{stand(runs, a, b, 'rate')}; of two rates")


def thin(rows: pd.DataFrame, a: str, b: str, column: str = "together") -> Verdict:
    """Judge a control of thin heads, each arm at its best of four settings."""
    runs = tuned(rows, column, "choice")
    verdict = above(runs, a, b, column, where=f"tuned, {WRONG}", id="P10c")
    return replace(verdict, note=edges(runs, a, b))


def identity_gap(average: str = "logits", seed: int = 0) -> float:
    """Compute by how much the mean loss of random heads differs from the loss of their
    average plus their divergence from it, for labels and for soft targets: the larger.
    """
    g = torch.Generator().manual_seed(seed)
    z = torch.randn(3, 20, 10, generator=g, dtype=torch.float64)
    labels = torch.randint(10, (20,), generator=g)
    soft = torch.randn(20, 10, generator=g, dtype=torch.float64).softmax(-1)
    return max(parts(z, y, average).gap for y in (labels, soft))


def best(rows: pd.DataFrame, budget: int, joint: bool = False) -> pd.DataFrame:
    """Return each arm's rows at its best try within the budget on validation images, for
    one served net or, `joint`, for the mean of all.
    """
    columns(rows, "budget", "epochs", "setting")
    if not ranges.whole(budget, 1):
        raise ValueError(f"best: budget = {budget!r}; give a whole number of epochs")
    tries = rows[rows["budget"] <= budget]
    epochs = tries["epochs"].astype(str)
    tries = tries.assign(tried=tries["setting"] + ", " + epochs + " epochs")
    return chosen(tries, "tried", column=_chosen_by(joint))


def equal_steps(rows: pd.DataFrame, joint: bool = False) -> pd.DataFrame:
    """Return the best of those tries of an arm that make 15 epochs, whatever they cost;
    the default rate, which not all have, is out.
    """
    columns(rows, "epochs", "setting")
    default = next(iter(SETTINGS))
    tries = rows[(rows["epochs"] == EPOCHS) & (rows["setting"] != default)]
    return chosen(tries, "setting", column=_chosen_by(joint))


def _chosen_by(joint: bool) -> str:
    return "validation average" if joint else "validation accuracy"


def all_of(arm: str) -> str:
    """Name the answer that the branches of an arm give together."""
    return f"{arm}, together"


def answers(single: pd.DataFrame, joint: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one net served, and those of all branches together, as arms
    "ONE" and "ONE, together"; "accuracy" is that of the answer.

    single, joint: rows at the settings that are best for the one and for the other.
    """
    both = joint.assign(arm=joint["arm"].map(all_of), accuracy=joint["average"])
    columns = ["arm", "seed", "accuracy", "tried"]
    return pd.concat([single[columns], both[columns]], ignore_index=True)


def within(
    id: str,
    rows: pd.DataFrame,
    budget: int,
    a: str,
    b: str = ALONE,
    labels: str = WRONG,
) -> Verdict:
    """Judge a diagnostic: within the budget answer a is above answer b, see `answers`.

    id: the row that it stands beside. labels: how many of those in training are right.
    """
    kept = answers(best(rows, budget), best(rows, budget, joint=True))
    what = f"{{a}} - {{b}}, budget {budget}, {labels}"
    verdict = judging.above(id, kept, a, b, what)
    return replace(verdict, note=stand(kept, a, b, "tried"))


def served(
    rows: pd.DataFrame, budget: int, arms: Iterable[str], labels: str = WRONG
) -> list[Verdict]:
    """Judge diagnostics: the one net that an arm serves is above one net alone."""
    return [within(BESIDE[arm], rows, budget, arm, labels=labels) for arm in arms]


def together(
    rows: pd.DataFrame,
    budget: int,
    arms: Iterable[str],
    than: str = ALONE,
    labels: str = WRONG,
) -> list[Verdict]:
    """Judge diagnostics: the branches of an arm together are above answer `than`."""
    return [
        within("O12a", rows, budget, all_of(arm), than, labels=labels) for arm in arms
    ]


def _lambdas() -> pd.DataFrame:
    return records.recorded("ensemble_lambda")


def _thin() -> pd.DataFrame:
    return records.recorded("ensemble_thin")


def _budgets() -> pd.DataFrame:
    return records.recorded("online_compared")


def _right() -> pd.DataFrame:
    return records.recorded("online_compared_clean")


@CLAIMS.row("P10a")
def _one_loss() -> Exact:
    what = (
        "the mean loss of heads is the loss of their mean logits and their divergence "
        "from it; for mean probabilities it is not"
    )
    return Exact("P10a", what, error=identity_gap(), tolerance=1e-12)


@CLAIMS.row("P10c")
def _smaller_and_better() -> Verdict:
    rows = best(_right(), MIDDLE, joint=True)
    what = f"{{a}}, together - {{b}}, tuned, budget {MIDDLE}, {RIGHT}"
    return primary(
        "P10c",
        rows,
        THIN,
        ALONE,
        what,
        column="average",
        note=edges(rows, THIN, ALONE, "tried"),
    )


@CLAIMS.group("lambda: best rate")
def _best_rate() -> list[Verdict]:
    rows = _lambdas()
    others = 1.0, ALONE, SMOOTH
    heads = [best_rate(rows, 2.0, than) for than in others]
    joint = [best_rate(rows, 2.0, than, "together") for than in (1.0, SMOOTH)]
    return [*heads, *joint]


@CLAIMS.group("lambda: heads, default settings")
def _heads_untuned() -> list[Verdict]:
    rows = at(_lambdas(), rate=RATE)
    pairs = (2.0, 1.0), (1.5, 1.0), (1.0, 0.0), (2.0, ALONE)
    return [above(rows, a, b) for a, b in pairs]


@CLAIMS.group("lambda: best rate, ensemble")
def _ensemble() -> list[Verdict]:
    rows = _lambdas()
    pairs = (0.0, 1.0), (2.0, ALONE)
    return [best_rate(rows, a, b, "together") for a, b in pairs]


@CLAIMS.group("lambda: ensemble, default settings")
def _ensemble_untuned() -> list[Verdict]:
    rows = at(_lambdas(), rate=RATE)
    pairs = (2.0, 1.0), (0.5, 1.0), (0.0, 1.0), (2.0, ALONE)
    return [above(rows, a, b, "together") for a, b in pairs]


@CLAIMS.group("lambda: diversity")
def _diversity() -> list[Verdict]:
    rows = at(_lambdas(), rate=RATE)
    pairs = (0.0, 0.5), (0.5, 1.0), (1.0, 2.0)
    return [above(rows, a, b, "diversity") for a, b in pairs]


@CLAIMS.group("a sum is a rate")
def _rates() -> list[Verdict]:
    rows = _lambdas()
    same = rated(rows, 1.0)
    at_one = f"{name(1.0)}, {WRONG}"
    thrice = f"three times the rate, {WRONG}"
    return [
        above(same, RATE, FAST, where=at_one),
        above(same, SLOW, RATE, where=at_one),
        above(at(rows, rate=FAST), 2.0, 1.0, where=thrice),
    ]


@CLAIMS.group("lambda: labels right")
def _lambda_right() -> list[Verdict]:
    rows = records.recorded("ensemble_lambda_clean")
    others = 1.0, ALONE, SMOOTH
    where = f"default settings, {RIGHT}"
    joint = [above(rows, 2.0, than, "together", where=where) for than in others]
    return [above(rows, 2.0, 1.0, where=where), *joint]


@CLAIMS.group("thin heads")
def _thin_tuned() -> list[Verdict]:
    rows = _thin()
    return [
        thin(rows, THIN_HEADS, ALONE),
        thin(rows, THIN_HEADS, SMOOTH),
        thin(rows, THIN_HEADS, THIN_NET),
        thin(rows, THIN_HEADS, THIN_APART),
        thin(rows, THIN_HEADS, ALONE, "accuracy"),
        thin(rows, THIN_HEADS, THIN_NET, "accuracy"),
    ]


@CLAIMS.group("thin heads: default settings")
def _thin_untuned() -> list[Verdict]:
    rows = at(_thin(), choice=LONG)
    others = ALONE, THIN_NET
    return [above(rows, THIN_HEADS, than, "together", id="P10c") for than in others]


@CLAIMS.group("one net served, least budget")
def _served_least() -> list[Verdict]:
    return served(_budgets(), LEAST, (THREE, *ONLINE))


@CLAIMS.group("one net served")
def _served() -> list[Verdict]:
    return served(_budgets(), MIDDLE, SERVED)


@CLAIMS.group("one net served: labels right")
def _served_right() -> list[Verdict]:
    return served(_right(), MIDDLE, SERVED, RIGHT)


@CLAIMS.group("one net served: equal steps")
def _equal_steps() -> list[Verdict]:
    rows = equal_steps(_budgets())
    what = f"{{a}} - {{b}}, {EPOCHS} epochs each, tuned, {WRONG}"
    judged = [judging.above(BESIDE[arm], rows, arm, ALONE, what) for arm in SERVED]
    notes = [edges(rows, arm, ALONE, "setting") for arm in SERVED]
    return [replace(verdict, note=note) for verdict, note in zip(judged, notes)]


@CLAIMS.group("together")
def _together() -> list[Verdict]:
    return together(_budgets(), MIDDLE, METHODS)


@CLAIMS.group("together: labels right")
def _together_right() -> list[Verdict]:
    return together(_right(), MIDDLE, (THREE, *ONLINE), labels=RIGHT)


@CLAIMS.group("together, or three nets")
def _together_or_three() -> list[Verdict]:
    return together(_budgets(), MOST, ONLINE, than=all_of(THREE))


@CLAIMS.group("together, or label smoothing")
def _together_or_smooth() -> list[Verdict]:
    return together(_budgets(), MIDDLE, METHODS, than=SMOOTH)

"""What notebook 12 decides, on heads that agree and on methods at equal training
multiply-adds.
"""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.ensemblenet.budgets import ALONE, ARMS, BUDGETS, SETTINGS, SMOOTH
from kdsurvey.lessons.ensemblenet.experiments import THIN_LAMBDAS, name
from kdsurvey.lessons.judging import Claims, located
from kdsurvey.lessons.rows import at
from kdsurvey.verdicts import Verdict, chosen, judge_rows

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

HEADS = {"accuracy": "heads", "together": "ensemble"}  # what a line calls a column
RATE, SLOW, FAST = "the rate", "a third of it", "three times it"
BEST_RATE = "best rate"
LONG = "15 epochs"
BEST = "best of four settings"
THIN_HEADS = f"thin heads, {name(THIN_LAMBDAS[1])}"
THIN_NET = "one thin net"

EPOCHS = 15  # of every arm where steps are equal
LEAST, MIDDLE, MOST = BUDGETS
METHODS = tuple(ARMS)[2:]  # those with several branches
THREE, *ONLINE, _ = METHODS
CLEAN = "clean labels"


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
    where: str = "",
) -> Verdict:
    """Judge the claim that arm a is above arm b: in its heads' "accuracy", in that of all
    "together", or in "diversity".

    a, b: names, or values of lambda. where: ends the line.
    """
    a, b = (arm if isinstance(arm, str) else name(arm) for arm in (a, b))
    unit = "nats" if column == "diversity" else "points"
    sentence = f"{HEADS.get(column, column)}, {a} - {b}"
    verdict = judge_rows("P10", rows, column, a=a, b=b, what=sentence, unit=unit)
    return located(verdict, where) if where else verdict


def best(rows: pd.DataFrame, budget: int, joint: bool = False) -> pd.DataFrame:
    """Return each arm's rows at its best try within the budget on validation images, for
    one served net or, `joint`, for the mean of all.
    """
    tries = rows[rows["budget"] <= budget]
    epochs = tries["epochs"].astype(str)
    tries = tries.assign(tried=tries["setting"] + ", " + epochs + " epochs")
    return chosen(tries, "tried", column=_chosen_by(joint))


def equal_steps(rows: pd.DataFrame, joint: bool = False) -> pd.DataFrame:
    """Return the best of those tries of an arm that make 15 epochs, whatever they cost;
    the default rate, which not all have, is out.
    """
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
    columns = ["arm", "seed", "accuracy"]
    return pd.concat([single[columns], both[columns]], ignore_index=True)


def within(
    rows: pd.DataFrame, budget: int, a: str, b: str = ALONE, claim: str = "O10"
) -> Verdict:
    """Judge the claim that within the budget answer a is above answer b, see `answers`."""
    kept = answers(best(rows, budget), best(rows, budget, joint=True))
    return judging.above(claim, kept, a, b, f"{{a}} - {{b}}, budget {budget}")


def served(rows: pd.DataFrame, budget: int, *arms: str) -> list[Verdict]:
    """Judge the claims that the one net that an arm serves is above one net alone."""
    return [within(rows, budget, arm) for arm in arms]


def together(
    rows: pd.DataFrame, budget: int, *arms: str, than: str = ALONE
) -> list[Verdict]:
    """Judge the claims that the branches of an arm together are above answer `than`."""
    return [within(rows, budget, all_of(arm), than, "O12") for arm in arms]


def _lambdas() -> pd.DataFrame:
    return records.recorded("ensemble_lambda")


@CLAIMS.group("lambda")
def _lambda() -> list[Verdict]:
    rows = at(_lambdas(), rate=RATE)
    return [
        above(rows, 1.0, 0.0),
        above(rows, 2.0, 1.0),
        above(rows, 0.5, 1.0, "diversity"),
        above(rows, 0.0, 1.0, "together"),
        above(rows, 0.5, 1.0, "together"),
    ]


@CLAIMS.group("lambda: controls", counted=False)
def _lambda_controls() -> list[Verdict]:
    rows = at(_lambdas(), rate=RATE)
    return [
        above(rows, 1.5, 1.0),
        above(rows, 0.0, 0.5, "diversity"),
        above(rows, 1.0, 2.0, "diversity"),
        above(rows, 2.0, 1.0, "together"),
        *(above(rows, 2.0, ALONE, column) for column in HEADS),
    ]


@CLAIMS.group("rates")
def _rates() -> list[Verdict]:
    return [above(rated(_lambdas(), 1.0), RATE, FAST, where=name(1.0))]


@CLAIMS.group("rates: controls", counted=False)
def _rates_controls() -> list[Verdict]:
    rows = _lambdas()
    return [
        above(rated(rows, 1.0), RATE, SLOW, where=name(1.0)),
        above(at(rows, rate=FAST), 2.0, 1.0, where="at three times the rate"),
    ]


@CLAIMS.group("best rate")
def _best_rate() -> list[Verdict]:
    rows = tuned(_lambdas())
    others = 1.0, ALONE, SMOOTH
    return [above(rows, 2.0, than, where=BEST_RATE) for than in others]


@CLAIMS.group("best rate: together", counted=False)
def _best_rate_together() -> list[Verdict]:
    rows = tuned(_lambdas(), "together")
    pairs = (2.0, 1.0), (2.0, ALONE), (2.0, SMOOTH), (0.0, 1.0)
    return [above(rows, a, b, "together", where=BEST_RATE) for a, b in pairs]


@CLAIMS.group("thin heads")
def _thin() -> list[Verdict]:
    rows = records.recorded("ensemble_thin")
    joint = tuned(rows, "together", "choice")
    long = at(rows, choice=LONG)
    return [
        above(long, THIN_HEADS, ALONE, "together", where=LONG),
        above(joint, THIN_HEADS, ALONE, "together", where=BEST),
        above(joint, THIN_HEADS, SMOOTH, "together", where=BEST),
    ]


@CLAIMS.group("thin heads: controls", counted=False)
def _thin_controls() -> list[Verdict]:
    rows = records.recorded("ensemble_thin")
    joint = tuned(rows, "together", "choice")
    single = tuned(rows, "accuracy", "choice")
    long = at(rows, choice=LONG)
    independent = f"thin heads, {name(THIN_LAMBDAS[0])}"
    return [
        above(long, THIN_HEADS, THIN_NET, "together", where=LONG),
        above(joint, THIN_HEADS, THIN_NET, "together", where=BEST),
        above(joint, THIN_HEADS, independent, "together", where=BEST),
        above(single, THIN_HEADS, ALONE, where=BEST),
        above(single, THIN_HEADS, THIN_NET, where=BEST),
    ]


def _budgets() -> pd.DataFrame:
    return records.recorded("online_compared")


@CLAIMS.group("one net served")
def _served() -> list[Verdict]:
    rows = _budgets()
    least = served(rows, LEAST, *ONLINE)
    return [*least, *served(rows, MIDDLE, SMOOTH, *ONLINE)]


@CLAIMS.group("one net served: controls", counted=False)
def _served_controls() -> list[Verdict]:
    rows = _budgets()
    bounds = THREE, METHODS[-1]
    return [
        *served(rows, LEAST, SMOOTH, *bounds),
        *served(rows, MIDDLE, *bounds),
        *served(rows, MOST, SMOOTH, *METHODS),
    ]


@CLAIMS.group("together")
def _together() -> list[Verdict]:
    rows = _budgets()
    met = [arm for arm in ONLINE if arm != "FFL"]  # in as many epochs as three nets
    return [
        *together(rows, MIDDLE, THREE, *ONLINE),
        *together(rows, MIDDLE, *met, than=all_of(THREE)),
    ]


@CLAIMS.group("together: controls", counted=False)
def _together_controls() -> list[Verdict]:
    rows = _budgets()
    return [
        *together(rows, MIDDLE, METHODS[-1]),
        *together(rows, MIDDLE, *METHODS, than=SMOOTH),
        *together(rows, MOST, *ONLINE, than=all_of(THREE)),
    ]


@CLAIMS.group("equal steps", counted=False)
def _equal_steps() -> list[Verdict]:
    rows = equal_steps(_budgets())
    sentence = f"{{a}} - {{b}}, {EPOCHS} epochs each"
    arms = SMOOTH, *METHODS
    return [judging.above("O10", rows, arm, ALONE, sentence) for arm in arms]


@CLAIMS.group("labels right: lambda", counted=False)
def _labels_right_lambda() -> list[Verdict]:
    rows = records.recorded("ensemble_lambda_clean")
    others = 1.0, ALONE, SMOOTH
    joint = [above(rows, 2.0, than, "together", where=CLEAN) for than in others]
    return [*joint, above(rows, 2.0, 1.0, where=CLEAN)]


@CLAIMS.group("labels right: budgets", counted=False)
def _labels_right_budgets() -> list[Verdict]:
    rows = records.recorded("online_compared_clean")
    single = served(rows, MIDDLE, SMOOTH, *METHODS)
    return [*single, *together(rows, MIDDLE, *METHODS)]

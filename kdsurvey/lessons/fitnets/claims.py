"""What notebook 04 decides: how deep a thin net may be with labels, KD and hints."""

from functools import partial

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.fitnets.experiments import ARMS, DEEP, DEPTHS
from kdsurvey.lessons.judging import Claims, above, located
from kdsurvey.lessons.rows import at, spread, tuned
from kdsurvey.verdicts import Verdict, judge

TRAINED = 0.2  # validation accuracy of a net that has learnt; one answer for all: 0.1
HINTS, AT_ONCE = "hints, then KD", "both at once"
CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def best_of_three(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the best try on validation images, for every arm, seed, depth
    and start; of equals the default.
    """
    return tuned(rows, by=["arm", "seed", "depth", "start"])


def default(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with the default settings of their arm; label smoothing has none
    of its own.
    """
    return rows[(rows["choice"] == 0) & rows["arm"].isin(ARMS)]


def deepest(rows: pd.DataFrame, arm: str) -> pd.Series:
    """Return the deepest net of every seed that trained, 0 where none did."""
    runs = at(rows, arm=arm)
    depths = runs["depth"].where(runs["validation accuracy"] > TRAINED, 0)
    return depths.groupby(runs["seed"]).max()


def deeper(rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """Judge the claim that deeper nets train with arm a than with arm b."""
    what = f"deepest net that trains, {a} - {b}"
    depths = (deepest(rows, arm) for arm in (a, b))
    return judge("P1", *depths, what=what, unit="hidden layers")


def higher(rows: pd.DataFrame, a: str, b: str, depth: int = DEEP) -> Verdict:
    """Judge the claim that arm a is more accurate than arm b at a depth."""
    what = f"{{a}} - {{b}}, {depth} hidden layers"
    return above("P1", at(rows, depth=depth), a, b, what)


def table(rows: pd.DataFrame, across: str = "depth") -> pd.DataFrame:
    """Return accuracies in per cent, an arm a line and a value of `across` a column:
    mean ± s.d. over seeds where all of them trained.

    Where some did not, how many did and the range of those: a net that gives one answer
    to all has no spread to speak of.
    """
    columns = ["accuracy", "validation accuracy"]
    cells = rows.groupby(["arm", across], sort=False)[columns].apply(_cell)
    arms, values = (list(dict.fromkeys(rows[name])) for name in ("arm", across))
    return cells.unstack(across).loc[arms, values]


def _cell(runs: pd.DataFrame) -> str:
    good = runs.loc[runs["validation accuracy"] > TRAINED, "accuracy"]
    if len(good) == len(runs):
        return spread(good)
    if good.empty:
        return "did not train"
    ends = dict.fromkeys(f"{100 * share:.0f}" for share in (good.min(), good.max()))
    return f"{len(good)} of {len(runs)}: {' to '.join(ends)}"


def _depths() -> pd.DataFrame:
    return records.recorded("fitnets_depths")


@CLAIMS.group("hints train deeper")
def _hints_train_deeper() -> list[Verdict]:
    return [deeper(best_of_three(_depths()), HINTS, "KD")]


@CLAIMS.group("KD trains deeper")
def _kd_trains_deeper() -> list[Verdict]:
    return [deeper(best_of_three(_depths()), "KD", "labels")]


def _hints_at(depth: int) -> list[Verdict]:
    return [higher(best_of_three(_depths()), HINTS, "KD", depth)]


for _depth in DEPTHS:
    _group = CLAIMS.group(f"hints, {_depth} layers", counted=_depth in (6, 10))
    _group(partial(_hints_at, _depth))


@CLAIMS.group("KD by default, 6 layers", counted=False)
def _kd_by_default() -> list[Verdict]:
    return [higher(default(_depths()), "KD", "labels", 6)]


@CLAIMS.group("KD, 4 and 6 layers", counted=False)
def _kd() -> list[Verdict]:
    best = best_of_three(_depths())
    return [higher(best, "KD", "labels", depth) for depth in DEPTHS[:2]]


def _at_once_by_default(depth: int) -> list[Verdict]:
    return [higher(default(_depths()), HINTS, AT_ONCE, depth)]


def _at_once_tuned(depth: int) -> list[Verdict]:
    return [higher(best_of_three(_depths()), HINTS, AT_ONCE, depth)]


for _depth in (8, DEEP):  # as the notebook prints them
    _group = CLAIMS.group(f"both at once by default, {_depth} layers", counted=False)
    _group(partial(_at_once_by_default, _depth))
    _group = CLAIMS.group(f"both at once tuned, {_depth} layers", counted=False)
    _group(partial(_at_once_tuned, _depth))


@CLAIMS.group("both at once")
def _at_once() -> list[Verdict]:
    (usual,), (best,) = _at_once_by_default(DEEP), _at_once_tuned(DEEP)
    return [
        located(usual, "default settings"),
        located(best, "best of three settings"),
    ]


def _first_stages() -> pd.DataFrame:
    return records.recorded("fitnets_first_stages")


@CLAIMS.group("first stage at once, default", counted=False)
def _first_at_once_by_default() -> list[Verdict]:
    return [higher(default(_first_stages()), "hints", "hints and labels at once")]


@CLAIMS.group("first stage at once, tuned", counted=False)
def _first_at_once_tuned() -> list[Verdict]:
    rows = best_of_three(_first_stages())
    return [higher(rows, "hints", "hints and labels at once")]


@CLAIMS.group("no first stage", counted=False)
def _no_first_stage() -> list[Verdict]:
    return [higher(best_of_three(_first_stages()), "hints", "labels")]


@CLAIMS.group("other first stages")
def _other_first_stages() -> list[Verdict]:
    rows = best_of_three(_first_stages())
    return [
        higher(rows, "hints", "hints of an untrained teacher"),
        higher(rows, "hints", "labels on the lower half"),
    ]


def _start(start: str) -> list[Verdict]:
    rows = at(records.recorded("fitnets_starts"), start=start)
    return [higher(rows, HINTS, "labels")]


for _name in ("batch norm", "He's"):  # as the notebook prints them
    CLAIMS.group(f"start: {_name}", counted=False)(partial(_start, _name))


@CLAIMS.group("batch norm")
def _batch_norm() -> list[Verdict]:
    return [located(verdict, "batch norm") for verdict in _start("batch norm")]

"""What notebook 04 answers: how deep a thin net may be with labels, KD and hints."""

from functools import partial

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.fitnets.experiments import ARMS, DEEP, DEPTHS
from kdsurvey.lessons.judging import (
    Claims,
    above,
    mostly_at_edges,
    primary,
    primary_values,
)
from kdsurvey.lessons.rows import at, columns, spread, tuned
from kdsurvey.verdicts import Verdict

TRAINED = 0.2  # validation accuracy of a net that has learnt; one answer for all: 0.1
MODERATE = 6  # hidden layers: the deepest at which every arm trains at every seed
LABELS, KD = "labels", "KD"
HINTS, AT_ONCE = "hints, then KD", "both at once"
BEST = "best of four each"
DEFAULT = "default settings"
CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def best_of_tries(rows: pd.DataFrame) -> pd.DataFrame:
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


def deeper(id: str, rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """Judge the row of the claims that says that deeper nets train with arm a than with b.

    A net of the deepest that were tried is a bound.
    """
    what = f"deepest net that trains, {a} - {b}, {BEST}"
    ours, theirs = (deepest(rows, arm) for arm in (a, b))
    note = _edges(at(rows, depth=max(DEPTHS)), a, b)
    return primary_values(id, ours, theirs, what, edge=max(DEPTHS), note=note)


def _edges(rows: pd.DataFrame, *arms: str) -> str:
    """Say which arms are mostly at the edge of their tries; rows of each at its best."""
    chosen = {arm: at(rows, arm=arm)["knob"] for arm in arms}
    tries = {arm: ARMS[arm].tries for arm in arms}
    return mostly_at_edges(chosen, tries)


def higher(
    id: str, rows: pd.DataFrame, a: str, b: str, depth: int, where: str
) -> Verdict:
    """Judge a control: arm a is more accurate than arm b at a depth.

    id: the row that it stands beside. where: the end of the line, which settings or
    which start were compared.
    """
    what = f"{{a}} - {{b}}, {depth} hidden layers, {where}"
    return above(id, at(rows, depth=depth), a, b, what)


def table(rows: pd.DataFrame, across: str = "depth") -> pd.DataFrame:
    """Return accuracies in per cent, an arm a line and a value of `across` a column:
    mean ± s.d. over seeds where all of them trained.

    Where some did not, how many did and the range of those: a net that gives one answer
    to all has no spread to speak of.
    """
    columns(rows, across)
    measured = ["accuracy", "validation accuracy"]
    cells = rows.groupby(["arm", across], sort=False)[measured].apply(_cell)
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


def _first_stages() -> pd.DataFrame:
    return records.recorded("fitnets_first_stages")


def _at_best(id: str, a: str, b: str, depth: int) -> Verdict:
    """Answer a row by two arms at a depth, each at the best of its settings."""
    rows = at(best_of_tries(_depths()), depth=depth)
    what = f"{{a}} - {{b}}, {depth} hidden layers, {BEST}"
    return primary(id, rows, a, b, what, note=_edges(rows, a, b))


@CLAIMS.row("P1a")
def _hints_train_deeper() -> Verdict:
    return deeper("P1a", best_of_tries(_depths()), HINTS, KD)


@CLAIMS.row("P1b")
def _kd_trains_deeper() -> Verdict:
    return deeper("P1b", best_of_tries(_depths()), KD, LABELS)


@CLAIMS.row("P1c")
def _hints_or_kd() -> Verdict:
    return _at_best("P1c", HINTS, KD, MODERATE)


@CLAIMS.row("P1d")
def _two_stages() -> Verdict:
    return _at_best("P1d", HINTS, AT_ONCE, DEEP)


@CLAIMS.row("O10b")
def _alone_as_well() -> Verdict:
    return _at_best("O10b", LABELS, HINTS, MODERATE)


@CLAIMS.group("hints at other depths")
def _hints_at_other_depths() -> list[Verdict]:
    best = best_of_tries(_depths())
    return [
        higher("P1c", best, HINTS, KD, 4, BEST),
        *(higher("P1a", best, HINTS, KD, depth, BEST) for depth in (8, DEEP)),
    ]


@CLAIMS.group("KD or labels")
def _kd_or_labels() -> list[Verdict]:
    best = best_of_tries(_depths())
    return [
        *(higher("P1b", best, KD, LABELS, depth, BEST) for depth in DEPTHS[:2]),
        higher("P1b", default(_depths()), KD, LABELS, MODERATE, DEFAULT),
    ]


@CLAIMS.group("both at once")
def _at_once() -> list[Verdict]:
    best = best_of_tries(_depths())
    usual = default(_depths())
    return [
        higher("P1d", best, HINTS, AT_ONCE, 8, BEST),
        *(higher("P1d", usual, HINTS, AT_ONCE, depth, DEFAULT) for depth in (8, DEEP)),
    ]


def _after(other: str, rows: pd.DataFrame, where: str, id: str = "P1d") -> Verdict:
    """Judge hints as the first stage against another, labels alone in the second."""
    return higher(id, rows, "hints", other, DEEP, where)


@CLAIMS.group("hints and labels at once")
def _hints_and_labels() -> list[Verdict]:
    other = "hints and labels at once"
    return [
        _after(other, best_of_tries(_first_stages()), BEST),
        _after(other, default(_first_stages()), DEFAULT),
    ]


@CLAIMS.group("other first stages")
def _other_first_stages() -> list[Verdict]:
    best = best_of_tries(_first_stages())
    return [
        _after(LABELS, best, BEST),
        _after("hints of an untrained teacher", best, BEST, id="P1a"),
        _after("labels on the lower half", best, BEST),
    ]


@CLAIMS.group("alone at other depths")
def _alone_at_other_depths() -> list[Verdict]:
    best = best_of_tries(_depths())
    return [higher("O10b", best, LABELS, HINTS, depth, BEST) for depth in (4, DEEP)]


def _start(start: str) -> list[Verdict]:
    rows = at(records.recorded("fitnets_starts"), start=start)
    return [higher("O10b", rows, LABELS, HINTS, DEEP, f"{start}, {DEFAULT}")]


for _name in ("batch norm", "He's"):
    CLAIMS.group(_name)(partial(_start, _name))

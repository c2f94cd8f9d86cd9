"""What notebook 05 answers: who learns faster from the flow, and what that is worth."""

from functools import partial

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.fsp.experiments import EVERY
from kdsurvey.lessons.judging import (
    Claims,
    above,
    below,
    located,
    mostly_at_edges,
    primary,
)
from kdsurvey.lessons.learning_speed import reached
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict

TARGETS = (0.90, 0.93)  # fixed before any run
KD, FITNETS, FSP = "KD (output)", "FitNets (layer, then output)", "FSP (flow)"
FEW = "350 images, tuned"
CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def with_targets(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with when each target was reached: in steps of the last stage, in
    steps in all, and in seconds in all.
    """
    rows = rows.copy()
    for target in TARGETS:
        for k, row in rows.iterrows():
            steps_seen = EVERY * np.arange(len(row["accuracies"]))
            steps = reached(target, steps_seen, row["accuracies"])
            seconds = reached(target, row["seconds"], row["accuracies"])
            rows.loc[k, f"steps to {target:.0%}"] = steps
            rows.loc[k, f"in all to {target:.0%}"] = steps + row["first"]
            rows.loc[k, f"seconds to {target:.0%}"] = seconds
    return rows


def raced() -> pd.DataFrame:
    """Return the recorded rows of `fsp_faster`, with their targets."""
    return with_targets(records.recorded("fsp_faster"))


def fastest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each start at the rate that takes the fewest steps to 93 %."""
    return tuned(rows, "rate", by="start", column="steps to 93%", least=True)


def best_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each start at its best rate on validation images."""
    return tuned(rows, "rate", by="start", column="validation")


def _edges(rows: pd.DataFrame, best: pd.DataFrame, *starts: str) -> str:
    """Say which starts are at the edge of their rates. best: of `rows`, at those chosen."""
    chosen, tries = (
        {start: at(runs, start=start)["rate"] for start in starts}
        for runs in (best, rows)
    )
    return mostly_at_edges(chosen, tries)


def sooner(rows: pd.DataFrame, column: str, a: str, b: str) -> Verdict:
    """Judge a control of P3a: arm a gets there sooner than arm b."""
    unit = "seconds" if "seconds" in column else "steps"
    what = "{column}, {b} - {a}"
    return below("P3a", rows, a, b, what, column=column, unit=unit)


def _sooner(column: str, a: str, b: str = "plain") -> Verdict:
    return sooner(fastest(raced()), column, a, b)


def _small(id: str, a: str, b: str) -> Verdict:
    """Judge a control: arm a of the small students is above arm b."""
    rows = best_rate(records.recorded("fsp_small"))
    return above(id, rows, a, b, f"{{a}} - {{b}}, {FEW}")


def _small_row(id: str, a: str, b: str) -> Verdict:
    """Answer a row by two arms of the small students."""
    rows = records.recorded("fsp_small")
    best = best_rate(rows)
    note = _edges(rows, best, a, b)
    return primary(id, best, a, b, f"{{a}} - {{b}}, {FEW}", note=note)


@CLAIMS.row("P3a")
def _faster() -> Verdict:
    what = "steps to 93 % with those of stage 1, {a} - {b}"
    rows, column = raced(), "in all to 93%"
    best = fastest(rows)
    note = _edges(rows, best, "plain", "FSP")
    return primary("P3a", best, "plain", "FSP", what, column=column, note=note)


@CLAIMS.row("P3b")
def _smaller() -> Verdict:
    return _small_row("P3b", FSP, "plain")


@CLAIMS.row("P3c")
def _shuffled() -> Verdict:
    rows = records.recorded("fsp_ensembles")
    what = "gain of three nets together, {a} - {b}, 350 images"
    return primary("P3c", rows, "FSP, shuffled", "FSP", what, column="gain")


@CLAIMS.row("O8a")
def _layer_or_output() -> Verdict:
    return _small_row("O8a", FITNETS, KD)


@CLAIMS.row("O8b")
def _flow_or_output() -> Verdict:
    return _small_row("O8b", FSP, KD)


@CLAIMS.row("O8c")
def _flow_or_layer() -> Verdict:
    return _small_row("O8c", FSP, FITNETS)


@CLAIMS.group("stage 1 not counted")
def _not_counted() -> list[Verdict]:
    return [
        _sooner("steps to 90%", "FSP"),
        _sooner("steps to 93%", "FSP"),
        _sooner("steps to 90%", "FSP", "FSP, untrained teacher"),
        _sooner("steps to 90%", "teacher's weights copied", "FSP"),
    ]


@CLAIMS.group("stage 1 counted")
def _counted() -> list[Verdict]:
    return [
        _sooner("in all to 90%", "FSP"),
        _sooner("in all to 90%", "FSP, short stage 1"),
        _sooner("in all to 93%", "FSP, short stage 1"),
    ]


@CLAIMS.group("seconds")
def _in_seconds() -> list[Verdict]:
    return [_sooner("seconds to 90%", "FSP")]


@CLAIMS.group("one rate for both")
def _one_rate() -> list[Verdict]:
    return [sooner(raced(), "steps to 93%", "FSP, 0.02", "FSP, 0.04")]


@CLAIMS.group("small student")
def _small_student() -> list[Verdict]:
    return [
        _small("P3b", FSP, "label smoothing"),
        _small("P3b", FSP, "FSP, untrained teacher"),
    ]


@CLAIMS.group("what is distilled")
def _what_is_distilled() -> list[Verdict]:
    return [
        _small("O8a", KD, "plain"),
        _small("O8a", FITNETS, "plain"),
        _small("O8a", KD, "label smoothing"),
        _small("O8c", FSP, "hint, then labels (layer)"),
    ]


def _ensembles(a: str, b: str, column: str = "ensemble") -> Verdict:
    rows = records.recorded("fsp_ensembles")
    what = "{column}, {a} - {b}, 350 images"
    return above("P3c", rows, a, b, what, column=column)


@CLAIMS.group("ensembles")
def _several() -> list[Verdict]:
    copied = "teacher's weights copied"
    return [
        _ensembles("FSP, shuffled", "FSP"),
        _ensembles("FSP", "plain"),
        _ensembles("FSP", copied),
        _ensembles("FSP", copied, "gain"),
    ]


def _moved(experiment: str, where: str) -> list[Verdict]:
    rows = best_rate(records.recorded(experiment))
    pairs = (
        ("FSP", "plain"),
        ("FSP", "FSP, teacher from scratch"),
        ("FSP", "FitNets"),
        ("teacher, fine-tuned", "teacher, from scratch"),
    )
    return [located(above("P3e", rows, *pair), where) for pair in pairs]


for _name, _where in (("fsp_transfer", "new digits"), ("fsp_fashion", "clothes")):
    CLAIMS.group(_where)(partial(_moved, _name, _where))

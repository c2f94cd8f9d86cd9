"""What notebook 05 decides: who learns faster from the flow, and what that is worth."""

from functools import partial

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.fsp.experiments import EVERY
from kdsurvey.lessons.judging import Claims, above, below, located
from kdsurvey.lessons.learning_speed import reached
from kdsurvey.lessons.rows import tuned
from kdsurvey.verdicts import Verdict

TARGETS = (0.90, 0.93)  # fixed before any run
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


def sooner(rows: pd.DataFrame, column: str, a: str, b: str) -> Verdict:
    """Judge the claim that arm a gets there sooner than arm b."""
    unit = "seconds" if "seconds" in column else "steps"
    what = "{column}, {b} - {a}"
    return below("P3", rows, a, b, what, column=column, unit=unit)


def _sooner(column: str, a: str, b: str = "plain") -> Verdict:
    return sooner(fastest(raced()), column, a, b)


@CLAIMS.group("90 %")
def _ninety() -> list[Verdict]:
    return [_sooner("steps to 90%", "FSP"), _sooner("in all to 90%", "FSP")]


@CLAIMS.group("90 %, short stage 1", counted=False)
def _ninety_short() -> list[Verdict]:
    return [_sooner("in all to 90%", "FSP, short stage 1")]


@CLAIMS.group("93 %, stage 2 alone", counted=False)
def _ninety_three_steps() -> list[Verdict]:
    return [_sooner("steps to 93%", "FSP")]


@CLAIMS.group("93 %")
def _ninety_three() -> list[Verdict]:
    return [
        _sooner("in all to 93%", "FSP"),
        _sooner("in all to 93%", "FSP, short stage 1"),
    ]


@CLAIMS.group("why faster", counted=False)
def _why_faster() -> list[Verdict]:
    return [
        _sooner("seconds to 90%", "FSP"),
        _sooner("steps to 90%", "FSP", "FSP, untrained teacher"),
        _sooner("steps to 90%", "teacher's weights copied", "FSP"),
    ]


@CLAIMS.group("one rate for both", counted=False)
def _one_rate() -> list[Verdict]:
    return [sooner(raced(), "steps to 93%", "FSP, 0.02", "FSP, 0.04")]


def _small(claim: str, a: str, b: str) -> Verdict:
    return above(claim, best_rate(records.recorded("fsp_small")), a, b)


@CLAIMS.group("small student")
def _small_student() -> list[Verdict]:
    return [_small("P3", "FSP (flow)", "plain")]


@CLAIMS.group("small student, controls", counted=False)
def _small_controls() -> list[Verdict]:
    return [
        _small("P3", "FSP (flow)", "label smoothing"),
        _small("P3", "FSP (flow)", "FSP, untrained teacher"),
    ]


@CLAIMS.group("what is distilled")
def _what_is_distilled() -> list[Verdict]:
    return [
        _small("O8", "FSP (flow)", "KD (output)"),
        _small("O8", "FSP (flow)", "FitNets (layer, then output)"),
    ]


@CLAIMS.group("layer and output", counted=False)
def _layer_and_output() -> list[Verdict]:
    return [
        _small("O8", "FSP (flow)", "hint, then labels (layer)"),
        _small("O8", "KD (output)", "plain"),
        _small("O7", "KD (output)", "label smoothing"),
    ]


def _ensembles(a: str, b: str, column: str = "ensemble") -> Verdict:
    rows = records.recorded("fsp_ensembles")
    return above("P3", rows, a, b, "{column} of {a} - {b}", column=column)


@CLAIMS.group("ensembles, plain")
def _ensembles_plain() -> list[Verdict]:
    return [_ensembles("FSP", "plain")]


@CLAIMS.group("ensembles, copied")
def _ensembles_copied() -> list[Verdict]:
    return [_ensembles("FSP", "teacher's weights copied")]


@CLAIMS.group("ensembles, shuffled")
def _ensembles_shuffled() -> list[Verdict]:
    return [_ensembles("FSP, shuffled", "FSP")]


@CLAIMS.group("gain of ensembles", counted=False)
def _gains() -> list[Verdict]:
    return [
        _ensembles("FSP, shuffled", "FSP", "gain"),
        _ensembles("FSP", "teacher's weights copied", "gain"),
    ]


def _moved(experiment: str) -> list[Verdict]:
    rows = best_rate(records.recorded(experiment))
    rivals = "plain", "FSP, teacher from scratch", "FitNets"
    return [above("P3", rows, "FSP", rival) for rival in rivals]


def _moved_to(experiment: str, where: str) -> list[Verdict]:
    return [located(verdict, where) for verdict in _moved(experiment)]


def _teachers(experiment: str) -> list[Verdict]:
    rows = best_rate(records.recorded(experiment))
    return [above("P3", rows, "teacher, fine-tuned", "teacher, from scratch")]


for _name, _where in (("fsp_transfer", "new digits"), ("fsp_fashion", "clothes")):
    CLAIMS.group(_where)(partial(_moved_to, _name, _where))
    # as the notebook prints them, below the name of the data
    CLAIMS.group(f"{_where}, in place", counted=False)(partial(_moved, _name))
    CLAIMS.group(f"{_where}, teachers", counted=False)(partial(_teachers, _name))

"""What notebook 07 decides, on peers and on copies that seldom exchange."""

from collections.abc import Iterable

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.flatness import MATCHED
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.mutual_learning.experiments import DECAYED
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

CONTROLS = ("alone", "one-way", "label smoothing")
AFTER_COLUMN = {"accuracy": "", "ensemble": ", ensembles"}
RISES = {
    "rise at 0.05": "rise of the loss at noise 0.05",
    "rise at 0.1": "rise of the loss at noise 0.1",
    "rise, relative": "rise of the loss at relative noise",
}


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    where: str,
    *,
    claim: str = "P5",
    column: str = "accuracy",
) -> Verdict:
    """Judge the claim that arm a is above arm b on test images.

    where: the end of the line, which settings were compared.
    """
    counted = AFTER_COLUMN.get(column, f", {column}")
    sentence = f"{{a}} - {{b}}{counted}, {where}"
    return judging.above(claim, rows, a, b, sentence, column=column)


def above_each(
    rows: pd.DataFrame, a: str, others: Iterable[str], where: str, claim: str = "P5"
) -> list[Verdict]:
    """Judge the claims that arm a is above each of the others, see `above`."""
    return [above(rows, a, b, where, claim=claim) for b in others]


def softer(rows: pd.DataFrame, a: str, b: str, column: str = "entropy") -> Verdict:
    """Judge the claim that arm a has more entropy, or a larger rise of the loss, than b."""
    sentence = f"{RISES.get(column, column)}, {{a}} - {{b}}"
    return judging.above("P5", rows, a, b, sentence, column=column, unit="nats")


def any_weight(number: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which the weight of the mutual term is part of an arm's choice.

    Every number of peers is then one arm, "K = 2" for instance.
    """
    peers = "K = " + number["K"].astype(str)
    return number.assign(arm=peers, choice=number["choice"] + ": " + number["arm"])


def _long(name: str = "dml_peers", choice: str = "40 epochs") -> pd.DataFrame:
    return at(records.recorded(name), choice=choice)


def _tuned(name: str = "dml_peers") -> pd.DataFrame:
    return tuned(records.recorded(name))


@CLAIMS.group("40 epochs")
def _forty_epochs() -> list[Verdict]:
    return above_each(_long(), "DML", ("alone", "one-way"), "40 epochs")


@CLAIMS.group("40 epochs: controls", counted=False)
def _forty_epochs_controls() -> list[Verdict]:
    rows = _long()
    return [
        above(rows, "DML", "label smoothing", "40 epochs"),
        above(rows, "one-way", "alone", "40 epochs"),
        above(rows, "label smoothing", "alone", "40 epochs"),
        above(rows, "DML", "alone", "40 epochs", column="ensemble"),
    ]


@CLAIMS.group("tuned")
def _wrong_labels_tuned() -> list[Verdict]:
    rows = _tuned()
    smooth = above(rows, "DML", "label smoothing", "tuned", claim="O7")
    return [*above_each(rows, "DML", ("alone", "one-way"), "tuned"), smooth]


@CLAIMS.group("labels right")
def _labels_right() -> list[Verdict]:
    rows = _tuned("dml_clean")
    where = "tuned, labels right"
    smooth = above(rows, "DML", "label smoothing", where, claim="O7")
    return [above(rows, "DML", "alone", where), smooth]


@CLAIMS.group("labels right: controls", counted=False)
def _labels_right_controls() -> list[Verdict]:
    return [
        above(_tuned("dml_clean"), "DML", "one-way", "tuned, labels right"),
        above(_long("dml_clean"), "DML", "alone", "40 epochs, labels right"),
    ]


@CLAIMS.group("turns", counted=False)
def _turns() -> list[Verdict]:
    return [
        above(_long(), "DML", "DML at once", "40 epochs"),
        above(_tuned(), "DML", "DML at once", "tuned"),
    ]


@CLAIMS.group("number of peers")
def _number() -> list[Verdict]:
    rows = _long("dml_number", "20 epochs")
    return [
        above(rows, "K = 5, mean", "K = 2, mean", "20 epochs"),
        above(rows, "K = 5, sum", "K = 2, mean", "20 epochs"),
        above(rows, "K = 5, sum", "K = 2, weight 4", "20 epochs"),
    ]


@CLAIMS.group("number of peers, 10 epochs", counted=False)
def _number_short() -> list[Verdict]:
    rows = _long("dml_number", "10 epochs")
    return [above(rows, "K = 5, sum", "K = 2, weight 4", "10 epochs")]


@CLAIMS.group("number of peers, any weight")
def _number_tuned() -> list[Verdict]:
    rows = tuned(any_weight(records.recorded("dml_number")))
    return [above(rows, "K = 5", "K = 2", "tuned, weight too")]


@CLAIMS.group("five peers or one", counted=False)
def _five_or_one() -> list[Verdict]:
    rows = tuned(any_weight(records.recorded("dml_number")))
    return [above(rows, "K = 5", "K = 1", "tuned, weight too")]


@CLAIMS.group("small and big, 40 epochs")
def _unequal_long() -> list[Verdict]:
    rows = _long("dml_unequal")
    return [above(rows, "small, DML", "small, one-way", "40 epochs")]


@CLAIMS.group("small and big, tuned")
def _unequal_tuned() -> list[Verdict]:
    rows = _tuned("dml_unequal")
    return [
        above(rows, f"{size}, DML", f"{size}, alone", "tuned")
        for size in ("small", "big")
    ]


@CLAIMS.group("small and big: controls", counted=False)
def _unequal_controls() -> list[Verdict]:
    long, best = _long("dml_unequal"), _tuned("dml_unequal")
    judged = [
        above(long, "small, DML", "small, alone", "40 epochs"),
        above(long, "small, DML", "small, label smoothing", "40 epochs"),
    ]
    big = [f"big, {arm}" for arm in CONTROLS]
    judged += above_each(long, "big, DML", big, "40 epochs")
    for size in ("small", "big"):
        others = [f"{size}, {arm}" for arm in ("one-way", "label smoothing")]
        judged += above_each(best, f"{size}, DML", others, "tuned")
    return [*judged, above(long, "small, one-way", "small, alone", "40 epochs")]


@CLAIMS.group("few labels")
def _few_labels() -> list[Verdict]:
    where = "a tenth of the labels, tuned"
    return [above(_tuned("dml_semi"), "DML, all images", "alone", where)]


@CLAIMS.group("few labels: controls", counted=False)
def _few_labels_controls() -> list[Verdict]:
    others = "label smoothing", "same batches", "soft targets, all images"
    where = "few labels, tuned"
    return above_each(_tuned("dml_semi"), "DML, all images", others, where)


@CLAIMS.group("why")
def _why() -> list[Verdict]:
    rows = records.recorded("dml_why")
    return [
        softer(rows, "DML", MATCHED),
        softer(rows, MATCHED, "DML", "rise, relative"),
        softer(rows, "one-way", "DML", "rise, relative"),
    ]


@CLAIMS.group("why: controls", counted=False)
def _why_controls() -> list[Verdict]:
    rows = records.recorded("dml_why")
    return [
        softer(rows, "DML", "alone"),
        softer(rows, MATCHED, "DML", "rise at 0.05"),
        softer(rows, MATCHED, "DML", "rise at 0.1"),
        softer(rows, "one-way", "DML", "rise at 0.05"),
        softer(rows, DECAYED, "DML", "rise at 0.05"),
        above(rows, "DML", MATCHED, "40 epochs"),
    ]


@CLAIMS.group("10 epochs", counted=False)
def _ten_epochs() -> list[Verdict]:
    number = _long("dml_number", "10 epochs")
    return [
        above(_long(choice="10 epochs"), "DML", "alone", "10 epochs"),
        above(number, "K = 2, weight 4", "K = 1", "10 epochs"),
    ]


def _copies(noise: float) -> pd.DataFrame:
    return at(records.recorded("codistil_stale"), noise=noise)


@CLAIMS.group("copies")
def _copies_tuned() -> list[Verdict]:
    wrong, right = (tuned(_copies(noise)) for noise in (0.2, 0.0))
    controls = "never", "never, label smoothing"
    return [
        *above_each(wrong, "every 10", controls, "tuned", "O16"),
        *above_each(right, "every 10", controls[1:], "tuned, labels right", "O16"),
    ]


@CLAIMS.group("copies: how seldom")
def _how_seldom() -> list[Verdict]:
    wrong = _copies(0.2)
    seldom = "every 100", "every 1000"
    long = at(wrong, choice="40 epochs")
    return [
        *above_each(tuned(wrong), "every 1", seldom, "tuned", "O16"),
        *above_each(long, "every 1", seldom[:1], "40 epochs", "O16"),
    ]


@CLAIMS.group("copies: controls", counted=False)
def _copies_controls() -> list[Verdict]:
    wrong, right = (tuned(_copies(noise)) for noise in (0.2, 0.0))
    where, other = "tuned", "tuned, labels right"
    whole = "never, but all images each"
    seldom = "every 10", "every 100", "every 1000"
    short = at(_copies(0.0), choice="10 epochs")
    return [
        *above_each(wrong, "every 10", [whole], where, "O16"),
        *above_each(wrong, "every 1", seldom[:1], where, "O16"),
        *above_each(right, "every 10", ["never", whole], other, "O16"),
        *above_each(right, "every 1", seldom, other, "O16"),
        *above_each(short, "every 1000", ["never"], "10 epochs, labels right", "O16"),
    ]


def _agreeing(rows: pd.DataFrame, a: str, b: str, where: str) -> Verdict:
    return above(rows, a, b, where, claim="O16", column="two runs agree")


@CLAIMS.group("two runs agree")
def _runs_tuned() -> list[Verdict]:
    return [_agreeing(_tuned("codistil_runs"), "every 10", "never", "tuned")]


@CLAIMS.group("two runs agree: controls", counted=False)
def _runs_controls() -> list[Verdict]:
    long, best = _long("codistil_runs"), _tuned("codistil_runs")
    smooth = "never, label smoothing"
    judged = [
        _agreeing(long, "every 10", "never", "40 epochs"),
        _agreeing(long, smooth, "never", "40 epochs"),
        _agreeing(best, smooth, "never", "tuned"),
    ]
    for rows, where in ((long, "40 epochs"), (best, "tuned")):
        where = f"all images each, {where}"
        judged.append(above(rows, "every 1000", "every 10", where, claim="O16"))
    return judged

"""What notebook 09 decides, on low precision and on making one net small."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.judging import Claims
from kdsurvey.lessons.low_precision.compression import ORDERS
from kdsurvey.lessons.low_precision.experiments import (
    ARMS,
    FIRST,
    LOW,
    MEASURED,
    STRAIGHT,
)
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict, judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

DIGITS = ", 8 units, digits"
UNTAUGHT = "no teacher"
TWICE = "no teacher, 2E"


def above(
    rows: pd.DataFrame, a: str, b: str, where: str = "", claim: str = "P7"
) -> Verdict:
    """Judge the claim that arm a is more accurate than arm b on test images; `where`
    ends the line.
    """
    return judging.above(claim, rows, a, b, f"{titled(a)} - {titled(b)}{where}")


def titled(arm: str) -> str:
    """Return what a line calls an arm: those of the paper's schemes are said to be."""
    of_scheme = arm in ARMS and ARMS[arm].scheme
    return f"scheme {arm}" if of_scheme else arm


def sooner(rows: pd.DataFrame, a: str, b: str, share: float) -> Verdict:
    """Judge the claim that arm a needs fewer epochs than arm b until that share of the
    validation images is right, one more than all if never.
    """
    default = at(rows, choice=0)
    late, early = (
        at(default, arm=arm).set_index("seed")["curve"].map(lambda c: reached(c, share))
        for arm in (b, a)
    )
    seeds = sorted(set(late.index) & set(early.index))
    epochs = f"epochs of {titled(b)} - {titled(a)}"
    what = f"{epochs} to {100 * share:g} % of validation images"
    return judge("P7", late[seeds], early[seeds], what=what, unit="epochs")


def reached(curve: list[float], share: float) -> int:
    """Return the first epoch, from 1, after which `share` was reached; one more than
    there are where it never was.
    """
    epochs = enumerate(curve, 1)
    never = len(curve) + 1
    return next((epoch for epoch, value in epochs if value >= share), never)


def finer(
    rows: pd.DataFrame,
    a: int,
    b: int,
    column: str = "weights",
    fixed: int = LOW["activation_bits"],
) -> Verdict:
    """Judge the claim that a bits of weights (or of activations) are better than b; the
    other of the two has `fixed` bits.
    """
    other = "activations" if column == "weights" else "weights"
    runs = at(rows, arm=UNTAUGHT, **{other: fixed})
    accuracies = (
        at(runs, **{column: bits}).sort_values("seed")["accuracy"] for bits in (a, b)
    )
    what = f"{column} of {a} - {b} bits, {other} of {fixed}"
    return judge("P7", *accuracies, what=what)


def smaller(rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """Judge claim O5: a net made small by a is more accurate than by b."""
    return judging.above("O5", rows, a, b, "{a} - {b} (distil, prune, quantise)")


def _default() -> pd.DataFrame:
    return at(records.recorded("precision_schemes"), choice=0)


def _tuned() -> pd.DataFrame:
    return tuned(records.recorded("precision_schemes"))


@CLAIMS.group("rounded", counted=False)
def _rounded() -> list[Verdict]:
    rows = _default()
    return [above(rows, FIRST, STRAIGHT), above(rows, MEASURED, STRAIGHT)]


@CLAIMS.group("schemes")
def _schemes() -> list[Verdict]:
    rows = _tuned()
    return [
        above(rows, FIRST, UNTAUGHT, DIGITS),
        above(rows, "A", UNTAUGHT, DIGITS),
        above(rows, "B", UNTAUGHT, DIGITS),
        above(rows, "B", "A", DIGITS),
        above(rows, "C", "B", DIGITS),
    ]


@CLAIMS.group("causes")
def _causes() -> list[Verdict]:
    rows = _tuned()
    return [
        above(rows, "C", UNTAUGHT, DIGITS),
        above(rows, "C", "C, no teacher", DIGITS),
        above(rows, "C, no teacher", TWICE, DIGITS),
    ]


@CLAIMS.group("smoothing")
def _smoothing() -> list[Verdict]:
    return [above(_tuned(), "B", "label smoothing", DIGITS)]


@CLAIMS.group("as long")
def _as_long() -> list[Verdict]:
    return [above(_tuned(), "C", TWICE, DIGITS, claim="O10")]


@CLAIMS.group("causes, as they come", counted=False)
def _causes_default() -> list[Verdict]:
    rows = _default()
    return [
        above(rows, "C", "C, no teacher", ", as they come"),
        above(rows, "C, no teacher", TWICE, ", as they come"),
        above(rows, "B, 2E", TWICE, ", as they come"),
        above(_tuned(), "B, 2E", TWICE, DIGITS),
    ]


@CLAIMS.group("full precision, as long", counted=False)
def _full_precision() -> list[Verdict]:
    return [above(_tuned(), "full precision, 2E", "C", DIGITS)]


@CLAIMS.group("sooner")
def _sooner() -> list[Verdict]:
    return [sooner(records.recorded("precision_schemes"), "B", "A", 0.8)]


@CLAIMS.group("sooner, other shares", counted=False)
def _sooner_elsewhere() -> list[Verdict]:
    rows = records.recorded("precision_schemes")
    return [sooner(rows, "B", "A", share) for share in (0.75, 0.85)]


@CLAIMS.group("clothes")
def _clothes() -> list[Verdict]:
    rows = records.recorded("precision_clothes")
    where = ", 16 units, clothes"
    return [
        above(rows, FIRST, UNTAUGHT, where),
        above(rows, "B", UNTAUGHT, where),
        above(rows, "C", UNTAUGHT, where),
        above(rows, "C", "C, no teacher", where),
        above(rows, "C, no teacher", TWICE, where),
    ]


@CLAIMS.group("clothes, scheme A", counted=False)
def _clothes_jointly() -> list[Verdict]:
    rows = records.recorded("precision_clothes")
    return [above(rows, "A", UNTAUGHT, ", 16 units, clothes")]


@CLAIMS.group("bits", counted=False)
def _bits() -> list[Verdict]:
    rows = records.recorded("precision_bits")
    weights = [finer(rows, 32, few) for few in (4, 3, 2)]
    activations = [finer(rows, 32, few, "activations", fixed=4) for few in (4, 2)]
    return weights + activations


@CLAIMS.group("teachers")
def _teachers() -> list[Verdict]:
    rows = records.recorded("precision_teachers")
    precise, coarse = "full precision, 2 layers", "ternary, 6 layers"
    return [above(rows, precise, coarse, " as teachers")]


@CLAIMS.group("orders")
def _orders() -> list[Verdict]:
    rows = records.recorded("compression_orders")
    return [
        smaller(rows, "D", "DQ"),
        smaller(rows, "D", "DP"),
        smaller(rows, "D", "DPQ"),
        smaller(rows, "DPQ", "LPQ"),
        smaller(rows, "DPQ", "DQP"),
        smaller(rows, "DPQ", "PQD"),
        smaller(rows, "DQ", "Q"),
    ]


@CLAIMS.group("orders, others", counted=False)
def _other_orders() -> list[Verdict]:
    rows = records.recorded("compression_orders")
    others = [order for order in ORDERS if order not in ("DPQ", "DQP", "PQD")]
    judged = [smaller(rows, "DPQ", order) for order in others]
    return [*judged, smaller(rows, "DPQ, teacher throughout", "DPQ")]

"""What notebook 09 answers, on low precision and on making one net small."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.judging import Claims, primary, primary_values
from kdsurvey.lessons.low_precision.compression import ORDERS
from kdsurvey.lessons.low_precision.experiments import (
    ARMS,
    CONFIG,
    FIRST,
    LOW,
    MEASURED,
    STRAIGHT,
    TEACHERS,
)
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict, judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

DIGITS = ", 8 units, digits"
CLOTHES = ", 16 units, clothes"
AS_THEY_COME = ", as they come"
UNTAUGHT = "no teacher"
TWICE = "no teacher, 2E"
FINE_TUNED = "C, no teacher"
FULL_RATE = 1.0  # of C's second training: then it is not tuned at a low rate
NEVER = CONFIG.epochs + 1  # what an epoch that never came counts as
ROUTES = {  # a net of 24 epochs: with a teacher, and without
    "C": "Apprentice",
    "B, 2E": "Apprentice",
    TWICE: "alone",
    FINE_TUNED: "alone",
}


def above(
    rows: pd.DataFrame, a: str, b: str, where: str = "", claim: str = "P7a"
) -> Verdict:
    """Judge a control: arm a is more accurate than arm b on test images.

    claim: the row that it stands beside. where: the end of the line.
    """
    return judging.above(claim, rows, a, b, f"{titled(a)} - {titled(b)}{where}")


def titled(arm: str) -> str:
    """Return what a line calls an arm: those of the paper's schemes are said to be."""
    of_scheme = arm in ARMS and ARMS[arm].scheme
    return f"scheme {arm}" if of_scheme else arm


def reached(curve: list[float], share: float) -> int:
    """Return the first epoch, from 1, after which `share` was reached; one more than
    there are where it never was.
    """
    epochs = enumerate(curve, 1)
    never = len(curve) + 1
    return next((epoch for epoch, value in epochs if value >= share), never)


def _curves(rows: pd.DataFrame, arm: str) -> pd.Series:
    """Return the validation accuracies after each epoch, a list a seed."""
    return at(rows, arm=arm).set_index("seed")["curve"].sort_index()


def sooner(rows: pd.DataFrame) -> Verdict:
    """Judge that scheme B needs fewer epochs than A to where A ends: its share of the
    validation images right after the last epoch, seed by seed.
    """
    curves = pd.DataFrame({arm: _curves(rows, arm) for arm in ("A", "B")})
    epochs = {
        arm: [reached(c, end[-1]) for c, end in zip(curves[arm], curves["A"])]
        for arm in curves
    }
    never = epochs["B"].count(NEVER)
    what = "epochs to the end of scheme A, A - B, tuned"
    note = f"B never got there at {never} seeds: epoch {NEVER}" if never else ""
    return primary_values("P7c", epochs["A"], epochs["B"], what, note=note)


def precise_or_deep(rows: pd.DataFrame) -> Verdict:
    """Judge that a student gains more from the precision of its teacher, on the mean
    over depths, than from the depth of it, on the mean over precisions.
    """
    bits = rows["arm"].map(lambda arm: TEACHERS[arm][0])
    layers = rows["arm"].map(lambda arm: TEACHERS[arm][1])
    by_bits = rows.groupby(["seed", bits])["accuracy"].mean().unstack()
    by_layers = rows.groupby(["seed", layers])["accuracy"].mean().unstack()
    precision = by_bits[32] - by_bits[2]
    depth = by_layers[6] - by_layers[2]
    what = "gain by a full-precision teacher - gain by a deep one, scheme B"
    return primary_values("P7d", precision, depth, what)


def loss_of_distilled(id: str, step: str, what: str) -> Verdict:
    """Answer a row of O5: what a step, "P" or "Q", costs a distilled net, less what it
    costs a net that learnt from labels for as long.
    """
    rows = records.recorded("compression_orders")
    accuracy = rows.pivot(index="seed", columns="arm", values="accuracy")
    distilled = accuracy["D"] - accuracy[f"D{step}"]
    other = accuracy["LLL"] - accuracy[step]
    return primary_values(id, distilled, other, what)


def finer(
    rows: pd.DataFrame,
    a: int,
    b: int,
    column: str = "weights",
    fixed: int = LOW["activation_bits"],
) -> Verdict:
    """Judge a control: a bits of weights (or of activations) are better than b; the
    other of the two has `fixed` bits.
    """
    other = "activations" if column == "weights" else "weights"
    runs = at(rows, arm=UNTAUGHT, **{other: fixed})
    accuracies = (
        at(runs, **{column: bits}).sort_values("seed")["accuracy"] for bits in (a, b)
    )
    what = f"{column} of {a} - {b} bits, {other} of {fixed}"
    return judge("P7d", *accuracies, what=what)


def smaller(rows: pd.DataFrame, a: str, b: str, claim: str = "O5c") -> Verdict:
    """Judge a control of O5: a net made small by a is more accurate than by b."""
    return judging.above(claim, rows, a, b, "{a} - {b} (distil, prune, quantise)")


def _schemes() -> pd.DataFrame:
    return records.recorded("precision_schemes")


def _default() -> pd.DataFrame:
    return at(_schemes(), choice=0)


def _tuned() -> pd.DataFrame:
    return tuned(_schemes())


def _low_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of scheme C whose second training has less than the full rate."""
    return rows[(rows["arm"] == "C") & (rows["knob"] < FULL_RATE)]


@CLAIMS.row("P7a")
def _won_back() -> Verdict:
    what = "scheme A - no teacher, tuned, 12 epochs each"
    return primary("P7a", _tuned(), "A", UNTAUGHT, what)


@CLAIMS.row("P7b")
def _the_best_scheme() -> Verdict:
    rows = _schemes()
    scratch = rows[rows["arm"].isin(["A", "B"])]
    choice = scratch["arm"] + scratch["choice"].astype(str)
    better = tuned(scratch.assign(arm="A or B", choice=choice))
    low = _low_rate(rows)
    chosen = tuned(low)
    share = chosen["knob"].iloc[0]
    highest = share == low["knob"].max()
    what = f"scheme C at {share:g} of the rate - the better of A and B, tuned"
    edge = f"; {share:g} is the highest low rate tried" if highest else ""
    note = f"24 epochs against 12{edge}"
    both = pd.concat([chosen, better])
    return primary("P7b", both, "C", "A or B", what, note=note)


@CLAIMS.row("P7c")
def _faster() -> Verdict:
    return sooner(_tuned())


@CLAIMS.row("P7d")
def _which_teacher() -> Verdict:
    return precise_or_deep(records.recorded("precision_teachers"))


@CLAIMS.row("O5a")
def _pruned() -> Verdict:
    what = "lost by pruning 80 % of the weights, distilled - not"
    return loss_of_distilled("O5a", "P", what)


@CLAIMS.row("O5b")
def _quantised() -> Verdict:
    return loss_of_distilled("O5b", "Q", "lost by ternary weights, distilled - not")


@CLAIMS.row("O10e")
def _alone_as_well() -> Verdict:
    """Answer with six tries each: two routes of 24 epochs, three settings of each."""
    rows = _schemes()
    rows = rows[rows["arm"].isin(ROUTES)]
    choice = rows["arm"] + rows["choice"].astype(str)
    best = tuned(rows.assign(arm=rows["arm"].map(ROUTES), choice=choice))
    fastest = (at(best, arm="Apprentice")["knob"] == FULL_RATE).all()
    note = "Apprentice chose C at the full rate, the highest tried" if fastest else ""
    what = "{a} - {b}, each the best of six, 24 epochs"
    return primary("O10e", best, "alone", "Apprentice", what, note=note)


@CLAIMS.group("rounded")
def _rounded() -> list[Verdict]:
    rows = _default()
    return [above(rows, FIRST, STRAIGHT), above(rows, MEASURED, STRAIGHT)]


@CLAIMS.group("schemes")
def _every_scheme() -> list[Verdict]:
    rows = _tuned()
    return [
        above(rows, FIRST, UNTAUGHT, DIGITS),
        above(rows, "B", UNTAUGHT, DIGITS),
        above(rows, "B", "A", DIGITS, "P7b"),
        above(rows, "B", "label smoothing", DIGITS),
    ]


@CLAIMS.group("causes")
def _causes() -> list[Verdict]:
    rows = _tuned()
    return [
        above(rows, "C", UNTAUGHT, f"{DIGITS}; 24 epochs against 12"),
        above(rows, "C", FINE_TUNED, DIGITS, "P7b"),
        above(rows, FINE_TUNED, TWICE, DIGITS, "P7b"),
        above(rows, "B, 2E", TWICE, DIGITS),
        above(rows, "full precision, 2E", "C", DIGITS),
    ]


@CLAIMS.group("causes, as they come")
def _causes_default() -> list[Verdict]:
    rows = _default()
    return [
        above(rows, "C", FINE_TUNED, AS_THEY_COME, "P7b"),
        above(rows, FINE_TUNED, TWICE, AS_THEY_COME, "P7b"),
        above(rows, "B, 2E", TWICE, AS_THEY_COME),
    ]


@CLAIMS.group("clothes")
def _clothes() -> list[Verdict]:
    rows = records.recorded("precision_clothes")
    return [
        above(rows, FIRST, UNTAUGHT, CLOTHES),
        above(rows, "A", UNTAUGHT, CLOTHES),
        above(rows, "B", UNTAUGHT, CLOTHES),
        above(rows, "C", UNTAUGHT, f"{CLOTHES}; 24 epochs against 12"),
        above(rows, "C", FINE_TUNED, CLOTHES, "P7b"),
        above(rows, FINE_TUNED, TWICE, CLOTHES, "P7b"),
    ]


@CLAIMS.group("bits")
def _bits() -> list[Verdict]:
    rows = records.recorded("precision_bits")
    weights = [finer(rows, 32, few) for few in (4, 3, 2)]
    activations = [finer(rows, 32, few, "activations", fixed=4) for few in (4, 2)]
    return weights + activations


@CLAIMS.group("what each step costs")
def _costs() -> list[Verdict]:
    rows = records.recorded("compression_orders")
    return [
        smaller(rows, "D", "DP", "O5a"),
        smaller(rows, "D", "DQ", "O5b"),
        smaller(rows, "D", "DPQ"),
        smaller(rows, "DPQ", "LPQ"),
        smaller(rows, "DQ", "Q", "O5b"),
    ]


@CLAIMS.group("orders")
def _orders() -> list[Verdict]:
    rows = records.recorded("compression_orders")
    judged = [smaller(rows, "DPQ", order) for order in ORDERS if order != "DPQ"]
    return [*judged, smaller(rows, "DPQ, teacher throughout", "DPQ")]

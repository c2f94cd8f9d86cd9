"""What notebook 06 answers: nets that grow beside nets that start anew, and copying
beside distilling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.judging import (
    Claims,
    above,
    mostly_at_edges,
    primary,
    primary_values,
)
from kdsurvey.lessons.learning_speed import reached
from kdsurvey.lessons.net2net import exactness
from kdsurvey.lessons.net2net.experiments import EVERY, RATES, TEACHER
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Exact, Verdict, judge

IMAGES = 3500  # that the teacher learnt from
EARLY, SOON = 20, 50  # steps
TOLERANCE = 1e-9  # of a logit, in double precision
SCRATCH, PREDICTING = "from scratch", "teacher prediction layers"
LONG, CONTINUED = "from scratch, 12 epochs", "teacher continued"
UNTOUCHED = "copied, not trained"
TUNED = "{a} - {b}, deeper, tuned"
WIDER = "{a} - {b}, wider"
WIDER_TUNED = f"{WIDER}, tuned"
CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the learning rate that did best on validation images, one for
    each start and seed; "arm" is the start.
    """
    scored = rows
    if "validation accuracy" not in rows:
        last = rows["accuracies"].str[-1]
        scored = rows.assign(**{"validation accuracy": last})
    return tuned(scored, "rate", by=["start", "seed"])[list(rows)]


def higher(
    id: str, rows: pd.DataFrame, a: str, b: str, what: str = "{a} - {b}"
) -> Verdict:
    """Judge a control: start a ends above start b on the test images, each at its best
    rate, see `best`.

    id: the row of the claims that it stands beside.
    """
    return above(id, best(rows), a, b, what)


def arrivals(
    rows: pd.DataFrame, points: float = 1.0, cost: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Count the steps until the validation accuracy is `points` above the teacher's: a
    line a seed, a column (start, rate).

    cost: milliseconds a step of each start; then seconds in place of steps.
    """

    def arrival(row) -> float:
        steps_seen = range(0, EVERY * len(row["accuracies"]), EVERY)
        target = row["target"] + points / 100 - 1e-9  # decimals are not exact
        steps = reached(target, steps_seen, row["accuracies"])
        return steps * cost[row["start"]] / 1000 if cost else steps

    return _by_rate(rows.assign(arrival=rows.apply(arrival, axis=1)), "arrival")


def sooner(
    id: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    points: float = 1.0,
    before: int = 0,
    cost: Mapping[str, float] | None = None,
    where: str = "deeper",
) -> Verdict:
    """Judge a control: start a is `points` above the teacher sooner than start b, in
    steps or, given their cost, in seconds.

    At each seed an arm has the rate that is fastest over the other seeds, so no seed is
    judged by a choice that it took part in. id: the row of the claims that it stands
    beside. before: steps that a has behind it. where: the end of the line.
    """
    arrived = arrivals(rows[rows["start"].isin((a, b))], points, cost)
    unit = "seconds" if cost else "steps"
    theirs, ours = (_taken(arrived[start])[0] for start in (b, a))
    plural = "s" if points != 1 else ""
    what = f"{unit} to {points:g} point{plural} above T, {b} - {a}, {where}"
    return judge(id, theirs, ours + before, what=what, unit=unit)


def _by_rate(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column as a table: a line a seed, a column (start, rate)."""
    return rows.pivot(index="seed", columns=["start", "rate"], values=column)


def _taken(values: pd.DataFrame, least: bool = True) -> tuple[np.ndarray, list[float]]:
    """Return (seeds,): of (seeds, rates) the value at the rate with the least mean over
    the other seeds, or the largest; and those rates.
    """
    best_of = pd.Series.idxmin if least else pd.Series.idxmax
    rates = [best_of(values.drop(index=seed).mean()) for seed in values.index]
    taken = [values.loc[seed, rate] for seed, rate in zip(values.index, rates)]
    return np.array(taken), rates


def at_edges(rates: Mapping[str, Sequence[float]]) -> str:
    """Say which starts have the lowest or the highest rate tried; see `mostly_at_edges`."""
    return mostly_at_edges(rates, dict.fromkeys(rates, RATES), "{:g}x")


def _edges_of(rows: pd.DataFrame, *starts: str) -> str:
    """Say so of starts at their best, see `best`."""
    return at_edges({start: at(rows, start=start)["rate"] for start in starts})


def costs(timed: pd.DataFrame) -> pd.DataFrame:
    """Return the milliseconds of a step, the median over the seeds of
    `net2net_seconds`: a line a start, a column for each way to grow.
    """
    return timed.pivot_table(
        index="start",
        columns="grown",
        values="milliseconds",
        aggfunc="median",
        sort=False,
    )


def steps_of_the_teacher() -> int:
    """Return how many steps the teacher has behind it when a net grows from it."""
    return TEACHER.epochs * -(-IMAGES // TEACHER.batch_size)


def _deep() -> pd.DataFrame:
    return records.recorded("net2net_deeper")


def _wide() -> pd.DataFrame:
    return records.recorded("net2net_wider")


def _seen(rows: pd.DataFrame, step: int) -> pd.DataFrame:
    """Return the rows with the validation accuracy after so many steps as "share"."""
    return rows.assign(share=rows["accuracies"].str[step // EVERY])


def _worst(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the worst validation accuracy of the first steps as "share"."""
    early = rows["accuracies"].map(lambda shares: min(shares[: 1 + SOON // EVERY]))
    return rows.assign(share=early)


@CLAIMS.row("P4a")
def _same_function() -> Exact:
    what = "no logit changes: wider or deeper, in eval and in train mode"
    change = exactness.largest_change()
    return Exact("P4a", what, error=change, tolerance=TOLERANCE)


@CLAIMS.row("P4b")
def _starts_there() -> Verdict:
    """Both at the rate that is best after those steps at the other seeds."""
    early = _by_rate(_seen(_deep(), EARLY), "share")
    starts = "Net2Net", "random layers"
    taken = {start: _taken(early[start], least=False) for start in starts}
    (a, _), (b, _) = taken.values()
    what = f"after {EARLY} steps, Net2Net - random layers, deeper, best rate then"
    note = at_edges({start: rates for start, (_, rates) in taken.items()})
    return primary_values("P4b", a, b, what, note=note)


@CLAIMS.row("P4c")
def _arrives_sooner() -> Verdict:
    arrived = arrivals(_deep(), points=0)
    (a, rates), (b, _) = (_taken(arrived[start]) for start in (SCRATCH, "Net2Net"))
    what = "steps to T, from scratch - Net2Net, deeper, best rate for it"
    notes = "Net2Net has T at step 0", at_edges({SCRATCH: rates})
    return primary_values("P4c", a, b, what, note="; ".join(filter(None, notes)))


@CLAIMS.row("P4d")
def _same_end() -> Verdict:
    rows = best(_deep())
    note = _edges_of(rows, "Net2Net", SCRATCH)
    return primary("P4d", rows, "Net2Net", SCRATCH, TUNED, note=note)


@CLAIMS.row("P4e")
def _a_tenth_keeps() -> Verdict:
    what = f"worst in the first {SOON} steps, {{a}} - {{b}}, deeper"
    arms = "Net2Net, 0.1x", "Net2Net, 1x"
    return primary("P4e", _worst(_deep()), *arms, what, column="share")


@CLAIMS.row("P4f")
def _prediction_layers() -> Verdict:
    rows = best(_deep())
    note = _edges_of(rows, PREDICTING, SCRATCH)
    return primary("P4f", rows, PREDICTING, SCRATCH, TUNED, note=note)


@CLAIMS.row("O14a")
def _copied_or_distilled() -> Verdict:
    rows = best(records.recorded("copy_tune_distil"))
    what = "{a} - {b}, a tenth of the images, best rate each"
    arms = "copied and tuned", "distilled"
    return primary("O14a", rows, *arms, what, note=_edges_of(rows, *arms))


@CLAIMS.group("start")
def _start() -> list[Verdict]:
    early = "after 20 steps, {a} - {b}"
    at_once = "at the start, {a} - {b}, wider"
    shown = {"column": "share"}
    deep, wide = _seen(_deep(), EARLY), _seen(_wide(), EARLY)
    layers = "Net2Net, 1x", "random layers, 1x"
    padding = "Net2Net, 1x", "random padding, 1x"
    return [
        above("P4b", deep, *layers, f"{early}, deeper", **shown),
        above("P4b", wide, *padding, f"{early}, wider", **shown),
        above("P4b", _seen(_wide(), 0), *padding, at_once, **shown),
    ]


@CLAIMS.group("deeper, sooner")
def _deeper_sooner() -> list[Verdict]:
    return [
        sooner("P4b", _deep(), "Net2Net", "random layers"),
        sooner("P4c", _deep(), "Net2Net", SCRATCH),
        sooner("P4c", _deep(), "Net2Net", CONTINUED),
    ]


@CLAIMS.group("deeper, at the end")
def _deeper_higher() -> list[Verdict]:
    rivals = "random layers", CONTINUED
    return [higher("P4d", _deep(), "Net2Net", rival, TUNED) for rival in rivals]


@CLAIMS.group("wider, sooner")
def _wider_sooner() -> list[Verdict]:
    return [
        sooner("P4b", _wide(), "Net2Net", "random padding", where="wider"),
        sooner("P4c", _wide(), "Net2Net", SCRATCH, where="wider"),
    ]


@CLAIMS.group("wider, at the end")
def _wider_higher() -> list[Verdict]:
    rivals = SCRATCH, "random padding", CONTINUED
    return [higher("P4d", _wide(), "Net2Net", rival, WIDER_TUNED) for rival in rivals]


def _slow_and_fast(rows: pd.DataFrame, column: str, what: str) -> Verdict:
    """Judge a tenth of the teacher's rate against all of it."""
    return above("P4e", rows, "Net2Net, 0.1x", "Net2Net, 1x", what, column=column)


@CLAIMS.group("learning rate")
def _learning_rate() -> list[Verdict]:
    end = "at the end, {a} - {b}"
    soon = f"worst in the first {SOON} steps, {{a}} - {{b}}, wider"
    return [
        _slow_and_fast(_worst(_wide()), "share", soon),
        _slow_and_fast(_deep(), "accuracy", f"{end}, deeper"),
        _slow_and_fast(_wide(), "accuracy", f"{end}, wider"),
    ]


@CLAIMS.group("noise")
def _noise() -> list[Verdict]:
    twins = records.recorded("net2net_twins")
    pairs = (("Net2Net, no noise", CONTINUED), ("Net2Net", "Net2Net, no noise"))
    tuned_pairs = [higher("P4d", _wide(), *pair, WIDER_TUNED) for pair in pairs]
    noisy = [
        above("P4d", twins, f"noise 1, {rate}", f"noise 0, {rate}", WIDER)
        for rate in ("0.1x", "1x")
    ]
    return [*tuned_pairs, *noisy]


@CLAIMS.group("prediction layers")
def _prediction_sooner() -> list[Verdict]:
    return [
        sooner("P4f", _deep(), PREDICTING, SCRATCH),
        sooner("P4f", _deep(), "Net2Net", PREDICTING),
    ]


@CLAIMS.group("in seconds")
def _in_seconds() -> list[Verdict]:
    cost = costs(records.recorded("net2net_seconds"))["deeper"].to_dict()
    rivals = SCRATCH, CONTINUED, PREDICTING
    return [sooner("P4c", _deep(), "Net2Net", rival, cost=cost) for rival in rivals]


@CLAIMS.group("with the teacher's steps")
def _with_the_teachers_steps() -> list[Verdict]:
    before = steps_of_the_teacher()
    where = "deeper, the teacher's steps counted"
    return [
        sooner("P4c", _deep(), "Net2Net", SCRATCH, points, before, where=where)
        for points in (0, 1)
    ]


@CLAIMS.group("as long in all")
def _as_long() -> list[Verdict]:
    return [
        higher("P4d", _deep(), "Net2Net", LONG, TUNED),
        higher("P4d", _wide(), "Net2Net", LONG, WIDER_TUNED),
    ]


def _few(a: str, b: str) -> Verdict:
    """Judge a control of O14a, each arm at its best rate."""
    rows = best(records.recorded("copy_tune_distil"))
    control = above("O14a", rows, a, b, "{a} - {b}, best rate each")
    return replace(control, note=_edges_of(rows, a, b))


@CLAIMS.group("copied")
def _copied() -> list[Verdict]:
    return [
        _few("copied and tuned", UNTOUCHED),
        _few("copied and distilled", UNTOUCHED),
        _few("copied and distilled", "copied and tuned"),
    ]


@CLAIMS.group("distilled")
def _distilled() -> list[Verdict]:
    return [
        _few("distilled", SCRATCH),
        _few("distilled", "label smoothing"),
        _few("small, distilled", "small, from scratch"),
        _few("small, distilled", "small, label smoothing"),
    ]


@CLAIMS.group("calibrated")
def _calibrated() -> list[Verdict]:
    what = "after 20 steps at 0.1x, calibrated - not"
    arms = "Net2Net, 0.1x", "gamma = 1, beta = 0, 0.1x"
    return [
        above("P4a", _seen(_deep(), EARLY), *arms, what, column="share"),
        higher("P4a", _deep(), "Net2Net", "gamma = 1, beta = 0"),
    ]

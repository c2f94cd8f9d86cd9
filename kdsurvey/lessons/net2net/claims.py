"""What notebook 06 decides: nets that grow beside nets that start anew, and copying
beside distilling.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kdsurvey import records
from kdsurvey.lessons.judging import Claims, above
from kdsurvey.lessons.learning_speed import reached
from kdsurvey.lessons.net2net.experiments import EVERY, TEACHER
from kdsurvey.lessons.rows import tuned
from kdsurvey.verdicts import Verdict, judge

IMAGES = 3500  # that the teacher learnt from
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


def higher(claim: str, rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """Judge the claim that start a ends above start b on the test images, each at its
    best rate, see `best`.
    """
    return above(claim, best(rows), a, b)


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

    arrived = rows.assign(arrival=rows.apply(arrival, axis=1))
    return arrived.pivot(index="seed", columns=["start", "rate"], values="arrival")


def sooner(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    points: float = 1.0,
    before: int = 0,
    cost: Mapping[str, float] | None = None,
) -> Verdict:
    """Judge the claim that start a is `points` above the teacher sooner than start b,
    in steps or, given their cost, in seconds.

    At each seed an arm has the rate that is fastest over the other seeds, so no seed is
    judged by a choice that it took part in. before: steps that a has behind it.
    """
    arrived = arrivals(rows[rows["start"].isin((a, b))], points, cost)
    unit = "seconds" if cost else "steps"
    theirs, ours = (_at_the_others_rate(arrived[start]) for start in (b, a))
    plural = "s" if points != 1 else ""
    what = f"{unit} to {points:g} point{plural} above T, {b} - {a}"
    return judge(claim, theirs, ours + before, what=what, unit=unit)


def _at_the_others_rate(arrived: pd.DataFrame) -> np.ndarray:
    """Return (seeds,): of (seeds, rates) the value at the rate with the least mean over
    the other seeds.
    """
    rates = [arrived.drop(index=seed).mean().idxmin() for seed in arrived.index]
    return np.array([arrived.loc[seed, r] for seed, r in zip(arrived.index, rates)])


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


def _seen(rows: pd.DataFrame, look: int) -> pd.DataFrame:
    """Return the rows with the validation accuracy of one look at it as "share"."""
    return rows.assign(share=rows["accuracies"].str[look])


@CLAIMS.group("deeper, sooner")
def _deeper_sooner() -> list[Verdict]:
    rivals = "random layers", "from scratch"
    return [sooner("P4", _deep(), "Net2Net", rival) for rival in rivals]


@CLAIMS.group("deeper, sooner than the teacher", counted=False)
def _deeper_sooner_than_teacher() -> list[Verdict]:
    return [sooner("P4", _deep(), "Net2Net", "teacher continued")]


@CLAIMS.group("deeper, higher than random", counted=False)
def _deeper_higher_than_random() -> list[Verdict]:
    return [higher("P4", _deep(), "Net2Net", "random layers")]


@CLAIMS.group("deeper, higher")
def _deeper_higher() -> list[Verdict]:
    return [higher("P4", _deep(), "Net2Net", "from scratch")]


@CLAIMS.group("deeper, higher than the teacher", counted=False)
def _deeper_higher_than_teacher() -> list[Verdict]:
    return [higher("P4", _deep(), "Net2Net", "teacher continued")]


@CLAIMS.group("deeper, as long in all")
def _deeper_as_long() -> list[Verdict]:
    return [higher("P4", _deep(), "Net2Net", "from scratch, 12 epochs")]


@CLAIMS.group("wider, at the start", counted=False)
def _wider_at_the_start() -> list[Verdict]:
    what = "at the start, Net2Net - random padding"
    arms = "Net2Net, 1x", "random padding, 1x"
    return [above("P4", _seen(_wide(), 0), *arms, what, column="share")]


@CLAIMS.group("wider, sooner")
def _wider_sooner() -> list[Verdict]:
    return [sooner("P4", _wide(), "Net2Net", "random padding")]


@CLAIMS.group("wider, sooner than from scratch", counted=False)
def _wider_sooner_than_from_scratch() -> list[Verdict]:
    return [sooner("P4", _wide(), "Net2Net", "from scratch")]


@CLAIMS.group("wider, higher")
def _wider_higher() -> list[Verdict]:
    return [higher("P4", _wide(), "Net2Net", "random padding")]


@CLAIMS.group("wider, higher, controls", counted=False)
def _wider_controls() -> list[Verdict]:
    rivals = "from scratch", "teacher continued"
    return [higher("P4", _wide(), "Net2Net", rival) for rival in rivals]


def _slow_and_fast(rows: pd.DataFrame, column: str, what: str = "{a} - {b}") -> Verdict:
    """Judge a tenth of the teacher's rate against all of it."""
    return above("P4", rows, "Net2Net, 0.1x", "Net2Net, 1x", what, column=column)


@CLAIMS.group("learning rate")
def _learning_rate() -> list[Verdict]:
    return [_slow_and_fast(_deep(), "accuracy")]


@CLAIMS.group("learning rate, early and at the end", counted=False)
def _learning_rates() -> list[Verdict]:
    judged = []
    for rows, grown in ((_deep(), "deeper"), (_wide(), "wider")):
        early = f"{grown}, after 20 steps, 0.1x - 1x"
        late = f"{grown}, at the end, 0.1x - 1x"
        judged.append(_slow_and_fast(_seen(rows, 20 // EVERY), "share", early))
        judged.append(_slow_and_fast(rows, "accuracy", late))
    return judged


@CLAIMS.group("noise", counted=False)
def _noise() -> list[Verdict]:
    twins = records.recorded("net2net_twins")
    return [
        higher("P4", _wide(), "Net2Net, no noise", "teacher continued"),
        higher("P4", _wide(), "Net2Net", "Net2Net, no noise"),
        above("P4", twins, "noise 1, 0.1x", "noise 0, 0.1x"),
        above("P4", twins, "noise 1, 1x", "noise 0, 1x"),
    ]


@CLAIMS.group("prediction layers, sooner", counted=False)
def _prediction_sooner() -> list[Verdict]:
    return [sooner("P4", _deep(), "teacher prediction layers", "from scratch")]


@CLAIMS.group("prediction layers")
def _prediction_higher() -> list[Verdict]:
    return [higher("P4", _deep(), "teacher prediction layers", "from scratch")]


@CLAIMS.group("sooner than prediction layers", counted=False)
def _sooner_than_prediction() -> list[Verdict]:
    return [sooner("P4", _deep(), "Net2Net", "teacher prediction layers")]


@CLAIMS.group("in seconds", counted=False)
def _in_seconds() -> list[Verdict]:
    cost = costs(records.recorded("net2net_seconds"))["deeper"].to_dict()
    rivals = "from scratch", "teacher continued", "teacher prediction layers"
    return [sooner("P4", _deep(), "Net2Net", rival, cost=cost) for rival in rivals]


@CLAIMS.group("with the teacher's steps", counted=False)
def _with_the_teachers_steps() -> list[Verdict]:
    before = steps_of_the_teacher()
    return [sooner("P4", _deep(), "Net2Net", "from scratch", before=before)]


@CLAIMS.group("wider, as long in all", counted=False)
def _wider_as_long() -> list[Verdict]:
    return [higher("P4", _wide(), "Net2Net", "from scratch, 12 epochs")]


def _few(a: str, b: str) -> Verdict:
    return higher("O14", records.recorded("copy_tune_distil"), a, b)


@CLAIMS.group("copied")
def _copied() -> list[Verdict]:
    return [
        _few("copied and tuned", "copied, not trained"),
        _few("copied and tuned", "distilled"),
    ]


@CLAIMS.group("copied, controls", counted=False)
def _copied_controls() -> list[Verdict]:
    return [
        _few("copied and distilled", "copied, not trained"),
        _few("copied and distilled", "copied and tuned"),
        _few("distilled", "from scratch"),
        _few("distilled", "label smoothing"),
        _few("small, distilled", "small, from scratch"),
    ]


@CLAIMS.group("small")
def _small() -> list[Verdict]:
    return [_few("small, distilled", "small, label smoothing")]


@CLAIMS.group("calibrated", counted=False)
def _calibrated() -> list[Verdict]:
    what = "after 20 steps at 0.1x, calibrated - not"
    early = _seen(_deep(), 20 // EVERY)
    arms = "Net2Net, 0.1x", "gamma = 1, beta = 0, 0.1x"
    return [
        above("P4", early, *arms, what, column="share"),
        higher("P4", _deep(), "Net2Net", "gamma = 1, beta = 0"),
    ]

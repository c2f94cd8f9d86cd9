"""What notebook 11 answers, on branches, their average and the fused classifier."""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.branched_nets import RIGHT, WRONG, edges
from kdsurvey.lessons.ensemblenet.budgets import ALONE, BUDGETS
from kdsurvey.lessons.ensemblenet.claims import best as best_within
from kdsurvey.lessons.feature_fusion.experiments import KINDS, LONG, SLOW, WITHOUT
from kdsurvey.lessons.judging import Claims, primary
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.verdicts import Verdict, judge

ANSWERS = {
    "branch": "accuracy",
    "average": "average",
    "fused": "together",
}  # what a net with branches can be asked for
CHOSEN_BY = {
    "branch": "validation accuracy",
    "average": "validation accuracy",
    "fused": "validation together",
}

GATED = ("ONE", "ONE with ramp")
FUSED = ("FFL", *WITHOUT, *(f"flat and {kind}, FFL" for kind in KINDS))
BRANCH = "FFL (branch)"
MEAN = "FFL (average)"
TOGETHER = "FFL (fused)"
HEADS = "heads, labels alone (branch)"
ENSEMBLE, FUSION = "FFL without ensemble KD", "FFL without fusion KD"
FLAT, DEEP = "flat, FFL with deep", "deep, FFL with flat"
BOTH = "flat and deep"
RIVALS = "alone", "label smoothing", "ONE (branch)", "DML (branch)"
TWO_KINDS = (  # what a branch of a net of two kinds is compared with
    (FLAT, "flat, alone"),
    (DEEP, "deep, alone"),
    (FLAT, "flat, label smoothing"),
    (DEEP, "deep, label smoothing"),
    (FLAT, "flat, FFL with flat"),
)
PRICE = BUDGETS[-1]  # in epochs of one net
SETTINGS = {LONG: "default settings", SLOW: SLOW}  # as a line calls them

CLAIMS = Claims()
verdicts = CLAIMS.verdicts


def answers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per servable model: "alone"; "FFL (branch)", "FFL (average)" and
    "FFL (fused)"; "ONE (gated)" and so on.

    "accuracy" is that on test images, "validation accuracy" what its setting is chosen
    by: an average is chosen by its branches.
    """
    single = rows["diversity"] == 0
    order = {arm: k for k, arm in enumerate(dict.fromkeys(rows["arm"]))}
    together = rows["arm"].isin((*GATED, *FUSED))
    alone = rows[single]
    parts = [alone.assign(order=alone["arm"].map(order))]
    for name, column in ANSWERS.items():
        runs = rows[~single & (together | (name != "fused"))]
        called = {arm: _called(arm, name) for arm in runs["arm"]}
        named = runs["arm"].map(called)
        columns = {
            "accuracy": runs[column],
            "validation accuracy": runs[CHOSEN_BY[name]],
        }
        parts.append(runs.assign(order=runs["arm"].map(order), arm=named, **columns))
    every = pd.concat(parts, ignore_index=True)
    every = every.sort_values("order", kind="stable", ignore_index=True)
    kept = ["arm", "seed", "choice", "accuracy", "validation accuracy"]
    return every[[*kept, "train accuracy"]]


def _called(arm: str, answer: str) -> str:
    """Name an answer of an arm: what joins ONE's branches is its gate."""
    gated = answer == "fused" and arm in GATED
    return f"{arm} ({'gated' if gated else answer})"


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `answers` at each one's best setting on validation images, on
    the mean over seeds.
    """
    return tuned(rows)


def equally_tuned(rows: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
    """Return the rows of two answers, each at its best of the settings that both were
    trained with.
    """
    runs = rows[rows["arm"].isin((a, b))]
    shared = set(at(runs, arm=a)["choice"]) & set(at(runs, arm=b)["choice"])
    return best(runs[runs["choice"].isin(shared)])


def answered(id: str, rows: pd.DataFrame, a: str, b: str, labels: str) -> Verdict:
    """Judge a row of the table by answers a and b, equally tuned; labels: how many of
    those in training are right.
    """
    runs = equally_tuned(rows, a, b)
    what = f"{{a}} - {{b}}, tuned, {labels}"
    return primary(id, runs, a, b, what, note=edges(runs, a, b))


def above(
    id: str, rows: pd.DataFrame, a: str, b: str, labels: str, choice: str | None = None
) -> Verdict:
    """Judge a control: answer a is right more often than answer b on the test images.

    id: the row that it stands beside. rows: those of `answers`. choice: the setting of
    both; None has them equally tuned.
    """
    if choice is not None:
        what = f"{{a}} - {{b}}, {SETTINGS[choice]}, {labels}"
        return judging.above(id, at(rows, choice=choice), a, b, what)
    runs = equally_tuned(rows, a, b)
    verdict = judging.above(id, runs, a, b, f"{{a}} - {{b}}, tuned, {labels}")
    return replace(verdict, note=edges(runs, a, b))


def interplay(
    rows: pd.DataFrame, answer: str = "branch", choice: str = LONG
) -> Verdict:
    """Judge a diagnostic: ensemble KD brings an answer of FFL more where there is fusion
    KD than where there is none.
    """
    accuracy = at(rows, choice=choice).pivot(
        index="seed", columns="arm", values="accuracy"
    )
    beside = accuracy[f"FFL ({answer})"] - accuracy[f"{ENSEMBLE} ({answer})"]
    without = accuracy[f"{FUSION} ({answer})"]
    alone = without - accuracy[f"FFL without either ({answer})"]
    gain = f"gain by ensemble KD, with fusion KD - without it ({answer})"
    what = f"{gain}, {SETTINGS[choice]}, {WRONG}"
    return judge("P8c", beside, alone, what=what)


def _redrawn() -> pd.DataFrame:
    peers, arrows = (records.recorded(name) for name in ("ffl_peers", "ffl_arrows"))
    return answers(pd.concat([peers, arrows], ignore_index=True))


def _kinds() -> pd.DataFrame:
    return answers(records.recorded("ffl_kinds"))


def _right() -> pd.DataFrame:
    return answers(records.recorded("ffl_clean"))


@CLAIMS.row("P8a")
def _fused_or_average() -> Verdict:
    return answered("P8a", _right(), TOGETHER, MEAN, RIGHT)


@CLAIMS.row("P8b")
def _branch_or_alone() -> Verdict:
    rows = best_within(records.recorded("online_compared"), PRICE)
    cost = f"multiply-adds of {PRICE} epochs of it"
    what = f"{{a}} (branch) - {{b}}, {cost}, tuned, {WRONG}"
    note = edges(rows, "FFL", ALONE, setting="tried")
    return primary("P8b", rows, "FFL", ALONE, what, note=note)


@CLAIMS.row("P8c")
def _ensemble_arrow() -> Verdict:
    return answered("P8c", _redrawn(), BRANCH, f"{ENSEMBLE} (branch)", WRONG)


@CLAIMS.row("P8d")
def _fusion_arrow() -> Verdict:
    return answered("P8d", _redrawn(), BRANCH, f"{FUSION} (branch)", WRONG)


@CLAIMS.row("P8e")
def _different_nets() -> Verdict:
    fused, alone = f"{BOTH}, FFL (branch)", f"{BOTH}, alone (branch)"
    return answered("P8e", _kinds(), fused, alone, WRONG)


@CLAIMS.row("O10g")
def _alone_as_well() -> Verdict:
    return answered("O10g", _right(), "alone", BRANCH, RIGHT)


@CLAIMS.group("answers")
def _answers() -> list[Verdict]:
    rows = _redrawn()
    return [
        above("P8a", rows, TOGETHER, MEAN, WRONG, LONG),
        above("P8a", rows, TOGETHER, BRANCH, WRONG, LONG),
        above("P8a", rows, MEAN, BRANCH, WRONG, LONG),
        above("P8a", rows, TOGETHER, MEAN, WRONG),
        above("P8a", rows, MEAN, BRANCH, WRONG),
        above("P8a", rows, MEAN, "alone, wider", WRONG),
        above("P8a", _right(), MEAN, BRANCH, RIGHT),
    ]


@CLAIMS.group("a branch")
def _branch() -> list[Verdict]:
    rows = _redrawn()
    return [above("P8b", rows, BRANCH, other, WRONG) for other in RIVALS]


@CLAIMS.group("a branch: default settings")
def _branch_untuned() -> list[Verdict]:
    rows = _redrawn()
    return [above("P8b", rows, BRANCH, other, WRONG, LONG) for other in RIVALS]


@CLAIMS.group("a branch: labels right")
def _branch_right() -> list[Verdict]:
    others = "label smoothing", "ONE (branch)"
    return [above("P8b", _right(), BRANCH, other, RIGHT) for other in others]


@CLAIMS.group("ramp")
def _ramp() -> list[Verdict]:
    rows = _redrawn()
    ramped, unramped = "ONE with ramp (branch)", "FFL without ramp (branch)"
    pairs = (
        (HEADS, "alone"),
        (BRANCH, HEADS),
        (ramped, "ONE (branch)"),
        (BRANCH, unramped),
        (unramped, "ONE (branch)"),
        (BRANCH, ramped),
    )
    return [above("P8b", rows, a, b, WRONG, SLOW) for a, b in pairs]


@CLAIMS.group("arrows")
def _arrows_at_default() -> list[Verdict]:
    return _arrows(LONG, ANSWERS)


@CLAIMS.group("arrows: a third of the rate")
def _arrows_slow() -> list[Verdict]:
    return _arrows(SLOW, ("average", "fused"))


def _arrows(choice: str, answers: Iterable[str]) -> list[Verdict]:
    """Judge FFL beside itself without each of its arrows, at one setting."""
    rows = _redrawn()
    without = {"P8c": ENSEMBLE, "P8d": FUSION}
    judged = [
        above(id, rows, f"FFL ({answer})", f"{arm} ({answer})", WRONG, choice)
        for id, arm in without.items()
        for answer in answers
    ]
    return [interplay(rows, choice=choice), *judged]


@CLAIMS.group("arrows: what is left without them")
def _without_arrows() -> list[Verdict]:
    rows = _redrawn()
    half, none = f"{ENSEMBLE} (branch)", "FFL without either (branch)"
    return [above("P8d", rows, half, none, WRONG, choice) for choice in SETTINGS]


@CLAIMS.group("two kinds of nets")
def _two_kinds() -> list[Verdict]:
    rows = _kinds()
    averages = f"{BOTH}, FFL (average)", f"{BOTH}, alone (average)"
    return [above("P8e", rows, a, b, WRONG) for a, b in (*TWO_KINDS, averages)]


@CLAIMS.group("two kinds of nets: fused")
def _two_kinds_fused() -> list[Verdict]:
    rows = _kinds()
    fused, mean = f"{BOTH}, FFL (fused)", f"{BOTH}, FFL (average)"
    return [above("P8a", rows, fused, mean, WRONG)]


@CLAIMS.group("two kinds of nets: default settings")
def _two_kinds_untuned() -> list[Verdict]:
    rows = _kinds()
    return [above("P8e", rows, a, b, WRONG, LONG) for a, b in TWO_KINDS]

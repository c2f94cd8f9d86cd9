"""What notebook 10 decides, on branches, their average and the fused classifier."""

import pandas as pd

from kdsurvey import records
from kdsurvey.lessons import judging
from kdsurvey.lessons.feature_fusion.experiments import KINDS, LONG, SLOW, WITHOUT
from kdsurvey.lessons.judging import Claims
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

PARTS = "ensemble KD", "fusion KD", "either", "ramp"
GATED = ("ONE", "ONE with ramp")
FUSED = ("FFL", *WITHOUT, *(f"flat and {kind}, FFL" for kind in KINDS))
BRANCH = "FFL (branch)"
MEAN = "FFL (average)"
TOGETHER = "FFL (fused)"
CLEAN = "clean labels"

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


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    choice: str | None = LONG,
    claim: str = "P8",
    where: str = "",
) -> Verdict:
    """Judge the claim that answer a is right more often than answer b on the test images;
    rows: those of `answers`.

    choice: the setting of both; None has each at its best of the settings that both
    were trained with. where: ends the line.
    """
    runs = rows[rows["arm"].isin((a, b))]
    shared = set(at(runs, arm=a)["choice"]) & set(at(runs, arm=b)["choice"])
    if choice:
        runs = at(runs, choice=choice)
    else:
        runs = best(runs[runs["choice"].isin(shared)])
    sentence = (
        f"{{a}} - {{b}}, {choice or f'each at its best of {len(shared)} settings'}"
    )
    if where:
        sentence += f", {where}"
    return judging.above(claim, runs, a, b, sentence)


def interplay(
    rows: pd.DataFrame, answer: str = "branch", choice: str = LONG
) -> Verdict:
    """Judge the claim that ensemble KD brings an answer of FFL more where there is fusion KD
    than where there is none.
    """
    values = rows[rows["choice"] == choice].pivot(
        index="seed", columns="arm", values="accuracy"
    )
    both, without, alone, neither = (
        values[f"FFL{which} ({answer})"]
        for which in (
            "",
            *(f" without {part}" for part in ("ensemble KD", "fusion KD", "either")),
        )
    )
    what = f"gain by ensemble KD, with fusion KD - without it ({answer}), {choice}"
    return judge("P8", both - without, alone - neither, what=what)


def _main() -> pd.DataFrame:
    peers, arrows = (records.recorded(name) for name in ("ffl_peers", "ffl_arrows"))
    return answers(pd.concat([peers, arrows], ignore_index=True))


def _kinds() -> pd.DataFrame:
    return answers(records.recorded("ffl_kinds"))


def _clean() -> pd.DataFrame:
    return answers(records.recorded("ffl_clean"))


@CLAIMS.group("answers")
def _answers() -> list[Verdict]:
    rows = _main()
    return [
        above(rows, TOGETHER, MEAN),
        above(rows, MEAN, BRANCH, claim="O12"),
        above(rows, TOGETHER, BRANCH),
        above(rows, MEAN, "alone, wider", None, claim="O12"),
    ]


@CLAIMS.group("answers, tuned", counted=False)
def _answers_tuned() -> list[Verdict]:
    rows = _main()
    return [
        above(rows, TOGETHER, MEAN, None),
        above(rows, TOGETHER, BRANCH, None),
        above(rows, MEAN, BRANCH, None, claim="O12"),
    ]


@CLAIMS.group("a branch")
def _branch() -> list[Verdict]:
    rows = _main()
    return [
        above(rows, BRANCH, "alone"),
        above(rows, BRANCH, "alone", None, claim="O10"),
        above(rows, BRANCH, "label smoothing", None, claim="O7"),
        above(rows, BRANCH, "ONE (branch)"),
        above(rows, BRANCH, "DML (branch)"),
        above(rows, BRANCH, "ONE (branch)", None),
        above(rows, BRANCH, "DML (branch)", None),
    ]


@CLAIMS.group("a branch: smoothing", counted=False)
def _branch_smoothing() -> list[Verdict]:
    return [above(_main(), BRANCH, "label smoothing", claim="O7")]


@CLAIMS.group("ramp")
def _ramp() -> list[Verdict]:
    return [above(_main(), BRANCH, "ONE with ramp (branch)")]


@CLAIMS.group("parts")
def _parts() -> list[Verdict]:
    rows = _main()
    judged = [above(rows, BRANCH, f"FFL without {part} (branch)") for part in PARTS]
    return [*judged, above(rows, TOGETHER, "FFL without ensemble KD (fused)")]


@CLAIMS.group("ramp: controls", counted=False)
def _ramp_controls() -> list[Verdict]:
    rows = _main()
    heads, ramped = "heads, labels alone (branch)", "ONE with ramp (branch)"
    unramped = "FFL without ramp (branch)"
    judged = []
    for choice in (LONG, SLOW):
        judged += [
            above(rows, heads, "alone", choice),
            above(rows, BRANCH, heads, choice),
            above(rows, ramped, "ONE (branch)", choice),
            above(rows, unramped, "ONE (branch)", choice),
        ]
    slow = [above(rows, BRANCH, than, SLOW) for than in (unramped, ramped)]
    return judged + slow


@CLAIMS.group("parts: controls", counted=False)
def _parts_controls() -> list[Verdict]:
    rows = _main()
    counted = {verdict.what for verdict in _parts()}
    half, none = "FFL without ensemble KD (branch)", "FFL without either (branch)"
    judged = []
    for choice in (LONG, SLOW):
        for part in PARTS[:3]:
            judged += [
                above(rows, f"FFL ({name})", f"FFL without {part} ({name})", choice)
                for name in ANSWERS
            ]
        judged += [
            above(rows, half, none, choice),
            interplay(rows, "branch", choice),
        ]
    return [verdict for verdict in judged if verdict.what not in counted]


@CLAIMS.group("two kinds of nets")
def _two_kinds() -> list[Verdict]:
    rows = _kinds()
    judged = [
        above(rows, f"{kind}, FFL with {other}", f"{kind}, alone", choice)
        for choice in (LONG, None)
        for kind, other in (("flat", "deep"), ("deep", "flat"))
    ]
    smooth = above(
        rows, "flat, FFL with deep", "flat, label smoothing", None, claim="O7"
    )
    return [*judged, smooth]


@CLAIMS.group("two kinds of nets: controls", counted=False)
def _two_kinds_controls() -> list[Verdict]:
    rows = _kinds()
    flat, deep = "flat, FFL with deep", "deep, FFL with flat"
    mean = "flat and deep, FFL (average)"
    judged = [
        above(rows, flat, "flat, label smoothing", LONG, claim="O7"),
        above(rows, deep, "deep, label smoothing", LONG, claim="O7"),
        above(rows, deep, "deep, label smoothing", None, claim="O7"),
    ]
    for choice in (LONG, None):
        judged += [
            above(rows, flat, "flat, FFL with flat", choice),
            above(rows, mean, "flat and deep, alone (average)", choice),
            above(rows, "flat and deep, FFL (fused)", mean, choice),
        ]
    return judged


@CLAIMS.group("labels right")
def _labels_right() -> list[Verdict]:
    rows = _clean()
    return [
        above(rows, BRANCH, "alone", where=CLEAN),
        above(rows, BRANCH, "label smoothing", claim="O7", where=CLEAN),
    ]


@CLAIMS.group("labels right: controls", counted=False)
def _labels_right_controls() -> list[Verdict]:
    rows = _clean()
    return [
        above(rows, BRANCH, "ONE (branch)", where=CLEAN),
        above(rows, TOGETHER, MEAN, where=CLEAN),
        above(rows, MEAN, BRANCH, claim="O12", where=CLEAN),
    ]

"""What notebook 10 reads off its rows: branches, their average and the fused
classifier, beside their bills.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kdsurvey import plots, records, verdicts
from kdsurvey.branches import Mixed
from kdsurvey.lessons import branched as online
from kdsurvey.lessons.feature_fusion.experiments import LONG, RAMP, small, wider
from kdsurvey.losses import ramp_up
from kdsurvey.methods import dml, plain
from kdsurvey.nets import Ensemble
from kdsurvey.verdicts import Verdict, judge, judge_rows

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
KINDS = ("flat, FFL with deep", "flat, alone"), ("deep, FFL with flat", "deep, alone")


def answers(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for all that can be served: "alone"; "FFL (branch)", "FFL (average)" and
    "FFL (fused)"; "ONE (gated)" and so on.

    "accuracy" is that on test images, "validation accuracy" what its setting is chosen
    by: an average is chosen by its branches.
    """
    single = rows["diversity"] == 0
    order = {arm: k for k, arm in enumerate(dict.fromkeys(rows["arm"]))}
    found = [rows[single].assign(of=lambda some: some["arm"])]
    for name, column in ANSWERS.items():
        some = rows[~single & ((name != "fused") | rows["arm"].str.contains("FFL|ONE"))]
        said = np.where(
            some["arm"].str.startswith("ONE") & (name == "fused"), "gated", name
        )
        columns = {
            "accuracy": some[column],
            "validation accuracy": some[CHOSEN_BY[name]],
        }
        found.append(
            some.assign(of=some["arm"], arm=some["arm"] + " (" + said + ")", **columns)
        )
    found = pd.concat(found, ignore_index=True)
    found = found.sort_values(
        "of", key=lambda arm: arm.map(order), kind="stable", ignore_index=True
    )
    return found[
        ["arm", "seed", "choice", "accuracy", "validation accuracy", "train accuracy"]
    ]


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Of `answers` the rows of each one's best setting on validation images, on the
    mean over seeds.
    """
    return verdicts.chosen(rows, "choice")


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    choice: str | None = LONG,
    claim: str = "P8",
    where: str = "",
) -> Verdict:
    """The claim that answer a is right more often than answer b on the test images;
    rows: those of `answers`.

    choice: the setting of both; None has each at its best of the settings that both
    were trained with. where: ends the line.
    """
    of = rows[rows["arm"].isin((a, b))]
    shared = set.intersection(
        *(set(of.loc[of["arm"] == arm, "choice"]) for arm in (a, b))
    )
    of = of[of["choice"] == choice] if choice else best(of[of["choice"].isin(shared)])
    said = choice or f"each at its best of {len(shared)} settings"
    return judge_rows(
        claim,
        of,
        "accuracy",
        a=a,
        b=b,
        what=f"{a} - {b}, {said}{where and ', ' + where}",
    )


def interplay(
    rows: pd.DataFrame, answer: str = "branch", choice: str = LONG
) -> Verdict:
    """The claim that ensemble KD brings an answer of FFL more where there is fusion KD
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


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy in per cent, mean ± s.d. over seeds: a line an answer, a column a
    setting; the last is the best of them.
    """
    each = pd.concat([rows, best(rows).assign(choice="its best")])
    groups = each.assign(accuracy=100 * each["accuracy"]).groupby(
        ["arm", "choice"], sort=False
    )["accuracy"]
    cells = groups.agg(
        lambda values: f"{values.mean():.1f} ± {values.std():.1f}"
    ).unstack("choice")
    return cells.loc[
        list(dict.fromkeys(rows["arm"])), list(dict.fromkeys(each["choice"]))
    ].fillna("")


def gains(
    rows: pd.DataFrame, arms: Sequence[str], than: str, choice: str = LONG
) -> tuple[dict[str, list], dict[str, list]]:
    """For plots.grouped: by how many points the branch, average and fused classifier of
    each arm are above those of `than`.

    Means over the seeds of the differences, and their s.d. rows: as recorded.
    """
    means, spread = {}, {}
    for name, column in ANSWERS.items():
        table = 100 * rows[rows["choice"] == choice].pivot(
            index="seed", columns="arm", values=column
        )
        above = table[list(arms)].sub(table[than], axis=0)
        means[name], spread[name] = above.mean().tolist(), above.std().tolist()
    return means, spread


def costs() -> pd.DataFrame:
    """Multiply-adds in thousands: of a step for each training image, there and back,
    and of one answer; and its share of alone's.

    "training" is that of all branches together; what answers differs in what is served.
    """
    net, own = online.parted(0), small(0)
    peers, stages = [small(k) for k in range(online.COUNT)], {}
    stages["FFL"], fused = online.with_ffl(0)(net)
    stages["ONE"], gated = online.with_one(0)(net)
    stages |= {
        "alone": plain(own),
        "alone, wider": plain(wider(0)),
        "DML": dml(peers, turns=False),
    }
    spent = {arm: online.training_cost(next(iter(of))) for arm, of in stages.items()}
    served = {
        "alone": own, "alone, wider": wider(0), "DML (branch)": peers[0], "DML (average)": Ensemble(peers),
        "ONE (branch)": net[0], "ONE (gated)": gated,
        "FFL (branch)": net[0], "FFL (average)": Mixed(net, None), "FFL (fused)": fused,
    }  # fmt: skip
    lines = {}
    for name, of in served.items():
        arm, cost = name if name in spent else name.split()[0], online.serving_cost(of)
        lines[name] = {
            "training": round(spent[arm] / 1000),
            "an answer": round(cost / 1000),
        }
        lines[name]["times alone"] = f"{cost / online.serving_cost(own):.2f}"
    return pd.DataFrame(lines).T


def bill(rows: pd.DataFrame) -> pd.DataFrame:
    """`costs` beside the test accuracy of each answer, after long training and at its best setting."""
    return costs().join(table(rows)[[LONG, "its best"]])


def ramp() -> plots.Picture:
    """w(t) over the 300 epochs of the authors' code."""
    t = np.arange(0, 301, 10)
    series = {"FFL": [ramp_up(k / 300, RAMP) for k in t], "ONE": np.ones(len(t))}
    return plots.lines(
        t, series, "How much the divergences weigh", "epoch of 300", "w(t)"
    )


def ledger() -> list[Verdict]:
    """`claims` of the recorded rows."""
    peers, arrows, kinds, clean = (
        records.recorded(f"ffl_{name}")
        for name in ("peers", "arrows", "kinds", "clean")
    )
    return claims(
        *map(answers, (pd.concat([peers, arrows], ignore_index=True), kinds, clean))
    )


def claims(
    rows: pd.DataFrame, kinds: pd.DataFrame, clean: pd.DataFrame
) -> list[Verdict]:
    """P8, O7, O10 and O12 from `answers` of the recorded rows; rows: those of ffl_peers
    and ffl_arrows.
    """
    branch = "FFL (branch)"
    fused = "FFL (fused)"
    mean = "FFL (average)"
    return [
        above(rows, fused, mean),
        above(rows, mean, branch, claim="O12"),
        above(rows, fused, branch),
        above(rows, mean, "alone, wider", None, claim="O12"),
        above(rows, branch, "alone"),
        above(rows, branch, "alone", None, claim="O10"),
        above(rows, branch, "label smoothing", None, claim="O7"),
        *(
            above(rows, branch, f"{than} (branch)", choice)
            for choice in (LONG, None)
            for than in ("ONE", "DML")
        ),
        above(rows, branch, "ONE with ramp (branch)"),
        *(above(rows, branch, f"FFL without {part} (branch)") for part in PARTS),
        above(rows, fused, "FFL without ensemble KD (fused)"),
        *(above(kinds, *pair, choice) for choice in (LONG, None) for pair in KINDS),
        above(kinds, KINDS[0][0], "flat, label smoothing", None, claim="O7"),
        above(clean, branch, "alone", where="clean labels"),
        above(clean, branch, "label smoothing", claim="O7", where="clean labels"),
    ]

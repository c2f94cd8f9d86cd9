"""What notebook 11 draws and lists: what answers are worth and what they cost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kdsurvey import plots
from kdsurvey.branches import Mixed
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.feature_fusion.claims import ANSWERS, answers, best
from kdsurvey.lessons.feature_fusion.experiments import LONG, RAMP, small, wider
from kdsurvey.lessons.rows import at, columns
from kdsurvey.lessons.rows import spread as spread_of
from kdsurvey.losses import ramp_up
from kdsurvey.methods import dml, plain
from kdsurvey.nets import Ensemble

# of these one net, or all branches, stand beside the reader's
SERVED = (
    "alone",
    "label smoothing",
    "ONE (branch)",
    "FFL (branch)",
    "FFL (average)",
    "FFL (fused)",
)


def beside(rows: pd.DataFrame, arms: Sequence[str] = SERVED) -> pd.DataFrame:
    """Return recorded rows of these answers after long training; of branches, those of
    branch 0.
    """
    first = rows.assign(accuracy=rows["branch 0"])
    shown = answers(first[first["choice"] == LONG])
    return shown[shown["arm"].isin(arms)]


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy in per cent, mean ± s.d. over seeds: a line an answer, a column a
    setting; the last is the best of them.
    """
    each = pd.concat([rows, best(rows).assign(choice="its best")])
    groups = each.groupby(["arm", "choice"], sort=False)["accuracy"]
    cells = groups.agg(spread_of).unstack("choice")
    return cells.loc[
        list(dict.fromkeys(rows["arm"])), list(dict.fromkeys(each["choice"]))
    ].fillna("")


def gains(
    rows: pd.DataFrame, arms: Sequence[str], than: str, choice: str = LONG
) -> tuple[dict[str, list], dict[str, list]]:
    """Return, for plots.grouped, by how many points the branch, average and fused classifier of
    each arm are above those of `than`.

    Means over the seeds of the differences, and their s.d. rows: as recorded.
    """
    means, spread = {}, {}
    for name, column in ANSWERS.items():
        table = 100 * at(rows, choice=choice).pivot(
            index="seed", columns="arm", values=column
        )
        columns(table, *arms, than)
        above = table[list(arms)].sub(table[than], axis=0)
        means[name], spread[name] = above.mean().tolist(), above.std().tolist()
    return means, spread


def costs() -> pd.DataFrame:
    """Multiply-adds in thousands: of a step for each training image, there and back,
    and of one answer; and its share of alone's.

    "training" is that of all branches together; what answers differs in what is served.
    """
    net, own = branched_nets.parted(0), small(0)
    peers, stages = [small(k) for k in range(branched_nets.COUNT)], {}
    stages["FFL"], fused = branched_nets.with_ffl(0)(net)
    stages["ONE"], gated = branched_nets.with_one(0)(net)
    stages |= {
        "alone": plain(own),
        "alone, wider": plain(wider(0)),
        "DML": dml(peers, turns=False),
    }
    spent = {
        arm: branched_nets.training_cost(next(iter(of))) for arm, of in stages.items()
    }
    served = {
        "alone": own,
        "alone, wider": wider(0),
        "DML (branch)": peers[0],
        "DML (average)": Ensemble(peers),
        "ONE (branch)": net[0],
        "ONE (gated)": gated,
        "FFL (branch)": net[0],
        "FFL (average)": Mixed(net, None),
        "FFL (fused)": fused,
    }
    lines: dict[str, dict[str, object]] = {}
    for name, of in served.items():
        arm, cost = (
            name if name in spent else name.split()[0],
            branched_nets.serving_cost(of),
        )
        lines[name] = {
            "training": round(spent[arm] / 1000),
            "an answer": round(cost / 1000),
        }
        lines[name]["times alone"] = f"{cost / branched_nets.serving_cost(own):.2f}"
    return pd.DataFrame(lines).T


def bill(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `costs` beside the test accuracy of each answer, after long training and at
    its best setting.
    """
    return costs().join(table(rows)[[LONG, "its best"]])


def ramp() -> plots.Picture:
    """w(t) over the 300 epochs of the authors' code."""
    t = np.arange(0, 301, 10)
    ffl = np.array([ramp_up(k / 300, RAMP) for k in t])
    series = {"FFL": ffl, "ONE": np.ones(len(t))}
    return plots.lines(
        t, series, "How much the divergences weigh", "epoch of 300", "w(t)"
    )

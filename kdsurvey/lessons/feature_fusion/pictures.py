"""What notebook 10 draws and lists: its net, with shapes and who teaches whom; what
answers are worth and what they cost.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kdsurvey import plots
from kdsurvey.branches import Mixed
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.feature_fusion.claims import ANSWERS, best
from kdsurvey.lessons.feature_fusion.experiments import LONG, RAMP, small, wider
from kdsurvey.lessons.rows import spread as spread_of
from kdsurvey.losses import ramp_up
from kdsurvey.methods import dml, plain
from kdsurvey.nets import Ensemble
from kdsurvey.pictures import Arrow, Axis, Chart, Picture, Text
from kdsurvey.pictures.palette import STYLES, colour_of

TITLE = "FFL: maps of the branches side by side, and two arrows of distillation"
WIDTH, HEIGHT = (0, 10.4), (0.2, 4.7)  # of the drawing, in its own units
LOW = 0.8  # where the fused path runs
STEPS = {
    4.6: "side by side",
    6.6: "depthwise 3x3, BN, ReLU",
    8.3: "pointwise 1x1, BN, ReLU",
}
FUSED = (
    ((5.2, LOW), (5.85, LOW)),
    ((7.35, LOW), (7.55, LOW)),
    ((9.05, LOW), (9.28, LOW)),
)


def scheme(shapes: Mapping[str, tuple[int, ...]]) -> Picture:
    """Draw the net of FFL; shapes: those of `feature_fusion.shapes`, less the batch."""
    sizes = {name: " × ".join(map(str, shape[1:])) for name, shape in shapes.items()}
    m = shapes["side by side"][1] // shapes["last map of a branch"][1]
    heights = [4.2 - 0.8 * k for k in range(m)]
    middle = sum(heights) / m
    marks = [
        *_branches(sizes, heights, middle),
        *_fusion(sizes, heights[-1]),
        *_teach((9.3, middle - 0.25), (9.8, LOW + 0.3), 0, "ensemble KD", (9.75, 2.0)),
        *_teach(
            (9.55, LOW + 0.3),
            (6.95, heights[-1] - 0.25),
            1,
            "fusion KD, to each z_k",
            (7.5, 1.9),
        ),
    ]
    x, y = Axis("", WIDTH, ticks=()), Axis("", HEIGHT, ticks=())
    chart = Chart(marks, x, y, title=TITLE, frame="none")
    text = "; ".join(f"{name} {size}" for name, size in sizes.items())
    about = (
        f"{TITLE}. Shapes, without the batch: {text}. "
        "z_e, the mean, teaches z_f; z_f teaches every z_k."
    )
    return Picture({"scheme": chart}, width=900, height=420, about=about)


def _branches(sizes: Mapping[str, str], heights: list[float], middle: float) -> list:
    """Return the path from the images over the trunk and the branches to their mean."""
    marks = [
        _box(0.7, middle, f"images\n{sizes['images']}"),
        _box(2.4, middle, f"shared trunk\n{sizes['shared trunk']}"),
        Arrow((1.2, middle), (1.75, middle)),
    ]
    for k, y in enumerate(heights):
        marks += [
            _box(4.6, y, f"maps of branch {k}\n{sizes['last map of a branch']}"),
            _box(6.9, y, f"head: z_{k}"),
            Arrow((3.1, middle), (3.75, y)),
            Arrow((5.45, y), (6.35, y)),
            Arrow((7.45, y), (8.55, middle)),
        ]
    return [*marks, _box(9.1, middle, "mean: z_e")]


def _fusion(sizes: Mapping[str, str], last: float) -> list:
    """Return the path of the maps side by side; last: the height of the last branch."""
    marks = [
        _box(x, LOW, f"{name.replace(', BN', chr(10) + 'BN')}\n{sizes[name]}")
        for x, name in STEPS.items()
    ]
    down = Arrow((4.6, last - 0.32), (4.6, LOW + 0.35))
    arrows = [Arrow(start, end) for start, end in FUSED]
    return [*marks, _box(9.8, LOW, "head: z_f"), down, *arrows]


def _box(x: float, y: float, text: str) -> Text:
    return Text(x, y, text, ha="center", boxed=True)


def _teach(start: tuple, end: tuple, k: int, text: str, place: tuple) -> list:
    """Return an arrow of distillation with its name, in a colour and a style of its own."""
    colour = colour_of(k)
    arrow = Arrow(
        start, end, role=k, colour="", style=STYLES[k], width=2.7, filled=True
    )
    x, y = place
    return [arrow, Text(x, y, text, colour=colour, size=12, ha="center", bare=True)]


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

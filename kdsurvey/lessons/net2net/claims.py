"""What notebook 06 reads off its rows, and what it draws."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey import nets, plots, surgery, verdicts
from kdsurvey.lessons.learning_speed import reached
from kdsurvey.lessons.net2net.experiments import EVERY, difference
from kdsurvey.pictures import Axis, Cells, Chart, Frame
from kdsurvey.verdicts import Verdict, judge, judge_rows

COLUMNS = [
    "at the start, %",
    "after 20 steps, %",
    "at the end, %",
]  # on validation images
TEST = "test, %"


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the learning rate that did best on validation images, one for each
    start and seed; "arm" is the start.
    """
    scored = (
        rows
        if "validation accuracy" in rows
        else rows.assign(**{"validation accuracy": rows["accuracies"].str[-1]})
    )
    return verdicts.chosen(scored, "rate", by=["start", "seed"])[list(rows)].assign(
        arm=lambda kept: kept["start"]
    )


def higher(claim: str, rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """The claim that start a ends above start b on the test images, each at its best
    rate, see `best`.
    """
    return judge_rows(claim, best(rows), "accuracy", a=a, b=b)


def arrivals(
    rows: pd.DataFrame, points: float = 1.0, cost: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Steps until the validation accuracy is `points` above the teacher's: a line a
    seed, a column (start, rate).

    cost: milliseconds a step of each start; then seconds in place of steps.
    """

    def arrival(row) -> float:
        at = range(0, EVERY * len(row["accuracies"]), EVERY)
        steps = reached(
            row["target"] + points / 100 - 1e-9, at, row["accuracies"]
        )  # 1e-9: decimals are not exact
        return steps * cost[row["start"]] / 1000 if cost else steps

    return rows.assign(at=rows.apply(arrival, axis=1)).pivot(
        index="seed", columns=["start", "rate"], values="at"
    )


def sooner(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    points: float = 1.0,
    before: int = 0,
    cost: Mapping[str, float] | None = None,
) -> Verdict:
    """The claim that start a is `points` above the teacher sooner than start b, in
    steps or, given their cost, in seconds.

    At each seed an arm has the rate that is fastest over the other seeds, so no seed is
    judged by a choice that it took part in. before: steps that a has behind it.
    """
    found = arrivals(rows[rows["start"].isin((a, b))], points, cost)
    unit = "seconds" if cost else "steps"
    theirs, ours = (_at_the_others_rate(found[start]) for start in (b, a))
    what = f"{unit} to {points:g} point{'s' * (points != 1)} above T, {b} - {a}"
    return judge(claim, theirs, ours + before, what=what, unit=unit)


def _at_the_others_rate(found: pd.DataFrame) -> np.ndarray:
    """(seeds,): of found (seeds, rates) the value at the rate with the least mean over
    the other seeds.
    """
    return np.array(
        [
            found.loc[seed, found.drop(index=seed).mean().idxmin()]
            for seed in found.index
        ]
    )


def costs(timed: pd.DataFrame) -> pd.DataFrame:
    """Milliseconds of a step, the median over the seeds of `net2net_seconds`: a line a
    start, a column for each way to grow.
    """
    return timed.pivot_table(
        index="start",
        columns="grown",
        values="milliseconds",
        aggfunc="median",
        sort=False,
    )


def in_percent(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with COLUMNS and TEST, their accuracies in per cent."""
    if "accuracies" in rows:
        rows = rows.assign(
            **{
                name: 100 * rows["accuracies"].str[k]
                for name, k in zip(COLUMNS, (0, 20 // EVERY, -1))
            }
        )
    return rows.assign(**{TEST: 100 * rows["accuracy"]})


def curves(rows: pd.DataFrame, arms: Sequence[str], title: str) -> plots.Picture:
    """Draw validation accuracy against the step, mean ± s.d. over the seeds of each arm."""
    series = {
        arm: 100 * np.array(rows.loc[rows["arm"] == arm, "accuracies"].tolist())
        for arm in arms
    }
    steps = range(0, EVERY * len(series[arms[0]][0]), EVERY)
    labels = f"{title}; mean ± s.d.", "step", "validation accuracy (%)"
    return plots.lines(steps, series, *labels, width=7.6, height=4.0)


def kinds(teacher: nn.Sequential, x: Tensor) -> dict[str, nn.Sequential]:
    """Three nets with batch norm that has seen images x (n, 1, h, w): the teacher, an
    MLP, and one with a Flatten in between.
    """
    flat = nets.conv(1, 4, 8, seed=0)[:-1]
    outputs = nn.Sequential(nn.Flatten(), nn.Linear(flat(x).flatten(1).shape[1], 10))
    made = {
        "conv": copy.deepcopy(teacher),
        "mlp": nets.mlp(x[0].numel(), 32, 32, 10, norm=True, seed=0),
    }
    made["conv, then flatten"] = nn.Sequential(*flat, outputs)
    for net in made.values():
        net.train()(x)
    return made


def exactness(net: nn.Sequential, x: Tensor, layer: int) -> dict[str, float]:
    """The largest change of a logit when block `layer` gets twice as wide, or one block
    more, in double precision.

    x (n, ...): the batch that the change is measured on, and that the new batch norm is
    calibrated on.
    """
    net, x = copy.deepcopy(net).double(), x.double()
    first = next(
        part for part in net[layer].modules() if isinstance(part, surgery.WEIGHTED)
    )
    grown = {
        "wider": surgery.widen(
            net,
            layer,
            2 * len(first.weight),
            generator=torch.Generator().manual_seed(0),
        ),
        "deeper": surgery.deepen(net, layer, data=x),
    }
    return {
        f"{how}, {'train' if train else 'eval'} mode": difference(net, new, x, train)
        for how, new in grown.items()
        for train in (False, True)
    }


def by_hand() -> tuple[nn.Sequential, nn.Sequential]:
    """Two inputs, two units, one output; and the same with a third unit, a copy of the first."""
    small = nn.Sequential(
        nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False)
    )
    small[0].weight.data = torch.tensor([[1.0, 3.0], [-2.0, 1.0]])
    small[2].weight.data = torch.tensor([[4.0, 6.0]])
    return small, surgery.widen(small, 0, 3, generator=torch.Generator().manual_seed(0))


def matrices(small: nn.Sequential, wide: nn.Sequential) -> plots.Picture:
    """Draw the weights of two bare nets as heat maps in the paper's orientation.

    A frame stands around what belongs to a copied unit.
    """
    n = len(small[0].weight)
    layers = {
        "W (m, n)": small[0],
        "U (m, q)": wide[0],
        "W′ (n, p)": small[2],
        "U′ (q, p)": wide[2],
    }
    tables = {name: layer.weight.detach().T.numpy() for name, layer in layers.items()}
    units = wide[0].weight
    copied = [j for j in range(len(units)) if (units[j] == units[n:]).all(1).any()]
    limit = max(abs(table).max() for table in tables.values())
    charts = {}
    for name, table in tables.items():
        frames = [_frame(name, table, j) for j in copied] if "U" in name else []
        charts[name] = _heat(name, table, limit, frames)
    values = "; ".join(f"{name} = {table.tolist()}" for name, table in tables.items())
    return plots.Picture(
        charts,
        width=691,
        height=240,
        widths=[table.shape[1] + 1 for table in tables.values()],
        about=f"Two units become three; framed: unit 1 and its copy. {values}.",
    )


def _frame(name: str, table: np.ndarray, unit: int) -> Frame:
    """Return the frame around the weights into a unit, or around those out of it."""
    black = {"colour": "#000000", "width": 4}
    if "m" in name:
        return Frame(unit - 0.5, -0.5, 1, len(table), **black)
    return Frame(-0.5, unit - 0.5, table.shape[1], 1, **black)


def kernels(
    trained: Mapping[str, nn.Sequential], equal: nn.Sequential
) -> plots.Picture:
    """The first kernels of wide nets, a row each, copies beside their original; equal:
    the net that shows which they are.
    """
    original = [
        int((equal[0][0].weight == unit).all(-1).all(-1).all(-1).nonzero()[0])
        for unit in equal[0][0].weight
    ]
    order = sorted(range(len(original)), key=lambda unit: original[unit])
    shown = [net[0][0].weight.detach()[order, 0] for net in trained.values()]
    grey = [
        (0.5 + w / (2 * w.abs().max())).numpy() for w in shown
    ]  # white: the most negative weight, black: the most positive
    names = [
        f"{original[unit] + 1}" + ("" if unit == original[unit] else " copy")
        for unit in order
    ]
    title = "First kernels after training: " + ", then ".join(trained)
    twin = f"{title}: a row each; copies stand beside their original."
    return plots.images(
        np.concatenate(grey),
        names * len(trained),
        title=title,
        columns=len(order),
        twin=twin,
    )


def _heat(name: str, table: np.ndarray, limit: float, frames: Sequence[Frame]) -> Chart:
    """Return a heat map with a weight in each cell; rows and columns count from 1."""
    words = [[f"{w:g}".replace("-", "−") for w in row] for row in table]
    cells = Cells(table, low=-limit, high=limit, words=words, size=13)
    rows, columns = (range(n) for n in table.shape)
    return Chart(
        [cells, *frames],
        Axis("", ticks=columns, names=[k + 1 for k in columns]),
        Axis("", ticks=rows, names=[k + 1 for k in rows]),
        title=name,
        equal=True,
    )

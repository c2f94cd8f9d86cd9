"""Notebook 04: how deep a thin net may be, with labels, soft targets and hints. Romero
et al. 2015, arXiv 1412.6550.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from kdsurvey import nets, verdicts
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.measures import spread
from kdsurvey.methods import fitnets, joint_hints, plain
from kdsurvey.stage import Stage
from kdsurvey.training import Config, accuracy, train
from kdsurvey.verdicts import Verdict, judge, judge_rows

CONFIG = Config(
    epochs=20, batch_size=64, lr=0.02, schedule="constant"
)  # of every student, both stages together
TEACHER = Config(
    epochs=15, batch_size=64, lr=0.001, optimiser="adam", schedule="cosine"
)
# units of a layer, hidden layers
WIDTH = 32
DEPTHS = (4, 6, 8, 10)
DEEP = 10
HINT = 2  # blocks of the teacher up to the hint: Flatten and its first hidden layer
CHOICES = {  # three settings of the one knob that an arm gets, the package's default first
    "labels": ("lr", (0.02, 0.04, 0.08)),
    "KD": ("lr", (0.02, 0.04, 0.08)),
    "hints, then KD": ("hint_lr", (0.2, 0.6, 2.0)),
    "both at once": ("beta", (0.01, 0.1, 1.0)),
    "hints": (
        "hint_lr",
        (0.2, 0.6, 2.0),
    ),  # from here on the second stage has the labels alone
    "hints and labels at once": ("beta", (0.01, 0.1, 1.0)),
    "hints of an untrained teacher": ("hint_lr", (0.2, 0.6, 2.0)),
    "labels on the lower half": ("lr of the first stage", (0.02, 0.04, 0.08)),
}
ARMS = ("labels", "KD", "hints, then KD", "both at once")
FIRST = (
    "labels",
    *tuple(CHOICES)[4:],
)  # what comes before labels on the whole net, in the first arm nothing
STARTS = ("PyTorch's", "batch norm", "He's", "tiny")
TRAINED = 0.2  # the accuracy on validation images above which a net has learnt anything; one answer for all gives 0.1
FLOOR = 1e-8  # of a spread


def teach(data: Data, seed: int) -> nn.Sequential:
    """The wide and shallow teacher: two hidden layers of 300, trained on the labels."""
    net = nets.mlp(data.train[0][0].numel(), 300, 300, len(data.classes), seed=seed)
    train(plain(net), data, replace(TEACHER, seed=seed), progress=False)
    return net


def thin(data: Data, depth: int, seed: int, start: str = STARTS[0]) -> nn.Sequential:
    """A student: `depth` hidden layers of 32, that starts as one of STARTS says; of a
    seed, all start from the same draws.
    """
    net = nets.mlp(
        data.train[0][0].numel(),
        *[WIDTH] * depth,
        len(data.classes),
        norm=start == "batch norm",
        seed=seed,
    )
    if start in ("He's", "tiny"):
        rescale(net, start)
    return net


@torch.no_grad()
def rescale(net: nn.Module, start: str) -> None:
    """Every linear layer's initial weights at another size: "He's" U(+-sqrt(6 /
    inputs)) and no bias, or "tiny" U(+-0.005).
    """
    for layer in (part for part in net.modules() if isinstance(part, nn.Linear)):
        drawn = layer.in_features**-0.5  # PyTorch's bound
        layer.weight *= 6**0.5 if start == "He's" else 0.005 / drawn
        layer.bias *= 0 if start == "He's" else 0.005 / drawn


def middle(net: nn.Sequential) -> int:
    """How many blocks of a student are guided: Flatten and the lower half of its hidden layers."""
    return 1 + (len(net) - 2) // 2


def method(
    arm: str,
    net: nn.Sequential,
    teacher: nn.Sequential,
    knob: float,
    guided: int | None = None,
) -> Iterator[Stage]:
    """The stages of an arm of CHOICES, its knob set; the learning rate of all the
    training is not among them, see `run`.

    guided: the student's hidden layer that is guided, counted from 1; None is the middle.
    """
    shared = {"guided": middle(net) if guided is None else 1 + guided, "hint": HINT}
    return {
        "labels": lambda: plain(net),
        "KD": lambda: fitnets(net, teacher, hint_epochs=0.0, **shared),
        "hints, then KD": lambda: fitnets(net, teacher, hint_lr=knob, **shared),
        "both at once": lambda: joint_hints(net, teacher, beta=knob, **shared),
        "hints": lambda: fitnets(net, teacher, hint_lr=knob, lam=(0, 0), **shared),
        "hints and labels at once": lambda: joint_hints(
            net, teacher, beta=knob, lam=(0, 0), **shared
        ),
        "hints of an untrained teacher": lambda: fitnets(
            net, untrained(teacher), hint_lr=knob, lam=(0, 0), **shared
        ),
        "labels on the lower half": lambda: labels_first(net, knob / CONFIG.lr),
    }[arm]()


def untrained(teacher: nn.Sequential) -> nn.Sequential:
    """A net of the teacher's shape with initial weights, always the same."""
    widths = [
        part.in_features for part in teacher.modules() if isinstance(part, nn.Linear)
    ]
    return nets.mlp(*widths, teacher[-1].out_features, seed=1000)


def labels_first(net: nn.Sequential, lr: float) -> Iterator[Stage]:
    """Two stages without a teacher: the lower half with a linear classifier on it, at
    that share of the rate; then all.
    """
    lower = nn.Sequential(*net[: middle(net)], nn.Linear(WIDTH, net[-1].out_features))
    yield replace(next(plain(lower)), name="lower half", epochs=0.4, lr=lr)
    yield replace(next(plain(net)), epochs=0.6)


def run(
    arm: str,
    data: Data,
    teacher: nn.Sequential,
    seed: int,
    depth: int,
    *,
    choice: int = 0,
    start: str = STARTS[0],
    guided: int | None = None,
) -> dict:
    """One student of an arm, with one of its three choices. Its row: accuracies in [0,
    1], chance where it diverged.
    """
    name, knobs = CHOICES[arm]
    net, knob = thin(data, depth, seed, start), knobs[choice]
    config = replace(CONFIG, seed=seed, lr=knob if name == "lr" else CONFIG.lr)
    about = {"arm": arm, "depth": depth, "start": start, "choice": choice, "knob": knob}
    return row(method(arm, net, teacher, knob, guided), net, data, config, **about)


def row(
    stages: Iterator[Stage], net: nn.Module, data: Data, config: Config, **about
) -> dict:
    """Trains by the stages; what is kept of it."""
    with suppress(FloatingPointError):
        train(stages, data, config, progress=False)
    parts = {"accuracy": data.test, "validation accuracy": data.validation}
    return {
        "seed": config.seed,
        **about,
        **{part: round(accuracy(net, *xy), 4) for part, xy in parts.items()},
    }


def fitnets_depths(data: Data, seed: int) -> list[dict]:
    """Every arm at every depth with each of its choices, and label smoothing at the
    rate that was best for the labels.
    """
    data = data.halved()
    teacher, rows = teach(data, seed), []
    smoothing = smoothing_of(teacher, data)
    for depth in DEPTHS:
        rows += [
            run(arm, data, teacher, seed, depth, choice=k)
            for arm in ARMS
            for k in range(3)
        ]
        best = max(rows[-12:-9], key=lambda row: row["validation accuracy"])
        net = thin(data, depth, seed)
        config = replace(CONFIG, seed=seed, lr=best["knob"])
        about = {name: best[name] for name in ("depth", "start", "choice", "knob")}
        rows.append(
            row(
                plain(net, smoothing=smoothing),
                net,
                data,
                config,
                arm="label smoothing",
                **about,
            )
        )
    return rows


def fitnets_first_stages(data: Data, seed: int) -> list[dict]:
    """The deep student after each kind of first stage, with all its choices; the second
    stage has the labels alone.
    """
    data = data.halved()
    teacher = teach(data, seed)
    return [
        run(arm, data, teacher, seed, DEEP, choice=k) for arm in FIRST for k in range(3)
    ]


def fitnets_starts(data: Data, seed: int) -> list[dict]:
    """The deep student from other starts: labels, KD and hints, each with its default settings."""
    data = data.halved()
    teacher = teach(data, seed)
    return [
        run(arm, data, teacher, seed, DEEP, start=start)
        for start in STARTS[1:]
        for arm in ARMS[:3]
    ]


def chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the choices of every arm, seed, depth and start the one that is best on
    validation images; of equals the default.
    """
    return verdicts.chosen(rows, "choice", by=["arm", "seed", "depth", "start"])


def default(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs with the default settings of their arm; label smoothing has none of its own."""
    return rows[(rows["choice"] == 0) & rows["arm"].isin(CHOICES)]


def by_depth(rows: pd.DataFrame, arm: str) -> np.ndarray:
    """(depths,): the median over seeds of an arm's accuracy in per cent. Some seeds may
    not train: a mean would hide which.
    """
    return (
        100 * rows[rows["arm"] == arm].groupby("depth")["accuracy"].median().to_numpy()
    )


def table(rows: pd.DataFrame, column: str = "depth") -> pd.DataFrame:
    """Accuracy in per cent, an arm a line and a value of `column` a column: mean ± s.d.
    over seeds where all of them trained.

    Where some did not, how many did and the range of those: a net that gives one answer
    to all has no spread to speak of.
    """
    cells = (
        rows.groupby(["arm", column], sort=False)[["accuracy", "validation accuracy"]]
        .apply(_cell)
        .unstack(column)
    )
    return cells.loc[
        list(dict.fromkeys(rows["arm"])), list(dict.fromkeys(rows[column]))
    ]


def _cell(runs: pd.DataFrame) -> str:
    good = 100 * runs.loc[runs["validation accuracy"] > TRAINED, "accuracy"]
    if len(good) == len(runs):
        return f"{good.mean():.1f} ± {good.std():.1f}"
    if good.empty:
        return "did not train"
    ends = dict.fromkeys((f"{good.min():.0f}", f"{good.max():.0f}"))
    return f"{len(good)} of {len(runs)}: {' to '.join(ends)}"


def above(rows: pd.DataFrame, a: str, b: str, depth: int = DEEP) -> Verdict:
    """P1: at that depth arm a is more accurate than arm b."""
    return judge_rows(
        "P1",
        rows[rows["depth"] == depth],
        "accuracy",
        a=a,
        b=b,
        what=f"{a} - {b}, {depth} hidden layers",
    )


def deepest(rows: pd.DataFrame, arm: str) -> pd.Series:
    """Of every seed the deepest net that trained, 0 where none did."""
    runs = rows[rows["arm"] == arm]
    return (
        runs["depth"]
        .where(runs["validation accuracy"] > TRAINED, 0)
        .groupby(runs["seed"])
        .max()
    )


def deeper(rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """P1: with arm a deeper nets train than with arm b."""
    pair = (deepest(rows, arm) for arm in (a, b))
    return judge(
        "P1", *pair, what=f"deepest net that trains, {a} - {b}", unit="hidden layers"
    )


def spreads(
    data: Data, teacher: nn.Sequential, depth: int = DEEP, seed: int = 0
) -> dict[str, list[float]]:
    """`measures.spread` of a deep net: before training, after it with labels, after
    stage 1 of hints, and at the end.

    Never less than 1e-8, so that it can be drawn on a logarithmic scale.
    """
    x, config = data.validation[0], replace(CONFIG, seed=seed)
    alone, hinted = (thin(data, depth, seed) for _ in range(2))
    found = {"before training": spread(alone, x)}

    def look(row: dict) -> None:
        if row["stage"] == "hint":
            found["hints, after stage 1"] = spread(hinted, x)

    train(plain(alone), data, config, progress=False)
    train(
        method("hints, then KD", hinted, teacher, CHOICES["hints, then KD"][1][1]),
        data,
        config,
        look,
        progress=False,
    )
    found |= {
        "hints, then KD, at the end": spread(hinted, x),
        "labels, at the end": spread(alone, x),
    }
    return {
        name: [max(value, FLOOR) for value in values] for name, values in found.items()
    }

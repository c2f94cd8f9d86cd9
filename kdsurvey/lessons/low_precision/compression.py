"""Notebook 09, O5: distil, prune and quantise one net, in every order; accuracy against
the bytes of a file. And files alone.
"""

import copy
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from kdsurvey import nets, packed
from kdsurvey.data import Data
from kdsurvey.lessons.low_precision.experiments import (
    CONFIG,
    TAUGHT_BY,
    on_labels,
    scores,
    teach,
)
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import lower, prune, re_estimate
from kdsurvey.training import train
from kdsurvey.verdicts import Verdict, judge_rows

HIDDEN = (
    24,
    24,
)  # units; every layer is pruned and quantised, as the first holds most of the weights
LOW = {"weight_bits": 2, "activation_bits": 8, "top": 4.0, "ends": True}
SHARE = 0.8  # of each layer's weights that go
STEP = replace(
    CONFIG, epochs=6, lr=0.05
)  # of each of the three steps; before them E epochs on labels
ORDERS = tuple("".join(order) for order in permutations("DPQ"))
PARTS = ("D", "DP", "DQ", "P", "Q")  # fewer steps, for sizes in between


def fresh(data: Data, seed: int) -> nn.Sequential:
    """The net that is made small, before training: two hidden layers of 24 with batch norm."""
    return nets.mlp(
        data.train[0][0].numel(), *HIDDEN, len(data.classes), norm=True, seed=seed
    )


def start(data: Data, seed: int) -> nn.Sequential:
    """That net, trained on the labels for E epochs."""
    return on_labels(fresh(data, seed), data, seed)


def step(
    letter: str, net: nn.Sequential, teacher: Teacher | None, data: Data
) -> Iterator[Stage]:
    """One step of an order: D learns from the teacher; P prunes, Q lowers the
    precision, each then learns from labels.

    In place of a letter "L" learns from labels alone. With a teacher P and Q learn from it too.
    """
    if letter == "P":
        prune(net, SHARE)
    if letter == "Q":
        lower(net, **LOW)
    re_estimate(net, data.train[0])
    return hinton(net, teacher, T=1.0, alpha=0.5) if teacher else plain(net)


def shrink(
    order: str,
    net: nn.Sequential,
    teacher: nn.Module | Teacher,
    data: Data,
    seed: int,
    always: bool = False,
) -> nn.Sequential:
    """A copy of the net after the steps of an order, each of the same length. always:
    the teacher teaches in every step.
    """
    net, teacher = copy.deepcopy(net), Teacher(teacher)
    for letter in order:
        stages = step(letter, net, teacher if always or letter == "D" else None, data)
        train(stages, data, replace(STEP, seed=seed), progress=False)
    return net


@experiment(
    settings={
        "config": CONFIG,
        "taught_by": TAUGHT_BY,
        "hidden": HIDDEN,
        "low": LOW,
        "share": SHARE,
        "step": STEP,
        "orders": ORDERS,
        "parts": PARTS,
    }
)
def compression_orders(data: Data, seed: int) -> list[dict]:
    """All orders of D, P and Q; each with labels in the place of the teacher; one with
    the teacher throughout; and fewer steps.

    Every net of three steps has the same epochs behind it; one of fewer steps learns
    from labels for the rest, "L", first.
    """
    data = data.halved()
    net, teacher = start(data, seed), Teacher(teach(data, seed))
    arms = [(order, order, False) for order in ORDERS]
    arms += [
        (order.replace("D", "L"), order.replace("D", "L"), False) for order in ORDERS
    ]
    arms += [(part, part.rjust(3, "L"), False) for part in PARTS]
    arms += [("LLL", "LLL", False), ("DPQ, teacher throughout", "DPQ", True)]
    rows = []
    for arm, order, always in arms:
        made = shrink(order, net, teacher, data, seed, always)
        rows.append(
            {"seed": seed, "arm": arm, "order": order, "bytes": bytes_on_disk(made)}
            | scores(made, data)
        )
    return rows


def bytes_on_disk(net: nn.Module) -> int:
    """The size of the file that `packed.save` makes of a net."""
    with tempfile.TemporaryDirectory() as folder:
        return packed.save(net, Path(folder) / "net")


def same_after_loading(net: nn.Module, data: Data) -> bool:
    """Whether a net of this lesson says the same to every test image, bit for bit, once
    it was saved and loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed.save(net, Path(folder) / "net")
        loaded = packed.load(Path(folder) / "net", fresh(data, 1000))
    answers = [part.eval()(data.test[0]) for part in (net, loaded)]
    return torch.equal(*answers)


def sizes(net: nn.Module, ways: dict[str, dict]) -> pd.DataFrame:
    """For every way to lower a net: the bytes that the formula expects, those of a real
    file, and how much less that is.
    """
    lines = []
    for name, options in ways.items():
        low = lower(copy.deepcopy(net), **options)
        lines.append((name, packed.expected(low), bytes_on_disk(low)))
    table = pd.DataFrame(
        lines, columns=["precision", "expected bytes", "bytes of the file"]
    ).set_index("precision")
    return table.assign(
        smaller=[
            f"{table.iloc[0, 1] / size:.1f} x" for size in table["bytes of the file"]
        ]
    )


def by_size(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean bytes and accuracy of every arm (per cent, ± s.d. over seeds), the largest file first."""
    groups = rows.groupby("arm", sort=False)
    accuracy = groups["accuracy"].agg(
        lambda values: f"{100 * values.mean():.1f} ± {100 * values.std():.1f}"
    )
    table = pd.DataFrame(
        {"bytes": groups["bytes"].mean().round().astype(int), "accuracy (%)": accuracy}
    )
    return table.sort_values("bytes", ascending=False, kind="stable")


def above(rows: pd.DataFrame, a: str, b: str) -> Verdict:
    """O5: arm a is more accurate than arm b."""
    return judge_rows(
        "O5", rows, "accuracy", a=a, b=b, what=f"{a} - {b} (distil, prune, quantise)"
    )

"""Notebook 09, O5: distil, prune and quantise one net, in every order; accuracy against
the bytes of a file. And files alone.
"""

import copy
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    Bits,
    on_labels,
    scores,
    teach,
)
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import lower, prune, re_estimate
from kdsurvey.training import train

# units; every layer is pruned and quantised, as the first holds most of the weights
HIDDEN = (24, 24)
LOW: Bits = {"weight_bits": 2, "activation_bits": 8, "top": 4.0, "ends": True}
SHARE = 0.8  # of each layer's weights that go
# each of the three steps; before them E epochs on labels
STEP = replace(CONFIG, epochs=6, lr=0.05)
ORDERS = tuple("".join(order) for order in permutations("DPQ"))


@dataclass(frozen=True)
class Order:
    """Steps that make a net small, a letter each: see `step`.

    always: the teacher teaches in every step, not in D alone.
    """

    name: str
    steps: str
    always: bool = False


ARMS = (
    *(Order(steps, steps) for steps in ORDERS),
    # labels in the place of the teacher
    *(Order(steps.replace("D", "L"), steps.replace("D", "L")) for steps in ORDERS),
    # fewer steps, for sizes in between: labels first
    *(Order(part, part.rjust(3, "L")) for part in ("D", "DP", "DQ", "P", "Q")),
    Order("LLL", "LLL"),
    Order("DPQ, teacher throughout", "DPQ", always=True),
)


def fresh(data: Data, seed: int) -> nn.Sequential:
    """Return the net that is made small, before training: two hidden layers of 24 with
    batch norm.
    """
    return nets.mlp(
        data.train[0][0].numel(), *HIDDEN, len(data.classes), norm=True, seed=seed
    )


def start(data: Data, seed: int) -> nn.Sequential:
    """Return the net of `fresh`, trained on labels for CONFIG.epochs."""
    return on_labels(fresh(data, seed), data, seed)


def step(
    letter: str, net: nn.Sequential, teacher: Teacher | None, data: Data
) -> Iterator[Stage]:
    """Make one step of an order: D learns from the teacher; P prunes, Q lowers the
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
    """Return a copy of the net after the steps of an order, each of the same length.

    always: the teacher teaches in every step.
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
        "arms": ARMS,
    },
)
def compression_orders(data: Data, seed: int) -> list[dict]:
    """Make a net small in all orders of D, P and Q; each with labels in the place of
    the teacher; one with the teacher throughout; and in fewer steps.

    Every net of three steps has the same epochs behind it; one of fewer steps learns
    from labels for the rest, "L", first.
    """
    data = data.halved()
    net = start(data, seed)
    teacher = Teacher(teach(data, seed))
    rows = []
    for arm in ARMS:
        small = shrink(arm.steps, net, teacher, data, seed, arm.always)
        about = {"seed": seed, "arm": arm.name, "order": arm.steps}
        size = {"bytes": bytes_on_disk(small)}
        rows.append(about | size | scores(small, data))
    return rows


def bytes_on_disk(net: nn.Module) -> int:
    """Return the size of the file that `packed.save` makes of a net."""
    with tempfile.TemporaryDirectory() as folder:
        return packed.save(net, Path(folder) / "net")


def same_after_loading(net: nn.Module, data: Data) -> bool:
    """Check that a net of this lesson says the same to every test image, bit for bit,
    once it was saved and loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed.save(net, Path(folder) / "net")
        loaded = packed.load(Path(folder) / "net", fresh(data, 1000))
    answers = [part.eval()(data.test[0]) for part in (net, loaded)]
    return torch.equal(*answers)


def sizes(net: nn.Module, ways: dict[str, dict]) -> pd.DataFrame:
    """Return, for every way to lower a net, the bytes that the formula expects, those
    of a real file, and how much less that is than the first.
    """
    lines = {}
    for name, options in ways.items():
        low = lower(copy.deepcopy(net), **options)
        expected, real = packed.expected(low), bytes_on_disk(low)
        lines[name] = {"expected bytes": expected, "bytes of the file": real}
    table = pd.DataFrame.from_dict(lines, orient="index").rename_axis("precision")
    whole = table["bytes of the file"].iloc[0]
    smaller = [f"{whole / size:.1f} x" for size in table["bytes of the file"]]
    return table.assign(smaller=smaller)

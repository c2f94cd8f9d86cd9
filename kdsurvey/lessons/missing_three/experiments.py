"""Notebook 03: digits that the student has never seen. Hinton, Vinyals & Dean 2015, section 3."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey.data import Data
from kdsurvey.lessons.distilling_mnist.experiments import (
    CONFIG,
    T_PAPER,
    TEMPERATURES,
    small,
    teach,
)
from kdsurvey.losses import soften
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, Step, train
from kdsurvey.verdicts import Verdict, judge

OFFSETS = (
    torch.arange(-200, 201) / 10
)  # what may be added to the logits of the classes never seen


def missing(data: Data, seed: int) -> list[dict]:
    """No 3s at each temperature, no 3s with hard labels, and only 7s and 8s: one
    teacher, equal students and steps per image.
    """
    teacher = Teacher(teach(data, seed))
    rows = [outcome("teacher", seed, teacher.net, data, (3,), None)]
    rows += [without(data, seed, teacher, (3,), T) for T in TEMPERATURES]
    rows += [
        without(data, seed, teacher, (3,), None),
        without(data, seed, teacher, (0, 1, 2, 3, 4, 5, 6, 9), T_PAPER),
    ]
    return rows


def without(
    data: Data,
    seed: int,
    teacher: nn.Module | Teacher,
    removed: Sequence[int],
    T: float | None,
    config: Config = CONFIG,
    on_batch: Callable[[Step], None] | None = None,
) -> dict:
    """A student whose transfer set lacks the digits `removed`: soft targets at T, or
    hard labels where T is None.

    Every arm takes about the steps that the full transfer set would take. Returns one
    row, see `outcome`. Raises ValueError when fewer than two classes remain.
    """
    transfer = data.without(removed)
    net = small(seed)
    stages = plain(net) if T is None else hinton(net, teacher, T=T, alpha=1.0)
    epochs = round(config.epochs * len(data.train[0]) / len(transfer.train[0]))
    train(
        stages,
        transfer,
        replace(config, seed=seed, epochs=epochs),
        on_batch=on_batch,
        progress=on_batch is None,
    )
    left = len(data.classes) - len(removed)
    arm = (
        f"no {', '.join(map(str, removed))}"
        if left > 2
        else "only "
        + " and ".join(c for k, c in enumerate(data.classes) if k not in removed)
    )
    return outcome(
        f"{arm}, {'hard labels' if T is None else f'T = {T:g}'}",
        seed,
        net,
        data,
        removed,
        T,
    )


def outcome(
    arm: str,
    seed: int,
    net: nn.Module,
    data: Data,
    removed: Sequence[int],
    T: float | None,
) -> dict:
    """Errors before and after one number is added to the logits (the biases) of the
    removed classes.

    "corrected": the number was chosen on validation images, which include the removed
    digits. "corrected on test": chosen on the very test images that are counted, as the
    paper did.
    """
    (z, y), (z_validation, y_validation) = (
        (Teacher(net).logits(x), y) for x, y in (data.test, data.validation)
    )
    offset = best_offset(z_validation, y_validation, removed)
    peeked = best_offset(z, y, removed)
    return {
        "arm": arm, "seed": seed, "T": T, "n": len(y), "offset": offset,
        "n removed": int(torch.isin(y, torch.tensor(removed)).sum()),
        **count("", z, y, removed), **count(" corrected", shifted(z, removed, offset), y, removed),
        **count(" corrected on test", shifted(z, removed, peeked), y, removed),
    }  # fmt: skip


def like_a(
    teacher: nn.Module, data: Data, k: int, T: float, n: int
) -> tuple[np.ndarray, list[str]]:
    """The n training images of other classes that the teacher gives most of class k at
    T, and their labels.
    """
    x, y = data.train
    p = soften(Teacher(teacher).logits(x), T)[:, k].where(y != k, -1.0)
    top = p.argsort(descending=True)[:n]
    return x[top, 0].numpy(), [str(label) for label in y[top].tolist()]


def by_temperature(rows: pd.DataFrame, column: str) -> np.ndarray:
    """(seeds, temperatures): a column of the arms without 3s."""
    table = rows.pivot(index="seed", columns="arm", values=column)
    return table[[f"no 3, T = {t:g}" for t in TEMPERATURES]].to_numpy()


def repaired(rows: pd.DataFrame, arm: str) -> Verdict:
    """P2: one number, found on validation images, makes errors fewer."""
    of = rows[rows["arm"] == arm]
    return judge(
        "P2",
        of["errors"],
        of["errors corrected"],
        what=f"errors with {arm}, before - after",
        unit="errors",
    )


def peeked(rows: pd.DataFrame, arm: str) -> Verdict:
    """What choosing that number on the test images, as the paper did, makes of the count."""
    of = rows[rows["arm"] == arm]
    what = f"errors with {arm}, number from validation - from test images"
    return judge(
        "P2",
        of["errors corrected"],
        of["errors corrected on test"],
        what=what,
        unit="errors",
    )


def right(row: dict) -> int:
    """How many test images of the removed digits a row's net gets right."""
    return row["n removed"] - row["errors on removed"]


def runner(
    data: Data, teacher: nn.Module
) -> Callable[[tuple[int, ...], float, Callable], dict]:
    """What the panel calls: run(removed, T, on_batch) -> counts and recalls before and
    after the correction.
    """
    teacher = Teacher(teacher)

    def run(removed, T, on_batch):
        found = without(data, 0, teacher, removed, T, on_batch=on_batch)
        names = {
            "errors": "errors",
            "per_class": "recall",
            "errors_corrected": "errors corrected",
            "n": "n",
        }
        return {name: found[key] for name, key in names.items()} | {
            "per_class_corrected": found["recall corrected"]
        }

    return run


def count(suffix: str, z: Tensor, y: Tensor, removed: Sequence[int]) -> dict:
    """Errors in all, errors on the removed classes, and the recall of each class."""
    wrong = z.argmax(-1) != y
    recall = [
        round(1 - wrong[y == c].float().mean().item(), 4) for c in range(z.shape[-1])
    ]
    on_removed = int(wrong[torch.isin(y, torch.tensor(removed))].sum())
    return {
        f"errors{suffix}": int(wrong.sum()),
        f"errors on removed{suffix}": on_removed,
        f"recall{suffix}": recall,
    }


def best_offset(z: Tensor, y: Tensor, removed: Sequence[int]) -> float:
    """The offset with the fewest errors; of several, the middle one."""
    wrong = torch.stack(
        [(shifted(z, removed, b).argmax(-1) != y).sum() for b in OFFSETS.tolist()]
    )
    best = OFFSETS[wrong == wrong.min()]
    return round(best[len(best) // 2].item(), 1)


def shifted(z: Tensor, removed: Sequence[int], offset: float) -> Tensor:
    """Logits z (n, c) with `offset` added to the classes removed: the same as raising their biases."""
    z = z.clone()
    z[:, list(removed)] += offset
    return z

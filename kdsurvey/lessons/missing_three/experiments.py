"""Notebook 03: digits that the student has never seen. Hinton, Vinyals & Dean 2015, section 3."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.distilling_mnist.experiments import (
    CONFIG,
    JITTER,
    T_PAPER,
    TEMPERATURES,
    at_temperature,
    small,
    teach,
)
from kdsurvey.losses import soften
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, Step, accuracy, train

NO_THREES = (3,)
TWO_DIGITS = (0, 1, 2, 3, 4, 5, 6, 9)  # removed: only 7s and 8s stay
SMALLER = (200, 200)  # hidden units of a student that learns in three seconds
REACH = 20  # the most that is added to or taken from logits, in steps of a tenth


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "t_paper": T_PAPER,
        "temperatures": TEMPERATURES,
        "no_threes": NO_THREES,
        "two_digits": TWO_DIGITS,
        "reach": REACH,
    },
)
def missing(data: Data, seed: int) -> list[dict]:
    """Remove the 3s at each temperature and with hard labels, and all but 7s and 8s:
    one teacher, equal students and steps per image.
    """
    teacher = Teacher(teach(data, seed))
    return [
        outcome("teacher", seed, teacher.net, data, NO_THREES, None),
        *(without(data, seed, teacher, NO_THREES, T) for T in TEMPERATURES),
        without(data, seed, teacher, NO_THREES, None),
        without(data, seed, teacher, TWO_DIGITS, T_PAPER),
    ]


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "t_paper": T_PAPER,
        "no_threes": NO_THREES,
        "smaller": SMALLER,
    },
)
def never_seen(data: Data, seed: int) -> list[dict]:
    """Train what the reader of notebook 03 trains: a smaller student without 3s, and the
    same net on the labels; the shares of all test images and of the 3s that they get right.
    """
    teacher = Teacher(teach(data, seed))
    student, alone = (nets.mlp(784, *SMALLER, 10, seed=seed) for _ in range(2))
    transfer, config = data.without(NO_THREES), replace(CONFIG, seed=seed)
    train(hinton(student, teacher, T=T_PAPER, alpha=1.0), transfer, config)
    train(plain(alone), transfer, config)
    return [
        {"arm": arm, "seed": seed, **shares(net, data)}
        for arm, net in {"distilled": student, "alone": alone}.items()
    ]


def shares(net: nn.Module, data: Data) -> dict[str, float]:
    """Measure the share of the test images, and of the 3s among them, that a net gets
    right.
    """
    x, y = data.test
    threes = y == NO_THREES[0]
    return {
        "accuracy": round(accuracy(net, x, y), 5),
        "accuracy of 3s": round(accuracy(net, x[threes], y[threes]), 5),
    }


def said(net: nn.Module, data: Data, k: int, n: int) -> tuple[np.ndarray, list[str]]:
    """Return the first n test images of class k, and what a net says to each."""
    x, y = data.test
    x = x[y == k][:n]
    answers = Teacher(net).logits(x).argmax(-1).tolist()
    return x[:, 0].numpy(), [f"“{data.classes[answer]}”" for answer in answers]


def arm_of(removed: Sequence[int], T: float | None, classes: Sequence[str]) -> str:
    """Return the name of an arm: "no 3, T = 20", or "only 7 and 8, hard labels"."""
    left = [name for k, name in enumerate(classes) if k not in removed]
    digits = f"no {', '.join(map(str, removed))}"
    if len(left) == 2:
        digits = f"only {' and '.join(left)}"
    targets = "hard labels" if T is None else at_temperature(T)
    return f"{digits}, {targets}"


def without(
    data: Data,
    seed: int,
    teacher: nn.Module | Teacher,
    removed: Sequence[int],
    T: float | None,
    config: Config = CONFIG,
    on_batch: Callable[[Step], None] | None = None,
) -> dict:
    """Train a student whose transfer set lacks the digits `removed`: soft targets at T,
    or hard labels where T is None.

    Every arm takes about the steps that the full transfer set would take. Returns one
    row, see `outcome`. Raises ValueError when fewer than two classes remain.
    """
    transfer = data.without(removed)
    net = small(seed)
    stages = plain(net) if T is None else hinton(net, teacher, T=T, alpha=1.0)
    epochs = round(config.epochs * len(data.train[0]) / len(transfer.train[0]))
    config = replace(config, seed=seed, epochs=epochs)
    train(stages, transfer, config, on_batch=on_batch, progress=on_batch is None)
    arm = arm_of(removed, T, data.classes)
    return outcome(arm, seed, net, data, removed, T)


def outcome(
    arm: str,
    seed: int,
    net: nn.Module,
    data: Data,
    removed: Sequence[int],
    T: float | None,
) -> dict:
    """Count errors before and after one number is added to the logits (the biases) of
    the removed classes.

    "corrected": the number was chosen on validation images, which include the removed
    digits. "corrected on test": chosen on the very test images that are counted, as the
    paper did.
    """
    (z, y), (z_validation, y_validation) = (
        (Teacher(net).logits(x), y) for x, y in (data.test, data.held_out)
    )
    offset = best_offset(z_validation, y_validation, removed)
    peeked = best_offset(z, y, removed)
    return {
        "arm": arm,
        "seed": seed,
        "T": T,
        "n": len(y),
        "offset": offset,
        "n removed": int(torch.isin(y, torch.tensor(removed)).sum()),
        **count("", z, y, removed),
        **count(" corrected", shifted(z, removed, offset), y, removed),
        **count(" corrected on test", shifted(z, removed, peeked), y, removed),
    }


def like_a(
    teacher: nn.Module, data: Data, k: int, T: float, n: int
) -> tuple[np.ndarray, list[str]]:
    """Return the n training images of other classes to which the teacher gives most of
    class k at T, and their labels.
    """
    x, y = data.train
    p = soften(Teacher(teacher).logits(x), T)[:, k].where(y != k, -1.0)
    top = p.argsort(descending=True)[:n]
    return x[top, 0].numpy(), [str(label) for label in y[top].tolist()]


def lost(teacher: nn.Module, data: Data, k: int, T: float) -> float:
    """Compute by what share the teacher's mean answer at T for class k is smaller on the
    training images of the other classes than on all of them.
    """
    x, y = data.train
    p = soften(Teacher(teacher).logits(x), T)[:, k]
    return (1 - p[y != k].mean() / p.mean()).item()


def right(row: dict) -> int:
    """Return how many test images of the removed digits a row's net gets right."""
    return row["n removed"] - row["errors on removed"]


def runner(
    data: Data, teacher: nn.Module | Teacher
) -> Callable[[tuple[int, ...], float, Callable], dict]:
    """Return what the panel calls: run(removed, T, on_batch) -> counts and recalls
    before and after the correction.
    """
    teacher = Teacher(teacher)

    def run(removed, T, on_batch):
        row = without(data, 0, teacher, removed, T, on_batch=on_batch)
        return as_the_panel_shows(row)

    return run


def as_the_panel_shows(row: Mapping) -> dict:
    """Return of a row what the panel shows: counts and recalls, before and after the
    correction.
    """
    return {
        "n": row["n"],
        "errors": row["errors"],
        "errors_corrected": row["errors corrected"],
        "per_class": row["recall"],
        "per_class_corrected": row["recall corrected"],
    }


def count(suffix: str, z: Tensor, y: Tensor, removed: Sequence[int]) -> dict:
    """Count the errors in all and on the removed classes, and the recall of each class.

    z: (n, c) logits; y: (n,) labels. suffix: ends the names of the columns.
    """
    wrong = z.argmax(-1) != y
    shares = [wrong[y == c].float().mean().item() for c in range(z.shape[-1])]
    on_removed = int(wrong[torch.isin(y, torch.tensor(removed))].sum())
    return {
        f"errors{suffix}": int(wrong.sum()),
        f"errors on removed{suffix}": on_removed,
        f"recall{suffix}": [round(1 - share, 4) for share in shares],
    }


def best_offset(z: Tensor, y: Tensor, removed: Sequence[int]) -> float:
    """Return the offset with the fewest errors; of several, the middle one."""
    offsets = torch.arange(-10 * REACH, 10 * REACH + 1) / 10
    wrong = torch.stack(
        [(shifted(z, removed, b).argmax(-1) != y).sum() for b in offsets.tolist()]
    )
    best = offsets[wrong == wrong.min()]
    return round(best[len(best) // 2].item(), 1)


def shifted(z: Tensor, removed: Sequence[int], offset: float) -> Tensor:
    """Return logits z (n, c) with `offset` added to the classes removed: the same as
    raising their biases.
    """
    z = z.clone()
    z[:, list(removed)] += offset
    return z

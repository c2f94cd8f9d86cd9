"""Notebook 02: the MNIST experiments of Hinton, Vinyals & Dean 2015, section 3, at the
scale of a lesson.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(epochs=20, batch_size=128, lr=0.1)
T_PAPER = 20.0
TEMPERATURES = (1.0, 2.5, 4.0, 8.0, 20.0, 50.0)


def big(seed: int) -> nn.Sequential:
    """The paper's big net: two hidden layers of 1200, with dropout."""
    return nets.mlp(784, 1200, 1200, 10, dropout=0.5, seed=seed)


def small(seed: int) -> nn.Sequential:
    """The paper's small net: two hidden layers of 800, not regularised."""
    return nets.mlp(784, 800, 800, 10, seed=seed)


def teach(data: Data, seed: int, config: Config = CONFIG) -> nn.Module:
    """The big net, trained on the labels with images jittered by up to 2 pixels."""
    net = big(seed)
    train(plain(net), data, replace(config, seed=seed, jitter=2))
    return net


def row(arm: str, seed: int, net, data: Data, **more) -> dict:
    """What is kept of a finished run: its errors and the accuracies on training and
    validation images.
    """
    kept = {"train accuracy": accuracy(net, *data.train)}
    if data.validation:
        kept["validation accuracy"] = accuracy(net, *data.validation)
    return {"arm": arm, "seed": seed, **more, **errors(net, data), **kept}


def errors(net, data: Data) -> dict[str, int]:
    """Test images that the net gets wrong, and how many there are."""
    n = len(data.test[0])
    return {"errors": round((1 - accuracy(net, *data.test)) * n), "n": n}


def run(
    arm: str,
    stages: Iterator[Stage],
    net: nn.Module,
    data: Data,
    seed: int,
    config: Config = CONFIG,
    **more,
) -> dict:
    """Trains `net` by `stages` and returns its row."""
    train(stages, data, replace(config, seed=seed))
    return row(arm, seed, net, data, **more)


def nets_compared(data: Data, seed: int) -> list[dict]:
    """Big, small and distilled nets: one teacher, every small net from the same initial
    weights, order and steps.
    """
    teacher = teach(data, seed)
    return [row("teacher", seed, teacher, data), *students(data, seed, teacher, ARMS)]


FULL = (
    "teacher",
    "hard only",
    "hard only, lr 0.3",
    "soft only",
    "hard only, jittered",
)  # the arms that full_mnist has too
ARMS = (
    "hard only",
    "hard only, lr 0.3",
    "soft only",
    "soft + hard",
    "label smoothing",
    "hard only, jittered",
)


def students(
    data: Data,
    seed: int,
    teacher: nn.Module,
    arms: Sequence[str],
    config: Config = CONFIG,
) -> list[dict]:
    """One small net for each of the arms, which are among ARMS; 0.3 is the rate that
    suits hard targets, see learning_rates.
    """
    v = Teacher(teacher)
    rows = []
    for arm in arms:
        net = small(seed)
        stages = {
            "soft only": lambda net=net: hinton(net, v, T=T_PAPER, alpha=1.0),
            "soft + hard": lambda net=net: hinton(net, v, T=T_PAPER, alpha=0.9),
            "label smoothing": lambda net=net: plain(
                net, smoothing=smoothing_of(v, data)
            ),
        }.get(arm, lambda net=net: plain(net))
        own = (
            {"jitter": 2}
            if "jittered" in arm
            else {"lr": 0.3}
            if "lr 0.3" in arm
            else {}
        )
        rows.append(run(arm, stages(), net, data, seed, replace(config, **own)))
    return rows


def learning_rates(data: Data, seed: int) -> list[dict]:
    """Hard and soft targets at three learning rates each, judged on validation images:
    equal tuning for both arms.

    A run that diverges is a row like any other, with the accuracy of a net that answers at random.
    """
    v = Teacher(teach(data, seed))
    rows = []
    for lr in (0.03, 0.1, 0.3):
        for arm in ("hard only", "soft only"):
            net = small(seed)
            with suppress(FloatingPointError):
                train(
                    plain(net)
                    if arm == "hard only"
                    else hinton(net, v, T=T_PAPER, alpha=1.0),
                    data,
                    replace(CONFIG, lr=lr, seed=seed),
                )
            rows.append(row(arm, seed, net, data, lr=lr))
    return rows


def temperature_by_width(
    data: Data, seed: int, width: int = 30, teacher: Teacher | None = None
) -> list[dict]:
    """Students of two hidden layers of `width`, soft targets only, one at each
    temperature and one alone, as one stack.
    """
    teacher = teacher or Teacher(teach(data, seed))
    T = torch.tensor(
        [1.0, *TEMPERATURES]
    )  # the first member learns from the labels alone
    alpha = torch.tensor([0.0, *[1.0] * len(TEMPERATURES)])
    stack = sweeps.stack([nets.mlp(784, width, width, 10, seed=seed)] * len(T))
    train(hinton(stack, teacher, T=T, alpha=alpha), data, replace(CONFIG, seed=seed))
    arms = ["alone", *(f"T = {t:g}" for t in TEMPERATURES)]
    return [
        row(arm, seed, net, data, width=width)
        for arm, net in zip(arms, sweeps.unstack(stack))
    ]


def curve(rows: pd.DataFrame, width: int) -> np.ndarray:
    """(seeds, temperatures): the errors of students of that width."""
    table = rows[rows["width"] == width].pivot(
        index="seed", columns="arm", values="errors"
    )
    return table[[f"T = {t:g}" for t in TEMPERATURES]].to_numpy()


def widths(data: Data, seed: int) -> list[dict]:
    """Temperature against width: 30 and 300 units a layer, from one teacher."""
    teacher = Teacher(teach(data, seed))
    return [
        r
        for width in (30, 300)
        for r in temperature_by_width(data, seed, width, teacher)
    ]


def few_labels(data: Data, seed: int, share: float = 0.05) -> list[dict]:
    """A few per cent of the images: hard targets, hard targets stopped early on
    validation images, and soft targets.
    """
    teacher = teach(data, seed)
    few = data.fraction(share, seed)
    config = replace(CONFIG, epochs=200, schedule="constant", lr=0.05, seed=seed)
    rows = []
    for arm in ("hard only", "soft only"):
        net, kept = small(seed), []
        method = (
            plain(net)
            if arm == "hard only"
            else hinton(net, teacher, T=T_PAPER, alpha=1.0)
        )
        history = train(
            method,
            few,
            config,
            on_epoch=lambda _, net=net, kept=kept: keep_best(net, few.validation, kept),
        )
        best = small(seed)
        best.load_state_dict(kept[1])
        curve = [r[k] for r in history for k in r if k.endswith("validation accuracy")]
        rows.append(row(arm, seed, net, few, curve=[round(a, 4) for a in curve[::10]]))
        rows.append(row(f"{arm}, stopped early", seed, best, few))
    return rows


def keep_best(net: nn.Module, validation: tuple[Tensor, Tensor], kept: list) -> None:
    """Early stopping: `kept` holds the best validation accuracy so far and the weights that had it."""
    score = accuracy(net, *validation)
    if not kept or score > kept[0]:
        kept[:] = [score, {name: w.clone() for name, w in net.state_dict().items()}]


def transfer_sets(data: Data, seed: int) -> list[dict]:
    """Half of the images have labels. What the student learns from: those, all of them
    without labels, or other pictures.
    """
    labelled, x = data.fraction(0.5, seed), data.train[0]
    teacher = Teacher(teach(labelled, seed))
    steps = {
        "labelled half": labelled,
        "all, no labels": data,
        "scrambled images": with_images(data, scrambled(x, seed)),
    }
    net = small(seed)
    config = replace(
        CONFIG, epochs=2 * CONFIG.epochs
    )  # half the images, twice the epochs: equal steps
    rows = [
        row("teacher", seed, teacher.net, data),
        run("hard only, labelled half", plain(net), net, labelled, seed, config),
    ]
    for arm, transfer in steps.items():
        net = small(seed)
        method = hinton(net, teacher, T=T_PAPER, alpha=1.0)
        rows.append(
            run(
                f"soft only, {arm}",
                method,
                net,
                transfer,
                seed,
                config if transfer is labelled else CONFIG,
            )
        )
    return rows


def with_images(data: Data, x: Tensor) -> Data:
    """The same data with other training images; their labels mean nothing any more."""
    return replace(
        data,
        train=(x, data.train[1]),
        source=f"{data.source}; training images scrambled",
    )


def scrambled(x: Tensor, seed: int) -> Tensor:
    """x (n, 1, 28, 28) cut into 7 x 7 patches that change places within each image:
    strokes, but no digits.
    """
    g = torch.Generator().manual_seed(seed)
    patches = x.reshape(len(x), 4, 7, 4, 7).transpose(2, 3).reshape(len(x), 16, 7, 7)
    order = torch.rand(len(x), 16, generator=g).argsort(1).to(x.device)
    patches = patches[torch.arange(len(x), device=x.device)[:, None], order]
    return patches.reshape(len(x), 4, 4, 7, 7).transpose(2, 3).reshape(x.shape)


def ensemble(data: Data, seed: int, k: int = 5) -> list[dict]:
    """k small nets from other seeds, their ensemble, and one small net distilled from it."""
    members = []
    for j in range(k):
        net = small(1000 * (j + 1) + seed)
        train(plain(net), data, replace(CONFIG, seed=1000 * (j + 1) + seed))
        members.append(net)
    together = nets.Ensemble(members)
    alone = small(seed)
    student = small(seed)
    rows = [row("one member", seed, net, data) for net in members[:1]] + [
        row("ensemble", seed, together, data)
    ]
    rows.append(run("hard only", plain(alone), alone, data, seed))
    rows.append(
        run(
            "distilled from the ensemble",
            hinton(student, together, T=4.0, alpha=1.0),
            student,
            data,
            seed,
        )
    )
    return rows

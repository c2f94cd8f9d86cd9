"""Notebook 00: ten seconds of distillation, five pairs of students at once."""

from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, train

TEACHER = Config(epochs=10, batch_size=128, lr=0.1, jitter=2)
STUDENT = Config(epochs=60, batch_size=128, lr=0.1)
SEEDS = (0, 1, 2, 3, 4)


def taught(data: Data) -> nn.Module:
    """A teacher with two hidden layers of 300."""
    net = nets.mlp(784, 300, 300, 10, seed=0)
    train(plain(net), data, TEACHER)
    return net


def ten_seconds(data: Data, teacher: nn.Module, T: float = 4.0) -> list[dict]:
    """Five students learn from the labels and five from the teacher, on a tenth of the
    data; rows with arm, seed, accuracy.
    """
    stack = sweeps.stack([nets.mlp(784, 100, 100, 10, seed=seed) for seed in SEEDS * 2])
    alpha = torch.tensor([0.0] * len(SEEDS) + [1.0] * len(SEEDS))
    rows = train(
        hinton(stack, teacher, T=T, alpha=alpha),
        data.fraction(0.1),
        replace(STUDENT, seed=SEEDS * 2),
    )
    last = [row["student test accuracy"] for row in rows[-2 * len(SEEDS) :]]
    arms = ["hard"] * len(SEEDS) + ["soft"] * len(SEEDS)
    return [
        {"arm": arm, "seed": seed, "accuracy": a}
        for arm, seed, a in zip(arms, SEEDS * 2, last)
    ]


def pairs(rows: list[dict]) -> pd.DataFrame:
    """One line a seed: the accuracy of both students, in per cent."""
    return (
        100 * pd.DataFrame(rows).pivot(index="seed", columns="arm", values="accuracy")
    ).round(1)


def logits(data: Data, teacher: nn.Module) -> tuple[Tensor, Tensor]:
    """Logits (n, c) on the test images: the teacher's, and those of a student of 30
    units after one epoch on the labels.
    """
    student = nets.mlp(784, 30, 30, 10, seed=0)
    train(
        plain(student), data, replace(STUDENT, epochs=1, schedule="constant", lr=0.02)
    )
    return Teacher(teacher).logits(data.test[0]), Teacher(student).logits(data.test[0])

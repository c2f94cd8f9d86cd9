"""Notebook 00: ten seconds of distillation, five pairs of students at once."""

from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor, nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.rows import percent
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, train

TEACHER = Config(epochs=10, batch_size=128, lr=0.1, jitter=2)
STUDENT = Config(epochs=60, batch_size=128, lr=0.1)
SEEDS = (0, 1, 2, 3, 4)


def taught(data: Data) -> nn.Module:
    """Train a teacher with two hidden layers of 300."""
    net = nets.mlp(784, 300, 300, 10, seed=0)
    return on_labels(net, data, TEACHER, TEACHER.first_seed, progress=True)


def ten_seconds(data: Data, teacher: nn.Module, T: float = 4.0) -> list[dict]:
    """Train five students on the labels and five on the teacher's answers, as one
    stack, on a tenth of the data.

    Returns rows with arm, seed and accuracy in [0, 1].
    """
    jobs = [(arm, seed) for arm in ("hard", "soft") for seed in SEEDS]
    seeds = tuple(seed for _, seed in jobs)
    stack = sweeps.stack([nets.mlp(784, 100, 100, 10, seed=seed) for seed in seeds])
    alpha = torch.tensor([0.0 if arm == "hard" else 1.0 for arm, _ in jobs])
    stages = hinton(stack, teacher, T=T, alpha=alpha)
    rows = train(stages, data.fraction(0.1), replace(STUDENT, seed=seeds))
    last_epoch = rows[-len(jobs) :]
    return [
        {"arm": arm, "seed": seed, "accuracy": row["student test accuracy"]}
        for (arm, seed), row in zip(jobs, last_epoch)
    ]


def pairs(rows: list[dict]) -> pd.DataFrame:
    """Return the accuracy of both students in per cent, one line a seed."""
    shares = percent(pd.DataFrame(rows), "accuracy")
    return shares.pivot(index="seed", columns="arm", values="accuracy").round(1)


def logits(data: Data, teacher: nn.Module) -> tuple[Tensor, Tensor]:
    """Return logits (n, c) on the test images: the teacher's, and those of a student of
    30 units after one epoch on the labels.
    """
    config = replace(STUDENT, epochs=1, schedule="constant", lr=0.02)
    student = nets.mlp(784, 30, 30, 10, seed=0)
    train(plain(student), data, config)
    x, _ = data.test
    return Teacher(teacher).logits(x), Teacher(student).logits(x)

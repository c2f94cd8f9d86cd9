"""Notebook 00: one small net with a teacher, the same net alone, and five such pairs at once."""

from dataclasses import replace

import pandas as pd
import torch
from torch import nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.rows import accuracies, percent
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.training import Config, train

TEACHER = Config(epochs=10, batch_size=128, lr=0.1, jitter=2)
STUDENT = Config(epochs=60, batch_size=128, lr=0.1)
SEEDS = (0, 1, 2, 3, 4)
WIDE, NARROW = (300, 300), (100, 100)  # hidden layers of the teacher, of the students
SHARE = 0.1  # of the images, for the students
T = 4.0


def taught(data: Data, seed: int = 0) -> nn.Module:
    """Train a teacher with two hidden layers of 300 on jittered images."""
    return on_labels(nets.mlp(784, *WIDE, 10, seed=seed), data, TEACHER, seed)


@experiment(
    settings={
        "teacher": TEACHER,
        "student": STUDENT,
        "wide": WIDE,
        "narrow": NARROW,
        "share": SHARE,
        "t": T,
    },
)
def first_pair(data: Data, seed: int) -> list[dict]:
    """Train what the reader of notebook 00 trains: a student on a teacher's answers to a
    tenth of the images, and the same net on their labels.

    The seed draws the parts of the data, the teacher, the tenth and the students.
    """
    teacher, few = taught(data, seed), data.fraction(SHARE, seed)
    student, alone = (nets.mlp(784, *NARROW, 10, seed=seed) for _ in range(2))
    config = replace(STUDENT, seed=seed)
    train(hinton(student, teacher, T=T, alpha=1.0), few, config)
    train(plain(alone), few, config)
    return [
        {"arm": arm, "seed": seed, **accuracies(net, few)}
        for arm, net in {"distilled": student, "alone": alone}.items()
    ]


def ten_seconds(data: Data, teacher: nn.Module) -> list[dict]:
    """Train five students on the labels and five on the teacher's answers, as one
    stack, on a tenth of the data.

    Returns rows with arm, seed and accuracy in [0, 1].
    """
    jobs = [(arm, seed) for arm in ("hard", "soft") for seed in SEEDS]
    seeds = tuple(seed for _, seed in jobs)
    stack = sweeps.stack([nets.mlp(784, *NARROW, 10, seed=seed) for seed in seeds])
    alpha = torch.tensor([0.0 if arm == "hard" else 1.0 for arm, _ in jobs])
    stages = hinton(stack, teacher, T=T, alpha=alpha)
    rows = train(stages, data.fraction(SHARE), replace(STUDENT, seed=seeds))
    last_epoch = rows[-len(jobs) :]
    return [
        {"arm": arm, "seed": seed, "accuracy": row["student test accuracy"]}
        for (arm, seed), row in zip(jobs, last_epoch)
    ]


def pairs(rows: list[dict]) -> pd.DataFrame:
    """Return the accuracy of both students in per cent, one line a seed."""
    shares = percent(pd.DataFrame(rows), "accuracy")
    return shares.pivot(index="seed", columns="arm", values="accuracy").round(1)

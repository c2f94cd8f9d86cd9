"""A net without a teacher: on the labels, or on labels as unsure as a teacher is."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import nn

from kdsurvey.data import Data
from kdsurvey.lessons.arms import Net
from kdsurvey.methods import plain
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, train


def on_labels(
    net: Net,
    data: Data,
    config: Config,
    seed: int,
    *,
    smoothing: float = 0.0,
    progress: bool = False,
) -> Net:
    """Train a net on the labels alone, smoothed ones if wished, and return it.

    seed: of the order of the images. smoothing: in [0, 1), see `methods.plain`.
    progress: show a bar.
    """
    stages = plain(net, smoothing=smoothing)
    train(stages, data, replace(config, seed=seed), progress=progress)
    return net


def mean_doubt(teacher: Teacher, data: Data, T: float = 1.0) -> float:
    """Return one minus the mean of the teacher's largest probability at T, on training
    images.
    """
    p = torch.softmax(teacher.logits(data.train[0]) / T, -1)
    return 1 - p.amax(-1).mean().item()


def smoothing_for(doubt: float, data: Data) -> float:
    """Return the label smoothing that leaves the right class a probability of 1 - doubt."""
    classes = len(data.classes)
    return doubt * classes / (classes - 1)


def labels(net: nn.Module, other: nn.Module | Teacher, data: Data) -> Iterator[Stage]:
    """Learn from the labels; the other net, or the teacher, is not asked."""
    return plain(net)


def smoothed(net: nn.Module, other: nn.Module | Teacher, data: Data) -> Iterator[Stage]:
    """Learn from labels that are as unsure as the other net, or the teacher."""
    return plain(net, smoothing=smoothing_of(other, data))


def smoothing_of(teacher: nn.Module | Teacher, data: Data) -> float:
    """Return the label smoothing that makes labels as sure as a teacher, or a net alone,
    is at T = 1.
    """
    return smoothing_for(mean_doubt(Teacher(teacher), data), data)

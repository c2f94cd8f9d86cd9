"""A survey of knowledge distillation that you can run."""

from kdsurvey import (
    branches,
    data,
    losses,
    methods,
    nets,
    packed,
    papers,
    plots,
    surgery,
    sweeps,
    training,
    verdicts,
)
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import Config, StopTraining, accuracy, train

__all__ = [
    "Batch",
    "Config",
    "Stage",
    "StopTraining",
    "Teacher",
    "accuracy",
    "branches",
    "data",
    "losses",
    "methods",
    "nets",
    "packed",
    "papers",
    "plots",
    "surgery",
    "sweeps",
    "train",
    "training",
    "verdicts",
]

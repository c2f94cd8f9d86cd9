"""The exercises: a task, properties that any right answer has, hints in three steps, and a solution. One module a notebook."""

from kdsurvey.exercises import (
    born_again,
    distilling_mnist,
    ensemblenet,
    feature_fusion,
    fitnets,
    fsp,
    low_precision,
    missing_three,
    mutual_learning,
    native_ensemble,
    net2net,
    playground,
    start_here,
    temperature,
)
from kdsurvey.exercises.base import Exercise, Report

__all__ = [
    "Exercise",
    "Report",
    "born_again",
    "distilling_mnist",
    "ensemblenet",
    "feature_fusion",
    "fitnets",
    "fsp",
    "low_precision",
    "missing_three",
    "mutual_learning",
    "native_ensemble",
    "net2net",
    "playground",
    "start_here",
    "temperature",
]

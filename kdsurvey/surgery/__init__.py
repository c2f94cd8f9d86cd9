"""Surgery on nets: wider and deeper, coarser, sparser.

`growing` is Net2Net's, `precision` Apprentice's; `pruning` sets weights to 0.
"""

from kdsurvey.surgery.growing import NORMS, WEIGHTED, deepen, widen
from kdsurvey.surgery.precision import (
    FULL,
    Layer,
    LowConv2d,
    LowLinear,
    Precision,
    is_weighted,
    lower,
    lower_layer,
    precision_of,
    quantise_activations,
    quantise_weights,
    re_estimate,
    ternarise,
    unpruned,
    used,
    weighted,
)
from kdsurvey.surgery.pruning import prune

__all__ = [
    "FULL",
    "NORMS",
    "WEIGHTED",
    "Layer",
    "LowConv2d",
    "LowLinear",
    "Precision",
    "deepen",
    "is_weighted",
    "lower",
    "lower_layer",
    "precision_of",
    "prune",
    "quantise_activations",
    "quantise_weights",
    "re_estimate",
    "ternarise",
    "unpruned",
    "used",
    "weighted",
    "widen",
]

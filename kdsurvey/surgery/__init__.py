"""Surgery on nets: wider and deeper (`growing`, Net2Net), coarser (`precision`,
Apprentice) and sparser (`pruning`).
"""

from kdsurvey.surgery.growing import NORMS, WEIGHTED, deepen, widen
from kdsurvey.surgery.precision import (
    LowConv2d,
    LowLinear,
    Precision,
    lower,
    lower_layer,
    precision_of,
    quantise_activations,
    quantise_weights,
    re_estimate,
    ternarise,
    used,
    weighted,
)
from kdsurvey.surgery.pruning import prune

__all__ = [
    "NORMS",
    "WEIGHTED",
    "LowConv2d",
    "LowLinear",
    "Precision",
    "deepen",
    "lower",
    "lower_layer",
    "precision_of",
    "prune",
    "quantise_activations",
    "quantise_weights",
    "re_estimate",
    "ternarise",
    "used",
    "weighted",
    "widen",
]

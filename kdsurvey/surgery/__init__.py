"""Surgery on nets: wider and deeper (`growing`, Net2Net), and coarser (`precision`, Apprentice)."""

from kdsurvey.surgery.growing import (
    DROPOUTS,
    NORMS,
    WEIGHTED,
    _copy_units,
    _divide,
    _identity,
    _mapping,
    _undone,
    deepen,
    widen,
)
from kdsurvey.surgery.precision import (
    LowConv2d,
    LowLinear,
    Precision,
    lower,
    quantise_activations,
    quantise_weights,
    re_estimate,
    ternarise,
    used,
    weighted,
)

__all__ = [
    "DROPOUTS",
    "NORMS",
    "WEIGHTED",
    "LowConv2d",
    "LowLinear",
    "Precision",
    "_copy_units",
    "_divide",
    "_identity",
    "_mapping",
    "_undone",
    "deepen",
    "lower",
    "quantise_activations",
    "quantise_weights",
    "re_estimate",
    "ternarise",
    "used",
    "weighted",
    "widen",
]

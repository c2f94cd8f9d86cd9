"""Every method as one drawing, in one visual language.

Boxes are nets, solid arrows are forward passes, dashed arrows are targets that get no
gradient, circles are losses. `schemes.hinton()` shows itself in a notebook.
"""

from kdsurvey.schemes.branched import ensemblenet, ffl, one
from kdsurvey.schemes.features import fitnets, fsp
from kdsurvey.schemes.growing import net2deeper, net2wider
from kdsurvey.schemes.lowered import apprentice, staircase
from kdsurvey.schemes.peers import ban, codistil, dml
from kdsurvey.schemes.scheme import Scheme
from kdsurvey.schemes.teachers import hinton, missing_three

__all__ = [
    "Scheme",
    "apprentice",
    "ban",
    "codistil",
    "dml",
    "ensemblenet",
    "ffl",
    "fitnets",
    "fsp",
    "hinton",
    "missing_three",
    "net2deeper",
    "net2wider",
    "one",
    "staircase",
]

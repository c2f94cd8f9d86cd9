"""One file a paper, one public generator of stages each."""

from kdsurvey.methods.fitnets import fitnets
from kdsurvey.methods.fsp import fsp
from kdsurvey.methods.hinton import hinton
from kdsurvey.methods.plain import plain

__all__ = ["fitnets", "fsp", "hinton", "plain"]

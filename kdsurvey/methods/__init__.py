"""One file a paper, one public generator of stages each."""

from kdsurvey.methods.hinton import hinton
from kdsurvey.methods.plain import plain

__all__ = ["hinton", "plain"]

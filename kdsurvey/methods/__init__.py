"""One file a paper, one public generator of stages each; `plain` and `joint_hints` are controls."""

from kdsurvey.methods import flow as flow  # outside code calls methods.flow.Flow
from kdsurvey.methods.apprentice import apprentice
from kdsurvey.methods.ban import ban
from kdsurvey.methods.codistil import codistil
from kdsurvey.methods.dml import dml
from kdsurvey.methods.ensemblenet import ensemblenet
from kdsurvey.methods.ffl import ffl
from kdsurvey.methods.fitnets import fitnets
from kdsurvey.methods.fsp import fsp
from kdsurvey.methods.hinton import hinton
from kdsurvey.methods.joint_hints import joint_hints
from kdsurvey.methods.one import one
from kdsurvey.methods.plain import plain
from kdsurvey.methods.virtual_teacher import virtual_teacher

__all__ = [
    "apprentice",
    "ban",
    "codistil",
    "dml",
    "ensemblenet",
    "ffl",
    "fitnets",
    "fsp",
    "hinton",
    "joint_hints",
    "one",
    "plain",
    "virtual_teacher",
]

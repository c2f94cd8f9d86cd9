"""Panels for notebooks: controls that the reader moves, and what follows from it.
Nothing else in the package imports them.
"""

from kdsurvey.panels.all_panels import all_panels
from kdsurvey.panels.branches.panel import branches
from kdsurvey.panels.compare.panel import compare
from kdsurvey.panels.flows.panel import flows
from kdsurvey.panels.forgotten.panel import forgotten
from kdsurvey.panels.generations.panel import generations
from kdsurvey.panels.growing.panel import growing
from kdsurvey.panels.hints.panel import hints
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.landscape.panel import landscape
from kdsurvey.panels.live.panel import live_training
from kdsurvey.panels.pad.panel import pad
from kdsurvey.panels.peers.panel import peers
from kdsurvey.panels.pick.panel import pick
from kdsurvey.panels.precision.panel import precision
from kdsurvey.panels.quiz import predict, quiz, quizzes
from kdsurvey.panels.rerun import rerun
from kdsurvey.panels.rewind.panel import rewind
from kdsurvey.panels.temperature.panel import temperature

playground = all_panels  # its name in earlier versions, which outside code may call

__all__ = [
    "Panel",
    "all_panels",
    "branches",
    "compare",
    "flows",
    "forgotten",
    "generations",
    "growing",
    "hints",
    "landscape",
    "live_training",
    "pad",
    "peers",
    "pick",
    "playground",
    "precision",
    "predict",
    "quiz",
    "quizzes",
    "rerun",
    "rewind",
    "temperature",
]

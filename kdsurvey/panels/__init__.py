"""Panels for notebooks: controls that the reader moves, and what follows from it. Nothing else in the package imports them."""

from kdsurvey.panels.base import Panel
from kdsurvey.panels.branches import branches
from kdsurvey.panels.compare import compare
from kdsurvey.panels.flows import flows
from kdsurvey.panels.forgotten import forgotten
from kdsurvey.panels.generations import generations
from kdsurvey.panels.growing import growing
from kdsurvey.panels.hints import hints
from kdsurvey.panels.landscape import landscape
from kdsurvey.panels.live import live_training
from kdsurvey.panels.pad import pad
from kdsurvey.panels.peers import peers
from kdsurvey.panels.playground import playground
from kdsurvey.panels.precision import precision
from kdsurvey.panels.quiz import predict, quiz, quizzes
from kdsurvey.panels.rerun import rerun
from kdsurvey.panels.rewind import rewind
from kdsurvey.panels.temperature import temperature

__all__ = [
    "Panel",
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
    "playground",
    "precision",
    "predict",
    "quiz",
    "quizzes",
    "rerun",
    "rewind",
    "temperature",
]

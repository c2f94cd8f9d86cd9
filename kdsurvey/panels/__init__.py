"""Panels for notebooks: controls that the reader moves, and what follows from it. Nothing else in the package imports them."""

from kdsurvey.panels.base import Panel
from kdsurvey.panels.forgotten import forgotten
from kdsurvey.panels.landscape import landscape
from kdsurvey.panels.live import live_training
from kdsurvey.panels.quiz import predict, quiz, quizzes
from kdsurvey.panels.rerun import rerun
from kdsurvey.panels.temperature import temperature

__all__ = ["Panel", "forgotten", "landscape", "live_training", "predict", "quiz", "quizzes", "rerun", "temperature"]

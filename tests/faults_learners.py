"""Planted faults that `test_learners.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "a hook is left",
        "learners.py",
        "hooks.callback(learner.register_forward_pre_hook(note).remove)",
        "learner.register_forward_pre_hook(note)",
    ),
]

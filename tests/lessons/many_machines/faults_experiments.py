"""Planted faults that `test_codistilling.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "copies: fresh at every step",
        "lessons/mutual_learning/codistilling.py",
        "if step % every == 0:",
        "if True:",
    ),
    Fault(
        "copies: no burn-in",
        "lessons/mutual_learning/codistilling.py",
        "if progress >= burn_in:",
        "if True:",
    ),
    Fault(
        "copies: told after one has moved",
        "lessons/mutual_learning/codistilling.py",
        "if k == 0:",
        "if k == 1:",
    ),
    Fault(
        "copies: each is its own teacher",
        "lessons/mutual_learning/codistilling.py",
        "seen[1 - k].logits(x)",
        "seen[k].logits(x)",
    ),
    Fault(
        "copies: one half for both",
        "lessons/mutual_learning/codistilling.py",
        "for part in images[k])",
        "for part in images[0])",
    ),
    Fault(
        "copies: T^2 dropped",
        "lessons/mutual_learning/codistilling.py",
        "weight * T**2 * kl",
        "weight * kl",
    ),
    Fault(
        "copies: halves that overlap",
        "lessons/mutual_learning/codistilling.py",
        "order[: len(x) // 2 * 2].chunk(2)",
        "(order[: len(x) // 2], order[1 : len(x) // 2 + 1])",
    ),
    Fault(
        "copies: both in one order",
        "lessons/mutual_learning/codistilling.py",
        "(x[order], y[order])",
        "(x, y)",
    ),
    Fault(
        "copies: never is at every step",
        "lessons/mutual_learning/codistilling.py",
        "1.0 if every is None else BURN_IN",
        "BURN_IN",
    ),
    Fault(
        "copies: the control takes twice the steps",
        "lessons/mutual_learning/codistilling.py",
        "config.epochs // 2",
        "config.epochs",
    ),
    Fault(
        "copies: two runs from one start",
        "lessons/mutual_learning/codistilling.py",
        "(seed, seed + 100)",
        "(seed, seed)",
    ),
    Fault(
        "copies: smoothed by their own certainty",
        "lessons/mutual_learning/codistilling.py",
        "zip(pair, reversed(alone), images)",
        "zip(pair, alone, images)",
    ),
    Fault(
        "copies: the processes fail unheard",
        "lessons/mutual_learning/codistilling.py",
        "if done.returncode:",
        "if False:",
    ),
]

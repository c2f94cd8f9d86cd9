"""Planted faults that `test_experiments.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "copies: fresh at every step",
        "lessons/many_machines/experiments.py",
        "if step % every == 0:",
        "if True:",
    ),
    Fault(
        "copies: no burn-in",
        "lessons/many_machines/experiments.py",
        "if progress >= burn_in:",
        "if True:",
    ),
    Fault(
        "copies: told after one has moved",
        "lessons/many_machines/experiments.py",
        "if k == 0:",
        "if k == 1:",
    ),
    Fault(
        "copies: each is its own teacher",
        "lessons/many_machines/experiments.py",
        "seen[1 - k].logits(x)",
        "seen[k].logits(x)",
    ),
    Fault(
        "copies: one half for both",
        "lessons/many_machines/experiments.py",
        "for part in images[k])",
        "for part in images[0])",
    ),
    Fault(
        "copies: T^2 dropped",
        "lessons/many_machines/experiments.py",
        "weight * T**2 * kl",
        "weight * kl",
    ),
    Fault(
        "copies: halves that overlap",
        "lessons/many_machines/experiments.py",
        "order[: len(x) // 2 * 2].chunk(2)",
        "(order[: len(x) // 2], order[1 : len(x) // 2 + 1])",
    ),
    Fault(
        "copies: both in one order",
        "lessons/many_machines/experiments.py",
        "(x[order], y[order])",
        "(x, y)",
    ),
    Fault(
        "copies: never is at every step",
        "lessons/many_machines/experiments.py",
        "1.0 if every is None else BURN_IN",
        "BURN_IN",
    ),
    Fault(
        "copies: the control takes twice the steps",
        "lessons/many_machines/experiments.py",
        "config.epochs // 2",
        "config.epochs",
    ),
    Fault(
        "copies: two runs from one start",
        "lessons/many_machines/experiments.py",
        "(seed, seed + 100)",
        "(seed, seed)",
    ),
    Fault(
        "copies: smoothed by their own certainty",
        "lessons/many_machines/experiments.py",
        "zip(pair, reversed(alone), images)",
        "zip(pair, alone, images)",
    ),
    Fault(
        "copies: the processes fail unheard",
        "lessons/many_machines/experiments.py",
        "if done.returncode:",
        "if False:",
    ),
]

"""How to train: one frozen Config, the schedules it names and the device it means."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import torch

from kdsurvey import ranges

Schedule = Callable[[float], float]  # progress in [0, 1] -> factor of the learning rate


def _step(p: float) -> float:
    if p < 0.5:
        return 1.0
    return 0.1 if p < 0.75 else 0.01


def _cosine(p: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * p))


def _one_cycle(p: float) -> float:
    falling = 0.5 * (1 + math.cos(math.pi * (p - 0.3) / 0.7))
    return 0.04 + 0.96 * p / 0.3 if p < 0.3 else falling


SCHEDULES: dict[str, Schedule] = {
    "constant": lambda p: 1.0,
    "step": _step,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
}


@dataclass(frozen=True)
class Config:
    """How to train. Every stage starts a new optimiser and a new schedule.

    lr is the peak learning rate; schedule one of SCHEDULES or a function of progress in
    [0, 1] to a factor of lr. momentum (Nesterov's where `nesterov`) is SGD's; "adam"
    uses its own defaults. jitter: every training image is shifted by up to that many
    pixels in each direction, each image by its own draw. precision "fp32" or "bf16"
    (autocast). seed: order, jitter and dropout; a tuple of seeds gives each member of a
    stack its own. device: "auto" takes a GPU where there is one. Raises ValueError for
    a value outside its range.
    """

    epochs: int = 10
    batch_size: int = 128
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str | Callable[[float], float] = "one-cycle"
    precision: str = "fp32"
    seed: int | tuple[int, ...] = int(os.environ.get("KDSURVEY_SEED", "0"))
    device: str = "auto"
    optimiser: str = "sgd"
    nesterov: bool = False
    jitter: int = 0

    @property
    def first_seed(self) -> int:
        """The seed, or that of the first member of a stack."""
        return self.seed[0] if isinstance(self.seed, tuple) else self.seed

    @property
    def factor(self) -> Schedule:
        """The schedule as a function of progress in [0, 1] to a factor of lr."""
        return self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]

    def __post_init__(self) -> None:
        ranges.plain_numbers(self)
        decays = math.isfinite(self.weight_decay) and self.weight_decay >= 0
        scheduled = callable(self.schedule) or self.schedule in SCHEDULES
        seeds = self.seed if isinstance(self.seed, tuple) else (self.seed,)
        seeded = bool(seeds) and all(isinstance(seed, int) for seed in seeds)
        momentous = self.optimiser == "sgd" and self.momentum > 0
        rules = {
            "epochs": (ranges.whole(self.epochs, 1), "a whole number of 1 or more"),
            "batch_size": (
                ranges.whole(self.batch_size, 1),
                "a whole number of 1 or more",
            ),
            "lr": (math.isfinite(self.lr) and self.lr > 0, "a number above 0"),
            "momentum": (0 <= self.momentum < 1, "a number in [0, 1)"),
            "weight_decay": (decays, "a number of 0 or more"),
            "schedule": (scheduled, f"one of {list(SCHEDULES)}, or a function"),
            "precision": (self.precision in ("fp32", "bf16"), '"fp32" or "bf16"'),
            "seed": (seeded, "a whole number, or a tuple of one for each member"),
            "optimiser": (self.optimiser in ("sgd", "adam"), '"sgd" or "adam"'),
            "nesterov": (not self.nesterov or momentous, "False, or SGD some momentum"),
            "jitter": (ranges.whole(self.jitter, 0), "a whole number of 0 or more"),
        }
        ranges.check("Config", self, rules)


def device_of(config: Config) -> torch.device:
    """Return the device that config.device names.

    "auto" is the accelerator that torch sees, else the CPU.
    """
    if config.device != "auto":
        return torch.device(config.device)
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return accelerator or torch.device("cpu")

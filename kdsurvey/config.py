"""How to train: one frozen Config, the schedules it names and the device it means."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import torch

SCHEDULES: dict[
    str, Callable[[float], float]
] = {  # progress in [0, 1] -> factor of the learning rate
    "constant": lambda p: 1.0,
    "step": lambda p: 1.0 if p < 0.5 else 0.1 if p < 0.75 else 0.01,
    "cosine": lambda p: 0.5 * (1 + math.cos(math.pi * p)),
    "one-cycle": lambda p: (
        0.04 + 0.96 * p / 0.3
        if p < 0.3
        else 0.5 * (1 + math.cos(math.pi * (p - 0.3) / 0.7))
    ),
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

    def __post_init__(self):
        rules = {
            "epochs": isinstance(self.epochs, int) and self.epochs >= 1,
            "batch_size": isinstance(self.batch_size, int) and self.batch_size >= 1,
            "lr": math.isfinite(self.lr) and self.lr > 0,
            "momentum": 0 <= self.momentum < 1,
            "weight_decay": math.isfinite(self.weight_decay) and self.weight_decay >= 0,
            "schedule": callable(self.schedule) or self.schedule in SCHEDULES,
            "precision": self.precision in ("fp32", "bf16"),
            "seed": self.seed != ()
            and all(
                isinstance(s, int)
                for s in (self.seed if type(self.seed) is tuple else [self.seed])
            ),
            "optimiser": self.optimiser in ("sgd", "adam"),
            "nesterov": not self.nesterov
            or (self.optimiser == "sgd" and self.momentum > 0),
            "jitter": isinstance(self.jitter, int) and self.jitter >= 0,
        }
        for name, fine in rules.items():
            if not fine:
                raise ValueError(
                    f"Config: {name} = {getattr(self, name)!r} is out of range; see the docstring of Config"
                )


def device_of(config: Config) -> torch.device:
    """The device that config.device names; "auto" is the accelerator that torch sees, else the CPU."""
    if config.device != "auto":
        return torch.device(config.device)
    return torch.accelerator.current_accelerator(check_available=True) or torch.device(
        "cpu"
    )

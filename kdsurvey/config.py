"""How to train: one frozen Config, the schedules it names and the device it means."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch

from kdsurvey import ranges, variables

Schedule = Callable[[float], float]  # progress in [0, 1] -> factor of the learning rate

SEEDS = 2**63  # 0 to this, so that the generators take a seed and those after it


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


def _base_seed() -> int:
    return variables.whole("KDSURVEY_SEED", 0, least=0, most=SEEDS - 1)


@dataclass(frozen=True)
class Config:
    """How to train. Every stage starts a new optimiser and a new schedule.

    lr is the peak learning rate; schedule one of SCHEDULES or a function of progress in
    [0, 1] to a factor of lr. momentum (Nesterov's where `nesterov`) is SGD's; "adam"
    uses its own defaults. jitter: every training image is shifted by up to that many
    pixels in each direction, each image by its own draw. precision "fp32" or "bf16"
    (autocast). seed: order, jitter and dropout, by default $KDSURVEY_SEED or 0; a tuple
    of seeds gives each member of a stack its own. device: "auto" takes a GPU where
    there is one. Raises ValueError for a value outside its range.
    """

    epochs: int = 10
    batch_size: int = 128
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str | Callable[[float], float] = "one-cycle"
    precision: str = "fp32"
    seed: int | tuple[int, ...] = field(default_factory=_base_seed)
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
        schedule = self.schedule
        return partial(
            _checked, schedule if callable(schedule) else SCHEDULES[schedule]
        )

    def __post_init__(self) -> None:
        ranges.plain_numbers(self)
        scheduled = callable(self.schedule) or ranges.word(self.schedule, SCHEDULES)
        seeds = self.seed if isinstance(self.seed, tuple) else (self.seed,)
        seeded = bool(seeds) and all(ranges.whole(s, 0) and s < SEEDS for s in seeds)
        share = ranges.number(self.momentum) and 0 <= self.momentum < 1
        momentous = self.optimiser == "sgd" and share and self.momentum > 0
        whole = "a whole number of {} or more"
        rules = {
            "epochs": (ranges.whole(self.epochs, 1), whole.format(1)),
            "batch_size": (ranges.whole(self.batch_size, 1), whole.format(1)),
            "lr": (ranges.number(self.lr) and self.lr > 0, "a number above 0"),
            "momentum": (share, "a number in [0, 1)"),
            "weight_decay": (
                ranges.number(self.weight_decay) and self.weight_decay >= 0,
                "a number of 0 or more",
            ),
            "schedule": (scheduled, f"one of {list(SCHEDULES)}, or a function"),
            "precision": (
                ranges.word(self.precision, ("fp32", "bf16")),
                '"fp32" or "bf16"',
            ),
            "seed": (
                seeded,
                "a whole number from 0 to 2**63 - 1, or a tuple of one for each member",
            ),
            "device": (_is_device(self.device), '"auto", "cpu", "cuda" or the like'),
            "optimiser": (
                ranges.word(self.optimiser, ("sgd", "adam")),
                '"sgd" or "adam"',
            ),
            "nesterov": (
                self.nesterov is False or (self.nesterov is True and momentous),
                "False, or SGD some momentum",
            ),
            "jitter": (ranges.whole(self.jitter, 0), whole.format(0)),
        }
        ranges.check("Config", self, rules)


def _checked(schedule: Schedule, progress: float) -> float:
    """Return what a schedule gives; raise ValueError where that is no factor of a rate."""
    factor = schedule(progress)
    if not ranges.weight(factor):
        raise ValueError(
            f"Config: schedule gave {factor!r} at progress {progress:g}; give a function "
            "of progress in [0, 1] to a number of 0 or more"
        )
    return factor


def _is_device(name: object) -> bool:
    if name == "auto" or isinstance(name, torch.device):
        return True
    try:
        return isinstance(name, str) and bool(torch.device(name))
    except RuntimeError:
        return False


def device_of(config: Config) -> torch.device:
    """Return the device that config.device names.

    "auto" is the accelerator that torch sees, else the CPU.
    """
    if config.device != "auto":
        return torch.device(config.device)
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return accelerator or torch.device("cpu")

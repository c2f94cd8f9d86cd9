"""Notebook 13: what each method serves in the end, and what an answer costs.

The methods and their recorded runs are those of `ensemblenet.budgets`.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from kdsurvey import ranges
from kdsurvey.branches import Fused, Mixed
from kdsurvey.lessons.branched_nets import SHAPE, serving_cost
from kdsurvey.lessons.ensemblenet.budgets import ARMS
from kdsurvey.lessons.ensemblenet.claims import METHODS, all_of
from kdsurvey.stage import in_eval

RUNS = 200  # answers that are timed, after a tenth as many that are not


@dataclass(frozen=True)
class Answer:
    """What is served: one net of an arm, or, `joint`, the mean logits of all its branches.

    adds: multiply-adds of an answer to one image. bytes: of all weights and statistics,
    uncompressed.
    """

    arm: str
    joint: bool
    adds: int
    bytes: int

    @property
    def name(self) -> str:
        return all_of(self.arm) if self.joint else self.arm


def net_of(arm: str, joint: bool = False, seed: int = 0) -> nn.Module:
    """Return what an arm serves, untrained: a net from x (n, *SHAPE) to logits."""
    branches, together = ARMS[arm].untrained(seed)
    if not joint:
        return branches[0]
    if isinstance(together, Mixed | Fused):
        # without a gate or a fusion: the mean of the logits answers for all
        return Mixed(together.net, None)
    return together


@cache
def answers() -> tuple[Answer, ...]:
    """List everything that can be served, the cheapest first."""
    single = [_priced(arm, joint=False) for arm in ARMS]
    several = [_priced(arm, joint=True) for arm in METHODS]
    return tuple(sorted([*single, *several], key=lambda answer: answer.adds))


def _priced(arm: str, joint: bool) -> Answer:
    net = net_of(arm, joint)
    return Answer(arm, joint, serving_cost(net), size(net))


def size(net: nn.Module) -> int:
    """Count the bytes of a net's weights and statistics as they are kept in memory."""
    kept = {part.data_ptr(): part for part in net.state_dict().values()}
    return sum(part.numel() * part.element_size() for part in kept.values())


def latency(
    net: nn.Module,
    images: int = 1,
    runs: int = RUNS,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Measure the median time, in milliseconds, of an answer to so many images at once, on
    this machine.

    clock: seconds that have passed. Raises ValueError for fewer images or runs than one.
    """
    if not (ranges.whole(images, 1) and ranges.whole(runs, 1)):
        raise ValueError(
            f"latency: images = {images!r}, runs = {runs!r}; give 1 or more of each"
        )
    x = torch.rand(images, *SHAPE)
    times = []
    with torch.no_grad(), in_eval(net):
        for _ in range(runs // 10):  # the first answers are slow
            net(x)
        for _ in range(runs):
            before = clock()
            net(x)
            times.append(clock() - before)
    return 1000 * statistics.median(times)

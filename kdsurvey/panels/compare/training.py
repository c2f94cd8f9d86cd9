"""Training by turns: the methods to compare, and one side of a comparison, epoch by epoch."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace

import torch
from torch import Tensor, nn

from kdsurvey import sweeps
from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Stage, Teacher, in_eval
from kdsurvey.training import epochs

Method = Callable[
    [nn.Module, Teacher, float, float], Iterator[Stage]
]  # (student, teacher, T, alpha) -> stages


def standard(data: Data, teacher: nn.Module) -> dict[str, Method]:
    """The methods that every comparison should have at hand: with the teacher, without
    it, and with one that knows nothing.
    """
    classes = len(data.classes)
    blank = Teacher(mlp(data.train[0][0].numel(), 300, 300, classes, seed=10**6))
    smoothing = smoothing_of(teacher, data)
    return {
        "labels": lambda student, teacher, T, alpha: plain(student),
        "soft + hard": lambda student, teacher, T, alpha: hinton(
            student, teacher, T=T, alpha=alpha
        ),
        "soft targets": lambda student, teacher, T, alpha: hinton(
            student, teacher, T=T, alpha=1.0
        ),
        "labels, smoothed as the teacher is sure": lambda student, teacher, T, alpha: (
            plain(student, smoothing=smoothing)
        ),
        "soft + hard, untrained teacher": lambda student, teacher, T, alpha: hinton(
            student, blank, T=T, alpha=alpha
        ),
    }


def members(
    nets: Sequence[nn.Module], seeds: Sequence[int], stacked: bool = True
) -> list[tuple[nn.Module, int | tuple]]:
    """What trains in one pass: all nets as one stack with all seeds, or where that
    cannot or should not be, each alone.
    """
    twins = [net for net in nets if isinstance(net, nn.Sequential)]
    if stacked and len(twins) == len(nets):
        with suppress(ValueError):
            return [(sweeps.stack(twins), tuple(seeds))]
    return list(zip(nets, seeds))


def trained(
    parts: Sequence[tuple[nn.Module, int | tuple]],
    make_stages: Callable[[nn.Module], Iterator[Stage]],
    data: Data,
    config: Config,
    on_batch: Callable,
) -> Generator[tuple[list[dict], Tensor], None, None]:
    """Trains all members; yields after each epoch a row a member, and their logits (s,
    m, c) for the m validation images.

    parts: what `members` returns; make_stages(net) -> stages. The rows are those that
    `train` returns for each part. Errors, and what comes out of on_batch: see
    `training.epochs`.
    """
    with ExitStack() as ends:
        runs = [
            epochs(
                make_stages(net), data, replace(config, seed=seed), on_batch=on_batch
            )
            for net, seed in parts
        ]
        for run in runs:
            ends.enter_context(closing(run))
        while rows := [
            row for run, (_, seed) in zip(runs, parts) for row in _epoch(run, seed)
        ]:
            yield (
                rows,
                torch.cat([_logits(net, data.held_out[0]) for net, _ in parts]),
            )


def _epoch(trained: Iterator[dict], seed: int | tuple[int, ...]) -> list[dict]:
    """The rows of one epoch: a row a member of a stack. Empty when the run is over."""
    rows, last = [], len(seed) - 1 if isinstance(seed, tuple) else 0
    for found in trained:
        rows.append(found)
        if found.get("member", last) == last:
            break
    return rows


@torch.no_grad()
def _logits(net: nn.Module, x: Tensor) -> Tensor:
    """(s, m, c) logits on the CPU, a single net as a stack of one; measured in eval mode."""
    with in_eval(net):
        z = torch.cat(
            [net(part) for part in x.to(next(net.parameters()).device).split(2048)], -2
        ).cpu()
    return z if z.ndim == 3 else z[None]

"""Notebook 15: two copies that learn from stale copies of each other. Anil et al. 2018,
arXiv 1804.03235; `methods.codistil`.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from kdsurvey.data import Data
from kdsurvey.lessons.mutual_learning.experiments import (
    ARMS,
    CONFIG,
    NOISE,
    SHARED,
    digits,
    drawn,
    learn,
    outcome,
    peers,
)
from kdsurvey.losses import cross_entropy, kl
from kdsurvey.measures import top1_agreement
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, train

NOISES = (NOISE, 0.0)  # shares of the labels that are drawn anew
EVERY = (1, 10, 100, 1000)  # steps between two exchanges
BURN_IN = 0.2  # share of the steps without the other
TRIED = {
    "40 epochs": CONFIG,
    "10 epochs": replace(CONFIG, epochs=10),
}  # what every arm may choose from on validation images
NEVER = "never"
SMOOTHED = "never, label smoothing"
WHOLE = "never, but all images each"
REPEATED = (None, 10, 1000)  # intervals of the trainings that are made twice
COPIES = {name: value for name, value in SHARED.items() if name != "choices"} | {
    "tried": TRIED,
    "every": EVERY,
    "burn_in": BURN_IN,
    "controls": (NEVER, SMOOTHED, WHOLE),
}  # settings of both experiments
Images = tuple[Tensor, Tensor]  # x (m, ...), y (m,)


def codistilled(
    pair: Sequence[nn.Module],
    images: Sequence[Images],
    *,
    every: int,
    burn_in: float = BURN_IN,
    weight: float = 1.0,
    T: float = 1.0,
) -> Iterator[Stage]:
    """What two processes compute with `methods.codistil`, in one: each copy learns from
    its images and from the stale other.

    images: for each copy its own, as many; a batch says which places of them. burn_in =
    1: they never hear of each other. Both copies meet the same places in the same
    order; a test shows that the weights are those of two processes that do.
    """
    seen: list[Teacher] = []
    step = 0

    def exchange(progress: float) -> None:
        nonlocal step
        if progress >= burn_in:
            if step % every == 0:
                seen[:] = [Teacher(net) for net in pair]
            step += 1

    def of(k: int):
        def loss(batch, progress):
            if k == 0:  # once a step, and before anybody has moved
                exchange(progress)
            x, y = (part[batch.i] for part in images[k])
            z = pair[k](x)
            soft = (
                {"mutual": weight * T**2 * kl(seen[1 - k].logits(x), z, T)}
                if seen
                else {}
            )
            return {"hard": cross_entropy(z, y)} | soft

        return loss

    yield Stage(
        "codistil",
        {net: of(k) for k, net in enumerate(pair)},
        score={f"copy {k}": net for k, net in enumerate(pair)},
    )


def halves(data: Data, seed: int) -> list[Images]:
    """The training images in two halves, drawn anew for every seed; one image is left
    over where they are odd.
    """
    x, y = data.train
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    return [(x[part], y[part]) for part in order[: len(x) // 2 * 2].chunk(2)]


def both(data: Data, seed: int) -> list[Images]:
    """All training images for both copies, the second in an order of its own."""
    x, y = data.train
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    return [(x, y), (x[order], y[order])]


def exchanging(every: int | None) -> str:
    """Name the arm whose copies exchange every so many steps; None: never."""
    return NEVER if every is None else f"every {every}"


def run(
    every: int | None, images: Sequence[Images], data: Data, config: Config
) -> list[nn.Sequential]:
    """Train two copies that exchange their weights every so many steps, or never where
    None, and return them.
    """
    pair = peers(config.first_seed)
    burn_in = 1.0 if every is None else BURN_IN
    stages = codistilled(pair, images, every=every or 1, burn_in=burn_in)
    train(stages, replace(data, train=images[0]), config, progress=False)
    return pair


def exchanged(
    intervals: Iterable[int | None],
    images: Sequence[Images],
    data: Data,
    config: Config,
) -> dict[str, list[nn.Sequential]]:
    """Train two copies for each interval between exchanges: name of the arm -> copies."""
    return {exchanging(n): run(n, images, data, config) for n in intervals}


def live(
    data: Data, seed: int, intervals: Sequence[int | None], choice: str
) -> list[dict]:
    """Run a few arms of `codistil_stale` at one choice and return their rows.

    data: of that seed, with the labels to learn from.
    """
    config = replace(TRIED[choice], seed=seed)
    pairs = exchanged(intervals, halves(data, seed), data, config)
    return [row(arm, seed, pair, data, choice=choice) for arm, pair in pairs.items()]


@experiment(settings=COPIES | {"noises": NOISES, "arms": ARMS})
def codistil_stale(data: Data, seed: int) -> list[dict]:
    """Train two processes with half of the images each, that exchange often, seldom or
    never; with wrong labels and with right ones.

    Controls: never, with labels as unsure as the other copy was when it had learnt
    alone; and two nets that see all of the images in as many steps.
    """
    rows = []
    for noise in NOISES:
        digits_ = drawn(data, seed, noise)
        images = halves(digits_, seed)
        for choice, config in TRIED.items():
            config = replace(config, seed=seed)
            pairs = exchanged((None, *EVERY), images, digits_, config)
            pairs[SMOOTHED] = smoothed(pairs[NEVER], images, digits_, config)
            pairs[WHOLE] = peers(seed)
            as_many_steps = replace(config, epochs=config.epochs // 2)
            learn(ARMS["alone"], pairs[WHOLE], digits_, as_many_steps)
            rows += [
                row(arm, seed, pair, digits_, choice=choice, noise=noise)
                for arm, pair in pairs.items()
            ]
    return rows


@experiment(settings=COPIES | {"noise": NOISE, "arms": ARMS, "repeated": REPEATED})
def codistil_runs(data: Data, seed: int) -> list[dict]:
    """Measure how far two trainings of the same kind agree, that differ in their initial
    weights and their order: all images for all.

    A row has "two runs agree", the share of test images to which a copy of each
    training gives the same answer.
    """
    digits_ = digits(data, seed)
    images = both(digits_, seed)
    rows = []
    for choice, config in TRIED.items():
        first, second = (
            repeated(images, digits_, replace(config, seed=start))
            for start in (seed, seed + 100)
        )
        for arm, pair in first.items():
            agreed = agreement(pair[0], second[arm][0], digits_)
            about = {"choice": choice, "two runs agree": agreed}
            rows.append(row(arm, seed, pair, digits_, **about))
    return rows


def repeated(
    images: Sequence[Images], data: Data, config: Config
) -> dict[str, list[nn.Sequential]]:
    """Train the arms of `codistil_runs` once: name -> copies."""
    pairs = exchanged(REPEATED, images, data, config)
    pairs[SMOOTHED] = smoothed(pairs[NEVER], images, data, config)
    return pairs


def smoothed(
    alone: Sequence[nn.Module], images: Sequence[Images], data: Data, config: Config
) -> list[nn.Sequential]:
    """Train two nets apart with label smoothing and return them.

    Each net's smoothing equals the mean uncertainty, on its own images, of the other
    net trained alone.
    """
    pair = peers(config.first_seed)
    for net, other, own in zip(pair, reversed(alone), images):
        own_images = replace(data, train=own)
        learn(ARMS["label smoothing"], [net], own_images, config, [other])
    return pair


def row(arm: str, seed: int, pair: Sequence[nn.Module], data: Data, **about) -> dict:
    """Return a row: means over the two copies, and how far they agree."""
    agreed = agreement(pair[0], pair[1], data)
    return outcome(arm, seed, pair, data, agreement=agreed, **about)


def agreement(a: nn.Module, b: nn.Module, data: Data) -> float:
    """Return the share of test images to which two nets give the same answer."""
    logits = [Teacher(net).logits(data.test[0]) for net in (a, b)]
    return round(top1_agreement(*logits).item(), 4)


def processes(every: int = 50, epochs: int = 2, width: int = 32) -> list[str]:
    """Starts two processes by torchrun, as README.md says, and waits: what they said,
    line by line. RuntimeError if one fails.
    """
    options = {"--every": every, "--epochs": epochs, "--width": width}
    started = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node=2",
        "-m",
        "kdsurvey.codistil",
    ]
    done = subprocess.run(
        [*started, *(str(part) for pair in options.items() for part in pair)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(
            f"codistil: the processes ended with {done.returncode}; "
            f"the last they said: {done.stderr[-400:]}"
        )
    return sorted(done.stdout.splitlines())

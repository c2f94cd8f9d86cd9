"""Why mutual learning works, as its paper has it: flatter minima, softer answers.
Beside a net alone of equal training loss.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import torch
from torch import Tensor, nn

from kdsurvey.data import Data
from kdsurvey.lessons.mutual_learning.experiments import (
    ARMS,
    CONFIG,
    DECAY,
    NOISE,
    SHARED,
    digits,
    learn,
    outcome,
    peers,
)
from kdsurvey.losses import cross_entropy, entropy, soften
from kdsurvey.measures import top1_agreement
from kdsurvey.records import experiment
from kdsurvey.stage import Teacher

# epochs, of which one brings a net alone to about the training loss of mutual learning
SHORTER = tuple(range(30, 41, 2))
SIGMAS = (0.05, 0.1)
RELATIVE = 0.5
DRAWS = 8
# along one direction as long as each unit's weights
SLICE = tuple(k / 10 for k in range(-10, 11))
MATCHED = "alone, equal training loss"
DECAYED = "alone, weight decay"
# settings of `why`
MEASURES = {
    "sigmas": SIGMAS,
    "relative": RELATIVE,
    "draws": DRAWS,
    "slice": SLICE,
}


@experiment(
    settings=SHARED
    | MEASURES
    | {
        "config": CONFIG,
        "noise": NOISE,
        "decay": DECAY,
        "shorter": SHORTER,
        "arms": ARMS,
        "controls": (MATCHED, DECAYED),
    }
)
def dml_why(data: Data, seed: int) -> list[dict]:
    """Train two nets alone, mutually by turns, one-way, alone with weight decay, and
    alone but stopped at the training loss of mutual learning; measure why they differ.
    """
    data = digits(data, seed)
    config = replace(CONFIG, seed=seed)

    def trained(arm: str, config=config, teachers=None) -> list[nn.Sequential]:
        pair = peers(seed)
        learn(ARMS[arm], pair, data, config, teachers)
        return pair

    alone = trained("alone")
    mutual = trained("DML")
    one_way = trained("one-way", teachers=alone)
    decayed = trained("alone", replace(config, weight_decay=DECAY))
    epochs, stopped = matched(data, seed, training_loss(mutual, data))
    pairs = {"alone": alone, "DML": mutual, "one-way": one_way}
    pairs |= {DECAYED: decayed, MATCHED: stopped}
    lengths = dict.fromkeys(pairs, CONFIG.epochs) | {MATCHED: epochs}
    return [
        outcome(arm, seed, pair, data, epochs=lengths[arm], **why(pair, data, seed))
        for arm, pair in pairs.items()
    ]


def matched(data: Data, seed: int, target: float) -> tuple[int, Sequence[nn.Module]]:
    """Train two nets alone, for whole runs of fewer epochs, and return the epochs and
    the nets whose training loss is nearest the target.
    """

    def alone(epochs: int) -> list[nn.Sequential]:
        pair = peers(seed)
        config = replace(CONFIG, seed=seed, epochs=epochs)
        learn(ARMS["alone"], pair, data, config)
        return pair

    return nearest(alone, SHORTER, data, target)


def nearest(
    train: Callable[[int], Sequence[nn.Module]],
    lengths: Iterable[int],
    data: Data,
    target: float,
) -> tuple[int, Sequence[nn.Module]]:
    """Return the one of these lengths, in epochs, whose nets come nearest to a training
    loss, and these nets. train: epochs -> nets.
    """
    tried = {epochs: train(epochs) for epochs in lengths}
    best = min(
        tried, key=lambda epochs: abs(training_loss(tried[epochs], data) - target)
    )
    return best, tried[best]


def why(pair: Sequence[nn.Module], data: Data, seed: int) -> dict:
    """Measure what the paper explains it by, means over the nets: loss, entropy, rises of
    the loss under noise on the weights, a slice.

    Rises: mean of DRAWS draws of Gaussian noise of s.d. sigma, or of RELATIVE times
    each weight tensor's root mean square.
    """
    x, y = data.train
    rises = {
        f"rise at {s:g}": mean(rise(net, x, y, s, seed) for net in pair) for s in SIGMAS
    }
    rises["rise, relative"] = mean(
        rise(net, x, y, RELATIVE, seed, relative=True) for net in pair
    )
    z = [Teacher(net).logits(x) for net in pair]
    tests = [Teacher(net).logits(data.test[0]) for net in pair]
    return {
        "loss": mean(cross_entropy(logits, y).item() for logits in z),
        "entropy in training": mean(entropy(logits).mean().item() for logits in z),
        "confidence": mean(soften(logits).amax(-1).mean().item() for logits in z),
        "agreement": mean(
            top1_agreement(*two).item() for two in combinations(tests, 2)
        ),
        **rises,
        "slice": [
            mean(values) for values in zip(*(along(net, x, y, seed) for net in pair))
        ],
    }


@torch.no_grad()
def rise(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    sigma: float,
    seed: int,
    relative: bool = False,
) -> float:
    """Compute how much the loss rises, in nats, when every weight gets Gaussian noise:
    the mean over DRAWS. The net stays as it is.
    """
    before, generator = loss(net, x, y), torch.Generator().manual_seed(seed)
    rises = []
    for _ in range(DRAWS):
        noisy = copy.deepcopy(net)
        for w in noisy.parameters():
            scale = sigma * w.square().mean().sqrt() if relative else sigma
            w.add_(scale * torch.randn(w.shape, generator=generator))
        rises.append(loss(noisy, x, y) - before)
    return mean(rises)


@torch.no_grad()
def along(net: nn.Module, x: Tensor, y: Tensor, seed: int) -> list[float]:
    """Compute the loss at w + t d for t of SLICE: d random, as long as w unit by unit (Li
    et al. 2018, arXiv 1712.09913).
    """
    generator, losses = torch.Generator().manual_seed(seed), []
    directions = [_like(w, generator) for w in net.parameters()]
    for t in SLICE:
        moved = copy.deepcopy(net)
        for w, d in zip(moved.parameters(), directions):
            w.add_(t * d)
        losses.append(loss(moved, x, y))
    return losses


def loss(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """Compute the cross-entropy with the labels y (N,) of images x, redrawn ones included."""
    return cross_entropy(Teacher(net).logits(x), y).item()


def training_loss(pair: Sequence[nn.Module], data: Data) -> float:
    """Return the mean over the nets of their loss on the training labels."""
    return mean(loss(net, *data.train) for net in pair)


def mean(values: Iterable[float]) -> float:
    """Return the mean to four decimals, as rows are kept."""
    values = list(values)
    return round(sum(values) / len(values), 4)


def _like(w: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a direction with the norm of each unit's weights; 0 for biases."""
    d = torch.randn(w.shape, generator=generator)
    if w.ndim == 1:
        return torch.zeros_like(w)
    return d * w.norm(dim=1, keepdim=True) / d.norm(dim=1, keepdim=True)

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

SHORTER = tuple(
    range(30, 41, 2)
)  # epochs, of which one brings a net alone to about the training loss of mutual learning
SIGMAS = (0.05, 0.1)
RELATIVE = 0.5
DRAWS = 8
SLICE = tuple(
    k / 10 for k in range(-10, 11)
)  # along one direction as long as each unit's weights
MATCHED, DECAYED = "alone, equal training loss", "alone, weight decay"
MEASURES = {
    "sigmas": SIGMAS,
    "relative": RELATIVE,
    "draws": DRAWS,
    "slice": SLICE,
}  # settings of `why`


@experiment(
    settings=SHARED
    | MEASURES
    | {
        "config": CONFIG,
        "noise": NOISE,
        "decay": DECAY,
        "shorter": SHORTER,
        "arms": (MATCHED, DECAYED),
    }
)
def dml_why(data: Data, seed: int) -> list[dict]:
    """Two nets alone, mutual by turns, one-way, alone with weight decay, and alone but
    stopped at the training loss of mutual.
    """
    data = digits(data, seed)
    nets = {}
    config = replace(CONFIG, seed=seed)
    for arm in ("alone", "DML", "one-way", DECAYED):
        nets[arm] = peers(seed)
        decay = replace(config, weight_decay=DECAY) if arm == DECAYED else config
        learn(arm, nets[arm], data, decay, nets["alone"])
    epochs, nets[MATCHED] = matched(data, seed, training_loss(nets["DML"], data))
    lengths = {arm: epochs if arm == MATCHED else CONFIG.epochs for arm in nets}
    return [
        outcome(arm, seed, pair, data, epochs=lengths[arm], **why(pair, data, seed))
        for arm, pair in nets.items()
    ]


def matched(data: Data, seed: int, target: float) -> tuple[int, Sequence[nn.Module]]:
    """Two nets alone, trained for whole runs of fewer epochs until their training loss
    is nearest the target: epochs, nets.
    """

    def alone(epochs: int) -> list[nn.Sequential]:
        pair = peers(seed)
        learn("alone", pair, data, replace(CONFIG, seed=seed, epochs=epochs))
        return pair

    return nearest(alone, SHORTER, data, target)


def nearest(
    train: Callable[[int], Sequence[nn.Module]],
    lengths: Iterable[int],
    data: Data,
    target: float,
) -> tuple[int, Sequence[nn.Module]]:
    """Of the lengths the one for which the nets that train(epochs) gives come nearest
    to a training loss, and these nets.
    """
    tried = {epochs: train(epochs) for epochs in lengths}
    best = min(
        tried, key=lambda epochs: abs(training_loss(tried[epochs], data) - target)
    )
    return best, tried[best]


def why(pair: Sequence[nn.Module], data: Data, seed: int) -> dict:
    """What the paper explains it by, means over the nets: loss, entropy, rises of the
    loss under noise on the weights, a slice.

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
        "loss": mean(cross_entropy(of, y).item() for of in z),
        "entropy in training": mean(entropy(of).mean().item() for of in z),
        "confidence": mean(soften(of).amax(-1).mean().item() for of in z),
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
    """Mean over DRAWS of how much the loss rises when every weight gets Gaussian noise;
    the net stays as it is.
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
    """The loss at w + t d for t of SLICE: d random, as long as w unit by unit (Li et
    al. 2018, arXiv 1712.09913).
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
    """Cross-entropy with the labels that the net learnt from, redrawn ones included."""
    return cross_entropy(Teacher(net).logits(x), y).item()


def training_loss(pair: Sequence[nn.Module], data: Data) -> float:
    """The mean over the nets."""
    return mean(loss(net, *data.train) for net in pair)


def mean(values: Iterable[float]) -> float:
    """To four decimals, as rows are kept."""
    values = list(values)
    return round(sum(values) / len(values), 4)


def _like(w: Tensor, generator: torch.Generator) -> Tensor:
    """A random direction with the norm of each unit's weights; biases stay."""
    d = torch.randn(w.shape, generator=generator)
    return (
        d * w.norm(dim=1, keepdim=True) / d.norm(dim=1, keepdim=True)
        if w.ndim > 1
        else torch.zeros_like(w)
    )

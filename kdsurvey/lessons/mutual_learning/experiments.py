"""Notebook 07: peers in place of a teacher. Zhang, Xiang, Hospedales & Lu 2018, arXiv
1706.00384; judged in mutual_claims.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.losses import entropy
from kdsurvey.methods import dml, hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(
    epochs=40, batch_size=64, lr=0.05, schedule="cosine", nesterov=True
)  # long enough to learn wrong labels by heart
DECAY = 5e-3
CHOICES = {  # what every arm may choose from on validation images; the first is the default
    "40 epochs": CONFIG,
    "20 epochs": replace(CONFIG, epochs=20),
    "10 epochs": replace(CONFIG, epochs=10),
    "weight decay": replace(CONFIG, weight_decay=DECAY),
}
# training images; share of labels drawn anew; share of labels where few are known
IMAGES = 2000
NOISE = 0.2
LABELLED = 0.1
WIDTHS, SMALL = (128, 128), (16,)
SEMI = (
    "alone",
    "label smoothing",
    "DML, labelled images",
    "same batches",
    "DML, all images",
    "soft targets, all images",
)
PAIRED = ("alone", "label smoothing", "one-way", "DML", "DML at once")
SHARED = {
    "images": IMAGES,
    "choices": CHOICES,
    "widths": WIDTHS,
}  # settings of every experiment


def digits(data: Data, seed: int, noise: float = NOISE) -> Data:
    """Draw the lesson's images, by default with a fifth of the labels redrawn."""
    return drawn(data, seed, noise)


def drawn(data: Data, seed: int, noise: float) -> Data:
    """Draw about 2,000 images of 14 x 14, standardised, a share of their labels redrawn.

    Each seed has images and noise of its own. Validation and test labels stay right.
    noise: in [0, 1), the share of training labels drawn anew; 0 leaves all as they are.
    """
    few = clean_digits(data, seed)
    return few.mislabelled(noise, seed) if noise else few


def clean_digits(data: Data, seed: int) -> Data:
    """Draw about 2,000 images of 14 x 14, standardised, with every label right."""
    few = data.halved().fraction(IMAGES / len(data.train[0]), seed)
    x = few.train[0]
    standardised = {
        part: ((images - x.mean()) / x.std(), labels)
        for part, (images, labels) in _parts(few).items()
    }
    return replace(few, **standardised, source=f"{few.source}; standardised")


def peers(seed: int, K: int = 2, widths: Sequence[int] = WIDTHS) -> list[nn.Sequential]:
    """K nets with initial weights of their own; the first ones of a seed are the same whatever K."""
    return [nets.mlp(196, *widths, 10, seed=1000 * k + seed) for k in range(K)]


def learn(
    arm: str,
    pair: Sequence[nn.Module],
    data: Data,
    config: Config,
    teachers: Sequence[nn.Module] = (),
) -> None:
    """Trains two nets by an arm of PAIRED, each from the same weights and in the same
    order in every arm.

    teachers: the pair when it had learnt alone, for "one-way" and "label smoothing":
    each net learns from the other one. One-way is H(y, q) + KL(p || q), the loss of a
    peer: half of it, at twice the rate and half the weight decay, makes the same steps.
    """
    if arm.startswith("DML"):
        train(dml(pair, turns=arm == "DML"), data, config, progress=False)
        return
    for net, other in zip(pair, reversed(teachers or pair)):
        if arm == "one-way":
            doubled = replace(
                config, lr=2 * config.lr, weight_decay=config.weight_decay / 2
            )
            train(hinton(net, other, T=1.0, alpha=0.5), data, doubled, progress=False)
        else:
            smoothing = smoothing_of(other, data) if arm == "label smoothing" else 0.0
            train(plain(net, smoothing=smoothing), data, config, progress=False)


def compared(
    data: Data, seed: int, arms: Sequence[str] = PAIRED, choices: Sequence[str] = ()
) -> list[dict]:
    """A row for each arm at each choice, all where none is named: means of two equal
    nets. "alone" comes first, and teaches.
    """
    rows = []
    for choice in choices or CHOICES:
        config, teachers = CHOICES[choice], ()
        for arm in arms:
            pair, start = peers(seed), time.process_time()
            learn(arm, pair, data, replace(config, seed=seed), teachers)
            seconds = time.process_time() - start
            teachers = teachers or pair
            rows.append(
                outcome(arm, seed, pair, data, choice=choice, seconds=round(seconds, 3))
            )
    return rows


@experiment(settings=SHARED | {"noise": NOISE, "arms": PAIRED})
def dml_peers(data: Data, seed: int) -> list[dict]:
    """Two equal nets alone, smoothed, one-way from each other, and mutual; a fifth of
    the labels drawn anew.
    """
    return compared(digits(data, seed), seed)


@experiment(settings=SHARED | {"noise": 0.0, "arms": PAIRED})
def dml_clean(data: Data, seed: int) -> list[dict]:
    """The same with every label right, mutual learning by turns only."""
    return compared(clean_digits(data, seed), seed, arms=PAIRED[:4])


@experiment(settings=SHARED | {"noise": NOISE})
def dml_number(data: Data, seed: int) -> list[dict]:
    """K = 1 to 5 peers with the paper's mean of the divergences and with their sum; two
    peers with the same weight as that sum.

    All peers learn at once, for 20 epochs or 10: five nets by turns for 40 would take minutes.
    """
    data, rows = digits(data, seed), []
    runs = {"K = 1": (1, 0.0)} | {f"K = {K}, mean": (K, 1.0) for K in range(2, 6)}
    runs |= {f"K = {K}, sum": (K, K - 1.0) for K in range(3, 6)} | {
        f"K = 2, weight {w}": (2, float(w)) for w in range(2, 5)
    }
    for choice in ("20 epochs", "10 epochs"):
        config = replace(CHOICES[choice], seed=seed)
        for arm, (K, weight) in runs.items():
            group = peers(seed, K)
            if K == 1:
                learn("alone", group, data, config)
            else:
                train(
                    dml(group, weight=weight, turns=False), data, config, progress=False
                )
            rows.append(
                outcome(arm, seed, group, data, choice=choice, K=K, weight=weight)
            )
    return rows


@experiment(settings=SHARED | {"noise": NOISE, "arms": PAIRED, "small": SMALL})
def dml_unequal(data: Data, seed: int) -> list[dict]:
    """A big and a small net: alone, smoothed, one-way from the other when it had learnt
    alone, and mutual; a row a net.
    """
    data, rows = digits(data, seed), []
    for choice, config in CHOICES.items():
        teachers: Sequence[nn.Module] = ()
        for arm in PAIRED[:4]:
            pair = [peers(seed, 1)[0], peers(seed, 1, SMALL)[0]]
            learn(arm, pair, data, replace(config, seed=seed), teachers)
            teachers = teachers or pair
            named = zip(("big", "small"), pair)
            rows += [
                outcome(f"{name}, {arm}", seed, [net], data, choice=choice)
                for name, net in named
            ]
    return rows


@experiment(settings=SHARED | {"noise": 0.0, "arms": SEMI, "labelled": LABELLED})
def dml_semi(data: Data, seed: int) -> list[dict]:
    """A tenth of the labels, all right: what two nets learn from those alone, and from
    each other's answers to all images.

    Every run makes as many steps. "same batches": alone on batches of which a tenth is
    labelled, as mutual learning has them.
    """
    data, rows = clean_digits(data, seed), []
    known = torch.zeros(len(data.train[0]), dtype=torch.bool)
    known[
        torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))[
            : round(LABELLED * len(known))
        ]
    ] = True
    few = replace(
        data,
        train=tuple(t[known] for t in data.train),
        source=f"{data.source}; only the labelled {known.sum()}",
    )
    for choice, config in CHOICES.items():
        config = replace(config, seed=seed)
        longer = replace(
            config, epochs=config.epochs * steps(data, config) // steps(few, config)
        )
        teachers: Sequence[nn.Module] = ()
        for arm in SEMI:
            pair = peers(seed)
            if arm in ("same batches", "DML, all images"):
                train(
                    dml(pair, labelled=known, weight=float(arm != "same batches")),
                    data,
                    config,
                    progress=False,
                )
            elif arm.startswith("soft"):
                for net, other in zip(pair, reversed(teachers)):
                    train(
                        hinton(net, other, T=1.0, alpha=1.0),
                        data,
                        config,
                        progress=False,
                    )
            else:
                learn(arm.split(",")[0], pair, few, longer, teachers)
            teachers = teachers or pair
            rows.append(outcome(arm, seed, pair, data, choice=choice))
    return rows


def passes(K: int, turns: bool) -> int:
    """Passes forward of a step with K peers, counted; each of them goes back once,
    however they learn.
    """
    group, seen = [nn.Sequential(nn.Flatten(), nn.Linear(4, 2)) for _ in range(K)], []
    for net in group:
        net.register_forward_hook(lambda net, x, z: seen.append(1))
    (stage,) = dml(group, turns=turns)
    x = torch.rand(3, 4)
    for loss in stage.learn.values():
        loss(Batch(x, torch.zeros(3, dtype=torch.long), torch.arange(3), x), 0.0)
    return len(seen)


def steps(data: Data, config: Config) -> int:
    """Steps of an epoch."""
    return math.ceil(len(data.train[0]) / config.batch_size)


def outcome(
    arm: str, seed: int, group: Sequence[nn.Module], data: Data, **more
) -> dict:
    """A row: means over the nets of a group, and their ensemble (the mean of their
    logits) on the test images.
    """

    def mean(part: tuple[Tensor, Tensor]) -> float:
        return round(sum(accuracy(net, *part) for net in group) / len(group), 5)

    surprise = [
        entropy(Teacher(net).logits(data.test[0])).mean().item() for net in group
    ]
    return {
        "arm": arm, "seed": seed, **more, "accuracy": mean(data.test), "validation accuracy": mean(data.validation),
        "train accuracy": mean(data.train), "ensemble": round(accuracy(nets.Ensemble(group), *data.test), 5),
        "entropy": round(sum(surprise) / len(group), 4),
    }  # fmt: skip


def _parts(data: Data) -> dict[str, tuple[Tensor, Tensor]]:
    return {"train": data.train, "test": data.test, "validation": data.validation}

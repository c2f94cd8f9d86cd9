"""Notebook 07: peers in place of a teacher. Zhang, Xiang, Hospedales & Lu 2018, arXiv
1706.00384.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons import flatness
from kdsurvey.lessons.alone import labels, smoothed
from kdsurvey.lessons.arms import Arm, alone_first, by_name, multiplied
from kdsurvey.lessons.rows import accuracies
from kdsurvey.losses import entropy
from kdsurvey.methods import dml, hinton
from kdsurvey.records import experiment
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import Config, train

# long enough to learn wrong labels by heart
CONFIG = Config(epochs=40, batch_size=64, lr=0.05, schedule="cosine", nesterov=True)
DECAY = 5e-3
CHOICES = {  # what every arm may choose from on validation images; the first is the default
    "40 epochs": CONFIG,
    "20 epochs": replace(CONFIG, epochs=20),
    "10 epochs": replace(CONFIG, epochs=10),
    "5 epochs": replace(CONFIG, epochs=5),
    "weight decay": replace(CONFIG, weight_decay=DECAY),
    "strong decay": replace(CONFIG, weight_decay=4 * DECAY),
}
IMAGES = 2000  # for training
NOISE = 0.2  # share of labels drawn anew
LABELLED = 0.1  # share of labels where few are known
WIDTHS = (128, 128)
SMALL = (16,)
MEASURED = {  # name in a row -> part of the data
    "accuracy": "test",
    "validation accuracy": "validation",
    "train accuracy": "train",
}
# settings of every experiment
SHARED = {
    "images": IMAGES,
    "choices": CHOICES,
    "widths": WIDTHS,
    "measured": MEASURED,
}


@dataclass(frozen=True)
class PairArm(Arm):
    """One way to train two nets.

    together: one run trains both: method(pair, labelled) -> stages. Else each net has a
    run of its own: method(net, other, data) -> stages, other being what the other net
    was when it had learnt alone. times: the loss counts so many times. all_images:
    learns from every image where few have a label; else from those few.
    """

    together: bool = False
    times: float = 1.0
    all_images: bool = False


def one_way(net: nn.Module, other: nn.Module, data: Data) -> Iterator[Stage]:
    """Learn from labels and from the other net, in equal parts.

    The loss of a peer is H(y, q) + KL(p || q): this one, counted twice.
    """
    return hinton(net, other, T=1.0, alpha=0.5)


def soft(net: nn.Module, other: nn.Module, data: Data) -> Iterator[Stage]:
    """Learn from the other net's answers alone."""
    return hinton(net, other, T=1.0, alpha=1.0)


def by_turns(pair: Sequence[nn.Module], labelled: Tensor | None) -> Iterator[Stage]:
    """Learn from each other, by turns on every batch."""
    return dml(pair, labelled=labelled)


def at_once(pair: Sequence[nn.Module], labelled: Tensor | None) -> Iterator[Stage]:
    """Learn from each other, both at once."""
    return dml(pair, turns=False, labelled=labelled)


def same_batches(pair: Sequence[nn.Module], labelled: Tensor | None) -> Iterator[Stage]:
    """Learn from labels alone, on the batches that mutual learning has."""
    return dml(pair, labelled=labelled, weight=0.0)


ARMS = by_name(
    PairArm("alone", labels, role="control"),
    PairArm("label smoothing", smoothed, role="control"),
    PairArm("one-way", one_way, role="control", times=2.0),
    PairArm("DML", by_turns, together=True),
    PairArm("DML at once", at_once, role="diagnostic", together=True),
)
CLEAN = ("alone", "label smoothing", "one-way", "DML")
SEMI = by_name(
    PairArm("alone", labels, role="control"),
    PairArm("label smoothing", smoothed, role="control"),
    PairArm("DML, labelled images", by_turns, together=True),
    PairArm(
        "same batches", same_batches, role="control", together=True, all_images=True
    ),
    PairArm("DML, all images", by_turns, together=True, all_images=True),
    PairArm("soft targets, all images", soft, role="control", all_images=True),
)


@dataclass(frozen=True)
class Group:
    """So many peers that learn at once, and how much their mutual term weighs."""

    name: str
    K: int
    weight: float


GROUPS = (
    Group("K = 1", 1, 0.0),
    *(Group(f"K = {K}, mean", K, 1.0) for K in range(2, 6)),
    *(Group(f"K = {K}, sum", K, K - 1.0) for K in range(3, 6)),
    *(Group(f"K = 2, weight {w}", 2, float(w)) for w in range(2, 5)),
)
DECAYED = "alone, weight decay"
# epochs, of which one brings a net alone to about the training loss of mutual learning
SHORTER = tuple(range(30, 41, 2))
# five nets by turns for 40 would take minutes
BRIEF = ("20 epochs", "10 epochs", "5 epochs")


def digits(data: Data, seed: int, noise: float = NOISE) -> Data:
    """Draw the lesson's images, by default with a fifth of the labels redrawn."""
    return drawn(data, seed, noise)


def drawn(data: Data, seed: int, noise: float, count: int | None = None) -> Data:
    """Draw about 2,000 images of 14 x 14, standardised, a share of their labels redrawn.

    Each seed has images and noise of its own. Validation and test labels stay right.
    noise: in [0, 1), the share of training labels drawn anew; 0 leaves all as they are.
    count: of the training images, about; None is IMAGES.
    """
    few = clean_digits(data, seed, count)
    return few.mislabelled(noise, seed) if noise else few


def clean_digits(data: Data, seed: int, count: int | None = None) -> Data:
    """Draw about 2,000 images of 14 x 14, standardised, with every label right.

    count: of the training images, about; None is IMAGES.
    """
    few = data.halved().fraction((count or IMAGES) / len(data.train[0]), seed)
    x = few.train[0]
    standardised: dict[str, Any] = {
        part: ((images - x.mean()) / x.std(), labels)
        for part, (images, labels) in _parts(few).items()
    }
    return replace(few, **standardised, source=f"{few.source}; standardised")


def peers(seed: int, K: int = 2, widths: Sequence[int] = WIDTHS) -> list[nn.Sequential]:
    """Return K nets, each with initial weights of its own.

    The first ones of a seed are the same whatever K.
    """
    return [nets.mlp(196, *widths, 10, seed=1000 * k + seed) for k in range(K)]


def learn(
    arm: PairArm,
    pair: Sequence[nn.Module],
    data: Data,
    config: Config,
    teachers: Sequence[nn.Module] | None = None,
    labelled: Tensor | None = None,
) -> None:
    """Train two nets by an arm, from the same weights and in the same order in each.

    teachers: the pair when it had learnt alone; each net learns from the other one.
    labelled: (N,) which images have a label, None for all.
    """
    if arm.together:
        train(arm.method(pair, labelled), data, arm.config(config), progress=False)
        return
    settings = multiplied(arm.config(config), arm.times)
    for net, other in zip(pair, reversed(teachers or pair)):
        train(arm.method(net, other, data), data, settings, progress=False)


def compared(
    data: Data,
    seed: int,
    arms: Sequence[str] = tuple(ARMS),
    choices: Sequence[str] = (),
) -> list[dict]:
    """Return a row for each arm at each choice, all where none is named: means of two
    equal nets. The first arm, "alone", teaches.
    """
    rows = []
    for choice in choices or CHOICES:
        config = replace(CHOICES[choice], seed=seed)
        seconds: dict[str, float] = {}

        def run(arm, teachers, config=config, seconds=seconds) -> list[nn.Sequential]:
            pair = peers(seed)
            start = time.process_time()
            learn(arm, pair, data, config, teachers)
            seconds[arm.name] = round(time.process_time() - start, 3)
            return pair

        for arm, pair in alone_first([ARMS[name] for name in arms], run):
            spent = seconds[arm.name]
            row = outcome(arm.name, seed, pair, data, choice=choice, seconds=spent)
            rows.append(row)
    return rows


@experiment(settings=SHARED | {"noise": NOISE, "arms": ARMS})
def dml_peers(data: Data, seed: int) -> list[dict]:
    """Train two equal nets alone, smoothed, one-way from each other, and mutually; a
    fifth of the labels drawn anew.
    """
    return compared(digits(data, seed), seed)


@experiment(settings=SHARED | {"noise": 0.0, "arms": ARMS, "clean": CLEAN})
def dml_clean(data: Data, seed: int) -> list[dict]:
    """Train the same with every label right, mutual learning by turns only."""
    return compared(clean_digits(data, seed), seed, CLEAN)


@experiment(
    settings=SHARED | {"noise": NOISE, "arms": ARMS, "groups": GROUPS, "brief": BRIEF},
)
def dml_number(data: Data, seed: int) -> list[dict]:
    """Train 1 to 5 peers with the paper's mean of the divergences and with their sum;
    two peers with the same weight as that sum.

    All peers learn at once.
    """
    data = digits(data, seed)
    rows = []
    for choice in BRIEF:
        config = replace(CHOICES[choice], seed=seed)
        for group in GROUPS:
            nets_ = peers(seed, group.K)
            if group.K == 1:
                learn(ARMS["alone"], nets_, data, config)
            else:
                stages = dml(nets_, weight=group.weight, turns=False)
                train(stages, data, config, progress=False)
            what = {"choice": choice, "K": group.K, "weight": group.weight}
            rows.append(outcome(group.name, seed, nets_, data, **what))
    return rows


@experiment(
    settings=SHARED | {"noise": NOISE, "arms": ARMS, "clean": CLEAN, "small": SMALL},
)
def dml_unequal(data: Data, seed: int) -> list[dict]:
    """Train a big and a small net: alone, smoothed, one-way from the other when it had
    learnt alone, and mutually; a row a net.
    """
    data = digits(data, seed)
    rows = []
    for choice, config in CHOICES.items():
        config = replace(config, seed=seed)

        def run(arm, teachers, config=config) -> list[nn.Sequential]:
            pair = [peers(seed, 1)[0], peers(seed, 1, SMALL)[0]]
            learn(arm, pair, data, config, teachers)
            return pair

        for arm, pair in alone_first([ARMS[name] for name in CLEAN], run):
            rows += [
                outcome(f"{size}, {arm.name}", seed, [net], data, choice=choice)
                for size, net in zip(("big", "small"), pair)
            ]
    return rows


@experiment(settings=SHARED | {"noise": 0.0, "semi": SEMI, "labelled": LABELLED})
def dml_semi(data: Data, seed: int) -> list[dict]:
    """Know a tenth of the labels, all right: what two nets learn from those alone, and
    from each other's answers to all images.

    Every run makes as many steps. "same batches": alone on batches of which a tenth is
    labelled, as mutual learning has them.
    """
    data = clean_digits(data, seed)
    rows = []
    known = known_labels(len(data.train[0]), seed)
    x, y = data.train
    few = replace(
        data,
        train=(x[known], y[known]),
        source=f"{data.source}; only the labelled {known.sum()}",
    )
    for choice, config in CHOICES.items():
        config = replace(config, seed=seed)
        passes_of_few = steps(data, config) // steps(few, config)
        longer = replace(config, epochs=config.epochs * passes_of_few)

        def run(arm, teachers, config=config, longer=longer) -> list[nn.Sequential]:
            pair = peers(seed)
            if arm.all_images:
                learn(arm, pair, data, config, teachers, known)
            else:
                learn(arm, pair, few, longer, teachers)
            return pair

        for arm, pair in alone_first([*SEMI.values()], run):
            rows.append(outcome(arm.name, seed, pair, data, choice=choice))
    return rows


@experiment(
    settings=SHARED
    | flatness.MEASURES
    | {
        "config": CONFIG,
        "noise": NOISE,
        "decay": DECAY,
        "shorter": SHORTER,
        "arms": ARMS,
        "controls": (flatness.MATCHED, DECAYED),
    },
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
    epochs, stopped = matched(data, seed, flatness.training_loss(mutual, data))
    pairs: dict[str, Sequence[nn.Module]] = {
        "alone": alone,
        "DML": mutual,
        "one-way": one_way,
        DECAYED: decayed,
        flatness.MATCHED: stopped,
    }
    lengths = dict.fromkeys(pairs, CONFIG.epochs) | {flatness.MATCHED: epochs}
    return [
        outcome(
            arm, seed, pair, data, epochs=lengths[arm], **flatness.why(pair, data, seed)
        )
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

    return flatness.nearest(alone, SHORTER, data, target)


def known_labels(n: int, seed: int) -> Tensor:
    """Draw which of n labels are known: (n,) true for a tenth of them."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    known = torch.zeros(n, dtype=torch.bool)
    known[order[: round(LABELLED * n)]] = True
    return known


def passes(K: int, turns: bool) -> int:
    """Count the passes forward of a step with K peers; each of them goes back once,
    however they learn.
    """
    group = [nn.Sequential(nn.Flatten(), nn.Linear(4, 2)) for _ in range(K)]
    seen = []
    for net in group:
        net.register_forward_hook(lambda net, x, z: seen.append(1))
    (stage,) = dml(group, turns=turns)
    x = torch.rand(3, 4)
    for loss in stage.learn.values():
        loss(Batch(x, torch.zeros(3, dtype=torch.long), torch.arange(3), x), 0.0)
    return len(seen)


def steps(data: Data, config: Config) -> int:
    """Count the steps of an epoch."""
    return math.ceil(len(data.train[0]) / config.batch_size)


def outcome(
    arm: str, seed: int, group: Sequence[nn.Module], data: Data, **more
) -> dict:
    """Return a row: means over the nets of a group, and the accuracy and entropy of
    their answers on test images; "ensemble" is the mean of their logits.
    """
    logits = [Teacher(net).logits(data.test[0]) for net in group]
    surprise = [entropy(z).mean().item() for z in logits]
    together = accuracies(nets.Ensemble(group), data, {"ensemble": "test"}, digits=5)
    return {
        "arm": arm,
        "seed": seed,
        **more,
        **accuracies(group, data, MEASURED, digits=5),
        **together,
        "entropy": round(sum(surprise) / len(group), 4),
    }


def _parts(data: Data) -> dict[str, tuple[Tensor, Tensor]]:
    return {"train": data.train, "test": data.test, "validation": data.held_out}

"""Notebook 10: branches whose maps are fused, and who teaches whom. Kim et al. 2020,
arXiv 1904.09058; see fusion_claims.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.branches import Branches, Fused, fusion
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.branched_nets import CHOICES, SHAPE, Learnt, T, digits, small
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.methods import dml, ffl, plain
from kdsurvey.records import experiment
from kdsurvey.training import Config, accuracy, train

CONFIG = branched_nets.CONFIG
RAMP = 80 / 300  # of the training, in the authors' code
LONG, SLOW, SHORT = tuple(CHOICES)[:3]  # learnt by heart, not quite, and hardly
PEERS = (
    "alone",
    "alone, wider",
    "label smoothing",
    "heads, labels alone",
    "DML",
    "ONE",
    "FFL",
)
WITHOUT = {  # what is taken from FFL
    "FFL without ensemble KD": {"to_fused": 0.0},
    "FFL without fusion KD": {"to_branches": 0.0},
    "FFL without either": {"to_fused": 0.0, "to_branches": 0.0},
    "FFL without ramp": {"ramp": 0.0},
}


def wider(seed: int) -> nn.Sequential:
    """A net alone that takes about as many multiply-adds as three branches do: three
    times the maps before its flat layer.
    """
    return nets.conv_mlp(SHAPE, 8, 48, hidden=64, seed=seed)


def deep(seed: int) -> nn.Sequential:
    """A net of another kind: four convolutions, 48 maps of 2 x 2 at the end, their
    means, a linear layer.
    """
    return nets.conv(SHAPE[0], 6, 12, 24, 48, seed=seed)


KINDS: dict[str, Callable[[int], nn.Sequential]] = {"flat": small, "deep": deep}
MAPS = {"flat": 16, "deep": 48}  # channels of the last map
SHARED = branched_nets.SHARED | {
    "choices": CHOICES,
    "peers": PEERS,
    "without": WITHOUT,
    "ramp": RAMP,
}  # settings of every experiment
NOISE = mutual_learning.NOISE


def solo(
    net: nn.Sequential, data: Data, config: Config, smoothing: float = 0.0
) -> Learnt:
    """A net that learns from labels alone, or from smoothed ones."""
    train(plain(net, smoothing=smoothing), data, config, progress=False)
    return [net], net


def learnt(
    arm: str, seed: int, data: Data, config: Config, alone: nn.Module | None = None
) -> Learnt:
    """An arm of PEERS or WITHOUT, or "ONE with ramp", trained; all that have branches
    have three, the first as the net alone.

    alone: that net when it had learnt; "label smoothing" makes the labels as sure as it
    is. "heads, labels alone" adds up the losses of its heads, as ONE and FFL do; their
    mean, as in EnsembleNet, at three times the rate makes the same steps.
    """
    config = replace(config, seed=seed)
    if arm in ("alone", "alone, wider", "label smoothing"):
        smoothing = smoothing_of(alone, data) if arm == "label smoothing" else 0.0
        return solo(
            wider(seed) if arm == "alone, wider" else small(seed),
            data,
            config,
            smoothing,
        )
    if arm == "DML":
        peers = [small(1000 * k + seed) for k in range(branched_nets.COUNT)]
        train(dml(peers, turns=False), data, config, progress=False)
        return peers, nets.Ensemble(peers)
    if arm == "heads, labels alone":
        config = replace(
            config,
            lr=branched_nets.COUNT * config.lr,
            weight_decay=config.weight_decay / branched_nets.COUNT,
        )
        return branched_nets.learn(
            branched_nets.with_heads(1.0), data, config, branched_nets.parted(seed)
        )
    stages = {
        "ONE": lambda: branched_nets.with_one(seed),
        "ONE with ramp": lambda: branched_nets.with_one(seed, ramp=RAMP),
        "FFL": lambda: branched_nets.with_ffl(seed),
    } | {
        name: lambda without=without: branched_nets.with_ffl(seed, **without)
        for name, without in WITHOUT.items()
    }
    return branched_nets.learn(stages[arm](), data, config, branched_nets.parted(seed))


def compared(
    data: Data, seed: int, arms: Sequence[str], choices: Sequence[str]
) -> list[dict]:
    """A row for each arm at each choice, as in `branched_nets.outcome`; where "alone" comes
    first, label smoothing has a measure.
    """
    rows = []
    for choice in choices:
        alone = None
        for arm in arms:
            found = learnt(arm, seed, data, CHOICES[choice], alone)
            alone = alone or found[1]
            rows.append(branched_nets.outcome(arm, seed, found, data, choice=choice))
    return rows


@experiment(settings=SHARED | {"noise": NOISE})
def ffl_peers(data: Data, seed: int) -> list[dict]:
    """FFL beside a net alone, its controls, and two other ways to learn together; a
    fifth of the labels drawn anew.
    """
    return compared(digits(data, seed), seed, PEERS, tuple(CHOICES))


@experiment(settings=SHARED | {"noise": NOISE, "tried": (LONG, SLOW)})
def ffl_arrows(data: Data, seed: int) -> list[dict]:
    """The same images and seeds: FFL without each of its parts, and ONE with the ramp
    of FFL, at two rates.
    """
    return compared(digits(data, seed), seed, (*WITHOUT, "ONE with ramp"), (LONG, SLOW))


@experiment(settings=SHARED | {"noise": 0.0, "tried": (LONG, SHORT)})
def ffl_clean(data: Data, seed: int) -> list[dict]:
    """The main arms with every label right, after long training and after short."""
    return compared(
        mutual_learning.clean_digits(data, seed),
        seed,
        ("alone", "label smoothing", "ONE", "FFL"),
        (LONG, SHORT),
    )


def pair(first: str, second: str, seed: int) -> tuple[Branches, nn.Module]:
    """Two whole nets of KINDS that share nothing, each as it starts alone, and what
    fuses their maps.
    """
    kinds = first, second
    members = [
        KINDS[kind](1000 * (k and first == second) + seed)
        for k, kind in enumerate(kinds)
    ]
    module = fusion(
        *map(MAPS.get, kinds),
        width=MAPS[second],
        head=KINDS[second](2000 + seed)[-1],
        seed=seed,
    )
    return Branches(nn.Sequential(), members), module


@experiment(
    settings=SHARED
    | {"noise": NOISE, "tried": (LONG, SHORT), "kinds": KINDS, "maps": MAPS}
)
def ffl_kinds(data: Data, seed: int) -> list[dict]:
    """Two nets of one kind or of two: alone, smoothed, and fused; a row a net, and one
    for both together.
    """
    data, rows = digits(data, seed), []
    for choice in (LONG, SHORT):
        config, alone = replace(CHOICES[choice], seed=seed), []
        for name, make in KINDS.items():
            found = solo(make(seed), data, config)
            smoothed = solo(make(seed), data, config, smoothing_of(found[1], data))
            alone += found[0]
            for arm, each in (("alone", found), ("label smoothing", smoothed)):
                rows.append(
                    branched_nets.outcome(
                        f"{name}, {arm}", seed, each, data, choice=choice
                    )
                )
        rows.append(
            branched_nets.outcome(
                "flat and deep, alone",
                seed,
                (alone, nets.Ensemble(alone)),
                data,
                choice=choice,
            )
        )
        for second in KINDS:
            rows += fused_pair("flat", second, seed, data, config, choice)
    return rows


def fused_pair(
    first: str, second: str, seed: int, data: Data, config: Config, choice: str
) -> list[dict]:
    """FFL with two nets of KINDS: a row for each, "flat, FFL with deep" say, and one
    for both, "flat and deep, FFL".
    """
    net, module = pair(first, second, seed)
    train(ffl(net, module, T=T), data, config, progress=False)
    named = {
        f"{first}, FFL with {second}": [net[0]],
        f"{second}, FFL with {first}": [net[1]],
    }
    named = named if first != second else {f"{first}, FFL with {first}": [net[0]]}
    named[f"{first} and {second}, FFL"] = [net[0], net[1]]
    return [
        branched_nets.outcome(
            arm, seed, (members, Fused(net, module)), data, choice=choice
        )
        for arm, members in named.items()
    ]


def by_heart(net: nn.Module, data: Data, right: torch.Tensor) -> float:
    """Of the training images whose label in `data` is not the right one, the share to
    which a net gives that wrong label.
    """
    x, y = (t[data.train[1] != right] for t in data.train)
    return accuracy(net, x, y)


@experiment(settings=SHARED | {"noise": NOISE, "config": CONFIG})
def ffl_heart(data: Data, seed: int) -> list[dict]:
    """How many of the wrong labels each answer of FFL has learnt by heart, with both
    arrows and with fewer; long training.
    """
    noisy = digits(data, seed)
    right = mutual_learning.clean_digits(data, seed).train[1]
    rows = []
    for arm in ("alone", "FFL", *tuple(WITHOUT)[:3]):
        members, together = learnt(arm, seed, noisy, CONFIG)
        shares = [by_heart(net, noisy, right) for net in members]
        found = {arm: sum(shares) / len(shares)}
        if len(members) > 1:
            joint = {"average": nets.Ensemble(members), "fused": together}
            found = {f"{arm} (branch)": found[arm]} | {
                f"{arm} ({name})": by_heart(net, noisy, right)
                for name, net in joint.items()
            }
        rows += [
            {"arm": name, "seed": seed, "by heart": round(share, 4)}
            for name, share in found.items()
        ]
    return rows


def shapes(images: torch.Tensor, seed: int = 0) -> dict[str, tuple[int, ...]]:
    """What the fusion module makes of a batch of images, a shape a step."""
    net = branched_nets.parted(seed)
    fused = branched_nets.fusing(net, seed)
    with torch.no_grad():
        shared = net.trunk(images)
        maps = [branch[:-1](shared) for branch in net.branches]
        x = torch.cat(maps, 1)
        found = {
            "images": images,
            "shared trunk": shared,
            "last map of a branch": maps[0],
            "side by side": x,
        }
        for name, part in (
            ("depthwise 3x3, BN, ReLU", fused[:3]),
            ("pointwise 1x1, BN, ReLU", fused[3:6]),
            ("head: z_f", fused[6:]),
        ):
            x = part(x)
            found[name] = x
        found["head of a branch: z_k"] = net[0](images)
    return {name: tuple(t.shape) for name, t in found.items()}

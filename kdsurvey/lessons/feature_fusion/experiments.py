"""Notebook 11: branches whose maps are fused, and who teaches whom. Kim et al. 2020,
arXiv 1904.09058.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.branches import Branches, Fused, fusion
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import labels, smoothed
from kdsurvey.lessons.arms import alone_first, by_name
from kdsurvey.lessons.branched_nets import (
    CHOICES,
    COUNT,
    SHAPE,
    Joint,
    Learnt,
    Separate,
    T,
    as_heads,
    digits,
    parted,
    small,
    with_dml,
    with_ffl,
    with_one,
)
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.methods import ffl
from kdsurvey.records import experiment
from kdsurvey.suggest import Known
from kdsurvey.training import Config, accuracy, train

CONFIG = branched_nets.CONFIG
RAMP = 80 / 300  # of the training, in the authors' code
LONG, SLOW, SHORT = tuple(CHOICES)[:3]  # learnt by heart, not quite, and hardly


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


@dataclass(frozen=True)
class Kind:
    """A kind of net. make: seed -> a net; channels: of its last map."""

    name: str
    make: Callable[[int], nn.Sequential]
    channels: int


KINDS = {kind.name: kind for kind in (Kind("flat", small, 16), Kind("deep", deep, 48))}
# The loss of heads is a mean over them, that of ONE and FFL a sum: counted three times,
# it makes the same steps.
PEERS: dict[str, Separate | Joint] = by_name(
    Separate("alone", labels, role="control"),
    Separate("alone, wider", labels, role="control", make=wider),
    Separate("label smoothing", smoothed, role="control"),
    Joint("heads, labels alone", as_heads, role="control", times=COUNT),
    Joint("DML", with_dml, make=partial(parted, shared=0)),
    Joint("ONE", with_one),
    Joint("FFL", with_ffl),
)
WITHOUT = by_name(  # what is taken from FFL
    Joint(
        "FFL without ensemble KD",
        with_ffl,
        role="diagnostic",
        options={"to_fused": 0.0},
    ),
    Joint(
        "FFL without fusion KD",
        with_ffl,
        role="diagnostic",
        options={"to_branches": 0.0},
    ),
    Joint(
        "FFL without either",
        with_ffl,
        role="diagnostic",
        options={"to_fused": 0.0, "to_branches": 0.0},
    ),
    Joint("FFL without ramp", with_ffl, role="diagnostic", options={"ramp": 0.0}),
)
RAMPED = Joint("ONE with ramp", with_one, role="diagnostic", options={"ramp": RAMP})
ARMS = Known("arm", {**PEERS, **WITHOUT, RAMPED.name: RAMPED})
CLEAN = ("alone", "label smoothing", "ONE", "FFL")
# settings of every experiment
SHARED = branched_nets.SHARED | {
    "choices": CHOICES,
    "peers": PEERS,
    "without": WITHOUT,
    "arms": ARMS,
    "ramp": RAMP,
}
NOISE = mutual_learning.NOISE


def learnt(
    arm: str, seed: int, data: Data, config: Config, alone: Learnt | None = None
) -> Learnt:
    """Train one of ARMS; all that have branches have three, the first as the net alone.

    alone: that net when it had learnt; "label smoothing" makes the labels as sure as it
    is.
    """
    return ARMS[arm].learn(data, replace(config, seed=seed), alone)


def compared(
    data: Data, seed: int, arms: Sequence[str], choices: Sequence[str]
) -> list[dict]:
    """Return a row for each arm at each choice, as in `branched_nets.outcome`; where
    "alone" comes first, label smoothing has a measure.
    """
    rows = []
    for choice in choices:

        def run(arm, alone, config=CHOICES[choice]) -> Learnt:
            return learnt(arm.name, seed, data, config, alone)

        for arm, answers in alone_first([ARMS[name] for name in arms], run):
            row = branched_nets.outcome(arm.name, seed, answers, data, choice=choice)
            rows.append(row)
    return rows


@experiment(settings=SHARED | {"noise": NOISE}, dealt=False)
def ffl_peers(data: Data, seed: int) -> list[dict]:
    """Train FFL beside a net alone, its controls, and two other ways to learn together; a
    fifth of the labels drawn anew.
    """
    return compared(digits(data, seed), seed, tuple(PEERS), tuple(CHOICES))


@experiment(settings=SHARED | {"noise": NOISE, "tried": (LONG, SLOW)}, dealt=False)
def ffl_arrows(data: Data, seed: int) -> list[dict]:
    """Train, on the same images and seeds, FFL without each of its parts, and ONE with
    the ramp of FFL, at two rates.
    """
    return compared(digits(data, seed), seed, (*WITHOUT, RAMPED.name), (LONG, SLOW))


@experiment(
    settings=SHARED | {"noise": 0.0, "tried": (LONG, SHORT), "clean": CLEAN},
    dealt=False,
)
def ffl_clean(data: Data, seed: int) -> list[dict]:
    """Train the main arms with every label right, for long and for a short time."""
    clean = mutual_learning.clean_digits(data, seed)
    return compared(clean, seed, CLEAN, (LONG, SHORT))


def pair(first: str, second: str, seed: int) -> tuple[Branches, nn.Module]:
    """Return two whole nets of KINDS that share nothing, each as it starts alone, and
    what fuses their maps.
    """
    one, other = KINDS[first], KINDS[second]
    # of one kind, the second net has initial weights of its own
    apart = 1000 if first == second else 0
    members = [one.make(seed), other.make(apart + seed)]
    head = other.make(2000 + seed)[-1]
    channels = one.channels, other.channels
    module = fusion(*channels, width=other.channels, head=head, seed=seed)
    return Branches(nn.Sequential(), members), module


@experiment(
    settings=SHARED | {"noise": NOISE, "tried": (LONG, SHORT), "kinds": KINDS},
    dealt=False,
)
def ffl_kinds(data: Data, seed: int) -> list[dict]:
    """Train two nets of one kind or of two: alone, smoothed, and fused; a row a net, and
    one for both together.
    """
    data = digits(data, seed)
    rows = []
    for choice in (LONG, SHORT):
        config = replace(CHOICES[choice], seed=seed)

        def row(arm, answers, choice=choice) -> dict:
            return branched_nets.outcome(arm, seed, answers, data, choice=choice)

        members: list[nn.Module] = []
        for kind in KINDS.values():
            alone = Separate("alone", labels, make=kind.make).learn(data, config)
            smooth = Separate("label smoothing", smoothed, make=kind.make)
            members += alone[0]
            rows += [
                row(f"{kind.name}, alone", alone),
                row(f"{kind.name}, {smooth.name}", smooth.learn(data, config, alone)),
            ]
        rows.append(row("flat and deep, alone", (members, nets.Ensemble(members))))
        for second in KINDS:
            fused = fused_pair("flat", second, data, config)
            rows += [row(arm, answers) for arm, answers in fused.items()]
    return rows


def fused_pair(
    first: str, second: str, data: Data, config: Config
) -> dict[str, Learnt]:
    """Train FFL with two nets of KINDS: "flat, FFL with deep" say, each of the nets, and
    both, "flat and deep, FFL".
    """
    net, module = pair(first, second, config.first_seed)
    train(ffl(net, module, T=T), data, config, progress=False)
    named = {f"{first}, FFL with {second}": [net[0]]}
    if first != second:
        named[f"{second}, FFL with {first}"] = [net[1]]
    named[f"{first} and {second}, FFL"] = [net[0], net[1]]
    together = Fused(net, module)
    return {arm: (members, together) for arm, members in named.items()}


def by_heart(net: nn.Module, data: Data, right: torch.Tensor) -> float:
    """Of the training images whose label in `data` is not the right one, the share to
    which a net gives that wrong label.
    """
    x, y = (t[data.train[1] != right] for t in data.train)
    return accuracy(net, x, y)


@experiment(settings=SHARED | {"noise": NOISE, "config": CONFIG}, dealt=False)
def ffl_heart(data: Data, seed: int) -> list[dict]:
    """Count how many of the wrong labels each answer of FFL has learnt by heart, with both
    arrows and with fewer; long training.
    """
    noisy = digits(data, seed)
    right = mutual_learning.clean_digits(data, seed).train[1]
    rows = []
    for arm in ("alone", "FFL", *tuple(WITHOUT)[:3]):
        members, together = learnt(arm, seed, noisy, CONFIG)
        of_branches = [by_heart(net, noisy, right) for net in members]
        shares = {arm: sum(of_branches) / len(members)}
        if len(members) > 1:
            joint = {"average": nets.Ensemble(members), "fused": together}
            shares = {f"{arm} (branch)": shares[arm]}
            for name, net in joint.items():
                shares[f"{arm} ({name})"] = by_heart(net, noisy, right)
        rows += [
            {"arm": name, "seed": seed, "by heart": round(share, 4)}
            for name, share in shares.items()
        ]
    return rows


def shapes(images: torch.Tensor, seed: int = 0) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what the fusion module makes of a batch of images, by step."""
    net = parted(seed)
    fused = branched_nets.fusing(net, seed)
    steps = {
        "depthwise 3x3, BN, ReLU": fused[:3],
        "pointwise 1x1, BN, ReLU": fused[3:6],
        "head: z_f": fused[6:],
    }
    with torch.no_grad():
        shared = net.trunk(images)
        maps = [branch[:-1](shared) for branch in net.sequentials]
        x = torch.cat(maps, 1)
        outputs = {
            "images": images,
            "shared trunk": shared,
            "last map of a branch": maps[0],
            "side by side": x,
        }
        for name, part in steps.items():
            x = part(x)
            outputs[name] = x
        outputs["head of a branch: z_k"] = net[0](images)
    return {name: tuple(output.shape) for name, output in outputs.items()}

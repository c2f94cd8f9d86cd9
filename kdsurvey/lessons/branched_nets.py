"""What notebooks 10, 11 and 12 share: one small net with branches, how each method
trains it, and what is kept of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.branches import Branches, Fused, Mixed, branched, fusion, gate
from kdsurvey.data import Data
from kdsurvey.lessons.arms import Arm, fit, multiplied
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.lessons.rows import at
from kdsurvey.losses import kl
from kdsurvey.measures import multiply_adds
from kdsurvey.methods import dml, ensemblenet, ffl, one, plain
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import Config, accuracy

# long enough to learn wrong labels by heart
CONFIG = Config(epochs=15, batch_size=64, lr=0.05, schedule="cosine", nesterov=True)
CHOICES = {  # what every arm may choose from on validation images; the first is the default
    "15 epochs": CONFIG,
    "a third of the rate": replace(CONFIG, lr=CONFIG.lr / 3),
    "8 epochs": replace(CONFIG, epochs=8),
    "5 epochs": replace(CONFIG, epochs=5),
    "3 epochs": replace(CONFIG, epochs=3),
    "weight decay": replace(CONFIG, weight_decay=5e-3),
    "strong decay": replace(CONFIG, weight_decay=2e-2),
}
# where no label is wrong, longer training is the question
CLEAN_CHOICES = {
    "30 epochs": replace(CONFIG, epochs=30),
    **{name: CHOICES[name] for name in ("15 epochs", "8 epochs", "weight decay")},
}
RIGHT, WRONG = "labels right", "a fifth of labels redrawn"  # as verdicts say it
EDGES = {  # of these choices
    WRONG: {
        "15 epochs": "the longest tried",
        "3 epochs": "the shortest tried",
        "a third of the rate": "the lowest tried",
        "strong decay": "the strongest tried",
    },
    RIGHT: {
        "30 epochs": "the longest tried",
        "8 epochs": "the shortest tried",
        "weight decay": "the strongest tried",
    },
}
SHAPE = (1, 14, 14)
COUNT = 3
T = 3.0
# settings of every experiment on branches
SHARED = {
    "images": mutual_learning.IMAGES,
    "shape": SHAPE,
    "count": COUNT,
    "T": T,
}
# 2,000 images, a fifth of their labels redrawn; a seed has images and noise of its own
digits = mutual_learning.digits


# the branches, each a net from x to logits, and what answers for them together
Learnt = tuple[Sequence[nn.Module], nn.Module]
# the stages of a training, and what answers for all branches when it is done
Plan = tuple[Iterator[Stage], nn.Module]


def small(
    seed: int, shape: tuple[int, ...] = SHAPE, classes: int = 10
) -> nn.Sequential:
    """Return the net alone, and every branch with the trunk: two convolutions, 64 hidden
    units on the flat map.

    shape: of an image (c, h, w).
    """
    return nets.conv_mlp(shape, 8, 16, hidden=64, classes=classes, seed=seed)


def parted(seed: int, count: int = COUNT, shared: int = 1) -> Branches:
    """Return `count` of these nets that share their first blocks, 0 to 2 of them.

    Branch 0 starts as the net alone of this seed.
    """
    return branched(small, int(shared), count, seed)


def gated(net: Branches, seed: int) -> nn.Sequential:
    """Return a gate for branches of `small`; on the images themselves, averaged to 4 x 4,
    where no trunk is shared.
    """
    shared = len(net.trunk)
    size = 1 if shared else 4
    return gate((1, 8, 16)[shared], len(net), size=size, seed=seed)


def fusing(
    net: Branches, seed: int, make: Callable[[int], nn.Sequential] = small
) -> nn.Sequential:
    """Return the fusion module, with a head like that of a branch.

    make: seed -> a net like a branch with the trunk.
    """
    head = make(2000 + seed)[-1]
    return fusion(*[16] * len(net), width=16, head=head, seed=seed)


def learn(
    plan: Callable[[Branches], Plan], data: Data, config: Config, net: Branches
) -> Learnt:
    """Train branches by a plan, and return each of them, and what answers for all."""
    stages, together = plan(net)
    fit(net, stages, data, config)
    return members(net), together


def members(net: Branches) -> list[nn.Module]:
    """Return the branches, each with the trunk a net from x to logits."""
    return [net[k] for k in range(len(net))]


def with_one(
    seed: int, *, own_gate: bool = True, T: float = T, **options: Any
) -> Callable[[Branches], Plan]:
    """Plan ONE; own_gate False: the mean of the branches is the teacher.

    options: those of methods.one.
    """

    def plan(net: Branches) -> Plan:
        weigh = gated(net, seed) if own_gate else None
        return one(net, weigh, T=T, **options), Mixed(net, weigh)

    return plan


def with_ffl(
    seed: int,
    *,
    make: Callable[[int], nn.Sequential] = small,
    T: float = T,
    **options: Any,
) -> Callable[[Branches], Plan]:
    """Plan FFL. make: as for `fusing`. options: those of methods.ffl."""

    def plan(net: Branches) -> Plan:
        fused = fusing(net, seed, make)
        return ffl(net, fused, T=T, **options), Fused(net, fused)

    return plan


def with_heads(lam: float) -> Callable[[Branches], Plan]:
    """Plan EnsembleNet; at lam = 1 the heads learn from labels alone."""
    return lambda net: (ensemblenet(net, lam=lam), Mixed(net, None))


def as_heads(seed: int, lam: float = 1.0) -> Callable[[Branches], Plan]:
    """Plan EnsembleNet as an arm does, whose seed it has no use for."""
    return with_heads(lam)


def with_dml(seed: int) -> Callable[[Branches], Plan]:
    """Plan mutual learning, all at once, of branches that share nothing; a seed decides
    nothing more.
    """

    def plan(net: Branches) -> Plan:
        peers = members(net)
        return dml(peers, turns=False), nets.Ensemble(peers)

    return plan


@dataclass(frozen=True)
class Separate(Arm):
    """Nets that learn one by one: method(net, other, data) -> stages, other being what the
    net was when it had learnt alone.

    make: seed -> a net. count: of nets; several answer by the mean of their logits.
    """

    make: Callable[[int], nn.Sequential] = small
    count: int = 1

    def untrained(self, seed: int) -> Learnt:
        """Return the nets before training; net k has initial weights of its own."""
        several = [self.make(1000 * k + seed) for k in range(self.count)]
        return several, nets.Ensemble(several) if self.count > 1 else several[0]

    def learn(self, data: Data, config: Config, alone: Learnt | None = None) -> Learnt:
        """Train the nets of config.seed. alone: the same nets when they had learnt alone."""
        several, together = self.untrained(config.seed)
        others = alone[0] if alone else several
        for net, other in zip(several, others):
            stages = self.method(net, other, data)
            fit(net, stages, data, self.config(config))
        return several, together

    def step_cost(self) -> float:
        """Return the multiply-adds per image of a step; what labels are does not count."""
        return self.count * training_cost(next(plain(self.make(0))))


@dataclass(frozen=True)
class Joint(Arm):
    """Branches that learn at once: method(seed, **options) -> plan, see `learn`.

    make: seed -> branches. times: the loss counts so many times; a mean over branches,
    counted as often as there are some, makes the steps of their sum.
    """

    make: Callable[[int], Branches] = parted
    options: Mapping[str, Any] = field(default_factory=dict)
    times: float = 1.0

    def plan(self, seed: int) -> Callable[[Branches], Plan]:
        """Return what makes stages of the branches, and what answers for them."""
        return self.method(seed, **self.options)

    def untrained(self, seed: int) -> Learnt:
        """Return the branches before training, and what answers for them."""
        net = self.make(seed)
        return members(net), self.plan(seed)(net)[1]

    def learn(self, data: Data, config: Config, alone: Learnt | None = None) -> Learnt:
        """Train the branches of config.seed; nets that learnt alone are not asked."""
        settings = multiplied(self.config(config), self.times)
        net = self.make(config.seed)
        return learn(self.plan(config.seed), data, settings, net)

    def step_cost(self) -> float:
        """Return the multiply-adds per image of a step of all branches."""
        stages, _ = self.plan(0)(self.make(0))
        return training_cost(next(stages))


def outcome(arm: str, seed: int, learnt: Learnt, data: Data, **more) -> dict:
    """A row: means over branches, branch 0, their joint answer, their mean logits;
    diversity is the mean KL(mean || branch).

    Accuracies are shares of the test images, or of those that the name says.
    """
    branches, together = learnt
    z = torch.stack(
        [Teacher(net).logits(data.test[0]) for net in branches]
    )  # (m, n, c)
    right = (z.argmax(-1) == data.test[1]).double().mean(-1)

    def mean(part) -> float:
        return round(sum(accuracy(net, *part) for net in branches) / len(branches), 5)

    return {
        "arm": arm,
        "seed": seed,
        **more,
        "accuracy": round(right.mean().item(), 5),
        "branch 0": round(right[0].item(), 5),
        "validation accuracy": mean(data.validation),
        "train accuracy": mean(data.train),
        "together": round(accuracy(together, *data.test), 5),
        "validation together": round(accuracy(together, *data.validation), 5),
        "average": round(
            (z.mean(0).argmax(-1) == data.test[1]).double().mean().item(), 5
        ),
        "diversity": round(kl(z.mean(0), z).mean().item(), 5),
    }


def serving_cost(net: nn.Module) -> int:
    """Multiply-adds of one answer of a net: x (n, *SHAPE) -> logits."""
    return multiply_adds(lambda: Teacher(net).logits(torch.zeros(1, *SHAPE)))


def training_cost(stage: Stage, n: int = 64) -> float:
    """Return the multiply-adds per image of one step of a stage, there and back.

    All learners count.
    """
    x, y = torch.rand(n, *SHAPE), torch.arange(n) % 10
    batch = Batch(x, y, torch.arange(n), x)

    def step():
        for loss in stage.learn.values():
            sum(loss(batch, 0.5).values()).backward()

    return multiply_adds(step) / n


def stand(rows: pd.DataFrame, a: str, b: str, setting: str = "choice") -> str:
    """Say for a verdict at which settings two arms stand.

    rows: those that were chosen, of each arm. setting: their column.
    """
    first, second = (at(rows, arm=arm)[setting].iloc[0] for arm in (a, b))
    if first == second:
        return f"both: {first}"
    return f"{a}: {first}; {b}: {second}"

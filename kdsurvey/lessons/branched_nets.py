"""What notebooks 10, 11 and 12 share: one small net with branches, how each method
trains it, and what is kept of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.branches import Branches, Fused, Mixed, branched, fusion, gate
from kdsurvey.data import Data
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.lessons.rows import at
from kdsurvey.losses import kl
from kdsurvey.measures import multiply_adds
from kdsurvey.methods import ensemblenet, ffl, one
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(
    epochs=15, batch_size=64, lr=0.05, schedule="cosine", nesterov=True
)  # long enough to learn wrong labels by heart
CHOICES = {  # what every arm may choose from on validation images; the first is the default
    "15 epochs": CONFIG,
    "a third of the rate": replace(CONFIG, lr=CONFIG.lr / 3),
    "5 epochs": replace(CONFIG, epochs=5),
    "weight decay": replace(CONFIG, weight_decay=5e-3),
}
RIGHT, WRONG = "labels right", "a fifth of labels redrawn"  # as verdicts say it
SHAPE = (1, 14, 14)
COUNT = 3
T = 3.0
SHARED = {
    "images": mutual_learning.IMAGES,
    "shape": SHAPE,
    "count": COUNT,
    "T": T,
}  # settings of every experiment on branches
# 2,000 images, a fifth of their labels redrawn; a seed has images and noise of its own
digits = mutual_learning.digits


def small(seed: int) -> nn.Sequential:
    """The net alone, and every branch with the trunk: two convolutions, 64 hidden units
    on the flat map.
    """
    return nets.conv_mlp(SHAPE, 8, 16, hidden=64, seed=seed)


def parted(seed: int, count: int = COUNT, shared: int = 1) -> Branches:
    """`count` of these nets that share their first blocks, 0 to 2 of them; branch 0
    starts as the net alone of this seed.
    """
    return branched(small, int(shared), count, seed)


def gated(net: Branches, seed: int) -> nn.Sequential:
    """A gate for branches of `small`; on the images themselves, averaged to 4 x 4,
    where no trunk is shared.
    """
    return gate(
        (1, 8, 16)[len(net.trunk)], len(net), size=1 if len(net.trunk) else 4, seed=seed
    )


def fusing(net: Branches, seed: int) -> nn.Sequential:
    """The fusion module, with a head like that of a branch."""
    return fusion(*[16] * len(net), width=16, head=small(2000 + seed)[-1], seed=seed)


Learnt = tuple[
    Sequence[nn.Module], nn.Module
]  # the branches, each a net from x to logits, and what answers for them together


def learn(
    stages: Callable[[Branches], tuple], data: Data, config: Config, net: Branches
) -> Learnt:
    """Trains what stages(net) -> (stages, answer) gives; `answer` is the module that
    answers for all branches together.
    """
    made, together = stages(net)
    train(made, data, config, progress=False)
    return [net[k] for k in range(len(net))], together


def with_one(
    seed: int, *, own_gate: bool = True, **options
) -> Callable[[Branches], tuple]:
    """ONE, for `learn`; own_gate False: the mean of the branches is the teacher.
    options: those of methods.one.
    """

    def stages(net: Branches):
        weigh = gated(net, seed) if own_gate else None
        return one(net, weigh, T=T, **options), Mixed(net, weigh)

    return stages


def with_ffl(seed: int, **options) -> Callable[[Branches], tuple]:
    """FFL, for `learn`. options: those of methods.ffl."""

    def stages(net: Branches):
        fused = fusing(net, seed)
        return ffl(net, fused, T=T, **options), Fused(net, fused)

    return stages


def with_heads(lam: float) -> Callable[[Branches], tuple]:
    """EnsembleNet, for `learn`; at lam = 1 the heads learn from labels alone."""
    return lambda net: (ensemblenet(net, lam=lam), Mixed(net, None))


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


def edges(rows: pd.DataFrame, a: str, b: str, setting: str = "choice") -> str:
    """Say as `stand` does where every setting is an edge, as each of CHOICES is: the
    fewest epochs, the lowest rate, the strongest decay.
    """
    return f"{stand(rows, a, b, setting)} (at the edge of what was tried)"

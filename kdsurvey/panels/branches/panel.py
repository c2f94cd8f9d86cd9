"""Branches on one trunk while they train: ONE, FFL or EnsembleNet beside the same net
alone, and what the gate says to images.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from kdsurvey.branches import Branches, Fused, Mixed, branched
from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.lessons import branched_nets
from kdsurvey.losses import kl
from kdsurvey.methods import plain
from kdsurvey.panels.branches.chart import (
    ALONE,
    BRANCH,
    FUSED,
    GATED,
    IMAGES,
    LINES,
    MEAN,
    MOST,
    Measured,
    picture,
)
from kdsurvey.panels.kit.controls import Choice, Knob, Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.arm import Arm, as_drawn
from kdsurvey.panels.race.finished import Finished
from kdsurvey.panels.race.race import Race
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import Stage, in_eval

METHODS = ("ONE", "ONE without a gate", "FFL", "EnsembleNet")
# what `train` scores -> the line that shows it; what is called the ensemble depends on
# the method
SCORED = {"net": "net", "head 0": BRANCH, "branch 0": BRANCH, "fused": FUSED}


def branches(
    data: Data,
    *,
    method: str = "ONE",
    count: int = 3,
    T: float = 3.0,
    weight: float = 1.0,
    config: Config | None = None,
    finished: Finished | None = None,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains one small net alone and, with the same weights as its branch
    0, on a trunk with more branches.

    method: one of METHODS. count: of branches, 2 to 5, all of them copies of the net
    from its second block on with weights of their own. T: as for `methods.one` and
    `methods.ffl`; EnsembleNet has none. The weight that the reader moves is that of
    ONE's distillation, of both arrows of FFL, and EnsembleNet's lam; weight: where it
    starts. config: 15 epochs of batches of 64, rate 0.05 falling along a cosine, where
    None. finished: "alone", the method or both -> (net, rows of `train`), trained
    before at these settings and shown until the first run here; the method's net is
    Branches, or what answers for them all. Beside the
    accuracies: how far the branches are from their mean, KL(mean || branch) on
    validation images, and how the gate weighs them for some images, each branch alike
    where there is no gate. place: as for live_training. Raises ValueError for another
    method, a count or T out of range, and images that are no maps (c, h, w).
    """
    config = config or branched_nets.CONFIG
    dims = data.train[0].ndim
    if method not in METHODS or dims != 4:
        raise ValueError(
            f"branches: one of {METHODS} on images (n, c, h, w), "
            f"not {method!r}, {dims} dims"
        )
    starts = {"method": method, "count": count, "T": T, "weight": weight}
    return BranchRace(data, config, place, finished=finished, rate=config.lr, **starts)


class BranchArm(Arm):
    """Branches on one trunk, with what answers for them together. gate: what weighs them,
    where there is one.
    """

    net: Branches

    def __init__(
        self,
        name: str,
        net: Branches,
        stages: Iterator[Stage],
        gate: nn.Module | None,
    ):
        super().__init__(name, net, stages)
        self.gate = gate


class BranchRace(Race):
    """See `branches`; `arms` is the last run."""

    kind = "branches"
    title = "Branches on one trunk"
    text = (
        "(panel: branches. Method, branches, T, weight, learning rate, seed; "
        "Start, Pause, Stop; three charts)"
    )
    about = (
        "Three charts of a net alone and of branches on one trunk: validation accuracy over "
        "the epochs, how far the branches are from their mean, and the gate's weight of every "
        "branch for twelve images"
    )
    lines = LINES

    count = Knob("Branches", 3, 2, MOST, whole=True)
    method = Choice("Method", "ONE", METHODS, width=290)
    T = Knob("Temperature T", 3.0, 0.5, 50, log=True)
    weight = Knob("Weight or λ", 1.0, 0, 4, step=0.25)
    rate = Knob("Learning rate", 0.05, 0.001, 1, log=True)

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        finished: Finished | None,
        **starts: object,
    ):
        super().__init__(data, config, place, **starts)
        self.arrange_with(finished)

    def show(self, finished: Finished) -> None:
        """Show nets trained before: see Race.show. Of the diversity only the ends are
        known, before the first epoch and after the last.
        """
        joint = GATED if self.settings.method == "ONE" else MEAN
        lines = SCORED | {"ensemble": joint}
        runs = {
            name: (net, [as_drawn(row, lines) for row in rows])
            for name, (net, rows) in finished.items()
        }
        super().show(runs)
        for arm in self.arms:
            if arm.measured:
                first, last = arm.measured.diversity
                unknown = [math.nan] * (arm.epochs - 1)
                diversity = [first, *unknown, last]
                arm.measured = arm.measured._replace(diversity=diversity)

    def take(self, arm: Arm, net: nn.Module) -> None:
        """See Race.take; of what answers for all branches, take these and their gate."""
        if isinstance(arm, BranchArm) and isinstance(net, Mixed | Fused):
            arm.gate = getattr(net, "gate", None)
            net = net.net
        super().take(arm, net)

    def lineup(self, settings: Settings) -> list[Arm]:
        seed = settings.seed
        share = settings.rate / self._config.lr
        make = self._net
        alone, net = make(seed), branched(make, 1, settings.count, seed)
        stages, together = _plan(make, settings)(net)
        weigh = getattr(together, "gate", None)
        answers = {BRANCH: net[0], MEAN: Mixed(net, None)}
        if weigh is not None:
            answers[GATED] = together
        if isinstance(together, Fused):
            answers[FUSED] = together
        return [
            Arm(ALONE, alone, _with(plain(alone), share)),
            BranchArm(settings.method, net, _with(stages, share, answers), weigh),
        ]

    def _net(self, seed: int) -> nn.Sequential:
        """Return the net alone, and every branch with the trunk."""
        shape = tuple(self._data.train[0].shape[1:])
        classes = len(self._data.classes)
        return branched_nets.small(seed, shape, classes)

    def measure(self, arm: Arm) -> Measured | None:
        if not isinstance(arm, BranchArm):
            return None
        return measured(arm.net, arm.gate, self._data.held_out[0], arm.measured)

    def words(self, settings: Settings) -> str:
        name = settings.method
        weight = f"T = {settings.T:g}, weight {settings.weight:g}"
        if name == "EnsembleNet":
            weight = f"λ = {settings.weight:g}"
        return (
            f"{settings.count} branches by {name}, {weight}, "
            f"rate {settings.rate:g}, seed {settings.seed}"
        )

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        x, y = self._data.held_out
        labels = [self._data.classes[k] for k in y[:IMAGES]]
        return picture(accuracies, self.arms, x[:IMAGES], labels, self._config.epochs)


def _plan(
    make: Callable[[int], nn.Sequential], settings: Settings
) -> Callable[[Branches], branched_nets.Plan]:
    """Return the lesson's plan for a method. make: seed -> a net like a branch."""
    name, seed = settings.method, settings.seed
    T, weight = settings.T, settings.weight
    if name == "FFL":
        arrows = {"to_fused": weight, "to_branches": weight}
        return branched_nets.with_ffl(seed, make=make, T=T, **arrows)
    if name == "EnsembleNet":
        return branched_nets.with_heads(weight)
    own_gate = name == "ONE"
    return branched_nets.with_one(seed, own_gate=own_gate, T=T, weight=weight)


def _with(
    stages: Iterator[Stage], lr: float, score: Mapping | None = None
) -> Iterator[Stage]:
    """Yield the same stages at another share of the rate, and with other scores where there
    are some.
    """
    for stage in stages:
        yield replace(stage, lr=lr * stage.lr, score=score or stage.score)


@torch.no_grad()
def measured(
    net: Branches, weigh: nn.Module | None, x: Tensor, before: Measured | None = None
) -> Measured:
    """Return the diversity of branches on images x, added to those before, and the gate's
    weights for the first of them.
    """
    x = x.to(next(net.parameters()).device)
    with in_eval(net), in_eval(weigh):
        shared = net.trunk(x)
        z = net.logits(shared)  # (m, n, c)
        weights = weigh(shared[:IMAGES]) if weigh else _alike(len(x), len(net))
    diversity = kl(z.mean(0), z).mean().item()
    earlier = before.diversity if before else []
    return Measured([*earlier, diversity], weights.cpu())


def _alike(images: int, branches: int) -> Tensor:
    """Return the weights where there is no gate."""
    return torch.full((min(IMAGES, images), branches), 1 / branches)

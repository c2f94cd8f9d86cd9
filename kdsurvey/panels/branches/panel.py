"""Branches on one trunk while they train: ONE, FFL or EnsembleNet beside the same net
alone, and what the gate says to images.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor, nn

from kdsurvey.branches import Branches, Fused, Mixed, branched, fusion, gate
from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.losses import kl
from kdsurvey.methods import ensemblenet, ffl, one, plain
from kdsurvey.nets import conv_mlp
from kdsurvey.panels.compare.curves import EndLabels, reach
from kdsurvey.panels.kit.charts import table, title
from kdsurvey.panels.kit.controls import knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import pictures
from kdsurvey.panels.race.race import Arm, Race
from kdsurvey.plots import COLOURS, MARKERS
from kdsurvey.stage import Stage, in_eval

METHODS = ("ONE", "ONE without a gate", "FFL", "EnsembleNet")
ALONE, BRANCH, MEAN, GATED, FUSED = LINES = (
    "alone",
    "branch 0",
    "mean of logits",
    "gated",
    "fused",
)
IMAGES, MOST = 12, 5  # validation images whose gates are shown; branches


def branches(
    data: Data,
    *,
    method: str = "ONE",
    count: int = 3,
    T: float = 3.0,
    config: Config | None = None,
    place: str | None = None,
) -> Panel:
    """A panel that trains one small net alone and, with the same weights as its branch
    0, on a trunk with more branches.

    method: one of METHODS. count: of branches, 2 to 5, all of them copies of the net
    from its second block on with weights of their own. T: as for `methods.one` and
    `methods.ffl`; EnsembleNet has none. The weight that the reader moves is that of
    ONE's distillation, of both arrows of FFL, and EnsembleNet's lam. config: 15 epochs
    of batches of 64, rate 0.05 falling along a cosine, where None. Beside the
    accuracies: how far the branches are from their mean, KL(mean || branch) on
    validation images, and how the gate weighs them for some images, each branch alike
    where there is no gate. place: as for live_training. Raises ValueError for another
    method, a count or T out of range, and images that are no maps (c, h, w).
    """
    config = config or Config(
        epochs=15, batch_size=64, lr=0.05, schedule="cosine", nesterov=True
    )
    return BranchRace(data, method, count, T, config, place)


class Found(NamedTuple):
    """What is measured of branches after each epoch."""

    diversity: list[
        float
    ]  # mean KL(mean || branch) in nats, before the run and after each epoch
    weights: Tensor  # (images, m), rows that sum to 1


class BranchRace(Race):
    """See `branches`; `arms` is the last run."""

    kind = "branches"
    text = "(panel: branches. Method, branches, T, weight, learning rate, seed; Start, Pause, Stop; three charts)"
    about = (
        "Three charts of a net alone and of branches on one trunk: validation accuracy over the epochs, how far the branches are "
        "from their mean, and the gate's weight of every branch for twelve images"
    )

    def __init__(self, data, method, count, T, config, place):
        super().__init__(data, config, place)
        if method not in METHODS or self._data.train[0].ndim != 4:
            raise ValueError(
                f"branches: one of {METHODS} on images (n, c, h, w), not {method!r}, {self._data.train[0].ndim} dims"
            )
        self._x = self._data.validation[0]
        self.method = widgets.Dropdown(
            options=METHODS,
            value=method,
            description="Method",
            layout={"width": "290px"},
        )
        self.method.style.description_width = "110px"
        self.count = knob("Branches", count, 2, MOST, step=1, whole=True)
        self.T = knob("Temperature T", T, 0.5, 50, log=True)
        self.weight = knob("Weight or λ", 1.0, 0, 4, step=0.25)
        self.rate = knob("Learning rate", config.lr, 0.001, 1, log=True)
        knobs = {
            "count": self.count,
            "T": self.T,
            "weight": self.weight,
            "rate": self.rate,
        }
        self.keep(
            method=self.method, **{name: control.box for name, control in knobs.items()}
        )
        pairs = ((self.count, self.T), (self.weight, self.rate))
        lines = [
            row(*(control.row for control in pair), flex_flow="row nowrap")
            for pair in pairs
        ]
        mosaic = [["accuracy", "diversity"], ["accuracy", "gate"]]
        grid = {"height": 360, "mosaic": mosaic, "width_ratios": [1.3, 1]}
        self.assemble(
            "Branches on one trunk",
            LINES,
            lines,
            self.method,
            aside=lambda axes: Gates(axes, self),
            **grid,
        )

    def lineup(self, settings: Mapping) -> list[Arm]:
        seed, (channels, *size) = settings["seed"], self._data.train[0].shape[1:]
        share = settings["rate"] / self._config.lr

        def make(seed: int) -> nn.Sequential:
            return conv_mlp(
                (channels, *size),
                8,
                16,
                hidden=64,
                classes=len(self._data.classes),
                seed=seed,
            )

        alone, net = make(seed), branched(make, 1, settings["count"], seed)
        together, stages = _method(net, make, settings)
        answers = {BRANCH: net[0], MEAN: Mixed(net, None)} | together
        arms = (
            Arm(ALONE, alone, _with(plain(alone), share)),
            Arm(settings["method"], net, _with(stages, share, answers)),
        )
        arms[1].weights = next(iter(together.values()), None)
        return list(arms)

    def measure(self, arm: Arm) -> Found | None:
        return (
            None
            if arm.name == ALONE
            else found(arm.net, getattr(arm.weights, "gate", None), self._x, arm.found)
        )

    def words(self, settings: Mapping) -> str:
        name = settings["method"]
        w = settings["weight"]
        T = settings["T"]
        how = f"λ = {w:g}" if name == "EnsembleNet" else f"T = {T:g}, weight {w:g}"
        return (
            f"{settings['count']} branches by {name}, {how}, rate {settings['rate']:g}"
        )


def _method(
    net: Branches, make: Callable, settings: Mapping
) -> tuple[dict[str, nn.Module], Iterator[Stage]]:
    """What answers for the branches together besides their mean, by the name of its
    line, and the stages.
    """
    name, T, weight, seed = (settings[key] for key in ("method", "T", "weight", "seed"))
    if name == "FFL":
        joint = fusion(
            *[16] * len(net), width=16, head=make(2000 + seed)[-1], seed=seed
        )
        return {FUSED: Fused(net, joint)}, ffl(
            net, joint, T=T, to_fused=weight, to_branches=weight
        )
    if name == "EnsembleNet":
        return {}, ensemblenet(net, lam=weight)
    weigh = gate(8, len(net), seed=seed) if name == "ONE" else None
    return ({GATED: Mixed(net, weigh)} if weigh else {}), one(
        net, weigh, T=T, weight=weight
    )


def _with(
    stages: Iterator[Stage], lr: float, score: Mapping | None = None
) -> Iterator[Stage]:
    """The same stages at another share of the rate, and with other scores where there are some."""
    for stage in stages:
        yield replace(stage, lr=lr * stage.lr, score=score or stage.score)


@torch.no_grad()
def found(
    net: Branches, weigh: nn.Module | None, x: Tensor, before: Found | None = None
) -> Found:
    """The diversity of branches on images x, added to those before, and the gate's
    weights for the first of them.
    """
    x, m = x.to(next(net.parameters()).device), len(net)
    with in_eval(net), in_eval(weigh):
        shared = net.trunk(x)
        z = net.logits(shared)  # (m, n, c)
        g = (
            weigh(shared[:IMAGES])
            if weigh
            else torch.full((min(IMAGES, len(x)), m), 1 / m)
        )
    return Found(
        [*(before.diversity if before else []), kl(z.mean(0), z).mean().item()], g.cpu()
    )


class Gates:
    """How far the branches are from their mean, epoch by epoch, and the weight of each
    for a row of images.
    """

    def __init__(self, axes: Mapping[str, Axes], panel: BranchRace):
        self._panel = panel
        self._reached = 0
        self._top = 0.0
        self.lines_of, self.gate = axes["diversity"], axes["gate"]
        title(self.lines_of, "How far branches are from their mean")
        self.lines_of.set(xlabel="epoch", ylabel="mean KL (nats)")
        self._line = self.lines_of.plot(
            [], [], color=COLOURS[1], marker=MARKERS[1], markersize=3.2, linewidth=1.3
        )[0]
        self._ends = EndLabels(self.lines_of, 1)
        faces = pictures(panel._x[:IMAGES])
        self._n = len(faces)
        self._bars = [
            self.gate.bar(range(self._n), np.zeros(self._n), 0.86) for _ in range(MOST)
        ]
        for bars, colour, hatch in zip(
            self._bars, COLOURS, ("", "//", "..", "xx", "\\\\")
        ):
            for bar in bars:
                bar.set(
                    facecolor=colour,
                    alpha=0.75,
                    hatch=hatch,
                    edgecolor="white",
                    linewidth=0.5,
                )
        look = {
            "cmap": "gray_r",
            "interpolation": "nearest",
            "vmin": faces.min(),
            "vmax": faces.max(),
            "aspect": "auto",
        }
        for k, face in enumerate(faces):
            self.gate.imshow(face, extent=(k - 0.43, k + 0.43, -0.3, -0.02), **look)
        self.gate.set(
            xlim=(-0.6, self._n - 0.4),
            ylim=(-0.3, 1),
            xticks=[],
            yticks=[0, 0.5, 1],
            ylabel="weight",
        )
        self.gate.spines["bottom"].set_visible(False)
        self.gate.spines["left"].set_bounds(0, 1)
        title(self.gate, "Weights by image, branch 0 at the bottom")
        self.artists = [
            self._line,
            *self._ends.texts,
            *(bar for bars in self._bars for bar in bars),
        ]
        self._fit([])

    def show(self, arms: Sequence[Arm], settings: Mapping) -> bool:
        seen = arms[1].found if arms else None
        y = seen.diversity if seen else []
        self._line.set_data(range(len(y)), y)
        moved = self._fit(y)
        self._ends.show([(len(y) - 1, y[-1], f"{y[-1]:.3f}", COLOURS[1])] if y else [])
        weights = seen.weights.T.numpy() if seen else np.zeros((0, self._n))
        below = np.zeros(self._n)
        for k, bars in enumerate(self._bars):
            heights = weights[k] if k < len(weights) else np.zeros(self._n)
            for bar, bottom, height in zip(bars, below, heights):
                bar.set(y=bottom, height=height)
            below = below + heights
        return moved

    def _fit(self, y: Sequence[float]) -> bool:
        epochs = max(len(y) - 1, self._panel._config.epochs)
        top = next(
            step
            for p in range(-3, 4)
            for step in (10.0**p, 2 * 10.0**p, 5 * 10.0**p)
            if step > max(y, default=0.01)
        )
        moved = (epochs, top) != (self._reached, self._top)
        if moved:
            reach(self.lines_of, epochs)
            self.lines_of.set_ylim(0, top)
            self._reached, self._top = epochs, top
        return moved

    def twin(self, arms: Sequence[Arm], settings: Mapping) -> str:
        if not arms:
            return ""
        seen, y = arms[1].found, self._panel._data.validation[1]
        steps = [
            ["before training" if not k else f"epoch {k}", f"{value:.4f}"]
            for k, value in enumerate(seen.diversity)
        ]
        labels = [self._panel._data.classes[k] for k in y[: self._n]]
        rows = [
            [f"image {i}, label {label}", *(f"{g:.2f}" for g in seen.weights[i])]
            for i, label in enumerate(labels)
        ]
        head = ["", *(f"branch {k}" for k in range(seen.weights.shape[1]))]
        return table(
            "KL(mean ‖ branch) on validation images, nats", ["", arms[1].name], steps
        ) + table("Weight of each branch", head, rows)

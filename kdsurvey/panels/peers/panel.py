"""Mutual learning while it trains: peers that learn from each other, beside a net that
learns alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor, nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.losses import entropy
from kdsurvey.methods import dml, plain
from kdsurvey.nets import mlp
from kdsurvey.panels.compare.curves import EndLabels, reach
from kdsurvey.panels.kit.charts import table, title
from kdsurvey.panels.kit.controls import knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.accuracy_chart import LAST
from kdsurvey.panels.race.race import Arm, Race
from kdsurvey.plots import COLOURS, MARKERS, STYLES
from kdsurvey.stage import in_eval

MOST = 5  # peers
ALONE = "alone"
NAMES = (ALONE, *(f"peer {k}" for k in range(MOST)))
ROOM = 1.6  # of the width that the epochs take; what is left holds the names


def peers(
    data: Data,
    *,
    K: int = 2,
    weight: float = 1.0,
    T: float = 1.0,
    noise: float = 0.2,
    widths: Sequence[int] = (128, 128),
    config: Config | None = None,
    place: str | None = None,
) -> Panel:
    """A panel that trains K peers by mutual learning, and a net alone that starts from
    the weights of peer 0.

    data: images with the right labels; noise is the share that is drawn anew, by the
    seed, for all of them alike. K: 2 to 5 MLPs with hidden layers of these widths.
    weight, T: as for `methods.dml`. config: 40 epochs of batches of 64 where None, long
    enough to learn wrong labels by heart. Beside the accuracies: the entropy of the
    answers to the validation images, and how often two nets give the same answer.
    place: as for live_training. Raises ValueError for values out of range.
    """
    config = config or Config(
        epochs=40, batch_size=64, lr=0.05, schedule="cosine", nesterov=True
    )
    return Peers(data, K, weight, T, noise, widths, config, place)


class Answers(NamedTuple):
    """What nets say to the validation images after an epoch."""

    entropy: float  # nats, mean over images and nets
    given: Tensor  # (K, n) classes


class Peers(Race):
    """See `peers`; `arms` is the last run."""

    kind = "peers"
    text = "(panel: peers. Number of peers, weight, T, share of labels redrawn, by turns, seed; Start, Pause, Stop; three charts)"
    about = (
        "Three charts of peers that learn from each other beside a net alone, over the epochs: validation accuracy, entropy of "
        "the answers, and how often two nets give the same answer"
    )

    def __init__(self, data, K, weight, T, noise, widths, config, place):
        super().__init__(data, config, place)
        self._widths = self._data.train[0][0].numel(), *widths, len(self._data.classes)
        self.K = knob("Peers K", K, 2, MOST, step=1, whole=True)
        self.weight = knob("Weight", weight, 0, 8, step=0.5)
        self.T = knob("Temperature T", T, 0.5, 20, log=True)
        self.noise = knob("Labels redrawn", noise, 0, 0.8, step=0.1)
        self.turns = widgets.Checkbox(
            True, description="by turns", indent=False, layout={"width": "auto"}
        )
        knobs = {"K": self.K, "weight": self.weight, "T": self.T, "noise": self.noise}
        self.keep(
            **{name: control.box for name, control in knobs.items()}, turns=self.turns
        )
        pairs = ((self.K, self.weight), (self.T, self.noise))
        lines = [
            row(*(control.row for control in pair), flex_flow="row nowrap")
            for pair in pairs
        ]
        grid = {
            "height": 360,
            "mosaic": [["accuracy", "entropy"], ["accuracy", "agreement"]],
            "width_ratios": [1.15, 1],
        }
        grid["aside"] = lambda axes: Alike(axes, config.epochs)
        self.assemble(
            "Peers that learn from each other", NAMES, lines, self.turns, **grid
        )

    def lineup(self, settings: Mapping) -> list[Arm]:
        alone, *group = (
            mlp(*self._widths, seed=settings["seed"] + 1000 * k)
            for k in (0, *range(settings["K"]))
        )
        mutual = dml(
            group, T=settings["T"], weight=settings["weight"], turns=settings["turns"]
        )
        return [
            Arm(ALONE, alone, plain(alone)),
            Arm("peers", nn.ModuleList(group), mutual),
        ]

    def images(self, settings: Mapping) -> Data:
        return (
            self._data.mislabelled(settings["noise"], settings["seed"])
            if settings["noise"]
            else self._data
        )

    def measure(self, arm: Arm) -> list[Answers]:
        """What the nets of an arm said before the run and after each epoch."""
        group = arm.net if isinstance(arm.net, nn.ModuleList) else [arm.net]
        with torch.no_grad(), in_eval(arm.net):
            z = torch.stack(
                [
                    net(self._data.validation[0].to(next(net.parameters()).device))
                    for net in group
                ]
            ).cpu()
        return [*(arm.found or ()), Answers(entropy(z).mean().item(), z.argmax(-1))]

    def words(self, settings: Mapping) -> str:
        how = "by turns" if settings["turns"] else "at once"
        noise = f"{100 * settings['noise']:.0f} % of the labels drawn anew"
        return f"{settings['K']} peers {how}, weight {settings['weight']:g}, T = {settings['T']:g}, {noise}"


def alike(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """% of images to which two nets give the same answer, mean over the pairs of (n,) answers."""
    shares = [100 * (a == b).double().mean().item() for a, b in pairs]
    return sum(shares) / len(shares)


class Alike:
    """Entropy of the answers over the epochs, and the share of equal answers: lines
    with their names at their ends.
    """

    def __init__(self, axes: Mapping[str, Axes], epochs: int):
        self._axes = [axes["entropy"], axes["agreement"]]
        names = (
            ("Entropy of the answers", "nats"),
            ("Two nets give the same answer", "% of images"),
        )
        for axis, (name, unit) in zip(self._axes, names):
            title(axis, name)
            axis.set(ylabel=unit)
            axis.yaxis.set_major_locator(MaxNLocator(4))
            reach(axis, epochs, ROOM)
        self._axes[0].tick_params(labelbottom=False)
        self._axes[1].set(xlabel="epoch")
        looks = [
            {
                "color": COLOURS[k],
                "linestyle": STYLES[k],
                "marker": MARKERS[k],
                "markersize": 2.6,
            }
            for k in (0, 1, 1, 6)
        ]
        places = (self._axes[0], self._axes[0], self._axes[1], self._axes[1])
        self._lines = [
            axis.plot([], [], linewidth=1.3, **look)[0]
            for axis, look in zip(places, looks)
        ]
        self._ends = [EndLabels(axis, 2) for axis in self._axes]
        self.artists = [
            *self._lines,
            *(text for ends in self._ends for text in ends.texts),
        ]
        self._limits = None

    def show(self, arms: Sequence[Arm], settings: Mapping) -> bool:
        values = series(arms)
        moved = self._fit(values)
        names = list(values)
        for line, y in zip(self._lines, values.values()):
            line.set_data(range(len(y)), y)
        for ends, pair in zip(self._ends, (names[:2], names[2:])):
            ends.show(
                [
                    (
                        len(values[name]) - 1,
                        values[name][-1],
                        name,
                        COLOURS[_colour(name)],
                    )
                    for name in pair
                ]
            )
        return moved

    def _fit(self, values: Mapping[str, list[float]]) -> bool:
        """Room for all that was seen: entropies from 0 on in quarters, shares of equal
        answers to 100 in whole tens.
        """
        high = max([v for name in list(values)[:2] for v in values[name]] or [2.5])
        low = min([v for name in list(values)[2:] for v in values[name][1:]] or [50])
        limits = 0.25 * (high // 0.25 + 1), 10 * (low // 10)
        moved, self._limits = limits != self._limits, limits
        self._axes[0].set_ylim(0, limits[0])
        self._axes[1].set_ylim(limits[1], 101)
        return moved

    def twin(self, arms: Sequence[Arm], settings: Mapping) -> str:
        values = series(arms)
        done = max((len(y) for y in values.values()), default=0)
        rows = [
            [
                f"epoch {k}",
                *(
                    f"{y[k]:.3f}" if j < 2 else f"{y[k]:.1f}"
                    for j, y in enumerate(values.values())
                ),
            ]
            for k in range(max(0, done - LAST), done)
        ]
        units = [
            f"{name}, {'nats of entropy' if j < 2 else '% equal answers'}"
            for j, name in enumerate(values)
        ]
        return table("Answers to the validation images", ["", *units], rows)


def series(arms: Sequence[Arm]) -> dict[str, list[float]]:
    """Name -> a value before the run and after each epoch: entropies of the net alone
    and of the peers, equal answers in %.
    """
    if not arms:
        return {}
    alone, group = (arm.found for arm in arms)
    told = list(zip(alone, group))
    return {
        ALONE: [one.entropy for one, _ in told],
        "peers, mean": [some.entropy for _, some in told],
        "two peers": [alike(combinations(some.given, 2)) for _, some in told],
        "peer 1 and alone": [
            alike([(some.given[1], one.given[0])]) for one, some in told
        ],
    }


def _colour(name: str) -> int:
    return {ALONE: 0, "peer 1 and alone": 6}.get(name, 1)

"""Low precision while it trains: ternary or k-bit nets without a teacher and in the
three schemes of Apprentice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.methods import apprentice, plain
from kdsurvey.nets import mlp
from kdsurvey.panels.kit.charts import table, title
from kdsurvey.panels.kit.controls import knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.race import Arm, Race
from kdsurvey.plots import COLOURS
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import lower, precision_of, re_estimate, used, weighted

NAMES = (
    "full precision",
    "no teacher",
    "scheme A",
    "scheme B",
    "scheme C",
    "C, no teacher",
)
BINS = 30  # of the weights before quantising
WEIGHT_BITS, ACTIVATION_BITS = (2, 3, 4, 6, 8, 32), (1, 2, 3, 4, 6, 8, 32)
IN_TABLE = 17  # levels that have a row


class Layer(NamedTuple):
    """One layer's weights: those that learn, those that it computes with, and the limit
    below which ternary ones are 0.
    """

    behind: np.ndarray
    computed: np.ndarray
    limit: float  # 0 where there is none
    bits: int


def precision(
    data: Data,
    teacher: nn.Sequential | Teacher,
    *,
    width: int = 8,
    depth: int = 5,
    weight_bits: int = 2,
    activation_bits: int = 8,
    threshold: float = 0.7,
    top: float = 4.0,
    config: Config | None = None,
    place: str | None = None,
) -> Panel:
    """A panel that trains a small MLP in full precision, in low precision, and as an
    apprentice in the schemes A, B and C.

    teacher: a trained `nets.mlp`; scheme A trains a net of its shape from the start.
    width, depth: of the student, which has batch norm. weight_bits, activation_bits,
    threshold (of ternary weights), top: as for `surgery.Precision`. config: 12 epochs
    of batches of 64 at 0.1, cosine, where None, as many for every arm: scheme C, and C
    without a teacher, spend the first half in full precision. Beside the accuracies:
    one layer's weights before and after quantising. place: as for live_training. Raises
    ValueError for a teacher of another kind and for values out of range.
    """
    config = config or Config(
        epochs=12, batch_size=64, lr=0.1, schedule="cosine", weight_decay=5e-4
    )
    return Precise(
        data,
        teacher,
        width,
        depth,
        weight_bits,
        activation_bits,
        threshold,
        top,
        config,
        place,
    )


class Precise(Race):
    """See `precision`; `arms` is the last run."""

    kind = "precision"
    text = (
        "(panel: low precision. Weight bits, activation bits, threshold, largest activation, weights of, layer, seed; "
        "Start, Pause, Stop; two charts)"
    )
    about = (
        "Two charts of a small net in full and in low precision, without a teacher and in three schemes with one: validation "
        "accuracy over the epochs, and one layer's weights before and after quantising"
    )
    views = ("shown", "layer")

    def __init__(
        self,
        data,
        teacher,
        width,
        depth,
        weight_bits,
        activation_bits,
        threshold,
        top,
        config,
        place,
    ):
        super().__init__(data, config, place)
        if config.epochs < 2:
            raise ValueError(
                f"precision: scheme C needs 2 epochs or more, got {config.epochs}"
            )
        if depth < 2:
            raise ValueError(
                f"precision: no layer between the first and the last may be lowered at depth {depth}; give 2 or more"
            )
        self._teacher = Teacher(teacher)
        self._fresh = like(self._teacher.net)
        pixels, classes = self._data.train[0][0].numel(), len(self._data.classes)
        self._student = lambda seed: mlp(
            pixels, *[width] * depth, classes, norm=True, seed=seed
        )
        style, layout = {"description_width": "110px"}, {"width": "200px"}
        self.weight_bits, self.activation_bits = (
            widgets.Dropdown(
                options=options,
                value=value,
                description=name,
                style=style,
                layout=layout,
            )
            for name, options, value in (
                ("Weight bits", WEIGHT_BITS, weight_bits),
                ("Activation bits", ACTIVATION_BITS, activation_bits),
            )
        )
        self.threshold = knob("Threshold Δ", threshold, 0, 0.95, step=0.05)
        self.top = knob("Activations to", top, 0.25, 16, log=True)
        self._choose(depth)
        boxes = {"threshold": self.threshold.box, "top": self.top.box}
        self.keep(
            weight_bits=self.weight_bits,
            activation_bits=self.activation_bits,
            **boxes,
            shown=self.shown,
            layer=self.layer,
        )
        lines = [
            row(self.weight_bits, self.activation_bits),
            row(self.threshold.row, self.top.row, flex_flow="row nowrap"),
        ]
        grid = {
            "height": 340,
            "mosaic": [["accuracy", "weights"]],
            "width_ratios": [1.25, 1],
        }
        self.assemble(
            "Low precision",
            NAMES,
            lines,
            self.shown,
            self.layer,
            aside=lambda axes: Weights(axes, self),
            **grid,
        )

    def _choose(self, depth: int) -> None:
        """What the second picture is of."""
        self.shown = widgets.Dropdown(
            options=NAMES,
            value=NAMES[1],
            description="Weights of",
            layout={"width": "200px"},
        )
        options = [(f"hidden layer {k}", k) for k in range(2, depth + 1)]
        self.layer = widgets.Dropdown(
            options=options, value=2, description="in", layout={"width": "160px"}
        )
        self.shown.style.description_width = "70px"
        self.layer.style.description_width = "20px"
        for control in (self.shown, self.layer):
            self.watch(control, self.refresh)

    def lineup(self, settings: Mapping) -> list[Arm]:
        low = {
            name: settings[name]
            for name in ("weight_bits", "activation_bits", "threshold", "top")
        }
        seed, nets = settings["seed"], [self._student(settings["seed"]) for _ in NAMES]
        methods: Sequence[Callable[[nn.Module], Iterator[Stage]]] = (
            plain,
            lambda net: plain(lower(net, **low)),
            lambda net: apprentice(net, self._fresh(seed), scheme="A", **low),
            lambda net: apprentice(net, self._teacher, scheme="B", **low),
            lambda net: second_half(
                net, lambda: apprentice(net, self._teacher, scheme="C", **low)
            ),
            lambda net: second_half(net, lambda: alone(net, self._data, low)),
        )
        return [
            Arm(name, net, scored(method(net), net))
            for name, net, method in zip(NAMES, nets, methods)
        ]

    def measure(self, arm: Arm) -> list[Layer]:
        """The weights of its inner layers."""
        return [_layer(part) for part in weighted(arm.net)[1:-1]]

    def words(self, settings: Mapping) -> str:
        limit = (
            f", threshold {settings['threshold']:g} × mean |w|"
            if settings["weight_bits"] == 2
            else ""
        )
        activations = (
            f"{settings['activation_bits']}-bit activations up to {settings['top']:g}"
        )
        return f"{settings['weight_bits']}-bit weights{limit}, {activations}"


def like(teacher: nn.Module) -> Callable[[int], nn.Sequential]:
    """seed -> a fresh net of the shape of a net of `nets.mlp`. Raises ValueError for
    another kind of net.
    """
    layers = weighted(teacher)
    if (
        not isinstance(teacher, nn.Sequential)
        or not isinstance(teacher[0], nn.Flatten)
        or len(layers) != len(teacher) - 1
    ):
        raise ValueError(
            "precision: the teacher must be an MLP, as nets.mlp(784, 128, 128, 10, norm=True) builds it"
        )
    norm = any(isinstance(part, nn.BatchNorm1d) for part in teacher.modules())
    widths = [layers[0].in_features, *(layer.out_features for layer in layers)]
    return lambda seed: mlp(*widths, norm=norm, seed=1000 + seed)


def second_half(net: nn.Module, then: Callable[[], Iterator[Stage]]) -> Iterator[Stage]:
    """Half of the epochs in full precision on labels, and the other half as `then` says
    once they are over.
    """
    yield replace(next(plain(net)), name="full precision", epochs=0.5)
    for stage in then():
        yield replace(stage, epochs=0.5)


def alone(net: nn.Module, data: Data, low: Mapping) -> Iterator[Stage]:
    """Scheme C without a teacher."""
    re_estimate(lower(net, **low), data.train[0])
    yield replace(next(plain(net)), lr=0.1)


def scored(stages: Iterator[Stage], net: nn.Module) -> Iterator[Stage]:
    """The stages with one score, that of the net."""
    for stage in stages:
        yield replace(stage, score={"net": net})


def _layer(part: nn.Module) -> Layer:
    how, w = precision_of(part), part.weight.detach()
    limit = how.threshold * w.abs().mean().item() if how.weight_bits == 2 else 0.0
    return Layer(
        w.flatten().cpu().numpy(),
        used(part).flatten().cpu().numpy(),
        limit,
        how.weight_bits,
    )


class Weights:
    """A layer's weights before quantising, as a histogram, and after, as a bar at each
    level; both in per cent of the weights.
    """

    def __init__(self, axes: Mapping[str, Axes], panel: Precise):
        self.axis, self._panel = axes["weights"], panel
        title(self.axis, "Weights before and after")
        self.axis.set(
            xlabel="weight",
            ylabel="% of the layer's weights",
            xlim=(-1, 1),
            ylim=(0, 60),
        )
        self._before = self.axis.stairs(
            np.zeros(BINS),
            np.linspace(-1, 1, BINS + 1),
            fill=True,
            color=COLOURS[4],
            alpha=0.55,
        )
        self._after = self.axis.plot(
            [],
            [],
            color=COLOURS[1],
            linewidth=2.4,
            marker="o",
            markersize=4,
            markevery=(1, 3),
        )[0]
        shared = {"transform": self.axis.get_xaxis_transform()}
        self._limits = [
            self.axis.plot(
                [], [], color="#444444", linestyle=":", linewidth=1, **shared
            )[0]
            for _ in range(2)
        ]
        self._said = self.axis.text(
            0.02,
            0.985,
            "",
            va="top",
            fontsize=8,
            linespacing=1.4,
            transform=self.axis.transAxes,
        )
        self.artists = [self._before, self._after, *self._limits, self._said]

    def show(self, arms: Sequence[Arm], settings: Mapping) -> bool:
        found = self._found(arms)
        if not found:
            self._said.set_text("Start, to see weights")
            return False
        w, q, limit, bits = found
        levels, shares = of_levels(q)
        reach = (
            max(0.1, np.ceil(10 * max(np.abs(w).max(), np.abs(q).max())) / 10) * 1.05
        )
        counts, edges = np.histogram(w, BINS, (-reach, reach))
        tall = max(100 * counts.max() / len(w), shares.max() if bits < 32 else 0)
        self._before.set_data(100 * counts / len(w), edges)
        if bits == 32:
            levels = shares = np.zeros(0)
        gaps = np.full(len(levels), np.nan)
        self._after.set_data(
            np.stack([levels, levels, gaps], 1).ravel(),
            np.stack([0 * levels, shares, gaps], 1).ravel(),
        )
        for line, at in zip(self._limits, (-limit, limit)):
            line.set_data([at, at] if limit else [], [0, 0.8] if limit else [])
        after = (
            f"after: {len(levels)} levels, bars" if bits < 32 else "nothing is rounded"
        )
        self._said.set_text(
            "\n".join(
                [
                    f"{self._panel.shown.value}, {self._panel.layer.label}",
                    "before: blue area",
                    after,
                ]
            )
        )
        wanted = (-reach, reach), (0, 10 * np.ceil(0.14 * tall))
        moved = wanted != (self.axis.get_xlim(), self.axis.get_ylim())
        self.axis.set(xlim=wanted[0], ylim=wanted[1])
        return moved

    def _found(self, arms: Sequence[Arm]) -> Layer | None:
        chosen = [arm for arm in arms if arm.name == self._panel.shown.value]
        return chosen[0].found[self._panel.layer.value - 2] if chosen else None

    def twin(self, arms: Sequence[Arm], settings: Mapping) -> str:
        found = self._found(arms)
        if not found:
            return table("Weights of a layer", ["", "share"], [])
        w, q, limit, bits = found
        rows = [
            ["before: mean size", f"{np.abs(w).mean():.3f}"],
            ["before: largest", f"{np.abs(w).max():.3f}"],
        ]
        rows += [["limit of 0", f"{limit:.3f}"]] if limit else []
        levels, shares = of_levels(q)
        if bits < 32:
            few = list(zip(levels, shares))[:IN_TABLE]
            rows += [
                ["after: levels in use", len(levels)],
                *([f"after: {level:+.3f}", f"{share:.1f} %"] for level, share in few),
            ]
        return table(
            f"Weights of {self._panel.shown.value}, {self._panel.layer.label}",
            ["", "value"],
            rows,
        )


def of_levels(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The levels that occur, in order, and the share of the weights at each in per cent."""
    levels, counts = np.unique(q + 0.0, return_counts=True)
    return levels, 100 * counts / len(q)

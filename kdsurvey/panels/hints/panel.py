"""FitNets while it trains: how deep a thin student may be, with labels, with soft
targets, with hints.
"""

from collections.abc import Mapping, Sequence

import ipywidgets as widgets
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.measures import spread
from kdsurvey.methods import fitnets, joint_hints, plain
from kdsurvey.nets import mlp
from kdsurvey.panels.compare.curves import EndLabels
from kdsurvey.panels.kit.charts import table, title
from kdsurvey.panels.kit.controls import knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.race import Arm, Race
from kdsurvey.plots import COLOURS, MARKERS, STYLES
from kdsurvey.stage import Teacher

DEEPEST = 16  # hidden layers
NAMES = ("labels", "KD", "hints, then KD", "both at once")
FLOOR = 1e-8  # of the second picture: what is below is drawn on it


def hints(
    data: Data,
    teacher: nn.Sequential | Teacher,
    *,
    depth: int = 8,
    width: int = 32,
    guided: int | None = None,
    hint: int = 2,
    T: float = 3.0,
    lam: tuple[float, float] = (4.0, 1.0),
    config: Config | None = None,
    place: str | None = None,
) -> Panel:
    """A panel that trains one deep and thin MLP in four ways: labels, KD, hints and
    then KD, hints and KD at once.

    teacher: a trained `nets.mlp`. depth: hidden layers of the student, 2 to 16, of
    `width` units. guided, hint: which hidden layer of the student learns which one of
    the teacher, counted from 1; guided is the middle, depth // 2, where None, and goes
    back to it when the reader changes the depth. T, lam: as for `methods.fitnets`.
    config: 20 epochs of batches of 64 at a constant rate of 0.02 where None, as many
    for every arm. Beside the accuracies: the standard deviation over the validation
    images of every hidden layer's output. place: as for live_training. Raises
    ValueError for a teacher without hidden layers and for values out of range.
    """
    config = config or Config(epochs=20, batch_size=64, lr=0.02, schedule="constant")
    return Hints(data, teacher, depth, width, guided, hint, T, lam, config, place)


class Hints(Race):
    """See `hints`; `arms` is the last run."""

    kind = "hints"
    text = "(panel: hints. Depth, guided layer, hint layer, T, lambda, batch norm, seed; Start, Pause, Stop; two charts)"
    about = (
        "Two charts of four ways to train a deep and thin net: validation accuracy over the epochs, and how far the images "
        "still differ after each hidden layer"
    )

    def __init__(
        self, data, teacher, depth, width, guided, hint, T, lam, config, place
    ):
        super().__init__(data, config, place)
        self._teacher, self._width = Teacher(teacher), width
        layers = hidden_layers(self._teacher.net)
        self.depth = knob("Hidden layers", depth, 2, DEEPEST, step=1, whole=True)
        self.guided = knob(
            "Guided layer",
            depth // 2 if guided is None else guided,
            1,
            DEEPEST,
            step=1,
            whole=True,
        )
        self.hint = knob("Hint layer", hint, 1, layers, step=1, whole=True)
        self.T = knob("Temperature T", T, 0.5, 50, log=True)
        self.first, self.last = (
            knob(f"λ at the {at}", value, 0, 20, step=0.5)
            for at, value in zip(("start", "end"), lam)
        )
        self.norm = widgets.Checkbox(
            False, description="batch norm", indent=False, layout={"width": "auto"}
        )
        knobs = {
            "depth": self.depth,
            "guided": self.guided,
            "hint": self.hint,
            "T": self.T,
            "first": self.first,
        }
        self.keep(
            **{
                name: control.box
                for name, control in (knobs | {"last": self.last}).items()
            },
            norm=self.norm,
        )
        self.watch(self.depth.box, self._to_the_middle)
        pairs = (
            (self.depth, self.guided),
            (self.hint, self.T),
            (self.first, self.last),
        )
        lines = [
            row(*(control.row for control in pair), flex_flow="row nowrap")
            for pair in pairs
        ]
        grid = {
            "height": 330,
            "mosaic": [["accuracy", "spread"]],
            "width_ratios": [1.15, 1],
        }
        self.assemble(
            "Hints for a deep and thin student",
            NAMES,
            lines,
            self.norm,
            aside=Spread,
            **grid,
        )

    def _to_the_middle(self) -> None:
        self.guided.box.value = self.depth.value // 2

    def lineup(self, settings: Mapping) -> list[Arm]:
        depth = settings["depth"]
        guided = settings["guided"]
        seed = settings["seed"]
        if guided > depth:
            raise ValueError(
                f"the guided layer is one of the student's hidden layers, 1 to {depth}; got {guided}"
            )
        shared = {
            "T": settings["T"],
            "lam": (settings["first"], settings["last"]),
            "seed": seed,
        }
        shared |= {
            "guided": guided + 1,
            "hint": settings["hint"] + 1,
        }  # block 1 is Flatten
        methods = {
            "labels": plain,
            "KD": lambda net: fitnets(net, self._teacher, hint_epochs=0.0, **shared),
            "hints, then KD": lambda net: fitnets(net, self._teacher, **shared),
            "both at once": lambda net: joint_hints(net, self._teacher, **shared),
        }
        widths = (
            self._data.train[0][0].numel(),
            *[self._width] * depth,
            len(self._data.classes),
        )
        nets = [mlp(*widths, norm=settings["norm"], seed=seed) for _ in methods]
        return [
            Arm(name, net, method(net))
            for net, (name, method) in zip(nets, methods.items())
        ]

    def measure(self, arm: Arm) -> tuple[list[float], list[float]]:
        """The spread at every layer, before the run and now."""
        now = spread(arm.net, self._data.validation[0])
        return (arm.found[0] if arm.found else now), now

    def words(self, settings: Mapping) -> str:
        how = " with batch norm" if settings["norm"] else ""
        return (
            f"{settings['depth']} hidden layers{how}, the teacher's layer {settings['hint']} guides {settings['guided']}, "
            f"T = {settings['T']:g}, λ {settings['first']:g} to {settings['last']:g}"
        )


def hidden_layers(net: nn.Module) -> int:
    """How many hidden layers a net of `nets.mlp` has. Raises ValueError where there are
    none or it is another kind of net.
    """
    if (
        not isinstance(net, nn.Sequential)
        or len(net) < 3
        or not isinstance(net[0], nn.Flatten)
    ):
        raise ValueError(
            "hints: the teacher must be an MLP with hidden layers, as nets.mlp(784, 300, 300, 10) builds it"
        )
    return len(net) - 2


class Spread:
    """The spread at every layer: a line an arm with its name at its end, and where all
    of them began.
    """

    def __init__(self, axes: Mapping[str, Axes]):
        self.axis = axis = axes["spread"]
        title(axis, "What is left of the images")
        axis.set(
            xlabel="hidden layer (0: the images)",
            ylabel="s.d. over images, r.m.s. over units",
            yscale="log",
        )
        axis.yaxis.set_minor_locator(NullLocator())
        self._before = axis.plot([], [], color="#999999", linewidth=1.1)[0]
        looks = [
            {"color": COLOURS[k], "marker": MARKERS[k], "linestyle": STYLES[k]}
            for k in range(len(NAMES))
        ]
        self._lines = [
            axis.plot([], [], markersize=3.2, linewidth=1.3, **look)[0]
            for look in looks
        ]
        self._guided = axis.plot([], [], color="#444444", linestyle=":", linewidth=1)[0]
        self._said = axis.text(
            0, 0.99, "guided", fontsize=7.5, ha="right", va="top", rotation=90
        )
        self._said.set_transform(axis.get_xaxis_transform())
        self._guided.set_transform(axis.get_xaxis_transform())
        self._ends = EndLabels(axis, len(NAMES) + 1)
        self.artists = [
            self._guided,
            self._said,
            self._before,
            *self._lines,
            *self._ends.texts,
        ]
        self._limits = None

    def show(self, arms: Sequence[Arm], settings: Mapping) -> bool:
        moved = self._fit(arms, settings["depth"])
        before = arms[0].found[0] if arms else []
        ends = (
            [(len(before) - 1, max(before[-1], FLOOR), "before training", "#777777")]
            if arms
            else []
        )
        self._before.set_data(range(len(before)), before)
        for k, arm in enumerate(arms):
            now = [max(value, FLOOR) for value in arm.found[1]]
            self._lines[k].set_data(range(len(now)), now)
            ends.append((len(now) - 1, now[-1], arm.name, COLOURS[k]))
        self._ends.show(ends)
        self._guided.set_data([settings["guided"]] * 2, [0, 1])
        self._said.set_x(settings["guided"] - 0.05)
        return moved

    def _fit(self, arms: Sequence[Arm], depth: int) -> bool:
        """Whole decades, and room for the names."""
        values = [
            value for arm in arms for value in (*arm.found[0], *arm.found[1])
        ] or [1e-3, 1]
        low, high = (
            torch.tensor(max(end, FLOOR)).log10().item()
            for end in (min(values), max(values))
        )
        limits = (
            depth,
            10.0 ** min(-2, int(low // 1)),
            10.0 ** max(0, int(-(-high // 1))),
        )
        moved, self._limits = limits != self._limits, limits
        if moved:
            self.axis.set(
                xlim=(-0.2, 1.4 * depth),
                ylim=limits[1:],
                xticks=range(0, depth + 1, 1 if depth < 10 else 2),
            )
            self.axis.spines["bottom"].set_bounds(-0.2, depth)
        return moved

    def twin(self, arms: Sequence[Arm], settings: Mapping) -> str:
        before = arms[0].found[0] if arms else []
        columns = zip(before, *(arm.found[1] for arm in arms))
        rows = [
            [f"layer {k}" if k else "the images", *(f"{v:.3g}" for v in values)]
            for k, values in enumerate(columns)
        ]
        head = ["", "before training", *(arm.name for arm in arms)]
        return table(
            "Standard deviation over the images, r.m.s. over units", head, rows
        )

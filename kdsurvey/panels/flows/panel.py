"""FSP while it trains: a student that learns the teacher's flow between layers first,
and one that never does.
"""

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor, nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.methods import fsp, plain
from kdsurvey.methods.flow import Flow
from kdsurvey.nets import residual, sections
from kdsurvey.panels.kit.charts import table
from kdsurvey.panels.kit.controls import knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import pictures
from kdsurvey.panels.race.race import Arm, Race
from kdsurvey.plots import COLOURS
from kdsurvey.stage import Teacher, in_eval

NAMES = ("labels alone", "flow, then labels")
IMAGES = 100  # validation images whose flows are kept
Matrices = list[Tensor]  # (n, c_start, c_end), one a section


def flows(
    data: Data,
    teacher: nn.Sequential | Teacher,
    *,
    student: Callable[[int], nn.Sequential] | None = None,
    config: Config | None = None,
    rate: float = 0.4,
    place: str | None = None,
) -> Panel:
    """A panel that trains a residual net in two ways, as many epochs each: on labels,
    or first on the teacher's flow.

    teacher: a trained `nets.residual`. student(seed) -> another one, with as many
    sections of as many channels; one residual block a section where None. A box a
    section says whose FSP matrices the first stage learns. rate: the learning rate of
    that stage, whose loss starts near 1 in any case (see `methods.fsp`): to SGD a
    larger weight lam would be the same as a larger rate. config: 6 epochs of batches of
    64 at a constant rate of 0.02 where None, 2 or more. Beside the accuracies: the
    matrices of one validation image and section, the teacher's and those of both
    students; whoever never saw the teacher's has its channels in an order of its own.
    place: as for live_training. Raises ValueError for a teacher of another kind and for
    fewer than 2 epochs.
    """
    config = config or Config(epochs=6, batch_size=64, lr=0.02, schedule="constant")
    return Flows(data, teacher, student, config, rate, place)


class Flows(Race):
    """See `flows`; `arms` is the last run."""

    kind = "flows"
    text = "(panel: flows. Sections, epochs and rate of stage 1, seed, image; Start, Pause, Stop; accuracies and FSP matrices)"
    about = (
        "A chart of the validation accuracy of two ways to train a net, and FSP matrices of one image as heat maps: the "
        "teacher's and those of both nets"
    )
    views = ("image", "shown")

    def __init__(self, data, teacher, student, config, rate, place):
        super().__init__(data, config, place)
        self._teacher = Teacher(teacher)
        self._pairs, widths = _of(self._teacher.net)
        if config.epochs < 2:
            raise ValueError(
                f"flows: two stages need 2 epochs or more, got {config.epochs}"
            )
        shape = self._data.train[0].shape[1], *widths
        self._make = student or (
            lambda seed: residual(*shape, classes=len(self._data.classes), seed=seed)
        )
        self._x = self._data.validation[0][:IMAGES]
        self._wanted_flow = matrices(self._teacher.net, self._x)
        self._controls(widths, rate)

    def _controls(self, widths: Sequence[int], rate: float) -> None:
        names = [f"section {k} ({c} × {c})" for k, c in enumerate(widths, 1)]
        self.sections = [
            widgets.Checkbox(
                True, description=n, indent=False, layout={"width": "auto"}
            )
            for n in names
        ]
        self.first = knob(
            "Stage 1, epochs",
            max(1, round(self._config.epochs / 3)),
            1,
            self._config.epochs - 1,
            step=1,
            whole=True,
        )
        self.rate = knob("Stage 1, rate", rate, 0.001, 10, log=True)
        self.image = widgets.BoundedIntText(
            0,
            min=0,
            max=len(self._x) - 1,
            description="Show image",
            layout={"width": "200px"},
        )
        options = [(name.split(" (")[0], k) for k, name in enumerate(names)]
        self.shown = widgets.Dropdown(
            options=options,
            value=len(widths) - 1,
            description="of",
            layout={"width": "150px"},
        )
        self.image.style.description_width = "110px"
        self.shown.style.description_width = "20px"
        for control in (self.image, self.shown):
            self.watch(control, self.refresh)
        boxes = {f"section{k}": box for k, box in enumerate(self.sections, 1)}
        self.keep(
            **boxes,
            first=self.first.box,
            rate=self.rate.box,
            image=self.image,
            shown=self.shown,
        )
        lines = [
            row(self.first.row, self.rate.row, flex_flow="row nowrap"),
            row(*self.sections, self.image, self.shown, grid_gap="10px"),
        ]
        mosaic = [
            ["accuracy", "teacher", *NAMES[::-1]],
            ["accuracy", "image", "words", "words"],
        ]
        grid = {
            "height": 330,
            "mosaic": mosaic,
            "width_ratios": [2.6, 1, 1, 1],
            "height_ratios": [1.25, 1],
        }
        self.assemble(
            "The flow between layers",
            NAMES,
            lines,
            aside=lambda axes: Maps(axes, self),
            **grid,
        )

    def lineup(self, settings: Mapping) -> list[Arm]:
        chosen = [k for k in range(len(self._pairs)) if settings[f"section{k + 1}"]]
        if not chosen:
            raise ValueError(
                f"the first stage learns the flow of one section or more: tick one of 1 to {len(self._pairs)}"
            )
        labels, flow = (self._make(settings["seed"]) for _ in NAMES)
        theirs = _of(flow)[0]
        if len(theirs) != len(self._pairs):
            raise ValueError(
                f"flows: the student has {len(theirs)} sections, the teacher {len(self._pairs)}"
            )
        pairs = {
            "pairs": [theirs[k] for k in chosen],
            "teacher_pairs": [self._pairs[k] for k in chosen],
        }
        share = settings["first"] / self._config.epochs
        lr = settings["rate"] / self._config.lr
        stages = fsp(flow, self._teacher, **pairs, flow_epochs=share, flow_lr=lr)
        return [Arm(NAMES[0], labels, plain(labels)), Arm(NAMES[1], flow, stages)]

    def measure(self, arm: Arm) -> Matrices:
        """Its FSP matrices for the first validation images."""
        return matrices(arm.net, self._x)

    def words(self, settings: Mapping) -> str:
        chosen = ", ".join(
            str(k) for k in range(1, len(self._pairs) + 1) if settings[f"section{k}"]
        )
        return f"{settings['first']} epochs on the flow of section {chosen} at a rate of {settings['rate']:g}"


def _of(net: nn.Module) -> tuple[list[tuple[int, int]], list[int]]:
    """The pairs and the channels of a residual net's sections. Raises ValueError for
    another kind of net.
    """
    pairs = sections(net) if isinstance(net, nn.Sequential) else []
    if not pairs or any(start == end for start, end in pairs):
        raise ValueError(
            "flows: teacher and student must be residual nets, as nets.residual(1, 8, 16, 32, blocks=2) builds them"
        )
    return pairs, [len(net[start - 1][0].weight) for start, _ in pairs]


@torch.no_grad()
def matrices(net: nn.Sequential, x: Tensor) -> Matrices:
    """The FSP matrices of every section for images x (n, c, h, w), on the CPU, measured
    in eval mode.
    """
    flow = Flow(net, sections(net))
    with in_eval(net):
        return [
            part.cpu() for part in flow.split(flow(x.to(next(net.parameters()).device)))
        ]


def distance(theirs: Tensor, g: Tensor) -> float:
    """||G_T - G_S||^2 summed over images, as a share of ||G_T||^2: 0 where the flow is
    the teacher's. (..., c, c) each.
    """
    return ((theirs - g).square().sum() / theirs.square().sum().clamp(min=1e-12)).item()


class Maps:
    """An image, the teacher's matrix for it and those of both students, and how far these are off."""

    def __init__(self, axes: Mapping[str, Axes], panel: Flows):
        self._panel, self._images = panel, pictures(panel._x)
        look = {"interpolation": "nearest", "extent": (0, 1, 0, 1)}
        self._maps = {}
        for name, colour in zip(("teacher", *NAMES), ("#000000", *COLOURS)):
            self._maps[name] = axes[name].imshow(
                np.zeros((1, 1)), cmap="cividis", **look
            )
            axes[name].set(xticks=[], yticks=[], aspect="equal", xlabel="channel, end")
            axes[name].set_title(
                name, loc="left", fontsize=9.5, fontweight="bold", pad=4, color=colour
            )
        axes["teacher"].set_ylabel("channel, start")
        self._face = axes["image"].imshow(
            self._images[0], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest"
        )
        for name in ("image", "words"):
            axes[name].axis("off")
        self._caption = axes["image"].text(
            0.5,
            -0.04,
            "",
            ha="center",
            va="top",
            fontsize=8,
            transform=axes["image"].transAxes,
        )
        self._words = axes["words"].text(
            0,
            1,
            "",
            va="top",
            fontsize=8.5,
            linespacing=1.5,
            transform=axes["words"].transAxes,
        )
        self.artists = [*self._maps.values(), self._face, self._caption, self._words]

    def show(self, arms: Sequence[Arm], settings: Mapping) -> bool:
        i, k = self._panel.image.value, self._panel.shown.value
        theirs = self._panel._wanted_flow[k]
        nets = {"teacher": theirs} | {arm.name: arm.found[k] for arm in arms}
        for name, shown in self._maps.items():
            shown.set_visible(name in nets)
            shown.set_clim(0, max(theirs[i].max().item(), 1e-12))
            if name in nets:
                shown.set_data(nets[name][i].numpy())
        self._face.set_data(self._images[i])
        label = self._panel._data.classes[self._panel._data.validation[1][i]]
        self._caption.set_text(f"image {i}, label {label}")
        off = [
            f"{arm.name}: {distance(theirs, arm.found[k]):.2f}"
            for arm in reversed(arms)
        ]
        head = (
            [
                f"Off the teacher's flow in section {k + 1},",
                f"{len(theirs)} images (0: equal, 1: as far as none)",
            ]
            if off
            else []
        )
        self._words.set_text(
            "\n".join(
                [
                    "One colour scale: 0 to the teacher's",
                    "largest entry.",
                    "",
                    *head,
                    *off,
                ]
            )
        )
        return False

    def twin(self, arms: Sequence[Arm], settings: Mapping) -> str:
        i, theirs = self._panel.image.value, self._panel._wanted_flow
        rows = []
        for k, g in enumerate(theirs):
            rows.append(
                [
                    f"section {k + 1}, image {i}",
                    *(f"{distance(g[i], arm.found[k][i]):.3f}" for arm in arms),
                ]
            )
            rows.append(
                [
                    f"section {k + 1}, {len(g)} images",
                    *(f"{distance(g, arm.found[k]):.3f}" for arm in arms),
                ]
            )
        caption = "Off the teacher's flow on validation images: ‖G_T − G_S‖² as a share of ‖G_T‖²"
        return table(caption, ["", *(arm.name for arm in arms)], rows if arms else [])

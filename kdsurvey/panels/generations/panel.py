"""Born-again networks while they train: generation by generation, beside nets of the
same seeds that never had a teacher.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.lessons.born_again.experiments import (
    ARMS,
    CONFIG,
    Make,
    aims,
    method,
    mlp,
)
from kdsurvey.losses import soften
from kdsurvey.nets import Ensemble
from kdsurvey.panels.generations.chart import IMAGES, MOST, Lineage, Shown
from kdsurvey.panels.kit.controls import knob, row
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.race import Arm, Race
from kdsurvey.stage import Stage, in_eval

BORN = "born again"
ALONE = "alone"
SMOOTH = "label smoothing"
NAMES = (BORN, f"{BORN}, together", ALONE, f"{ALONE}, together", SMOOTH)
TARGETS = tuple(arm for arm in ARMS if arm != ALONE)


def generations(
    data: Data,
    *,
    make: Make | None = None,
    target: str = "BAN",
    generations: int = 3,
    noise: float = 0.2,
    config: Config | None = None,
    place: str | None = None,
) -> Panel:
    """A panel that trains generations of one net, each from initial weights of its own
    and with the net before as its teacher.

    data: images with the right labels; noise is the share that the seed draws anew, for
    all arms alike. make(data, seed) -> a net (n, ...) to logits (n, c); the lesson's
    MLP where None. target: what a generation learns, one of TARGETS. generations: 1 to
    6. config: of each of them, the lesson's 40 epochs where None. Two controls have the
    same seeds and the same order of images: nets alone, and nets with labels smoothed
    until they are as sure as the first teacher. Beside the curves: the accuracy of each
    generation, and of all so far together; and for one training image the answer that
    is taught and the one that is given. place: as for live_training. Raises ValueError
    for values out of range and a target that is not one of TARGETS.
    """
    if target not in TARGETS:
        raise ValueError(f"generations: the target is one of {TARGETS}, got {target!r}")
    return Generations(
        data, make or mlp, target, generations, noise, config or CONFIG, place
    )


class Line(Arm):
    """One arm, generation by generation. nets: so far, the teacher of all first; aim:
    what the latest learns, see `Shown`.
    """

    def __init__(
        self, name: str, arm: str, count: int, make: Make, data: Data, seed: int
    ):
        super().__init__(name, nn.Module(), self._births(arm, count))
        self._make = make
        self._data = data
        self._seed = seed
        self.nets: list[nn.Module] = []
        self.aim: tuple[Tensor, Tensor] | None = None

    def _births(self, arm: str, count: int) -> Iterator[Stage]:
        """A stage a generation; generation 0 has the labels alone in any case, and only
        it has no part in the ensemble.
        """
        for k in range(count + 1):
            seed, how = 1000 * k + self._seed, arm if k else ALONE
            teacher = self.nets[0 if self.name == SMOOTH else -1] if k else None
            net = self._make(self._data, seed)
            (stage,) = method(how, net, teacher, self._data, seed)
            aim, weight = aims(how, teacher, self._data, seed)
            self.nets.append(net)
            self.aim = aim[:IMAGES].cpu(), weight[:IMAGES].cpu()
            together = (
                {f"{self.name}, together": Ensemble(self.nets[1:])}
                if k > 1 and f"{self.name}, together" in NAMES
                else {}
            )
            yield replace(
                stage, name=f"generation {k}", score={self.name: net} | together
            )


class Generations(Race):
    """See `generations`; `arms` is the last run."""

    kind = "generations"
    text = "(panel: generations. Target, number of generations, labels redrawn, seed, image; Start, Pause, Stop; three charts)"
    about = (
        "Three charts of nets that learn from the generation before, beside nets alone and smoothed labels: validation accuracy "
        "over the epochs, accuracy by generation, and what one training image is to teach"
    )
    views = ("image",)

    def __init__(self, data, make, target, count, noise, config, place):
        super().__init__(data, config, place)
        self._make = make
        self.target = widgets.Dropdown(
            options=TARGETS, value=target, description="Target", layout={"width": "50%"}
        )
        self.count = knob("Generations", count, 1, MOST, step=1, whole=True)
        self.noise = knob("Labels redrawn", noise, 0, 0.8, step=0.1)
        last = min(IMAGES, len(self._data.train[0])) - 1
        self.image = widgets.BoundedIntText(
            self._doubtful(last),
            min=0,
            max=last,
            description="Training image",
            layout={"width": "200px"},
        )
        for control in (self.target, self.image):
            control.style.description_width = "110px"
        self.watch(self.image, self.refresh)
        self.keep(
            target=self.target,
            count=self.count.box,
            noise=self.noise.box,
            image=self.image,
        )
        lines = [
            row(self.target, flex_flow="row nowrap"),
            row(self.count.row, self.noise.row, flex_flow="row nowrap"),
        ]
        mosaic = [
            ["accuracy", "by generation", "by generation"],
            ["accuracy", "image", "answers"],
        ]
        grid = {
            "height": 400,
            "mosaic": mosaic,
            "width_ratios": [2.3, 0.55, 1.6],
            "height_ratios": [1.1, 1],
        }
        grid["aside"] = lambda axes: Lineage(
            axes, self._data, NAMES, config.epochs, lambda: self.image.value
        )
        self.assemble("Born again, and again", NAMES, lines, self.image, **grid)

    def _doubtful(self, last: int) -> int:
        """The first training image whose label is another after the draw, which shows
        more than the others; 0 for none.
        """
        given = self.images(
            {"noise": self.noise.value, "seed": self._config.first_seed}
        ).train[1]
        changed = (given != self._data.train[1])[: last + 1]
        return int(changed.int().argmax())

    def lineup(self, settings: Mapping) -> list[Arm]:
        shared = settings["count"], self._make, self.images(settings), settings["seed"]
        arms = {BORN: settings["target"], ALONE: ALONE, SMOOTH: SMOOTH}
        return [Line(name, arm, *shared) for name, arm in arms.items()]

    def images(self, settings: Mapping) -> Data:
        return (
            self._data.mislabelled(settings["noise"], settings["seed"])
            if settings["noise"]
            else self._data
        )

    def length(self, settings: Mapping) -> int:
        return self._config.epochs * (1 + settings["count"])

    @torch.no_grad()
    def measure(self, arm: Line) -> Shown | None:
        """What the first training images are to teach its latest net, and what that
        answers, in eval mode.
        """
        if not arm.nets:
            return None
        x, net = arm._data.train[0][:IMAGES], arm.nets[-1]
        with in_eval(net):
            q = soften(net(x.to(next(net.parameters()).device))).cpu()
        return Shown(len(arm.nets) - 1, *arm.aim, q, arm._data.train[1][:IMAGES].cpu())

    def words(self, settings: Mapping) -> str:
        said = f"{settings['count']} generation{'s' * (settings['count'] > 1)}, target {settings['target']}"
        return f"{said}, {100 * settings['noise']:.0f} % of the labels drawn anew"

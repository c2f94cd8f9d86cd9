"""Born-again networks while they train: generation by generation, beside nets of the
same seeds that never had a teacher.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

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
from kdsurvey.panels.generations.chart import IMAGES, MOST, Looked, Taught, picture
from kdsurvey.panels.kit.controls import Choice, Knob, Number, Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.arm import Arm, as_drawn
from kdsurvey.panels.race.finished import Finished
from kdsurvey.panels.race.noisy_labels import NoisyLabels, mislabelled
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import Stage, in_eval
from kdsurvey.suggest import refuse_unknown

BORN = "born again"
ALONE = "alone"
SMOOTH = "label smoothing"
TOGETHER = "{}, together"
NAMES = (BORN, TOGETHER.format(BORN), ALONE, TOGETHER.format(ALONE), SMOOTH)
TARGETS = tuple(arm for arm in ARMS if arm != ALONE)


def generations(
    data: Data,
    *,
    make: Make | None = None,
    target: str = "BAN",
    generations: int = 3,
    noise: float = 0.2,
    config: Config | None = None,
    finished: Finished | None = None,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains generations of one net, each from initial weights of its own
    and with the net before as its teacher.

    data: images with the right labels; noise is the share that the seed draws anew, for
    all arms alike. make(data, seed) -> a net (n, ...) to logits (n, c); the lesson's
    MLP where None. target: what a generation learns, one of TARGETS. generations: 1 to
    6. config: of each of them, the lesson's 40 epochs where None. Two controls have the
    same seeds and the same order of images: nets alone, and nets with labels smoothed
    until they are as sure as the first teacher. Beside the curves: the accuracy of each
    generation, and of all so far together; and for one training image the answer that
    is taught and the one that is given. finished: "born again", "alone", "label
    smoothing" or some of them -> (a ModuleList of the nets, the first teacher first;
    their rows of `train`, one net after the other), trained before at these settings,
    DKPP's permutation for generation k drawn from the seed 1000 k + seed, and shown
    until the first run here. place: as for live_training. Raises ValueError
    for values out of range, a target that is not one of TARGETS, and an arm that the
    panel does not have.
    """
    refuse_unknown("generations", "target", target, TARGETS)
    return Generations(
        data,
        config or CONFIG,
        place,
        make=make or mlp,
        target=target,
        count=generations,
        noise=noise,
        finished=finished,
    )


class Line(Arm):
    """One arm, generation by generation. nets: so far, the teacher of all first; aim:
    what the latest learns, see `Taught`.
    """

    def __init__(
        self, name: str, arm: str, count: int, make: Make, data: Data, seed: int
    ):
        super().__init__(name, nn.Module(), self._births(count))
        self._arm = arm
        self._make = make
        self._seed = seed
        self.data = data
        self.nets: list[nn.Module] = []
        self.aim: tuple[Tensor, Tensor] | None = None

    def _births(self, count: int) -> Iterator[Stage]:
        """Yield a stage per generation; only generation 0 has no part in the ensemble."""
        for k in range(count + 1):
            how, teacher, seed = self._lesson(k)
            net = self._make(self.data, seed)
            (stage,) = method(how, net, teacher, self.data, seed)
            self.nets.append(net)
            self._aim_at(k)
            score: dict[str, nn.Module] = {self.name: net}
            together = TOGETHER.format(self.name)
            if k > 1 and together in NAMES:
                score[together] = Ensemble(self.nets[1:])
            yield replace(stage, name=f"generation {k}", score=score)

    def _lesson(self, k: int) -> tuple[str, nn.Module | None, int]:
        """Return how generation k learns, its teacher and its seed; generation 0 has the
        labels alone in any case.
        """
        seed = 1000 * k + self._seed
        if k == 0:
            return ALONE, None, seed
        return self._arm, self.nets[0 if self.name == SMOOTH else k - 1], seed

    def _aim_at(self, k: int) -> None:
        how, teacher, seed = self._lesson(k)
        aim, weight = aims(how, teacher, self.data, seed)
        self.aim = aim[:IMAGES].cpu(), weight[:IMAGES].cpu()

    def bring(self, nets: Iterable[nn.Module]) -> None:
        """Put nets that were trained elsewhere in the place of its own."""
        self.nets = list(nets)
        self._aim_at(len(self.nets) - 1)


class Generations(NoisyLabels):
    """See `generations`; `arms` is the last run."""

    kind = "generations"
    title = "Born again, and again"
    text = (
        "(panel: generations. Target, number of generations, labels redrawn, seed, image; "
        "Start, Pause, Stop; three charts)"
    )
    about = (
        "Three charts of nets that learn from the generation before, beside nets alone and "
        "smoothed labels: validation accuracy over the epochs, accuracy by generation, and "
        "what one training image is to teach"
    )
    lines = NAMES

    target = Choice("Target", "BAN", TARGETS, width=None)
    count = Knob("Generations", 3, 1, MOST, whole=True)
    image = Number("Training image", 0, 0, IMAGES - 1, view=True)

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        make: Make,
        noise: float,
        finished: Finished | None,
        **starts: object,
    ):
        data = data.validated()
        last = min(IMAGES, len(data.train[0])) - 1
        given = mislabelled(data, noise, config.first_seed)
        first = doubtful(data, given, last)
        image = replace(Generations.image, value=first, high=last)
        super().__init__(data, config, place, image=image, noise=noise, **starts)
        self._make = make
        self.arrange_with(finished)

    def show(self, finished: Finished) -> None:
        """Show nets trained before: see Race.show."""
        super().show(
            {
                name: (net, by_births(name, rows))
                for name, (net, rows) in finished.items()
            }
        )

    def take(self, arm: Arm, net: nn.Module) -> None:
        """See Race.take; the net of a line is a ModuleList of its generations."""
        super().take(arm, net)
        if isinstance(arm, Line) and isinstance(net, nn.ModuleList):
            arm.bring(net)

    def lineup(self, settings: Settings) -> list[Arm]:
        shared = settings.count, self._make, self.images(settings), settings.seed
        arms = {BORN: settings.target, ALONE: ALONE, SMOOTH: SMOOTH}
        return [Line(name, arm, *shared) for name, arm in arms.items()]

    def length(self, settings: Settings) -> int:
        return self._config.epochs * (1 + settings.count)

    @torch.no_grad()
    def measure(self, arm: Arm) -> Taught | None:
        """Return what the first training images are to teach its latest net, and what that
        answers, in eval mode.
        """
        if not isinstance(arm, Line) or arm.aim is None:
            return None
        x, net = arm.data.train[0][:IMAGES], arm.nets[-1]
        with in_eval(net):
            q = soften(net(x.to(next(net.parameters()).device))).cpu()
        given = arm.data.train[1][:IMAGES].cpu()
        return Taught(len(arm.nets) - 1, *arm.aim, q, given)

    def words(self, settings: Settings) -> str:
        plural = "s" if settings.count > 1 else ""
        noise = self.declared["noise"].sentence(settings.noise)
        return (
            f"{settings.count} generation{plural}, target {settings.target}, "
            f"{noise}, seed {settings.seed}"
        )

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        x, y = self._data.train
        place = self.image.value
        looked = Looked(place, x[place], int(y[place]), self._data.classes)
        epochs = self._config.epochs
        return picture(accuracies, self.arms, NAMES, epochs, settings.count, looked)


def by_births(line: str, rows: Sequence[dict]) -> list[dict]:
    """Return rows of `train`, of one net after the other, as those of a line: each stage
    is a generation, and its accuracies have the names of the panel's lines.
    """
    together = TOGETHER.format(line)
    drawn = []
    k = -1
    for row in rows:
        k += row["epoch"] == 1
        scored = {line: line, together: together, "net": line, f"generation {k}": line}
        if k > 1:
            scored[f"generations 1-{k}"] = together
        drawn.append(as_drawn(row, scored) | {"stage": f"generation {k}"})
    return drawn


def doubtful(data: Data, given: Data, last: int) -> int:
    """Return the first training image, up to `last`, whose given label is another than its
    own, which shows more than the others; 0 for none.
    """
    changed = (given.train[1] != data.train[1])[: last + 1]
    return int(changed.int().argmax())

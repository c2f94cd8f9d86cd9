"""Born-again networks while they train: generation by generation, beside nets of the
same seeds that never had a teacher.
"""

from collections.abc import Iterator
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
from kdsurvey.panels.race.arm import Arm
from kdsurvey.panels.race.noisy_labels import NoisyLabels, mislabelled
from kdsurvey.pictures import Chart, Picture
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
    """Return a panel that trains generations of one net, each from initial weights of its own
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
        data,
        config or CONFIG,
        place,
        make=make or mlp,
        target=target,
        count=generations,
        noise=noise,
    )


class Line(Arm):
    """One arm, generation by generation. nets: so far, the teacher of all first; aim:
    what the latest learns, see `Taught`.
    """

    def __init__(
        self, name: str, arm: str, count: int, make: Make, data: Data, seed: int
    ):
        super().__init__(name, nn.Module(), self._births(arm, count))
        self._make = make
        self._seed = seed
        self.data = data
        self.nets: list[nn.Module] = []
        self.aim: tuple[Tensor, Tensor] | None = None

    def _births(self, arm: str, count: int) -> Iterator[Stage]:
        """Yield a stage per generation; generation 0 has the labels alone in any case, and
        only it has no part in the ensemble.
        """
        for k in range(count + 1):
            seed, how = 1000 * k + self._seed, arm if k else ALONE
            teacher = self.nets[0 if self.name == SMOOTH else -1] if k else None
            net = self._make(self.data, seed)
            (stage,) = method(how, net, teacher, self.data, seed)
            aim, weight = aims(how, teacher, self.data, seed)
            self.nets.append(net)
            self.aim = aim[:IMAGES].cpu(), weight[:IMAGES].cpu()
            score: dict[str, nn.Module] = {self.name: net}
            together = f"{self.name}, together"
            if k > 1 and together in NAMES:
                score[together] = Ensemble(self.nets[1:])
            yield replace(stage, name=f"generation {k}", score=score)


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
        **starts: object,
    ):
        data = data.validated()
        last = min(IMAGES, len(data.train[0])) - 1
        given = mislabelled(data, noise, config.first_seed)
        first = doubtful(data, given, last)
        image = replace(Generations.image, value=first, high=last)
        super().__init__(data, config, place, image=image, noise=noise, **starts)
        self._make = make
        self.arrange_all()

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


def doubtful(data: Data, given: Data, last: int) -> int:
    """Return the first training image, up to `last`, whose given label is another than its
    own, which shows more than the others; 0 for none.
    """
    changed = (given.train[1] != data.train[1])[: last + 1]
    return int(changed.int().argmax())

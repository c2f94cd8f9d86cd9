"""FitNets while it trains: how deep a thin student may be, with labels, with soft
targets, with hints.
"""

from dataclasses import replace

from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.lessons.fitnets import experiments as lesson
from kdsurvey.measures import spread
from kdsurvey.panels.hints.chart import NAMES, Spreads, picture
from kdsurvey.panels.kit.controls import Check, Knob, Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.arm import Arm
from kdsurvey.panels.race.finished import Finished
from kdsurvey.panels.race.race import Race
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import Teacher

DEEPEST = 16  # hidden layers


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
    finished: Finished | None = None,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains one deep and thin MLP in four ways: labels, KD, hints and
    then KD, hints and KD at once.

    teacher: a trained `nets.mlp`. depth: hidden layers of the student, 2 to 16, of
    `width` units. guided, hint: which hidden layer of the student learns which one of
    the teacher, counted from 1; guided is the middle, depth // 2, where None, and goes
    back to it when the reader changes the depth. T, lam: as for `methods.fitnets`.
    config: 20 epochs of batches of 64 at a constant rate of 0.02 where None, as many
    for every arm. Beside the accuracies: the standard deviation over the validation
    images of every hidden layer's output. finished: arm -> (net, rows of `train`), nets
    of this depth trained before, which are shown until the first run here. place: as
    for live_training. Raises ValueError for a teacher without hidden layers, for values
    out of range and for an arm that the panel does not have.
    """
    config = config or lesson.CONFIG
    teacher = Teacher(teacher)
    first, last = lam
    layers = hidden_layers(teacher.net)
    return Hints(
        data,
        config,
        place,
        teacher=teacher,
        width=width,
        finished=finished,
        depth=depth,
        guided=depth // 2 if guided is None else guided,
        hint=replace(Hints.hint, value=hint, high=layers),
        T=T,
        first=first,
        last=last,
    )


class Hints(Race):
    """See `hints`; `arms` is the last run."""

    kind = "hints"
    title = "Hints for a deep and thin student"
    text = (
        "(panel: hints. Depth, guided layer, hint layer, T, lambda, batch norm, seed; "
        "Start, Pause, Stop; two charts)"
    )
    about = (
        "Two charts of four ways to train a deep and thin net: validation accuracy over the "
        "epochs, and how far the images still differ after each hidden layer"
    )
    lines = NAMES

    depth = Knob("Hidden layers", 8, 2, DEEPEST, whole=True, says="{} hidden layers")
    guided = Knob("Guided layer", 4, 1, DEEPEST, whole=True, says="guided layer {}")
    hint = Knob("Hint layer", 1, 1, 1, whole=True, says="by the teacher's layer {}")
    T = Knob("Temperature T", 3.0, 0.5, 50, log=True, says="T = {:g}")
    first = Knob("λ at the start", 4.0, 0, 20, step=0.5, says="λ from {:g}")
    last = Knob("λ at the end", 1.0, 0, 20, step=0.5, says="λ to {:g}")
    norm = Check("batch norm")

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        teacher: Teacher,
        width: int,
        finished: Finished | None,
        **starts: object,
    ):
        super().__init__(data, config, place, **starts)
        self._teacher = teacher
        self._width = width
        self.watch(self.depth.box, self._guide_the_middle)
        self.arrange_with(finished)

    def _guide_the_middle(self) -> None:
        self.guided.value = self.depth.value // 2

    def lineup(self, settings: Settings) -> list[Arm]:
        depth = settings.depth
        if settings.guided > depth:
            raise ValueError(
                f"the guided layer is one of the student's hidden layers, 1 to {depth}; "
                f"got {settings.guided}"
            )
        shared = {
            "T": settings.T,
            "lam": (settings.first, settings.last),
            "seed": settings.seed,
            "guided": settings.guided + 1,  # block 1 is Flatten
            "hint": settings.hint + 1,
        }
        lineup = []
        for name in lesson.MAIN:
            arm, net = lesson.ARMS[name], self._student(settings)
            stages = arm.method(net, self._teacher, arm.tries[0], **shared)
            lineup.append(Arm(name, net, stages))
        return lineup

    def _student(self, settings: Settings) -> nn.Sequential:
        start = "batch norm" if settings.norm else lesson.STARTS[0]
        depth, seed = settings.depth, settings.seed
        return lesson.thin(self._data, depth, seed, start, self._width)

    def measure(self, arm: Arm) -> Spreads:
        """Return the spread at every layer, before the run and now."""
        assert isinstance(arm.net, nn.Sequential)
        now = spread(arm.net, self._data.held_out[0])
        before = arm.measured.before if arm.measured else now
        return Spreads(before, now)

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        return picture(accuracies, self.arms, settings.depth, settings.guided)


def hidden_layers(net: nn.Module) -> int:
    """Return how many hidden layers a net of `nets.mlp` has. Raises ValueError where there
    are none or it is another kind of net.
    """
    parts = [*net.children()] if isinstance(net, nn.Sequential) else []
    if len(parts) < 3 or not isinstance(parts[0], nn.Flatten):
        raise ValueError(
            "hints: the teacher must be an MLP with hidden layers, "
            "as nets.mlp(784, 300, 300, 10) builds it"
        )
    return len(parts) - 2

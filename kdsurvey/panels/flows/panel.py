"""FSP while it trains: a student that learns the teacher's flow between layers first,
and one that never does.
"""

from collections.abc import Callable
from dataclasses import replace

from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.lessons.fsp import experiments as lesson
from kdsurvey.methods import fsp, plain
from kdsurvey.nets import residual, sections
from kdsurvey.panels.flows.chart import NAMES, Looked, Matrices, picture
from kdsurvey.panels.kit.controls import Check, Choice, Knob, Number, Settings
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.race.arm import Arm
from kdsurvey.panels.race.finished import Finished
from kdsurvey.panels.race.race import Race
from kdsurvey.pictures import Chart, Picture
from kdsurvey.stage import Teacher
from kdsurvey.surgery import weighted

IMAGES = 100  # validation images whose flows are kept


def flows(
    data: Data,
    teacher: nn.Sequential | Teacher,
    *,
    student: Callable[[int], nn.Sequential] | None = None,
    config: Config | None = None,
    rate: float = 0.4,
    finished: Finished | None = None,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains a residual net in two ways, as many epochs each: on labels,
    or first on the teacher's flow.

    teacher: a trained `nets.residual`. student(seed) -> another one, with as many
    sections of as many channels; one residual block a section where None. A box a
    section says whose FSP matrices the first stage learns. rate: the learning rate of
    that stage, whose loss starts near 1 in any case (see `methods.fsp`): to SGD a
    larger weight lam would be the same as a larger rate. config: 6 epochs of batches of
    64 at a constant rate of 0.02 where None, 2 or more. Beside the accuracies: the
    matrices of one validation image and section, the teacher's and those of both
    students; whoever never saw the teacher's has its channels in an order of its own.
    finished: arm -> (net, rows of `train`), nets trained before, which are shown until
    the first run here. place: as for live_training. Raises ValueError for a teacher of
    another kind, for fewer than 2 epochs and for an arm that the panel does not have.
    """
    config = config or Config(epochs=6, batch_size=64, lr=0.02, schedule="constant")
    if config.epochs < 2:
        raise ValueError(
            f"flows: two stages need 2 epochs or more, got {config.epochs}"
        )
    return Flows(
        data,
        config,
        place,
        teacher=teacher,
        student=student,
        finished=finished,
        rate=rate,
    )


class Flows(Race):
    """See `flows`; `arms` is the last run, `wanted` the teacher's FSP matrices of the first
    validation images.
    """

    kind = "flows"
    title = "The flow between layers"
    text = (
        "(panel: flows. Sections, epochs and rate of stage 1, seed, image; "
        "Start, Pause, Stop; accuracies and FSP matrices)"
    )
    about = (
        "A chart of the validation accuracy of two ways to train a net, and FSP matrices of "
        "one image as heat maps: the teacher's and those of both nets"
    )
    lines = NAMES

    first = Knob("Stage 1, epochs", 1, 1, 1, whole=True)
    rate = Knob("Stage 1, rate", 0.4, 0.001, 10, log=True)
    image = Number("Show image", 0, 0, IMAGES - 1, view=True)
    shown = Choice("of", 0, (0,), view=True, width=150, label_width="20px")

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        teacher: nn.Sequential | Teacher,
        student: Callable[[int], nn.Sequential] | None,
        finished: Finished | None,
        rate: float,
    ):
        self._teacher = Teacher(teacher)
        self._pairs, widths = pairs_and_widths(self._teacher.net)
        last = config.epochs - 1
        third = max(1, round(config.epochs / 3))
        data = data.validated()
        images = min(IMAGES, len(data.held_out[0]))
        options = [(f"section {k + 1}", k) for k in range(len(widths))]
        super().__init__(
            data,
            config,
            place,
            rate=rate,
            first=replace(Flows.first, value=third, high=last),
            image=replace(Flows.image, high=images - 1),
            shown=replace(Flows.shown, value=len(widths) - 1, options=options),
            **section_checks(widths),
        )
        self.sections = [getattr(self, _section(k)) for k in range(len(widths))]
        shape = self._data.train[0].shape[1], *widths
        classes = len(self._data.classes)
        self._make = student or (
            lambda seed: residual(*shape, classes=classes, seed=seed)
        )
        self._x = self._data.held_out[0][:images]
        self.wanted = matrices(self._teacher.net, self._x)
        self.arrange_with(finished)

    def _chosen(self, settings: Settings) -> list[int]:
        """Return the sections that are ticked, from 0."""
        values = vars(settings)
        return [k for k in range(len(self._pairs)) if values[_section(k)]]

    def lineup(self, settings: Settings) -> list[Arm]:
        chosen = self._chosen(settings)
        if not chosen:
            raise ValueError(
                "the first stage learns the flow of one section or more: "
                f"tick one of 1 to {len(self._pairs)}"
            )
        labels, flow = (self._make(settings.seed) for _ in NAMES)
        pairs, _ = pairs_and_widths(flow)
        if len(pairs) != len(self._pairs):
            raise ValueError(
                f"flows: the student has {len(pairs)} sections, "
                f"the teacher {len(self._pairs)}"
            )
        stages = fsp(
            flow,
            self._teacher,
            pairs=[pairs[k] for k in chosen],
            teacher_pairs=[self._pairs[k] for k in chosen],
            flow_epochs=settings.first / self._config.epochs,
            flow_lr=settings.rate / self._config.lr,
        )
        return [Arm(NAMES[0], labels, plain(labels)), Arm(NAMES[1], flow, stages)]

    def measure(self, arm: Arm) -> Matrices:
        """Return its FSP matrices for the first validation images."""
        return matrices(arm.net, self._x)

    def words(self, settings: Settings) -> str:
        chosen = ", ".join(str(k + 1) for k in self._chosen(settings))
        return (
            f"{settings.first} epochs on the flow of section {chosen} "
            f"at a rate of {settings.rate:g}, seed {settings.seed}"
        )

    def beside(self, accuracies: Chart, settings: Settings) -> Picture:
        image = self.image.value
        label = self._data.classes[self._data.held_out[1][image]]
        looked = Looked(image, self._x[image], label, self.shown.value)
        return picture(accuracies, self.arms, self.wanted, looked)


def _section(k: int) -> str:
    return f"section{k + 1}"


def section_checks(widths: list[int]) -> dict[str, Check]:
    """Return a box to tick per section, by its name in the permalink."""
    return {
        _section(k): Check(f"section {k + 1} ({c} × {c})", True)
        for k, c in enumerate(widths)
    }


def pairs_and_widths(net: nn.Module) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the pairs and the channels of a residual net's sections. Raises ValueError for
    another kind of net.
    """
    pairs = sections(net) if isinstance(net, nn.Sequential) else []
    if not pairs or any(start == end for start, end in pairs):
        raise ValueError(
            "flows: teacher and student must be residual nets, "
            "as nets.residual(1, 8, 16, 32, blocks=2) builds them"
        )
    blocks = [*net.children()]
    return pairs, [len(weighted(blocks[start - 1])[0].weight) for start, _ in pairs]


def matrices(net: nn.Module, x) -> Matrices:
    """Return the FSP matrices of every section for images x (n, c, h, w), on the CPU,
    measured in eval mode.
    """
    assert isinstance(net, nn.Sequential)
    device = next(net.parameters()).device
    return [section.cpu() for section in lesson.matrices(net, x.to(device))]

"""Two methods, the same student, the same seeds: side by side while they train."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn

from kdsurvey.config import Config
from kdsurvey.data import Data
from kdsurvey.nets import mlp
from kdsurvey.panels.compare.chart import picture
from kdsurvey.panels.compare.sides import SIDES, Side, judged
from kdsurvey.panels.compare.training import Method, members, standard, trained
from kdsurvey.panels.kit import permalink
from kdsurvey.panels.kit.controls import Choice, Knob, Number, Settings
from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.kit.panel import Panel
from kdsurvey.panels.kit.snapshots import Film, Subject, terms_of
from kdsurvey.panels.race.race import Turns
from kdsurvey.pictures import Picture
from kdsurvey.stage import Teacher

Student = Callable[[int, int], nn.Module]  # (width, seed) -> net


def compare(
    data: Data,
    teacher: nn.Module,
    *,
    methods: Mapping[str, Method] | None = None,
    student: Student | None = None,
    config: Config | None = None,
    seeds: int = 3,
    left: str | None = None,
    right: str | None = None,
    T: float = 4.0,
    alpha: float = 0.9,
    width: int = 32,
    stacked: bool = True,
    place: str | None = None,
) -> Panel:
    """Return a panel that trains the same student by two methods at once, from equal weights,
    on the same images in the same order.

    methods: name -> function(student, teacher, T, alpha) that returns stages; those of
    `standard` where None. left, right: the names to start with; the first two where
    None. student(width, seed) -> net; an MLP with one hidden layer where None. config:
    15 epochs where None; its seed is the first one. seeds: students a side, one a seed.
    Nets that can be stacked (see sweeps.stack) train in one pass; stacked=False trains
    them one by one, for methods that cannot take a stack. Where the data has no
    validation part, 500 training images are held out. place: as for live_training.
    Raises ValueError for a name that is not among the methods and for fewer seeds than
    one.
    """
    data = data.validated()
    methods = dict(methods or standard(data, teacher))
    names = [*methods]
    chosen = left or names[0], right or names[min(1, len(names) - 1)]
    unknown = [name for name in chosen if name not in methods]
    if unknown or seeds < 1:
        raise ValueError(
            f"compare: need one seed or more, got {seeds}, "
            f"and methods of {names}; unknown: {unknown}"
        )
    inputs, classes = data.train[0][0].numel(), len(data.classes)
    make = student or (lambda width, seed: mlp(inputs, width, classes, seed=seed))
    students = Students(make, seeds, stacked)
    return Compare(
        data,
        config or Config(epochs=15),
        place,
        teacher=Teacher(teacher),
        methods=methods,
        students=students,
        left=Choice("Left", chosen[0], names, width=None),
        right=Choice("Right", chosen[1], names, width=None),
        T=T,
        alpha=alpha,
        width=width,
    )


@dataclass(frozen=True)
class Students:
    """The students of a side: how a net is made, how many, and whether they may train in one
    pass.
    """

    make: Student
    seeds: int
    stacked: bool

    def parts(self, width: int, first: int) -> list:
        """Return what trains in one pass, see `members`: the seeds from `first` on."""
        seeds = range(first, first + self.seeds)
        nets = [self.make(width, seed) for seed in seeds]
        return members(nets, seeds, self.stacked)


@dataclass(frozen=True)
class EarlierRun:
    """How a run was made, as older permalinks have it: all settings in a row."""

    left: str
    right: str
    T: float
    alpha: float
    width: int
    seed: int
    until: int = field(metadata=permalink.number(1))


class Compare(Turns[Side]):
    """See `compare`. `sides` is what the last run has shown, `films` holds it epoch by
    epoch for the first seed.
    """

    kind = "compare"
    title = "Two methods side by side"
    text = (
        "(panel: two methods side by side. Left, Right, T, alpha, width, first seed; "
        "Start, Pause, Stop; charts and images)"
    )
    about = (
        "Charts of two methods: loss terms, accuracy and agreement with the teacher over the "
        "epochs, a reliability diagram, and images that the two answer differently"
    )
    patience = 6

    left = Choice("Left", "", ("",), width=None)
    right = Choice("Right", "", ("",), width=None)
    T = Knob("Temperature T", 4.0, 0.5, 50, log=True)
    alpha = Knob("Weight alpha", 0.9, 0, 1, step=0.01)
    width = Knob("Width", 32, 1, 1600, log=True, whole=True)
    seed = Number("First seed", 0)
    arms: tuple[Side, Side]

    def __init__(
        self,
        data: Data,
        config: Config,
        place: str | None,
        *,
        teacher: Teacher,
        methods: Mapping[str, Method],
        students: Students,
        **starts: object,
    ):
        super().__init__(data, config, place, **starts)
        self._teacher = teacher
        self._methods = methods
        self._students = students
        x, y = self._data.held_out
        answers = teacher.logits(x).cpu()
        self._subject = Subject(x.cpu(), y.cpu(), answers, data.classes)
        self._images = pictures(self._subject.x)
        self.films = {where: Film() for where in SIDES}
        self.arms = self._new_sides(self.settings)
        self.arrange_all()

    @property
    def sides(self) -> tuple[Side, Side]:
        """What both sides have shown so far."""
        return self.arms

    def _new_sides(self, settings: Settings) -> tuple[Side, Side]:
        left = Side(settings.left, self._subject)
        return left, Side(settings.right, self._subject)

    def lineup(self, settings: Settings) -> Sequence[Side]:
        for film in self.films.values():
            film.begin(*self._subject)
        return self._new_sides(settings)

    def epochs_of(
        self, arm: Side, data: Data, config: Config, on_batch: Callable
    ) -> Generator:
        """Train the students of one side, from the weights that belong to their seeds; see
        `training.trained`.
        """
        settings = self.run_settings
        assert settings is not None
        parts = self._students.parts(settings.width, settings.seed)
        method = self._methods[arm.name]

        def stages(net: nn.Module) -> Iterator:
            return method(net, self._teacher, settings.T, settings.alpha)

        return trained(parts, stages, data, config, on_batch)

    def after_turn(self, shown: Sequence) -> None:
        turn = self.epochs_done + 1
        for film, epoch in zip(self.films.values(), shown):
            if epoch:
                rows, z = epoch
                film.add(turn, z[0], terms_of(rows[0]))
        super().after_turn(shown)

    def hear(self, state: str, error: Exception | None) -> None:
        super().hear(state, error)
        if state not in ("running", "paused"):
            for film in self.films.values():
                film.end()

    def unpack(self, packed: object, kept: dict) -> tuple[Settings, int]:
        """Return the settings of a run and where it stopped; of older permalinks too."""
        if isinstance(packed, list) and len(packed) > 2:
            values = dict(vars(permalink.unpack(EarlierRun, packed)))
            until = values.pop("until")
            return super().unpack([values, until], kept)
        return super().unpack(packed, kept)

    def stops_after(self, turn: int, until: int | None) -> bool:
        # older permalinks say after how many epochs a run was over too
        return turn == until and any(side.tested is None for side in self.sides)

    def sentence(self, state: str) -> str:
        if state == "running":
            return (
                "Training both sides, epoch by epoch. "
                "The controls take effect at the next Start."
            )
        done = f"{state.capitalize()} after {self.epochs_done} epochs."
        return f"{done} {judged(self.sides)}".strip()

    def words(self, settings: Settings) -> str:
        first, last = settings.seed, settings.seed + self._students.seeds - 1
        seeds = f"seeds {first} to {last}" if last > first else f"seed {first}"
        return (
            f"T = {settings.T:g}, alpha = {settings.alpha:g}, "
            f"width {settings.width}, {seeds}"
        )

    def drawn(self, settings: Settings, words: str, epochs: int) -> Picture:
        return picture(self.sides, self._subject, self._images, epochs, words)

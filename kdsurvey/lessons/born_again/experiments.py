"""Notebook 08: students of their own kind, on digits of which a fifth have redrawn
labels. Furlanello et al. 2018, section 3.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.arms import Arm, by_name, fit
from kdsurvey.lessons.rows import accuracies
from kdsurvey.losses import soften
from kdsurvey.methods import ban, hinton, plain
from kdsurvey.methods.ban import Permuted
from kdsurvey.records import experiment
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.suggest import Known
from kdsurvey.training import Config

# long enough to learn wrong labels too
CONFIG = Config(epochs=40, batch_size=64, lr=0.05, schedule="cosine", nesterov=True)
STOPPED = replace(CONFIG, epochs=10)
DECAYED = replace(CONFIG, weight_decay=5e-3)
ONCE = replace(CONFIG, epochs=1)  # of a teacher that has hardly learnt
SETTINGS = {
    "40 epochs": CONFIG,
    "20 epochs": replace(CONFIG, epochs=20),
    "10 epochs": STOPPED,
    "5 epochs": replace(CONFIG, epochs=5),
    "40 epochs, weight decay": DECAYED,
    "40 epochs, strong decay": replace(CONFIG, weight_decay=2e-2),
}  # every arm has the same choice
LABELS = Known("kind of labels", {"a fifth redrawn": 0.2, "clean": 0.0})
GENERATIONS = 4
Make = Callable[[Data, int], nn.Sequential]


def few(data: Data, seed: int, labels: str) -> Data:
    """Draw 2,000 of the 3,500 training images at half their size, labels as LABELS says;
    validation and test labels stay right.

    The seed draws the images and the labels: seeds differ in what is learnt, not only
    in the first weights.
    """
    drawn = data.halved().fraction(4 / 7, seed)
    return drawn.mislabelled(LABELS[labels], seed) if LABELS[labels] else drawn


def mlp(data: Data, seed: int, *hidden: int) -> nn.Sequential:
    """Return the lesson's net, teacher and student alike: two hidden layers of 128,
    unless other widths are given.
    """
    return nets.mlp(
        data.train[0][0].numel(), *(hidden or (128, 128)), len(data.classes), seed=seed
    )


def narrow(data: Data, seed: int) -> nn.Sequential:
    """Return a net of one hidden layer of 8."""
    return mlp(data, seed, 8)


def conv(data: Data, seed: int) -> nn.Sequential:
    """Return a small convolutional net."""
    return nets.conv(
        data.train[0].shape[1], 8, 16, classes=len(data.classes), seed=seed
    )


TEACHERS: dict[str, tuple[Config, Make]] = {
    "equal": (CONFIG, mlp),
    "10 epochs": (STOPPED, mlp),
    "8 units": (CONFIG, narrow),
    "one epoch": (ONCE, mlp),
    "conv": (CONFIG, conv),
}


@dataclass(frozen=True)
class Lesson:
    """What a net may learn from: a teacher of its own kind, None for "alone", and the
    training images.
    """

    given: nn.Module | Teacher | None
    data: Data
    seed: int

    @property
    def teacher(self) -> nn.Module | Teacher:
        """The teacher. Raises ValueError where there is none."""
        if self.given is None:
            raise ValueError("a teacher is needed by every arm but 'alone', got None")
        return self.given

    @property
    def generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class Aim:
    """Where an arm draws a net on each training image: (N, c) answers and (N,) weights."""

    answer: Tensor
    weight: Tensor


@dataclass(frozen=True)
class Student(Arm):
    """One way to teach a net of the teacher's kind: method(net, lesson) -> stages.

    aim: (lesson, label (N, c), p (N, c)) -> answers (N, c), or an `Aim` where images
    count differently; label: the one-hot labels, p: the teacher's answers, None for a
    net without a teacher.
    """

    aim: Callable[[Lesson, Tensor, Tensor], Tensor | Aim] = field(kw_only=True)


def on_labels(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from the labels; there is no teacher."""
    return plain(net)


def smoothed(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from labels as confident as the teacher is on the training images, on the
    mean.
    """
    return plain(net, smoothing=smoothing_of(lesson.teacher, lesson.data))


def in_halves(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from half of each term of BAN+L: a gradient of the size of the others'.

    That is Hinton's loss at T = 1 and alpha = 1/2.
    """
    return hinton(net, lesson.teacher, T=1.0, alpha=0.5)


def from_teacher(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from the teacher's answers alone."""
    return ban(lambda: net, lesson.teacher, target="ban")


def from_both(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from the teacher's answers and from the labels."""
    return ban(lambda: net, lesson.teacher, target="ban+l")


def by_confidence(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from labels, each weighted by the teacher's confidence."""
    return ban(lambda: net, lesson.teacher, target="cwtm")


def permuted(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from the teacher's answers, all but the largest permuted once."""
    generator = lesson.generator
    return ban(lambda: net, lesson.teacher, target="dkpp", generator=generator)


def permuted_anew(net: nn.Module, lesson: Lesson) -> Iterator[Stage]:
    """Learn from the teacher's answers, all but the largest permuted at every step."""
    return ban(
        lambda: net,
        lesson.teacher,
        target="dkpp",
        redrawn=True,
        generator=lesson.generator,
    )


def _at_labels(lesson: Lesson, label: Tensor, p: Tensor) -> Tensor:
    return label


def _at_teacher(lesson: Lesson, label: Tensor, p: Tensor) -> Tensor:
    return p


def _at_both(lesson: Lesson, label: Tensor, p: Tensor) -> Tensor:
    return (p + label) / 2


def _at_sure_labels(lesson: Lesson, label: Tensor, p: Tensor) -> Aim:
    confidence = p.amax(-1)
    return Aim(label, confidence / confidence.mean())


def _at_smooth_labels(lesson: Lesson, label: Tensor, p: Tensor) -> Tensor:
    smoothing = smoothing_of(lesson.teacher, lesson.data)
    return (1 - smoothing) * label + smoothing / label.shape[-1]


def _at_permuted(lesson: Lesson, label: Tensor, p: Tensor) -> Tensor:
    return _permutation(lesson, p, redrawn=False)


def _at_first_permuted(lesson: Lesson, label: Tensor, p: Tensor) -> Tensor:
    return _permutation(lesson, p, redrawn=True)


def _permutation(lesson: Lesson, p: Tensor, redrawn: bool) -> Tensor:
    x, y = lesson.data.train
    every = Batch(x, y, torch.arange(len(x), device=x.device), x)
    return Permuted(lesson.generator, redrawn=redrawn)(every, p)


ARMS = by_name(
    Student("alone", on_labels, role="control", aim=_at_labels),
    Student("BAN", from_teacher, aim=_at_teacher),
    Student("BAN+L", from_both, aim=_at_both),
    Student("BAN+L, halves", in_halves, role="control", aim=_at_both),
    Student("CWTM", by_confidence, role="diagnostic", aim=_at_sure_labels),
    Student("DKPP", permuted, role="diagnostic", aim=_at_permuted),
    Student("DKPP, redrawn", permuted_anew, role="diagnostic", aim=_at_first_permuted),
    Student("label smoothing", smoothed, role="control", aim=_at_smooth_labels),
)
TAUGHT = ("BAN", "BAN+L, halves", "label smoothing")  # by each of TEACHERS
SHARED = {"labels": LABELS, "arms": ARMS}  # settings of every experiment


def method(
    arm: str, net: nn.Module, teacher: nn.Module | Teacher | None, data: Data, seed: int
) -> Iterator[Stage]:
    """Return the stages by which the arm, one of ARMS, trains a net.

    teacher: None does for "alone". seed: of DKPP's permutation. Raises ValueError for
    an arm that is not one of ARMS.
    """
    return ARMS[arm].method(net, Lesson(teacher, data, seed))


def aims(
    arm: str, teacher: nn.Module | Teacher | None, data: Data, seed: int
) -> tuple[Tensor, Tensor]:
    """Return to which answer the arm draws the net on each training image, (N, c), and
    how strongly, (N,).

    That is, at the logits of an image the gradient of the arm's loss is weight (q -
    aim) / n, for "BAN+L" twice as much. Only CWTM has weights other than 1, here those
    of one batch of all images; "DKPP, redrawn" has another aim at every step, here the
    first. Arguments: as for `method`.
    """
    x, y = data.train
    label = torch.nn.functional.one_hot(y, len(data.classes)).float()
    p = label if teacher is None else soften(Teacher(teacher).logits(x))
    aim = ARMS[arm].aim(Lesson(teacher, data, seed), label, p)
    if isinstance(aim, Tensor):
        return aim, torch.ones(len(y), device=y.device)
    return aim.answer, aim.weight


def born(
    arm: str,
    teacher: nn.Module | Teacher | None,
    data: Data,
    seed: int,
    config: Config = CONFIG,
    make: Make = mlp,
) -> nn.Sequential:
    """Make a net by make(data, seed) and train it as the arm says."""
    return raised(arm, make(data, seed), teacher, data, seed, config)


def raised(
    arm: str,
    net: nn.Sequential,
    teacher: nn.Module | Teacher | None,
    data: Data,
    seed: int,
    config: Config,
) -> nn.Sequential:
    """Train a net as the arm says and return it; the seed gives the order of the images."""
    stages = method(arm, net, teacher, data, seed)
    return fit(net, stages, data, replace(config, seed=seed))


MEASURED = {"accuracy": "test", "validation accuracy": "validation", "fit": "train"}


def row(arm: str, seed: int, net: nn.Module, data: Data, **more) -> dict:
    """Return what is kept of a finished net; "fit" is its accuracy on the labels that it
    was given.
    """
    return {"arm": arm, "seed": seed, **more, **accuracies(net, data, MEASURED)}


@experiment(settings=SHARED | {"settings": SETTINGS, "measured": MEASURED})
def ban_targets(data: Data, seed: int) -> list[dict]:
    """Train every arm at every setting, on both kinds of labels: students of one seed,
    and of one teacher that has their setting.
    """
    rows = []
    clean = few(data, seed, "clean")
    for labels in LABELS:
        images = few(data, seed, labels)
        for setting, config in SETTINGS.items():
            more = {"labels": labels, "setting": setting}
            teacher = Teacher(born("alone", None, images, seed, config))
            sure = doubts(teacher, clean, images)
            rows.append(row("teacher", seed, teacher.net, images, **more, **sure))
            for arm in ARMS:
                student = born(arm, teacher, images, 1000 + seed, config)
                rows.append(row(arm, seed, student, images, **more))
    return rows


@experiment(settings=SHARED | {"settings": SETTINGS, "measured": MEASURED})
def ban_rates(data: Data, seed: int) -> list[dict]:
    """Train a net alone at twice the rate of every setting: the control of "BAN+L",
    whose gradient is the sum of two.
    """
    rows = []
    for labels in LABELS:
        images = few(data, seed, labels)
        for setting, config in SETTINGS.items():
            twice = replace(config, lr=2 * config.lr)
            net = born("alone", None, images, 1000 + seed, twice)
            more = {"labels": labels, "setting": setting}
            rows.append(row("alone, twice the rate", seed, net, images, **more))
    return rows


def doubts(teacher: Teacher, clean: Data, given: Data) -> dict[str, float]:
    """Measure the teacher's mean largest probability, the weight of CWTM, on training
    images with the right and with a wrong label.

    Also how often an image with a right label has more of it than one with a wrong
    label. Where all labels are right, the first figure only.
    """
    confidence = soften(teacher.logits(given.train[0])).amax(-1)
    wrong = clean.train[1] != given.train[1]
    measured = {"confidence, right label": confidence[~wrong].mean()}
    if wrong.any():
        more = (confidence[~wrong][:, None] > confidence[wrong]).float().mean()
        measured |= {
            "confidence, wrong label": confidence[wrong].mean(),
            "right above wrong": more,
        }
    return {name: round(value.item(), 4) for name, value in measured.items()}


@experiment(
    settings=SHARED
    | {
        "config": CONFIG,
        "stopped": STOPPED,
        "generations": GENERATIONS,
        "measured": MEASURED,
    },
)
def ban_generations(data: Data, seed: int) -> list[dict]:
    """Train four generations, each beside a net alone from its own seed; and ensembles
    of k generations beside k such nets.
    """
    rows = []
    for labels in LABELS:
        images = few(data, seed, labels)
        for arm, net in _generations(images, seed).items():
            rows.append(row(arm, seed, net, images, labels=labels))
    return rows


def _generations(images: Data, seed: int) -> dict[str, nn.Module]:
    """Train the nets of `ban_generations` on one kind of labels: arm -> net."""
    line = [born("alone", None, images, seed)]
    alone = []
    stopped = []
    for k in range(1, GENERATIONS + 1):
        line.append(born("BAN", line[-1], images, 1000 * k + seed))
        alone.append(born("alone", None, images, 1000 * k + seed))
        stopped.append(born("alone", None, images, 1000 * k + seed, STOPPED))
    trained: dict[str, nn.Module] = {"teacher": line[0]}
    for k in range(1, GENERATIONS + 1):
        trained[f"generation {k}"] = line[k]
        trained[f"alone {k}"] = alone[k - 1]
        trained[f"10 epochs {k}"] = stopped[k - 1]
    for k in range(2, GENERATIONS + 1):
        trained[f"generations 1-{k}"] = nets.Ensemble(line[1 : k + 1])
        trained[f"{k} nets alone"] = nets.Ensemble(alone[:k])
        trained[f"{k} nets, 10 epochs"] = nets.Ensemble(stopped[:k])
    return trained


@experiment(
    settings=SHARED
    | {
        "config": CONFIG,
        "stopped": STOPPED,
        "teachers": TEACHERS,
        "taught": TAUGHT,
        "measured": MEASURED,
    },
)
def ban_teachers(data: Data, seed: int) -> list[dict]:
    """Train students of one kind and seed, their teachers equal, stopped early, narrow,
    hardly trained, or convolutional.
    """
    rows = []
    for labels in LABELS:
        images = few(data, seed, labels)
        for arm, config in {"alone": CONFIG, "alone, 10 epochs": STOPPED}.items():
            net = born("alone", None, images, 1000 + seed, config)
            rows.append(row(arm, seed, net, images, labels=labels, teacher="none"))
        for name, (config, make) in TEACHERS.items():
            teacher = Teacher(born("alone", None, images, seed, config, make))
            more = {"labels": labels, "teacher": name}
            rows.append(row(f"teacher, {name}", seed, teacher.net, images, **more))
            for arm in TAUGHT:
                student = born(arm, teacher, images, 1000 + seed)
                rows.append(row(f"{arm}, {name}", seed, student, images, **more))
    return rows


def split(z: Tensor, v: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Split the gradient q - p of H(p, q) by the logits, one row per image, into a sum:
    what it has at the label, and at the other classes.

    z: (n, c) student's logits; v: (n, c) teacher's; y: (n,) labels. The ground-truth
    part is q_* - p_* at class * = y and 0 elsewhere, the dark-knowledge part q_i - p_i
    at the other classes; both (n, c). Each row of the sum adds up to 0, so over the
    classes the two parts always cancel: what the second says lies in how it is spread,
    which DKPP destroys.
    """
    g = soften(z) - soften(v)
    at_label = torch.nn.functional.one_hot(y, z.shape[-1]).bool()
    return g.where(at_label, 0.0), g.where(~at_label, 0.0)

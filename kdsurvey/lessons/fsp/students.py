"""Notebook 05, continued: students of FSP that are smaller, have another task, or are several."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import torch
from torch import nn

from kdsurvey import data as data_sets
from kdsurvey import nets
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.arms import Arm, by_name, fit
from kdsurvey.lessons.fsp.experiments import (
    FLOW_LR,
    TEACHER,
    flow,
    residual,
    teach,
    trained,
    untrained,
)
from kdsurvey.lessons.rows import accuracies
from kdsurvey.measures import top1_agreement
from kdsurvey.methods import fitnets, hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.surgery import weighted
from kdsurvey.training import Config, accuracy, train

SMALL = Config(epochs=18, batch_size=64, lr=0.1, schedule="cosine")
TRANSFER = Config(epochs=45, batch_size=20, lr=0.05, schedule="cosine")
TUNE = replace(TRANSFER, epochs=30, lr=0.02)  # the teacher goes on, on the new task
RATES = (0.3, 1.0, 3.0)  # of Config.lr: the rates of every arm
FIRST = 1 / 3  # the first stage's share of the epochs
FEW = 0.1  # share of the images in `fsp_small` and `fsp_ensembles`
EACH = 20  # images of a class in the new tasks
MEMBERS = 3  # of an ensemble
HINT_LR = 0.0003  # the rate of a stage of hints, chosen as FLOW_LR was


@dataclass(frozen=True, kw_only=True)
class Student(Arm):
    """How a small student learns; method: (net, teacher, data, seed, lr) -> stages.

    teacher: which of the teachers it has. length: of its training, as a share of the
    config's epochs. factors: of the config's rate.
    """

    teacher: str = "trained"
    length: float = 1.0
    factors: tuple[float, ...] = RATES


def labels(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from the labels; the teacher is not asked."""
    return plain(net)


def smoothed(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from labels that are as unsure as the teacher."""
    return plain(net, smoothing=smoothing_of(teacher, data))


def output(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from soft targets."""
    return hinton(net, teacher, T=4.0, alpha=0.9)


def layer_then_output(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from a hint, then from soft targets: FitNets."""
    return hints(net, teacher, lr)


def layer_then_labels(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from a hint, then from the labels, as FSP does."""
    return hints_then_labels(net, teacher, lr)


def by_flow(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from the teacher's flow, then from the labels: FSP."""
    return flow(net, teacher, lr, FIRST)


def by_untrained_flow(net, teacher, data, seed, lr) -> Iterator[Stage]:
    """Learn from the flow of a teacher that never learnt, then from the labels."""
    return flow(net, untrained(data, seed), lr, FIRST)


def hints(student: nn.Sequential, teacher: nn.Sequential, lr: float) -> Iterator[Stage]:
    """Return the stages of FitNets: the end of the middle section as hint, then
    distillation.
    """
    guided, hint = (nets.sections(net)[1][1] for net in (student, teacher))
    return fitnets(
        student,
        teacher,
        guided=guided,
        hint=hint,
        hint_epochs=FIRST,
        hint_lr=HINT_LR / lr,
    )


def hints_then_labels(
    student: nn.Sequential, teacher: nn.Sequential, lr: float
) -> Iterator[Stage]:
    """Return the first stage of FitNets, and a second with the labels alone, as FSP has
    it.
    """
    yield next(hints(student, teacher, lr))
    (labels,) = plain(student)
    yield replace(labels, epochs=1 - FIRST)


# one has only the steps of stage 2, at a rate between
STUDENTS = by_name(
    Student(
        "plain, steps of stage 2",
        labels,
        role="control",
        length=1 - FIRST,
        factors=(1.0,),
    ),
    Student("plain", labels, role="control"),
    Student("label smoothing", smoothed, role="control"),
    Student("KD (output)", output),
    Student("FitNets (layer, then output)", layer_then_output),
    Student("hint, then labels (layer)", layer_then_labels, role="diagnostic"),
    Student("FSP (flow)", by_flow),
    Student("FSP, untrained teacher", by_untrained_flow, role="control"),
)
MOVED = by_name(
    Student("plain", labels, role="control"),
    Student("FitNets", layer_then_output, teacher="teacher, fine-tuned"),
    Student("FSP", by_flow, teacher="teacher, fine-tuned"),
    Student(
        "FSP, teacher from scratch",
        by_flow,
        role="control",
        teacher="teacher, from scratch",
    ),
)
SETTINGS = {
    "rates": RATES,
    "first": FIRST,
    "flow_lr": FLOW_LR,
    "hint_lr": HINT_LR,
    "small": SMALL,
}
TRANSFERRED = {
    **SETTINGS,
    "moved": MOVED,
    "transfer": TRANSFER,
    "tune": TUNE,
    "teacher": TEACHER,
    "each": EACH,
}


@experiment(
    settings={**SETTINGS, "students": STUDENTS, "teacher": TEACHER, "few": FEW},
)
def fsp_small(data: Data, seed: int) -> list[dict]:
    """Compare what is distilled, output, layer or flow: one teacher, a smaller student,
    a tenth of the images, some rates an arm.
    """
    data = data.halved().fraction(FEW, seed)
    teacher = teach(data, seed, replace(SMALL, epochs=2 * SMALL.epochs))
    rows = students(STUDENTS.values(), {"trained": teacher}, data, seed, SMALL)
    return [outcome("teacher", data, seed, teacher), *rows]


def students(
    arms: Iterable[Student],
    teachers: Mapping[str, nn.Sequential],
    data: Data,
    seed: int,
    config: Config,
) -> list[dict]:
    """Train a small student for each arm at each of its rates: equal initial weights,
    order and steps.

    A run that diverges is a row like any other.
    """
    rows = []
    for arm in arms:
        epochs = round(config.epochs * arm.length)
        for lr in (config.lr * factor for factor in arm.factors):
            net = residual(1, seed, len(data.classes))
            stages = arm.method(net, teachers.get(arm.teacher), data, seed, lr)
            images = replace(data, validation=None)
            settings = replace(config, epochs=epochs, lr=lr, seed=seed)
            fit(net, stages, images, settings, may_diverge=True)
            rows.append(outcome(arm.name, data, seed, net, lr))
    return rows


def outcome(
    start: str, data: Data, seed: int, net: nn.Module, rate: float = 0.0
) -> dict:
    """Return what is kept of a finished net; rate: 0 where it had no choice."""
    parts = {"validation": "validation", "accuracy": "test"}
    return {
        "arm": f"{start}, {rate:g}" if rate else start,
        "start": start,
        "rate": rate,
        "seed": seed,
        **accuracies(net, data, parts, digits=None),
    }


@experiment(settings=TRANSFERRED)
def fsp_transfer(data: Data, seed: int) -> list[dict]:
    """Go from the digits 0 to 4, of which there are many, to 5 to 9, of which there are
    20 each.
    """
    data = data.halved()
    return transferred(task(data, range(5)), task(data, range(5, 10)), seed)


def clothes() -> Data:
    """Load Fashion-MNIST, 2,000 of its training images held out for validation."""
    return data_sets.fashion_mnist().hold_out(2_000)


@experiment(settings=TRANSFERRED, data=clothes, embedded=False)
def fsp_fashion(data: Data, seed: int) -> list[dict]:
    """Go from digits to clothes, Fashion-MNIST (`data`), of which there are 20 images a
    class.
    """
    first = mnist_5k().hold_out(500).dealt(seed)
    return transferred(first.halved(), data.halved(), seed)


def transferred(source: Data, target: Data, seed: int, each: int = EACH) -> list[dict]:
    """Train students of a target task with `each` images a class; the teacher knows the
    source task, or, as control, nothing else.

    The fine-tuned teacher keeps its head, whose classes get new meanings: source and
    target have equally many.
    """
    few = target.fraction(each * len(target.classes) / len(target.train[0]), seed)
    teachers = {
        "teacher, fine-tuned": trained(
            teach(source, seed), few, replace(TUNE, seed=seed)
        ),
        "teacher, from scratch": teach(few, seed, TRANSFER),
    }
    kept = [outcome(name, few, seed, net) for name, net in teachers.items()]
    return kept + students(MOVED.values(), teachers, few, seed, TRANSFER)


def task(data: Data, labels: range) -> Data:
    """Return the images of these labels as a task with classes from 0, in every part."""
    parts = {}
    for part in ("train", "validation", "test"):
        x, y = getattr(data, part)
        kept = (y >= labels.start) & (y < labels.stop)
        parts[part] = x[kept], y[kept] - labels.start
    classes = data.classes[labels.start : labels.stop]
    return replace(
        data,
        **parts,
        classes=classes,
        source=f"{data.source}; only {', '.join(classes)}",
    )


@dataclass(frozen=True, kw_only=True)
class Member(Arm):
    """How the nets of an ensemble learn; method: as that of `Student`, whose length it
    has.

    copied: they begin as the teacher. permuted: each has its own order of the channels
    of the teacher.
    """

    length: float = 1.0
    copied: bool = False
    permuted: bool = False


def flow_of_channels(net, teacher, lr, order) -> Iterator[Stage]:
    """Learn from the teacher's flow, its channels in this order, then from the labels."""
    return flow(net, teacher, lr, FIRST, permutation=order)


def member_on_labels(net, teacher, lr, order) -> Iterator[Stage]:
    """Learn from the labels; the teacher is not asked."""
    return plain(net)


ENSEMBLES = by_name(
    Member("plain", member_on_labels, role="control"),
    Member("FSP", flow_of_channels),
    Member("FSP, shuffled", flow_of_channels, permuted=True),
    Member(
        "teacher's weights copied",
        member_on_labels,
        role="control",
        length=1 - FIRST,
        copied=True,
    ),
)


@experiment(
    settings={
        "small": SMALL,
        "teacher": TEACHER,
        "ensembles": ENSEMBLES,
        "members": MEMBERS,
        "few": FEW,
        "first": FIRST,
        "flow_lr": FLOW_LR,
    },
)
def fsp_ensembles(data: Data, seed: int) -> list[dict]:
    """Compare ensembles of nets as large as the teacher: without it, by its flow, by
    its flow shuffled for each, from its weights.
    """
    data = data.halved().fraction(FEW, seed)
    teacher = teach(data, seed, replace(SMALL, epochs=2 * SMALL.epochs))
    seeds = [1000 * (k + 1) + seed for k in range(MEMBERS)]
    rows = []
    for name in ENSEMBLES:
        members = [member(name, data, of_net, teacher) for of_net in seeds]
        rows.append(together(name, seed, members, data))
    return rows


def member(name: str, data: Data, seed: int, teacher: nn.Sequential) -> nn.Sequential:
    """Train one net of an ensemble, of an arm of ENSEMBLES.

    seed: of its initial weights, the order of its images and of the teacher's channels.
    """
    arm = ENSEMBLES[name]
    net = copy.deepcopy(teacher) if arm.copied else residual(2, seed)
    order = shuffled(teacher, seed) if arm.permuted else None
    config = replace(SMALL, seed=seed, epochs=round(SMALL.epochs * arm.length))
    stages = arm.method(net, teacher, config.lr, order)
    train(stages, replace(data, validation=None), config, progress=False)
    return net


def shuffled(net: nn.Sequential, seed: int) -> dict[int, list[int]]:
    """Draw a new order of the channels of each section, {block: order}: one order along
    a section, as its blocks add to its start.
    """
    generator = torch.Generator().manual_seed(seed)
    orders = {}
    for start, end in nets.sections(net):
        channels = len(weighted(net[start - 1])[0].weight)
        order = torch.randperm(channels, generator=generator).tolist()
        orders[start] = orders[end] = order
    return orders


def together(arm: str, seed: int, members: Sequence[nn.Module], data: Data) -> dict:
    """Return the mean accuracy of the members, the accuracy of their ensemble, and the
    share of test images on which two members differ.
    """
    x, y = data.test
    z = [Teacher(net).logits(x) for net in members]
    pairs = combinations(z, 2)
    single = float(np.mean([accuracy(net, x, y) for net in members]))
    ensemble = accuracy(nets.Ensemble(members), x, y)
    differ = float(np.mean([1 - top1_agreement(a, b).item() for a, b in pairs]))
    shares = {
        "single": single,
        "ensemble": ensemble,
        "gain": ensemble - single,
        "disagreement": differ,
    }
    rounded = {name: round(share, 4) for name, share in shares.items()}
    return {"arm": arm, "seed": seed, **rounded}

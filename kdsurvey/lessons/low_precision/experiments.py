"""Notebook 09: a net that is too small already, with ternary weights and with a
teacher. Mishra & Marr 2018, arXiv 1711.05852.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data, fashion_mnist
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.arms import Arm, by_name, fit
from kdsurvey.lessons.rows import accuracies
from kdsurvey.methods import apprentice, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage
from kdsurvey.surgery import lower, re_estimate, weighted
from kdsurvey.training import Config, train


class Bits(TypedDict, total=False):
    """How coarse a net is, see `surgery.Precision`."""

    weight_bits: int
    activation_bits: int
    top: float
    ends: bool


# of every net: E epochs
CONFIG = Config(epochs=12, batch_size=64, lr=0.1, schedule="cosine", weight_decay=5e-4)
WIDTH = 8  # units of a hidden layer
DEPTH = 5  # hidden layers
TAUGHT_BY = (128, 4)  # the teacher's
# ternary weights; batch norm and ReLU seldom say more than 4
LOW: Bits = {"weight_bits": 2, "activation_bits": 8, "top": 4.0}
FULL: Bits = {"weight_bits": 32, "activation_bits": 32}
RATES = (0.1, 0.05, 0.2)  # the three tries of an arm from scratch, the default first
FINE = (0.1, 0.3, 1.0)  # those of a second training: shares of the rate
FIRST = "full precision"
SCORED = ("student validation accuracy", "net validation accuracy")
# before any tuning
STRAIGHT = "rounded"
MEASURED = "rounded, batch norm measured anew"
BITS = {"weights": (2, 3, 4, 8, 32), "activations": (2, 4, 8, 32)}
TEACHERS = {  # bits of the weights, hidden layers: precise or coarse, shallow or deep
    "full precision, 2 layers": (32, 2),
    "full precision, 6 layers": (32, 6),
    "ternary, 2 layers": (2, 2),
    "ternary, 6 layers": (2, 6),
}
CLOTHES = 4000  # training images of Fashion-MNIST
WIDER = 16  # units of a hidden layer for clothes


def clothes() -> Data:
    """Load Fashion-MNIST, 2,000 of its training images held out for validation."""
    return fashion_mnist().hold_out(2_000)


def student(data: Data, seed: int, width: int = WIDTH) -> nn.Sequential:
    """Return a net of five narrow hidden layers with batch norm, too small for its task
    in full precision already.
    """
    units = [width] * DEPTH
    pixels = data.train[0][0].numel()
    return nets.mlp(pixels, *units, len(data.classes), norm=True, seed=seed)


def fresh_teacher(data: Data, seed: int, depth: int = TAUGHT_BY[1]) -> nn.Sequential:
    """Return the teacher before training: the same kind of net, layers of 128 units."""
    units = [TAUGHT_BY[0]] * depth
    pixels = data.train[0][0].numel()
    return nets.mlp(pixels, *units, len(data.classes), norm=True, seed=1000 + seed)


def on_labels(net: nn.Sequential, data: Data, seed: int) -> nn.Sequential:
    """Train a net on the labels for E epochs at the default rate, and return it."""
    return fit(net, plain(net), data, replace(CONFIG, seed=seed))


def teach(data: Data, seed: int) -> nn.Sequential:
    """Return the trained teacher, of E epochs."""
    return on_labels(fresh_teacher(data, seed), data, seed)


def rounded(net: nn.Module, **precision: Unpack[Bits]) -> nn.Module:
    """Return a copy of a net in low precision, with nothing done about it."""
    return lower(copy.deepcopy(net), **(LOW | precision))


def trained(data: Data, seed: int, **precision: Unpack[Bits]) -> nn.Sequential:
    """Train a student in low precision on the labels, and return it."""
    return on_labels(lower(student(data, seed), **(LOW | precision)), data, seed)


def tuned_alone(
    net: nn.Module, data: Data, fine_lr: float, **precision: Unpack[Bits]
) -> Iterator[Stage]:
    """Tune a trained net without a teacher, otherwise as in scheme C.

    The net is lowered, batch norm measured again, then labels at that share of the rate.
    precision: what differs from the lesson's, as for `surgery.lower`.
    """
    re_estimate(lower(net, **(LOW | precision)), data.train[0])
    yield replace(next(plain(net)), lr=fine_lr)


@dataclass(frozen=True)
class Setting:
    """What an arm may use: the teacher, trained; the images; its seed and its knob."""

    teacher: nn.Sequential
    data: Data
    seed: int
    knob: float


@dataclass(frozen=True)
class Scheme(Arm):
    """One way to a net in low precision: method(net, setting) -> stages.

    scheme: of the paper, "" for none. second: a second training, of a net trained in
    full precision; its tries are shares of the rate, those of other arms rates. times
    E: the epochs in one go.
    """

    scheme: str = ""
    second: bool = False
    times: int = 1

    @property
    def tries(self) -> tuple[float, ...]:
        return FINE if self.second else RATES


def in_full(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Learn from the labels in full precision."""
    return plain(net)


def in_full_taught(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Learn from the trained teacher in full precision."""
    return apprentice(net, setting.teacher, scheme="B", **FULL)


def untaught(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Learn from the labels in low precision."""
    return plain(lower(net, **LOW))


def smoothed(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Learn in low precision from labels that are as unsure as the teacher."""
    smoothing = smoothing_of(setting.teacher, setting.data)
    return plain(lower(net, **LOW), smoothing=smoothing)


def jointly(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Scheme A: learn in low precision beside a teacher that learns too."""
    teacher = fresh_teacher(setting.data, setting.seed)
    return apprentice(net, teacher, scheme="A", **LOW)


def taught(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Scheme B: learn in low precision from the trained teacher."""
    return apprentice(net, setting.teacher, scheme="B", **LOW)


def tuned(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Scheme C: tune a trained net in low precision with the trained teacher."""
    return apprentice(net, setting.teacher, scheme="C", fine_lr=setting.knob, **LOW)


def tuned_untaught(net: nn.Sequential, setting: Setting) -> Iterator[Stage]:
    """Tune a trained net in low precision on the labels."""
    return tuned_alone(net, setting.data, setting.knob)


ARMS = by_name(
    Scheme(FIRST, in_full, role="control"),
    Scheme("full precision, teacher", in_full_taught, role="control"),
    Scheme("full precision, 2E", in_full, role="control", times=2),
    Scheme("no teacher", untaught, role="control"),
    Scheme("label smoothing", smoothed, role="control"),
    Scheme("A", jointly, scheme="A"),
    Scheme("B", taught, scheme="B"),
    Scheme("C", tuned, scheme="C", second=True),
    Scheme("C, no teacher", tuned_untaught, role="control", scheme="C", second=True),
    Scheme("no teacher, 2E", untaught, role="control", times=2),
    Scheme("B, 2E", taught, role="diagnostic", scheme="B", times=2),
)
# settings of every experiment
SHARED = {
    "config": CONFIG,
    "width": WIDTH,
    "depth": DEPTH,
    "taught_by": TAUGHT_BY,
    "low": LOW,
}
TRIED = SHARED | {"arms": ARMS, "rates": RATES, "fine": FINE, "full": FULL}


def run(
    arm: str,
    data: Data,
    teacher: nn.Sequential,
    first: nn.Sequential,
    seed: int,
    choice: int = 0,
) -> dict:
    """Train one student of an arm, with one of its three tries, and return its row:
    accuracies in [0, 1], the epochs that its weights have seen.

    first: the trained full-precision student of the seed, where a second training
    starts; other students are as wide. "curve": validation accuracy after each epoch.
    """
    scheme = ARMS[arm]
    knob = scheme.tries[choice]
    epochs = CONFIG.epochs * scheme.times
    config = replace(CONFIG, seed=seed, epochs=epochs)
    seen = epochs
    if scheme.second:
        net = copy.deepcopy(first)
        seen += CONFIG.epochs
    else:
        net = student(data, seed, weighted(first)[-1].weight.shape[1])
        config = replace(config, lr=knob)
    stages = scheme.method(net, Setting(teacher, data, seed, knob))
    curve = _validation_curve(train(stages, data, config, progress=False))
    about = {"seed": seed, "arm": arm, "choice": choice, "knob": knob, "epochs": seen}
    return about | scores(net, data) | {"curve": curve}


def _validation_curve(rows: list[dict]) -> list[float]:
    """Return the validation accuracy of the one net that is scored, epoch by epoch."""
    (name,) = (key for key in rows[0] if key in SCORED)
    return [round(row[name], 4) for row in rows]


def scores(net: nn.Module, data: Data) -> dict:
    """Measure accuracies in [0, 1]; a seed's test images are looked at once, when its
    net is done.
    """
    return accuracies(net, data)


def first_student(data: Data, seed: int, width: int = WIDTH) -> nn.Sequential:
    """Return the trained full-precision student of a seed, at the default rate."""
    return on_labels(student(data, seed, width), data, seed)


@experiment(settings=TRIED | {"scored": SCORED, "rounded": (STRAIGHT, MEASURED)})
def precision_schemes(data: Data, seed: int) -> list[dict]:
    """Train every arm with each of its tries; and round the full-precision net and
    leave it at that.
    """
    data = data.halved()
    teacher = teach(data, seed)
    first = first_student(data, seed)
    rows = [
        run(arm, data, teacher, first, seed, choice)
        for arm in ARMS
        for choice in range(3)
    ]
    about = {"seed": seed, "choice": 0, "knob": 0.0, "epochs": CONFIG.epochs}
    net = rounded(first)
    rows.append(about | {"arm": STRAIGHT} | scores(net, data))
    re_estimate(net, data.train[0])
    rows.append(about | {"arm": MEASURED} | scores(net, data))
    return [*rows, about | {"arm": "the teacher"} | scores(teacher, data)]


@experiment(
    settings=TRIED | {"scored": SCORED, "clothes": CLOTHES, "wider": WIDER},
    data=clothes,
    embedded=False,
)
def precision_clothes(data: Data, seed: int) -> list[dict]:
    """Train every arm with its default setting on 4,000 clothes of Fashion-MNIST
    (`data`), and 10,000 to test; layers of 16 units.
    """
    data = data.fraction(CLOTHES / len(data.train[0])).halved()
    teacher = teach(data, seed)
    first = first_student(data, seed, WIDER)
    return [run(arm, data, teacher, first, seed) for arm in ARMS]


@experiment(settings=SHARED | {"bits": BITS})
def precision_bits(data: Data, seed: int) -> list[dict]:
    """Train every pair of BITS from scratch on labels; and, with activations of 8 bits,
    with the teacher (scheme B).
    """
    data = data.halved()
    teacher = teach(data, seed)
    rows = []
    for weights in BITS["weights"]:
        for activations in BITS["activations"]:
            bits = LOW | {"weight_bits": weights, "activation_bits": activations}
            about = {"seed": seed, "weights": weights, "activations": activations}
            net = student(data, seed)
            on_labels(lower(net, **bits), data, seed)
            rows.append({"arm": "no teacher"} | about | scores(net, data))
            if activations != LOW["activation_bits"]:
                continue
            net = student(data, seed)
            stages = apprentice(net, teacher, scheme="B", **bits)
            fit(net, stages, data, replace(CONFIG, seed=seed))
            rows.append({"arm": "B"} | about | scores(net, data))
    return rows


@experiment(settings=SHARED | {"teachers": TEACHERS})
def precision_teachers(data: Data, seed: int) -> list[dict]:
    """Train with scheme B from each of TEACHERS: what the student gets, and how good
    the teacher itself is.
    """
    data = data.halved()
    rows = []
    for arm, (bits, depth) in TEACHERS.items():
        teacher = fresh_teacher(data, seed, depth)
        on_labels(lower(teacher, weight_bits=bits, activation_bits=32), data, seed)
        net = student(data, seed)
        stages = apprentice(net, teacher, scheme="B", **LOW)
        fit(net, stages, data, replace(CONFIG, seed=seed))
        of_teacher = {"teacher": scores(teacher, data)["accuracy"]}
        rows.append({"seed": seed, "arm": arm} | scores(net, data) | of_teacher)
    return rows

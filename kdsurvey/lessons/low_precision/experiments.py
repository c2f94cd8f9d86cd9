"""Notebook 09: a net that is too small already, with ternary weights and with a
teacher. Mishra & Marr 2018, arXiv 1711.05852.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data, fashion_mnist
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.methods import apprentice, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage
from kdsurvey.surgery import lower, re_estimate, used, weighted
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(
    epochs=12, batch_size=64, lr=0.1, schedule="cosine", weight_decay=5e-4
)  # of every net: E epochs
# units of a hidden layer and how many of them; the teacher's
WIDTH = 8
DEPTH = 5
TAUGHT_BY = (128, 4)
LOW = {
    "weight_bits": 2,
    "activation_bits": 8,
    "top": 4.0,
}  # ternary weights; batch norm and ReLU seldom say more than 4
RATES = (0.1, 0.05, 0.2)  # the three tries of an arm from scratch, the default first
FINE = (0.1, 0.3, 1.0)  # those of a second training: shares of the rate
TWICE = ", 2E"  # ends the name of an arm of 2E epochs in one go
FIRST = "full precision"
CHOICES = {
    FIRST: RATES,
    "full precision, teacher": RATES,
    "full precision, 2E": RATES,
    "no teacher": RATES,
    "label smoothing": RATES,
    "A": RATES,
    "B": RATES,
    "C": FINE,
    "C, no teacher": FINE,
    "no teacher, 2E": RATES,
    "B, 2E": RATES,
}
STRAIGHT, MEASURED = "rounded", "rounded, batch norm measured anew"  # before any tuning
BITS = {"weights": (2, 3, 4, 8, 32), "activations": (2, 4, 8, 32)}
TEACHERS = {  # bits of the weights, hidden layers: precise or coarse, shallow or deep
    "full precision, 2 layers": (32, 2),
    "full precision, 6 layers": (32, 6),
    "ternary, 2 layers": (2, 2),
    "ternary, 6 layers": (2, 6),
}
SHARED = {
    "config": CONFIG,
    "width": WIDTH,
    "depth": DEPTH,
    "taught_by": TAUGHT_BY,
    "low": LOW,
}  # settings of every experiment
ARMS = SHARED | {"choices": CHOICES, "twice": TWICE}
CLOTHES = 4000  # training images of Fashion-MNIST
WIDER = 16  # units of a hidden layer for clothes


def clothes() -> Data:
    """Load Fashion-MNIST, 2,000 of its training images held out for validation."""
    return fashion_mnist().hold_out(2_000)


def student(data: Data, seed: int, width: int = WIDTH) -> nn.Sequential:
    """A net of five narrow hidden layers with batch norm, too small for its task in
    full precision already.
    """
    return nets.mlp(
        data.train[0][0].numel(),
        *[width] * DEPTH,
        len(data.classes),
        norm=True,
        seed=seed,
    )


def fresh_teacher(data: Data, seed: int, depth: int = TAUGHT_BY[1]) -> nn.Sequential:
    """The teacher before training: the same kind of net with layers of 128 units."""
    widths = [TAUGHT_BY[0]] * depth
    return nets.mlp(
        data.train[0][0].numel(),
        *widths,
        len(data.classes),
        norm=True,
        seed=1000 + seed,
    )


def on_labels(net: nn.Sequential, data: Data, seed: int) -> nn.Sequential:
    """The net, trained on the labels for E epochs at the default rate."""
    train(plain(net), data, replace(CONFIG, seed=seed), progress=False)
    return net


def teach(data: Data, seed: int) -> nn.Sequential:
    """The trained teacher, of E epochs."""
    return on_labels(fresh_teacher(data, seed), data, seed)


def rounded(net: nn.Module, **precision) -> nn.Module:
    """A copy of a net in low precision, with nothing done about it."""
    return lower(copy.deepcopy(net), **(LOW | precision))


def trained(data: Data, seed: int, **precision) -> nn.Sequential:
    """A student trained in low precision on the labels."""
    return on_labels(lower(student(data, seed), **(LOW | precision)), data, seed)


def tuned_alone(net: nn.Module, data: Data, fine_lr: float) -> Iterator[Stage]:
    """Scheme C without a teacher: the trained net lowered, batch norm measured anew,
    labels at that share of the rate.
    """
    re_estimate(lower(net, **LOW), data.train[0])
    yield replace(next(plain(net)), lr=fine_lr)


def method(
    arm: str,
    net: nn.Sequential,
    teacher: nn.Sequential,
    data: Data,
    knob: float,
    seed: int,
) -> Iterator[Stage]:
    """The stages of an arm of CHOICES, on a fresh student, or a trained one where the
    arm begins with "C".
    """
    kind, full = arm.removesuffix(TWICE), {"weight_bits": 32, "activation_bits": 32}
    return {
        FIRST: lambda: plain(net),
        "full precision, teacher": lambda: apprentice(net, teacher, scheme="B", **full),
        "no teacher": lambda: plain(lower(net, **LOW)),
        "label smoothing": lambda: plain(
            lower(net, **LOW), smoothing=smoothing_of(teacher, data)
        ),
        "A": lambda: apprentice(net, fresh_teacher(data, seed), scheme="A", **LOW),
        "B": lambda: apprentice(net, teacher, scheme="B", **LOW),
        "C": lambda: apprentice(net, teacher, scheme="C", fine_lr=knob, **LOW),
        "C, no teacher": lambda: tuned_alone(net, data, knob),
    }[kind]()


def run(
    arm: str,
    data: Data,
    teacher: nn.Sequential,
    first: nn.Sequential,
    seed: int,
    choice: int = 0,
) -> dict:
    """One student of an arm, with one of its three choices. Its row: accuracies in [0,
    1], the epochs that its weights have seen.

    first: the trained full-precision student of the seed, where C starts; the others
    are as wide. "curve": validation accuracy after each epoch.
    """
    tuned, knob = arm.startswith("C"), CHOICES[arm][choice]
    net = copy.deepcopy(first) if tuned else student(data, seed, first[-1].in_features)
    epochs = CONFIG.epochs * (2 if arm.endswith(TWICE) else 1)
    config = replace(CONFIG, seed=seed, epochs=epochs, lr=CONFIG.lr if tuned else knob)
    rows = train(
        method(arm, net, teacher, data, knob, seed), data, config, progress=False
    )
    about = {
        "seed": seed,
        "arm": arm,
        "choice": choice,
        "knob": knob,
        "epochs": epochs + CONFIG.epochs * tuned,
    }
    curve = [
        row[
            "student validation accuracy"
            if "student validation accuracy" in row
            else "net validation accuracy"
        ]
        for row in rows
    ]
    return about | scores(net, data) | {"curve": [round(share, 4) for share in curve]}


def scores(net: nn.Module, data: Data) -> dict:
    """Accuracies in [0, 1]; a seed's test images are looked at once, when its net is done."""
    parts = {"accuracy": data.test, "validation accuracy": data.validation}
    return {name: round(accuracy(net, *part), 4) for name, part in parts.items()}


def first_student(data: Data, seed: int, width: int = WIDTH) -> nn.Sequential:
    """The trained full-precision student of a seed, at the default rate."""
    return on_labels(student(data, seed, width), data, seed)


@experiment(settings=ARMS | {"rounded": (STRAIGHT, MEASURED)})
def precision_schemes(data: Data, seed: int) -> list[dict]:
    """Every arm with each of its choices, and the full-precision net that is rounded
    and left at that.
    """
    data = data.halved()
    teacher, first = teach(data, seed), first_student(data, seed)
    rows = [
        run(arm, data, teacher, first, seed, choice)
        for arm in CHOICES
        for choice in range(3)
    ]
    about = {"seed": seed, "choice": 0, "knob": 0.0, "epochs": CONFIG.epochs}
    net = rounded(first)
    rows.append(about | {"arm": STRAIGHT} | scores(net, data))
    rows.append(
        about | {"arm": MEASURED} | scores(re_estimate(net, data.train[0]), data)
    )
    return [*rows, about | {"arm": "the teacher"} | scores(teacher, data)]


@experiment(
    settings=ARMS | {"clothes": CLOTHES, "wider": WIDER}, data=clothes, embedded=False
)
def precision_clothes(data: Data, seed: int) -> list[dict]:
    """Every arm with its default setting on 4,000 clothes of Fashion-MNIST (`data`),
    and 10,000 to test; layers of 16 units.
    """
    data = data.fraction(CLOTHES / len(data.train[0])).halved()
    teacher, first = teach(data, seed), first_student(data, seed, WIDER)
    return [run(arm, data, teacher, first, seed) for arm in CHOICES]


@experiment(settings=SHARED | {"bits": BITS})
def precision_bits(data: Data, seed: int) -> list[dict]:
    """Every pair of BITS from scratch on labels; and, with activations of 8 bits, with
    the teacher (scheme B).
    """
    data = data.halved()
    teacher, rows = teach(data, seed), []
    for weights in BITS["weights"]:
        for activations in BITS["activations"]:
            bits = LOW | {"weight_bits": weights, "activation_bits": activations}
            for arm in ("no teacher", "B")[
                : 2 if activations == LOW["activation_bits"] else 1
            ]:
                net = student(data, seed)
                stages = (
                    apprentice(net, teacher, scheme="B", **bits)
                    if arm == "B"
                    else plain(lower(net, **bits))
                )
                train(stages, data, replace(CONFIG, seed=seed), progress=False)
                rows.append(
                    {
                        "seed": seed,
                        "arm": arm,
                        "weights": weights,
                        "activations": activations,
                    }
                    | scores(net, data)
                )
    return rows


@experiment(settings=SHARED | {"teachers": TEACHERS})
def precision_teachers(data: Data, seed: int) -> list[dict]:
    """Scheme B from each of TEACHERS: what the student gets, and how good the teacher itself is."""
    data, rows = data.halved(), []
    for arm, (bits, depth) in TEACHERS.items():
        teacher, net = fresh_teacher(data, seed, depth), student(data, seed)
        on_labels(lower(teacher, weight_bits=bits, activation_bits=32), data, seed)
        train(
            apprentice(net, teacher, scheme="B", **LOW),
            data,
            replace(CONFIG, seed=seed),
            progress=False,
        )
        rows.append(
            {"seed": seed, "arm": arm}
            | scores(net, data)
            | {"teacher": scores(teacher, data)["accuracy"]}
        )
    return rows


def histogram(
    net: nn.Module, low: nn.Module, layer: int = 2
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Per cent of a hidden layer's weights in bins of 0.25, before rounding and after,
    and the middles of the bins.
    """
    w, q = (used(weighted(part)[layer - 1]).flatten().numpy() for part in (net, low))
    reach = np.ceil(4 * np.abs(np.r_[w, q]).max()) / 4
    edges = np.arange(-reach - 0.125, reach + 0.25, 0.25)
    shares = {
        name: 100 * np.histogram(part, edges)[0] / len(w)
        for name, part in (("before", w), ("after", q))
    }
    return shares, [f"{middle:g}" for middle in edges[:-1] + 0.125]

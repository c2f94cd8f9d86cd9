"""Notebook 04: how deep a thin net may be, with labels, soft targets and hints. Romero
et al. 2015, arXiv 1412.6550.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels, smoothing_of
from kdsurvey.lessons.arms import Arm, by_name, fit
from kdsurvey.lessons.rows import accuracies
from kdsurvey.measures import spread
from kdsurvey.methods import fitnets, joint_hints, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage
from kdsurvey.surgery import weighted
from kdsurvey.training import Config

# of every student, both stages together
CONFIG = Config(epochs=20, batch_size=64, lr=0.02, schedule="constant")
TEACHER = Config(
    epochs=15, batch_size=64, lr=0.001, optimiser="adam", schedule="cosine"
)
WIDTH = 32  # units of a student's hidden layer
DEPTHS = (4, 6, 8, 10)  # hidden layers
DEEP = 10
HINT = 2  # blocks of the teacher up to the hint: Flatten and its first hidden layer
STARTS = ("PyTorch's", "batch norm", "He's", "tiny")
FLOOR = 1e-8  # of a spread


@dataclass(frozen=True, kw_only=True)
class Tuned(Arm):
    """An arm with one knob, for which there are some tries, the package's default first.

    method: (net, teacher, setting of the knob, **blocks) -> stages; blocks are "guided"
    and "hint". knob: its name; "lr" is the learning rate of all the training.
    """

    knob: str
    tries: tuple[float, ...]


def _labels(net, teacher, lr, **blocks) -> Iterator[Stage]:
    return plain(net)


def _kd(net, teacher, lr, **blocks) -> Iterator[Stage]:
    return fitnets(net, teacher, hint_epochs=0.0, **blocks)


def _hints_then_kd(net, teacher, hint_lr, **blocks) -> Iterator[Stage]:
    return fitnets(net, teacher, hint_lr=hint_lr, **blocks)


def _at_once(net, teacher, beta, **blocks) -> Iterator[Stage]:
    return joint_hints(net, teacher, beta=beta, **blocks)


# from here on the second stage has the labels alone
def _hints(net, teacher, hint_lr, **blocks) -> Iterator[Stage]:
    return fitnets(net, teacher, hint_lr=hint_lr, lam=(0, 0), **blocks)


def _hints_at_once(net, teacher, beta, **blocks) -> Iterator[Stage]:
    return joint_hints(net, teacher, beta=beta, lam=(0, 0), **blocks)


def _untrained_hints(net, teacher, hint_lr, **blocks) -> Iterator[Stage]:
    return _hints(net, untrained(teacher), hint_lr, **blocks)


def _lower_half(net, teacher, lr, **blocks) -> Iterator[Stage]:
    return labels_first(net, lr / CONFIG.lr)


HINT_LR = 0.6  # at which the first stage is over in the pictures
# the default first
RATES = (0.02, 0.01, 0.04, 0.08)
HINT_RATES = (0.2, 0.06, 0.6, 2.0)
BETAS = (0.01, 0.1, 1.0, 10.0)
ARMS = by_name(
    Tuned("labels", _labels, role="control", knob="lr", tries=RATES),
    Tuned("KD", _kd, role="control", knob="lr", tries=RATES),
    Tuned("hints, then KD", _hints_then_kd, knob="hint_lr", tries=HINT_RATES),
    Tuned("both at once", _at_once, role="control", knob="beta", tries=BETAS),
    Tuned("hints", _hints, role="diagnostic", knob="hint_lr", tries=HINT_RATES),
    Tuned(
        "hints and labels at once",
        _hints_at_once,
        role="diagnostic",
        knob="beta",
        tries=BETAS,
    ),
    Tuned(
        "hints of an untrained teacher",
        _untrained_hints,
        role="diagnostic",
        knob="hint_lr",
        tries=HINT_RATES,
    ),
    Tuned(
        "labels on the lower half",
        _lower_half,
        role="diagnostic",
        knob="lr of the first stage",
        tries=RATES,
    ),
)
MAIN = ("labels", "KD", "hints, then KD", "both at once")
FIRST = (  # what comes before labels on the whole net, in the first arm nothing
    "labels",
    "hints",
    "hints and labels at once",
    "hints of an untrained teacher",
    "labels on the lower half",
)
STARTED = ("labels", "KD", "hints, then KD")  # from each of STARTS
SETTINGS = {
    "config": CONFIG,
    "teacher": TEACHER,
    "width": WIDTH,
    "hint": HINT,
    "arms": ARMS,
    "starts": STARTS,
}


def teach(data: Data, seed: int) -> nn.Sequential:
    """Train the wide and shallow teacher: two hidden layers of 300, on the labels."""
    net = nets.mlp(data.train[0][0].numel(), 300, 300, len(data.classes), seed=seed)
    return on_labels(net, data, TEACHER, seed)


def thin(
    data: Data, depth: int, seed: int, start: str = STARTS[0], width: int = WIDTH
) -> nn.Sequential:
    """Return a student of `depth` hidden layers that starts as one of STARTS says; of a
    seed, all start from the same draws.

    width: units of a hidden layer.
    """
    net = nets.mlp(
        data.train[0][0].numel(),
        *[width] * depth,
        len(data.classes),
        norm=start == "batch norm",
        seed=seed,
    )
    if start in ("He's", "tiny"):
        rescale(net, start)
    return net


@torch.no_grad()
def rescale(net: nn.Module, start: str) -> None:
    """Scale the initial weights of every linear layer: "He's" to U(+-sqrt(6 / inputs))
    without bias, "tiny" to U(+-0.005).
    """
    for layer in (part for part in net.modules() if isinstance(part, nn.Linear)):
        drawn = layer.in_features**-0.5  # PyTorch's bound
        layer.weight.mul_(6**0.5 if start == "He's" else 0.005 / drawn)
        layer.bias.mul_(0 if start == "He's" else 0.005 / drawn)


def middle(net: nn.Sequential) -> int:
    """Return how many blocks of a student are guided: Flatten and the lower half of its
    hidden layers.
    """
    return 1 + (len(net) - 2) // 2


def method(
    arm: Tuned,
    net: nn.Sequential,
    teacher: nn.Sequential,
    knob: float,
    guided: int | None = None,
) -> Iterator[Stage]:
    """Return the stages of an arm, its knob set; the learning rate of all the training
    is not among them, see `run`.

    guided: the student's hidden layer that is guided, counted from 1; None is the middle.
    """
    blocks = {"guided": middle(net) if guided is None else 1 + guided, "hint": HINT}
    return arm.method(net, teacher, knob, **blocks)


def untrained(teacher: nn.Sequential) -> nn.Sequential:
    """Return a net of the teacher's shape with initial weights, always the same."""
    layers = [part for part in teacher.modules() if isinstance(part, nn.Linear)]
    widths = [layer.in_features for layer in layers]
    return nets.mlp(*widths, layers[-1].out_features, seed=1000)


def labels_first(net: nn.Sequential, lr: float) -> Iterator[Stage]:
    """Train in two stages without a teacher: the lower half with a linear classifier on
    it, at that share of the rate; then all.
    """
    classes = len(weighted(net)[-1].weight)
    lower = nn.Sequential(*net[: middle(net)], nn.Linear(WIDTH, classes))
    yield replace(next(plain(lower)), name="lower half", epochs=0.4, lr=lr)
    yield replace(next(plain(net)), epochs=0.6)


def run(
    name: str,
    data: Data,
    teacher: nn.Sequential,
    seed: int,
    depth: int,
    *,
    choice: int = 0,
    start: str = STARTS[0],
    guided: int | None = None,
) -> dict:
    """Train one student of an arm, with one of its tries.

    Returns its row: accuracies in [0, 1], chance where it diverged.
    """
    arm = ARMS[name]
    knob = arm.tries[choice]
    net = thin(data, depth, seed, start)
    lr = knob if arm.knob == "lr" else CONFIG.lr
    config = replace(CONFIG, seed=seed, lr=lr)
    about = {
        "arm": name,
        "depth": depth,
        "start": start,
        "choice": choice,
        "knob": knob,
    }
    return row(method(arm, net, teacher, knob, guided), net, data, config, **about)


def row(
    stages: Iterator[Stage], net: nn.Module, data: Data, config: Config, **about
) -> dict:
    """Train a net by the stages, until it diverges if it does, and return its row."""
    fit(net, stages, data, config, may_diverge=True)
    return {"seed": config.seed, **about, **accuracies(net, data)}


@experiment(settings={**SETTINGS, "main": MAIN, "depths": DEPTHS})
def fitnets_depths(data: Data, seed: int) -> list[dict]:
    """Train every arm at every depth with each of its tries, and with label smoothing
    at the rate that was best for the labels.
    """
    data = data.halved()
    teacher = teach(data, seed)
    smoothing = smoothing_of(teacher, data)
    rows = []
    for depth in DEPTHS:
        tried = [
            run(name, data, teacher, seed, depth, choice=choice)
            for name in MAIN
            for choice in range(len(ARMS[name].tries))
        ]
        labels = [row for row in tried if row["arm"] == "labels"]
        rows += [*tried, smoothed(labels, smoothing, data, seed)]
    return rows


def smoothed(labels: list[dict], smoothing: float, data: Data, seed: int) -> dict:
    """Train a student on smoothed labels, at the rate of the best of the rows `labels`
    by validation images, and return its row.
    """
    best = max(labels, key=lambda row: row["validation accuracy"])
    about = {name: best[name] for name in ("depth", "start", "choice", "knob")}
    net = thin(data, best["depth"], seed)
    stages = plain(net, smoothing=smoothing)
    config = replace(CONFIG, seed=seed, lr=best["knob"])
    return row(stages, net, data, config, arm="label smoothing", **about)


@experiment(settings={**SETTINGS, "first": FIRST, "deep": DEEP})
def fitnets_first_stages(data: Data, seed: int) -> list[dict]:
    """Train the deep student after each kind of first stage, with all its tries; the
    second stage has the labels alone.
    """
    data = data.halved()
    teacher = teach(data, seed)
    return [
        run(name, data, teacher, seed, DEEP, choice=choice)
        for name in FIRST
        for choice in range(len(ARMS[name].tries))
    ]


@experiment(settings={**SETTINGS, "started": STARTED, "deep": DEEP})
def fitnets_starts(data: Data, seed: int) -> list[dict]:
    """Train the deep student from other starts: labels, KD and hints, each with its
    default settings.
    """
    data = data.halved()
    teacher = teach(data, seed)
    return [
        run(name, data, teacher, seed, DEEP, start=start)
        for start in STARTS[1:]
        for name in STARTED
    ]


def spreads(
    data: Data, teacher: nn.Sequential, depth: int = DEEP, seed: int = 0
) -> dict[str, list[float]]:
    """Measure the `measures.spread` of a deep net: before training, after it with
    labels, after stage 1 of hints, and at the end.

    Never less than 1e-8, so that it can be drawn on a logarithmic scale.
    """
    x = data.held_out[0]
    config = replace(CONFIG, seed=seed)
    alone, hinted = (thin(data, depth, seed) for _ in range(2))
    hints = ARMS["hints, then KD"]
    measured = {"before training": spread(alone, x)}

    def look(row: dict) -> None:
        if row["stage"] == "hint":
            measured["hints, after stage 1"] = spread(hinted, x)

    fit(alone, plain(alone), data, config)
    stages = method(hints, hinted, teacher, HINT_LR)
    fit(hinted, stages, data, config, on_epoch=look)
    measured["hints, then KD, at the end"] = spread(hinted, x)
    measured["labels, at the end"] = spread(alone, x)
    return {
        name: [max(value, FLOOR) for value in values]
        for name, values in measured.items()
    }

"""Notebook 02: the MNIST experiments of Hinton, Vinyals & Dean 2015, section 3, at the
scale of a lesson.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.alone import labels, on_labels, smoothed
from kdsurvey.lessons.arms import Arm, by_name
from kdsurvey.lessons.rows import accuracies
from kdsurvey.losses import soften
from kdsurvey.methods import hinton, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(epochs=20, batch_size=128, lr=0.1)
JITTER = 2  # pixels, of the teacher's images
T_PAPER = 20.0
TEMPERATURES = (1.0, 2.5, 4.0, 8.0, 20.0, 50.0)
WIDTHS = (30, 300)  # units of a layer, in `widths`
RATES = (0.03, 0.1, 0.3, 0.9)  # in `learning_rates`
SHARE = 0.05  # of the images, in `few_labels`
LONG = replace(CONFIG, epochs=200, schedule="constant", lr=0.05)  # over those
LABELLED = 0.5  # of the images, in `transfer_sets`
LONGER = replace(CONFIG, epochs=2 * CONFIG.epochs)  # over those: equal steps
MEMBERS = 5  # of `ensemble`
T_ENSEMBLE = 4.0


def big(seed: int) -> nn.Sequential:
    """Return the paper's big net: two hidden layers of 1200, with dropout."""
    return nets.mlp(784, 1200, 1200, 10, dropout=0.5, seed=seed)


def small(seed: int) -> nn.Sequential:
    """Return the paper's small net: two hidden layers of 800, not regularised."""
    return nets.mlp(784, 800, 800, 10, seed=seed)


def teach(data: Data, seed: int, config: Config = CONFIG) -> nn.Module:
    """Train the big net on the labels of images jittered by up to 2 pixels."""
    jittered = replace(config, jitter=JITTER)
    return on_labels(big(seed), data, jittered, seed, progress=True)


def unsure(
    net: nn.Module, data: Data, T: float, n: int
) -> tuple[np.ndarray, list[str]]:
    """Return the n test images of which a net is least sure at T, and for each its label
    and the net's two best answers: "4: 9 or 4".
    """
    x, y = data.test
    p = soften(Teacher(net).logits(x), T)
    least = p.amax(-1).argsort()[:n]
    best = p[least].topk(2).indices.tolist()
    names = data.classes
    titles = [
        f"{names[label]}: {names[first]} or {names[second]}"
        for label, (first, second) in zip(y[least].tolist(), best)
    ]
    return x[least, 0].numpy(), titles


def soft(net: nn.Module, teacher: Teacher, data: Data) -> Iterator[Stage]:
    """Learn from the teacher's soft targets alone, at the paper's temperature."""
    return hinton(net, teacher, T=T_PAPER, alpha=1.0)


def soft_and_hard(net: nn.Module, teacher: Teacher, data: Data) -> Iterator[Stage]:
    """Learn from soft targets and, with a tenth of the weight, from the labels."""
    return hinton(net, teacher, T=T_PAPER, alpha=0.9)


ARMS = by_name(
    Arm("hard only", labels, role="control"),
    # the rate that suits hard targets, see `learning_rates`
    Arm("hard only, lr 0.3", labels, {"lr": 0.3}, role="control"),
    Arm("soft only", soft),
    Arm("soft + hard", soft_and_hard),
    Arm("label smoothing", smoothed, role="control"),
    Arm("hard only, jittered", labels, {"jitter": JITTER}, role="control"),
)
FULL = ("hard only", "hard only, lr 0.3", "soft only", "hard only, jittered")


def row(arm: str, seed: int, net: nn.Module, data: Data, **more) -> dict:
    """Return what is kept of a finished run: its errors, and the accuracies on training
    and validation images in [0, 1].
    """
    parts = {"train accuracy": "train", "validation accuracy": "validation"}
    kept = accuracies(net, data, parts, digits=None)
    return {"arm": arm, "seed": seed, **more, **errors(net, data), **kept}


def errors(net: nn.Module, data: Data) -> dict[str, int]:
    """Count the test images that the net gets wrong, and all of them.

    A net that diverged counts as `accuracies` counts it.
    """
    n = len(data.test[0])
    share = accuracies(net, data, {"accuracy": "test"}, digits=None)["accuracy"]
    return {"errors": round((1 - share) * n), "n": n}


def run(
    arm: str,
    stages: Iterator[Stage],
    net: nn.Module,
    data: Data,
    seed: int,
    config: Config = CONFIG,
) -> dict:
    """Train a net by the stages and return its row."""
    train(stages, data, replace(config, seed=seed))
    return row(arm, seed, net, data)


def students(
    data: Data,
    seed: int,
    teacher: nn.Module | Teacher,
    arms: Sequence[str] = tuple(ARMS),
    config: Config = CONFIG,
) -> list[dict]:
    """Train one small net for each of these arms, all from equal weights.

    Returns their rows. Raises KeyError for a name that is not in ARMS.
    """
    teacher = Teacher(teacher)
    rows = []
    for name in arms:
        arm, net = ARMS[name], small(seed)
        stages = arm.method(net, teacher, data)
        rows.append(run(name, stages, net, data, seed, arm.config(config)))
    return rows


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "t_paper": T_PAPER,
        "arms": ARMS,
    },
)
def nets_compared(data: Data, seed: int) -> list[dict]:
    """Compare big, small and distilled nets: one teacher, and every small net from the
    same initial weights, order and steps.
    """
    teacher = teach(data, seed)
    return [row("teacher", seed, teacher, data), *students(data, seed, teacher)]


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "rates": RATES,
        "t_paper": T_PAPER,
        "arms": ARMS,
    },
)
def learning_rates(data: Data, seed: int) -> list[dict]:
    """Train on hard and on soft targets at four learning rates each: equal tuning for
    both arms, judged on validation images.

    A run that diverges is a row like any other, with the accuracy of a net that answers at random.
    """
    teacher = Teacher(teach(data, seed))
    rows = []
    for lr in RATES:
        for name in ("hard only", "soft only"):
            net = small(seed)
            stages = ARMS[name].method(net, teacher, data)
            with suppress(FloatingPointError):
                train(stages, data, replace(CONFIG, lr=lr, seed=seed))
            rows.append(row(name, seed, net, data, lr=lr))
    return rows


def at_temperature(T: float) -> str:
    """Return the name of the arm that learns from soft targets at T."""
    return f"T = {T:g}"


def temperature_by_width(
    data: Data, seed: int, width: int = WIDTHS[0], teacher: Teacher | None = None
) -> list[dict]:
    """Train students of two hidden layers of `width`, as one stack: one at each
    temperature on soft targets only, and one alone.

    teacher: None trains one. Returns a row for each.
    """
    teacher = teacher or Teacher(teach(data, seed))
    # the first member learns from the labels alone
    T = torch.tensor([1.0, *TEMPERATURES])
    alpha = torch.tensor([0.0, *[1.0] * len(TEMPERATURES)])
    stack = sweeps.stack([nets.mlp(784, width, width, 10, seed=seed)] * len(T))
    train(hinton(stack, teacher, T=T, alpha=alpha), data, replace(CONFIG, seed=seed))
    names = ["alone", *map(at_temperature, TEMPERATURES)]
    return [
        row(name, seed, net, data, width=width)
        for name, net in zip(names, sweeps.unstack(stack))
    ]


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "widths": WIDTHS,
        "temperatures": TEMPERATURES,
    },
)
def widths(data: Data, seed: int) -> list[dict]:
    """Compare temperatures at two widths, all from one teacher."""
    teacher = Teacher(teach(data, seed))
    rows = [temperature_by_width(data, seed, width, teacher) for width in WIDTHS]
    return [row for of_width in rows for row in of_width]


class Best:
    """An on_epoch hook for `train` that keeps the weights of the best epoch.

    scores: the accuracy on validation images after each epoch; weights: those of the
    epoch with the largest, of equals the first.
    """

    def __init__(self, net: nn.Module, validation: tuple[Tensor, Tensor]):
        self._net = net
        self._validation = validation
        self.scores: list[float] = []
        self.weights: dict[str, Tensor] = {}

    def __call__(self, epoch: dict) -> None:
        score = accuracy(self._net, *self._validation)
        if not self.scores or score > max(self.scores):
            state = self._net.state_dict()
            self.weights = {name: w.clone() for name, w in state.items()}
        self.scores.append(score)


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "share": SHARE,
        "long": LONG,
        "t_paper": T_PAPER,
        "arms": ARMS,
    },
)
def few_labels(data: Data, seed: int) -> list[dict]:
    """Train on a few per cent of the images: hard targets and soft targets, each to the
    end and stopped early by validation images.
    """
    teacher = teach(data, seed)
    few = data.fraction(SHARE, seed)
    rows = []
    for name in ("hard only", "soft only"):
        net, stopped = small(seed), small(seed)
        best = Best(net, few.held_out)
        stages = ARMS[name].method(net, teacher, few)
        train(stages, few, replace(LONG, seed=seed), on_epoch=best)
        stopped.load_state_dict(best.weights)
        curve = [round(score, 4) for score in best.scores[::10]]
        rows.append(row(name, seed, net, few, curve=curve))
        rows.append(row(f"{name}, stopped early", seed, stopped, few))
    return rows


@experiment(
    settings={
        "config": CONFIG,
        "jitter": JITTER,
        "labelled": LABELLED,
        "longer": LONGER,
        "t_paper": T_PAPER,
    },
)
def transfer_sets(data: Data, seed: int) -> list[dict]:
    """Compare what a student may learn from where half of the images have labels: those,
    all of them without labels, or other pictures.
    """
    labelled = data.fraction(LABELLED, seed)
    shuffled = with_images(data, scrambled(data.train[0], seed))
    teacher = Teacher(teach(labelled, seed))
    net = small(seed)
    rows = [
        row("teacher", seed, teacher.net, data),
        run("hard only, labelled half", plain(net), net, labelled, seed, LONGER),
    ]
    for name, transfer, config in (
        ("soft only, labelled half", labelled, LONGER),
        ("soft only, all, no labels", data, CONFIG),
        ("soft only, scrambled images", shuffled, CONFIG),
    ):
        net = small(seed)
        rows.append(run(name, soft(net, teacher, data), net, transfer, seed, config))
    return rows


def with_images(data: Data, x: Tensor) -> Data:
    """Return the data with other training images; their labels mean nothing any more."""
    return replace(
        data,
        train=(x, data.train[1]),
        source=f"{data.source}; training images scrambled",
    )


def scrambled(x: Tensor, seed: int) -> Tensor:
    """Cut images (n, 1, 28, 28) into 7 x 7 patches that change places within each
    image: strokes, but no digits.
    """
    g = torch.Generator().manual_seed(seed)
    patches = x.reshape(len(x), 4, 7, 4, 7).transpose(2, 3).reshape(len(x), 16, 7, 7)
    order = torch.rand(len(x), 16, generator=g).argsort(1).to(x.device)
    patches = patches[torch.arange(len(x), device=x.device)[:, None], order]
    return patches.reshape(len(x), 4, 4, 7, 7).transpose(2, 3).reshape(x.shape)


@experiment(
    settings={"config": CONFIG, "members": MEMBERS, "t_ensemble": T_ENSEMBLE},
)
def ensemble(data: Data, seed: int) -> list[dict]:
    """Train small nets from other seeds, and one small net on the soft targets of their
    ensemble, beside one alone.
    """
    seeds = [1000 * (k + 1) + seed for k in range(MEMBERS)]
    members = [on_labels(small(s), data, CONFIG, s, progress=True) for s in seeds]
    together = nets.Ensemble(members)
    alone, student = small(seed), small(seed)
    distil = hinton(student, together, T=T_ENSEMBLE, alpha=1.0)
    return [
        row("one member", seed, members[0], data),
        row("ensemble", seed, together, data),
        run("hard only", plain(alone), alone, data, seed),
        run("distilled from the ensemble", distil, student, data, seed),
    ]

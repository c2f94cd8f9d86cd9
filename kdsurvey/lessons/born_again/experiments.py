"""Notebook 08: students of their own kind, on digits of which a fifth have redrawn
labels. Furlanello et al. 2018, section 3.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from kdsurvey import nets
from kdsurvey.data import Data
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.arms import fit
from kdsurvey.losses import soften
from kdsurvey.methods import ban, hinton, plain
from kdsurvey.methods.permuted import Permuted
from kdsurvey.records import experiment
from kdsurvey.stage import Batch, Stage, Teacher
from kdsurvey.training import Config, accuracy

CONFIG = Config(
    epochs=40, batch_size=64, lr=0.05, schedule="cosine", nesterov=True
)  # long enough to learn wrong labels too
STOPPED = replace(CONFIG, epochs=10)
DECAYED = replace(CONFIG, weight_decay=5e-3)
ONCE = replace(CONFIG, epochs=1)  # of a teacher that has hardly learnt
SETTINGS = {
    "40 epochs": CONFIG,
    "10 epochs": STOPPED,
    "40 epochs, weight decay": DECAYED,
}  # every arm has the same choice
LABELS = {"a fifth redrawn": 0.2, "clean": 0.0}
TARGETS = {
    "BAN": "ban",
    "BAN+L": "ban+l",
    "CWTM": "cwtm",
    "DKPP": "dkpp",
    "DKPP, redrawn": "dkpp",
}
ARMS = (
    "alone",
    "BAN",
    "BAN+L",
    "BAN+L, halves",
    "CWTM",
    "DKPP",
    "DKPP, redrawn",
    "label smoothing",
)
GENERATIONS = 4
Make = Callable[[Data, int], nn.Sequential]


def few(data: Data, seed: int, labels: str) -> Data:
    """2,000 of the 3,500 training images at half their size, labels as LABELS says;
    validation and test labels stay right.

    The seed draws the images and the labels: seeds differ in what is learnt, not only
    in the first weights.
    """
    drawn = data.halved().fraction(4 / 7, seed)
    return drawn.mislabelled(LABELS[labels], seed) if LABELS[labels] else drawn


def mlp(data: Data, seed: int, *hidden: int) -> nn.Sequential:
    """The lesson's net, teacher and student alike: two hidden layers of 128, unless
    other widths are given.
    """
    return nets.mlp(
        data.train[0][0].numel(), *(hidden or (128, 128)), len(data.classes), seed=seed
    )


def narrow(data: Data, seed: int) -> nn.Sequential:
    """A net of one hidden layer of 8."""
    return mlp(data, seed, 8)


def conv(data: Data, seed: int) -> nn.Sequential:
    """A small convolutional net."""
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
SHARED = {"labels": LABELS, "targets": TARGETS, "arms": ARMS}  # of every experiment


def method(
    arm: str, net: nn.Module, teacher: nn.Module | Teacher | None, data: Data, seed: int
) -> Iterator[Stage]:
    """How the arm, one of ARMS, trains `net`. "BAN+L, halves" has half of each term, so
    a gradient of the size of the others'.

    That is Hinton's loss at T = 1 and alpha = 1/2. Smoothed labels are as confident as
    the teacher is on the training images, on the mean. teacher: None does for "alone".
    Raises ValueError for an arm that is not one of ARMS.
    """
    if arm not in ARMS:
        raise ValueError(f"method: {arm!r} is not one of {ARMS}")
    if arm == "alone":
        return plain(net)
    if arm == "BAN+L, halves":
        return hinton(net, teacher, T=1.0, alpha=0.5)
    if arm == "label smoothing":
        return plain(net, smoothing=smoothing_of(teacher, data))
    generator = torch.Generator().manual_seed(seed)
    return ban(
        lambda: net,
        teacher,
        target=TARGETS[arm],
        redrawn="redrawn" in arm,
        generator=generator,
    )


def aims(
    arm: str, teacher: nn.Module | Teacher | None, data: Data, seed: int
) -> tuple[Tensor, Tensor]:
    """(N, c) and (N,): to which answer the arm draws the net on each training image,
    and how strongly.

    That is, at the logits of an image the gradient of the arm's loss is weight (q -
    aim) / n, for "BAN+L" twice as much. Only CWTM has weights other than 1, here those
    of one batch of all images; "DKPP, redrawn" has another aim at every step, here the
    first. Arguments: as for `method`.
    """
    x, y = data.train
    label = torch.nn.functional.one_hot(y, len(data.classes)).float()
    weight = torch.ones(len(y), device=y.device)
    if arm == "alone":
        return label, weight
    p = soften(Teacher(teacher).logits(x))
    if arm == "CWTM":
        return label, p.amax(-1) / p.amax(-1).mean()
    if arm == "label smoothing":
        smoothing = smoothing_of(teacher, data)
        return (1 - smoothing) * label + smoothing / len(data.classes), weight
    if "DKPP" in arm:
        permuted = Permuted(
            torch.Generator().manual_seed(seed), redrawn="redrawn" in arm
        )
        return permuted(
            Batch(x, y, torch.arange(len(x), device=x.device), x), p
        ), weight
    return (p + label) / 2 if "BAN+L" in arm else p, weight


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


def row(arm: str, seed: int, net: nn.Module, data: Data, **more) -> dict:
    """What is kept of a finished net; "fit" is its accuracy on the labels that it was given."""
    parts = {
        "accuracy": data.test,
        "validation accuracy": data.validation,
        "fit": data.train,
    }
    return {
        "arm": arm,
        "seed": seed,
        **more,
        **{name: round(accuracy(net, *pair), 4) for name, pair in parts.items()},
    }


@experiment(settings=SHARED | {"settings": SETTINGS})
def ban_targets(data: Data, seed: int) -> list[dict]:
    """Every arm at every setting, on both kinds of labels: students of one seed, and of
    one teacher that has their setting.
    """
    rows = []
    for labels in LABELS:
        images = few(data, seed, labels)
        for setting, config in SETTINGS.items():
            more = {"labels": labels, "setting": setting}
            teacher = Teacher(born("alone", None, images, seed, config))
            rows.append(
                row(
                    "teacher",
                    seed,
                    teacher.net,
                    images,
                    **more,
                    **doubts(teacher, few(data, seed, "clean"), images),
                )
            )
            for arm in ARMS:
                rows.append(
                    row(
                        arm,
                        seed,
                        born(arm, teacher, images, 1000 + seed, config),
                        images,
                        **more,
                    )
                )
    return rows


@experiment(settings=SHARED | {"settings": SETTINGS})
def ban_rates(data: Data, seed: int) -> list[dict]:
    """A net alone at twice the rate of every setting: the control of "BAN+L", whose
    gradient is the sum of two.
    """
    rows, arm = [], "alone, twice the rate"
    for labels in LABELS:
        images = few(data, seed, labels)
        for setting, config in SETTINGS.items():
            net = born(
                "alone", None, images, 1000 + seed, replace(config, lr=2 * config.lr)
            )
            rows.append(row(arm, seed, net, images, labels=labels, setting=setting))
    return rows


def doubts(teacher: Teacher, clean: Data, given: Data) -> dict[str, float]:
    """The teacher's mean largest probability, the weight of CWTM, on training images
    with the right and with a wrong label.

    Also how often an image with a right label has more of it than one with a wrong
    label. Clean labels: the first alone.
    """
    confidence = soften(teacher.logits(given.train[0])).amax(-1)
    wrong = clean.train[1] != given.train[1]
    found = {"confidence, right label": confidence[~wrong].mean()}
    if wrong.any():
        more = (confidence[~wrong][:, None] > confidence[wrong]).float().mean()
        found |= {
            "confidence, wrong label": confidence[wrong].mean(),
            "right above wrong": more,
        }
    return {name: round(value.item(), 4) for name, value in found.items()}


@experiment(
    settings=SHARED | {"config": CONFIG, "stopped": STOPPED, "generations": GENERATIONS}
)
def ban_generations(data: Data, seed: int) -> list[dict]:
    """Four generations, each beside a net alone from its own seed, and ensembles of k
    generations beside k such nets.
    """
    return [
        r
        for labels in LABELS
        for r in _generations(few(data, seed, labels), seed, labels)
    ]


def _generations(images: Data, seed: int, labels: str) -> list[dict]:
    line = [born("alone", None, images, seed)]
    alone = []
    stopped = []
    for k in range(1, GENERATIONS + 1):
        line.append(born("BAN", line[-1], images, 1000 * k + seed))
        alone.append(born("alone", None, images, 1000 * k + seed))
        stopped.append(born("alone", None, images, 1000 * k + seed, STOPPED))
    named = {"teacher": line[0]}
    for k in range(1, GENERATIONS + 1):
        named |= {
            f"generation {k}": line[k],
            f"alone {k}": alone[k - 1],
            f"10 epochs {k}": stopped[k - 1],
        }
    for k in range(2, GENERATIONS + 1):
        groups = {
            f"generations 1-{k}": line[1 : k + 1],
            f"{k} nets alone": alone[:k],
            f"{k} nets, 10 epochs": stopped[:k],
        }
        named |= {name: nets.Ensemble(members) for name, members in groups.items()}
    return [row(arm, seed, net, images, labels=labels) for arm, net in named.items()]


@experiment(
    settings=SHARED | {"config": CONFIG, "stopped": STOPPED, "teachers": TEACHERS}
)
def ban_teachers(data: Data, seed: int) -> list[dict]:
    """Students of one kind and seed, their teachers equal, stopped early, narrow,
    hardly trained, or convolutional.
    """
    rows = []
    for labels in LABELS:
        images = few(data, seed, labels)
        for arm, config in {"alone": CONFIG, "alone, 10 epochs": STOPPED}.items():
            rows.append(
                row(
                    arm,
                    seed,
                    born("alone", None, images, 1000 + seed, config),
                    images,
                    labels=labels,
                    teacher="none",
                )
            )
        for name, (config, make) in TEACHERS.items():
            teacher = Teacher(born("alone", None, images, seed, config, make))
            more = {"labels": labels, "teacher": name}
            rows.append(row(f"teacher, {name}", seed, teacher.net, images, **more))
            for arm in ("BAN", "BAN+L, halves", "label smoothing"):
                rows.append(
                    row(
                        f"{arm}, {name}",
                        seed,
                        born(arm, teacher, images, 1000 + seed),
                        images,
                        **more,
                    )
                )
    return rows


def split(z: Tensor, v: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient q - p of H(p, q) by the logits, an image a row, as a sum: what it
    has at the label, and at the other classes.

    z: (n, c) student's logits; v: (n, c) teacher's; y: (n,) labels. The ground-truth
    part is q_* - p_* at class * = y and 0 elsewhere, the dark-knowledge part q_i - p_i
    at the other classes; both (n, c). Each row of the sum adds up to 0, so over the
    classes the two parts always cancel: what the second says lies in how it is spread,
    which DKPP destroys.
    """
    g = soften(z) - soften(v)
    at_label = torch.nn.functional.one_hot(y, z.shape[-1]).bool()
    return g.where(at_label, 0.0), g.where(~at_label, 0.0)

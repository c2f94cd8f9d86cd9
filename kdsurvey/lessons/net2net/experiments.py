"""Notebook 06: wider and deeper nets that start as good as their teacher. Chen,
Goodfellow & Shlens 2016, arXiv 1511.05641.
"""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

import torch
from torch import Tensor, nn

from kdsurvey import nets, surgery
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.learning_speed import Pace
from kdsurvey.methods import joint_hints, plain
from kdsurvey.records import experiment
from kdsurvey.stage import Stage
from kdsurvey.training import Config, accuracy, train

WIDTHS = (4, 8, 8)  # channels of the teacher
TEACHER = Config(epochs=8, batch_size=64, lr=0.05, schedule="cosine")
STUDENT = replace(TEACHER, epochs=4)
# a net without a teacher, as many steps in all
LONG = replace(TEACHER, epochs=TEACHER.epochs + STUDENT.epochs)
# of the teacher's learning rate: every arm has the same choice, but for the long one
RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
LONG_RATES = (1.0, 3.0)
TWIN_RATES = (0.1, 1.0)
FACTOR = 3  # of the channels of a wider net
NOISE = 0.05
NOISES = (0.0, 0.01, 0.05, 0.2, 1.0)
CALIBRATION = 512  # images that new batch norm is calibrated on
PREDICTION = 6 / 392  # weight of a prediction layer, chosen on validation images
EVERY = 10  # steps between two looks at the validation images
SETTINGS = {
    "widths": WIDTHS,
    "teacher": TEACHER,
    "student": STUDENT,
    "every": EVERY,
}
DEEPER = {**SETTINGS, "calibration": CALIBRATION, "prediction": PREDICTION}
WIDER = {**SETTINGS, "factor": FACTOR, "noise": NOISE}
RATED = {"long": LONG, "rates": RATES, "long_rates": LONG_RATES}


@torch.no_grad()
def pad(net: nn.Sequential, layer: int, width: int, seed: int) -> nn.Sequential:
    """Pad a net at random: the old weights stay, new units of block `layer` get new
    random weights, into them and out of them.

    Drawn as torch draws a layer's, at its new size; batch norm of the new units is new
    too. net, layer, width and errors: as for `surgery.widen`; the result is a new net.
    """
    wide = surgery.widen(net, layer, width)
    generator = torch.Generator().manual_seed(seed)
    for old, new in zip(net.modules(), wide.modules()):
        shapes = [[v.shape for v in part.state_dict().values()] for part in (old, new)]
        if shapes[0] != shapes[1]:
            _draw(new, generator)
    for old, new in zip(net.state_dict().values(), wide.state_dict().values()):
        # unit by unit, also where maps are flattened: the old units come first
        new[tuple(map(slice, old.shape))] = old
    return wide


def random_block(net: nn.Sequential, layer: int, seed: int) -> nn.Sequential:
    """Return a net with one more block after block `layer`, as wide as it, with new
    random weights: the control of `surgery.deepen`.

    net: as `nets.mlp` and `nets.conv` build it; the new block is one of theirs, with
    stride 1. The result is a new net. Raises ValueError where block `layer` is not a
    hidden block of such a net.
    """
    hidden = [k for k, block in enumerate(net[:-1]) if isinstance(block, nn.Sequential)]
    if layer not in hidden:
        raise ValueError(
            f"random_block: layer {layer} is no hidden block of this net; "
            f"choose one of {hidden}"
        )
    hidden_block = net[layer]
    assert isinstance(hidden_block, nn.Sequential)
    (first,) = surgery.weighted(hidden_block)
    n = len(first.weight)
    if isinstance(first, nn.Conv2d):
        block = nets.conv(n, n, seed=seed)[0]
    else:
        norm = isinstance(hidden_block[1], nn.BatchNorm1d)
        block = nets.mlp(n, n, 1, norm=norm, seed=seed)[1]
    block = block.to(first.weight).train(net.training)
    old = copy.deepcopy(net)
    deep = nn.Sequential(*old[: layer + 1], block, *old[layer + 1 :])
    deep.training = net.training
    return deep


def teach(data: Data, seed: int) -> nn.Sequential:
    """Train the small net that grows: three blocks of 4, 8 and 8 channels, until its
    learning rate is 0.
    """
    net = nets.conv(data.train[0].shape[1], *WIDTHS, seed=seed)
    return on_labels(net, data, TEACHER, seed, progress=True)


def deeper(teacher: nn.Sequential, data: Data, seed: int) -> dict[str, nn.Sequential]:
    """Return nets with one block more after each block of the teacher: {how their
    weights came about: net}.
    """
    grown = random = teacher
    for k in range(0, 2 * len(teacher) - 2, 2):
        grown = surgery.deepen(grown, k, data=data.train[0][:CALIBRATION])
        random = random_block(random, k, 10 * seed + k)
    return {
        "Net2Net": grown,
        "gamma = 1, beta = 0": uncalibrated(grown),
        "random layers": random,
        "from scratch": anew(grown, seed),
    }


def wider(teacher: nn.Sequential, seed: int) -> dict[str, nn.Sequential]:
    """Return nets with three times the channels of the teacher in each block: {how
    their weights came about: net}.
    """
    padded = teacher
    for k, n in enumerate(WIDTHS):
        padded = pad(padded, k, FACTOR * n, 10 * seed + k)
    return {
        "Net2Net": widened(teacher, seed, NOISE),
        "Net2Net, no noise": widened(teacher, seed, 0.0),
        "random padding": padded,
        "from scratch": anew(padded, seed),
    }


def widened(
    teacher: nn.Sequential, seed: int, noise: float, factor: int = FACTOR
) -> nn.Sequential:
    """Widen every block by Net2WiderNet; the copies are of the same units whatever the
    noise.
    """
    wide = teacher
    for k, block in enumerate(teacher[:-1]):
        generator = torch.Generator().manual_seed(10 * seed + k)
        (layer,) = surgery.weighted(block)
        width = factor * len(layer.weight)
        wide = surgery.widen(wide, k, width, noise=noise, generator=generator)
    return wide


@torch.no_grad()
def uncalibrated(deep: nn.Sequential) -> nn.Sequential:
    """Return a deepened net whose new blocks have the batch norm of a new layer,
    gamma = 1 and beta = 0, as in some public code.
    """
    deep = copy.deepcopy(deep)
    for block in deep[1:-1:2]:
        for part in block.modules():
            if isinstance(part, surgery.NORMS):
                part.reset_parameters()
    return deep


@torch.no_grad()
def anew(net: nn.Sequential, seed: int) -> nn.Sequential:
    """Return a net of the same shape with new random weights."""
    net = copy.deepcopy(net)
    generator = torch.Generator().manual_seed(seed)
    for part in net.modules():
        _draw(part, generator)
    return net


def trained(
    start: str,
    net: nn.Sequential,
    data: Data,
    seed: int,
    rate: float,
    config: Config = STUDENT,
    method: Callable = plain,
    **more,
) -> tuple[dict, nn.Sequential]:
    """Train a copy of `net`, and return its row and the copy.

    rate: in units of the config's learning rate. The row's "accuracies" are on
    validation images every EVERY steps, from 0; "accuracy" is on the test images;
    "seconds" are those of a clock on the wall, see `net2net_seconds`.
    """
    net = copy.deepcopy(net)
    pace = Pace(net, data, EVERY)
    settings = replace(config, lr=config.lr * rate, seed=seed)
    train(method(net), data, settings, on_batch=pace, progress=False)
    row = {
        "arm": f"{start}, {rate:g}x",
        "start": start,
        "rate": rate,
        "seed": seed,
        **more,
        "accuracies": pace.accuracies,
        "seconds": pace.seconds[-1],
        "accuracy": accuracy(net, *data.test),
    }
    return row, net


def all_rates(
    starts: Mapping[str, nn.Sequential],
    data: Data,
    seed: int,
    teacher: nn.Module,
    rates: Sequence[float] = RATES,
    **options,
) -> list[dict]:
    """Train each start at each rate; rows with the teacher's accuracy on validation
    images ("target") and on test images ("teacher").
    """
    target = accuracy(teacher, *data.held_out)
    more = {"target": target, "teacher": accuracy(teacher, *data.test), **options}
    return [
        trained(start, net, data, seed, rate, **more)[0]
        for start, net in starts.items()
        for rate in rates
    ]


@experiment(settings={**DEEPER, **RATED})
def net2net_deeper(data: Data, seed: int) -> list[dict]:
    """Train deeper nets at every rate, the teacher continued, teacher prediction
    layers, and a net that trains as long in all.
    """
    data = data.halved()
    teacher = teach(data, seed)
    starts = deeper(teacher, data, seed)
    fresh = starts["from scratch"]
    continued = {**starts, "teacher continued": teacher}
    predicts = {"teacher prediction layers": fresh}
    longer = {"from scratch, 12 epochs": fresh}
    method = predicting(teacher, seed)
    return [
        *all_rates(continued, data, seed, teacher),
        *all_rates(predicts, data, seed, teacher, method=method),
        *all_rates(longer, data, seed, teacher, LONG_RATES, config=LONG),
    ]


@experiment(settings={**WIDER, **RATED})
def net2net_wider(data: Data, seed: int) -> list[dict]:
    """Train wider nets at every rate, the teacher continued, and a wide net that trains
    as long in all.
    """
    data = data.halved()
    teacher = teach(data, seed)
    starts = wider(teacher, seed)
    continued = {**starts, "teacher continued": teacher}
    longer = {"from scratch, 12 epochs": starts["from scratch"]}
    return [
        *all_rates(continued, data, seed, teacher),
        *all_rates(longer, data, seed, teacher, LONG_RATES, config=LONG),
    ]


@experiment(settings={**DEEPER, **WIDER})
def net2net_seconds(data: Data, seed: int) -> list[dict]:
    """Measure what a step of every start costs: milliseconds of processor time, the
    median over an epoch.
    """
    data = data.halved()
    teacher = teach(data, seed)
    deep, wide = deeper(teacher, data, seed), wider(teacher, seed)
    deep["teacher prediction layers"] = deep["from scratch"]
    methods = {"teacher prediction layers": predicting(teacher, seed)}
    config = replace(STUDENT, epochs=1, seed=seed)
    rows = []
    for grown, starts in (("deeper", deep), ("wider", wide)):
        for start, net in {**starts, "teacher continued": teacher}.items():
            stages = methods.get(start, plain)(copy.deepcopy(net))
            row = {
                "arm": f"{grown}, {start}",
                "grown": grown,
                "start": start,
                "seed": seed,
                "milliseconds": _milliseconds(stages, data, config),
            }
            rows.append(row)
    return rows


def _milliseconds(stages: Iterator[Stage], data: Data, config: Config) -> float:
    """Return the median processor time between two steps."""
    times = []

    def note(step) -> None:
        times.append(time.process_time())

    train(stages, data, config, on_batch=note, progress=False)
    return round(1000 * median(after - before for before, after in pairwise(times)), 3)


def predicting(teacher: nn.Sequential, seed: int) -> Callable:
    """Return the method of teacher prediction layers: labels, and the teacher's second
    block predicted from the fourth.
    """
    return lambda net: joint_hints(
        net, teacher, guided=4, hint=2, lam=(0.0, 0.0), beta=PREDICTION, seed=seed
    )


@experiment(
    settings={
        **SETTINGS,
        "factor": FACTOR,
        "noises": NOISES,
        "twin_rates": TWIN_RATES,
    },
)
def net2net_twins(data: Data, seed: int) -> list[dict]:
    """Train wider nets with more or less noise, at a tenth of the teacher's rate and at
    all of it: do twins part?
    """
    data = data.halved()
    teacher = teach(data, seed)
    equal = widened(teacher, seed, 0.0)
    rows = []
    for noise in NOISES:
        start = widened(teacher, seed, noise)
        price = difference(teacher, start, data.test[0], train=False)
        for rate in TWIN_RATES:
            row, net = trained(
                f"noise {noise:g}",
                start,
                data,
                seed,
                rate,
                noise=noise,
                price=round(price, 4),
            )
            rows.append(row | twins(equal, net))
    return rows


@torch.no_grad()
def twins(equal: nn.Sequential, net: nn.Sequential) -> dict[str, float]:
    """Measure what became of the copies, which are those units that are equal in
    `equal`: their largest difference ("gap"), and mean cosine.
    """
    gaps = []
    cosines = []
    for before, after in zip(equal[:-1], net[:-1]):
        (old,), (new,) = surgery.weighted(before), surgery.weighted(after)
        w, u = old.weight.flatten(1), new.weight.flatten(1)
        i, j = (w[:, None] == w).all(-1).triu(1).nonzero().T
        gaps.append((u[i] - u[j]).abs().max())
        cosines.append(torch.cosine_similarity(u[i], u[j]))
    return {
        "gap": float(f"{max(gaps).item():.3g}"),
        "cosine": round(torch.cat(cosines).mean().item(), 4),
    }


@torch.no_grad()
def difference(a: nn.Module, b: nn.Module, x: Tensor, train: bool) -> float:
    """Return the largest difference between two nets' logits, in train or in eval mode;
    both stay as they are.
    """
    z, v = (copy.deepcopy(net).train(train)(x) for net in (a, b))
    return (z - v).abs().max().item()


def _draw(part: nn.Module, generator: torch.Generator) -> None:
    """Draw new weights for one layer on the CPU, as `nets` draws them, and reset batch
    norm.
    """
    if isinstance(part, surgery.NORMS):
        part.reset_parameters()
    elif isinstance(part, surgery.WEIGHTED):
        bound = part.weight[0].numel() ** -0.5
        for weights in part.parameters():
            weights.copy_(
                torch.empty(weights.shape).uniform_(-bound, bound, generator=generator)
            )

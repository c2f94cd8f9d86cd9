"""The picture of the peers panel: accuracies, entropy of the answers, and equal answers."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from torch import Tensor

from kdsurvey.panels.race.accuracy_chart import LAST
from kdsurvey.panels.race.arm import Arms
from kdsurvey.pictures import Axis, Chart, Line, Picture, Table, epoch_axis

MOST = 5  # peers
ALONE = "alone"
NAMES = (ALONE, *(f"peer {k}" for k in range(MOST)))
ENTROPIES = (ALONE, "peers, mean")
AGREEMENTS = ("two peers", "peer 1 and alone")
ROLES = {ALONE: 0, "peer 1 and alone": 6}  # of a line; the others have that of peer 0
ROOM = 1.6  # of the width that the epochs take; what is left holds the names


class Answers(NamedTuple):
    """What nets answer to the validation images after an epoch."""

    entropy: float  # nats, mean over images and nets
    given: Tensor  # (K, n) classes


def picture(accuracies: Chart, arms: Arms, epochs: int) -> Picture:
    """Return the accuracies, and beside them what the answers are like. epochs: of a run."""
    values = series(arms)
    at = epochs_watched(arms)
    charts = {
        "accuracy": accuracies,
        "entropy": entropy_chart(values, at, epochs),
        "agreement": agreement_chart(values, at, epochs),
    }
    return Picture(
        charts,
        height=360,
        mosaic=[["accuracy", "entropy"], ["accuracy", "agreement"]],
        widths=(1.15, 1),
        tables=[table(values, at)],
    )


def watched(arms: Arms) -> list[tuple[Answers, Answers]]:
    """Return what the net alone and the peers answered, before the run and after each epoch,
    or, where a run was not made here, after its last epoch only.
    """
    alone, group = (arm.measured for arm in arms)
    pairs = list(zip(alone, group))
    return pairs if len(pairs) > arms[0].epochs else pairs[-1:]


def epochs_watched(arms: Arms) -> list[int]:
    """Return the epochs after which the values of `series` were measured."""
    if not arms:
        return []
    return [*range(arms[0].epochs + 1)][-len(watched(arms)) :]


def series(arms: Arms) -> dict[str, list[float]]:
    """Return name -> a value for each of `epochs_watched`: entropies of the net alone and of
    the peers in nats, equal answers in per cent.
    """
    if not arms:
        return {}
    pairs = watched(arms)
    return {
        ALONE: [one.entropy for one, _ in pairs],
        "peers, mean": [peers.entropy for _, peers in pairs],
        "two peers": [equal_answers(combinations(p.given, 2)) for _, p in pairs],
        "peer 1 and alone": [
            equal_answers([(peers.given[1], one.given[0])]) for one, peers in pairs
        ],
    }


def equal_answers(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Return the share of images, in per cent, to which two nets give the same answer: a mean
    over the pairs of (n,) answers.
    """
    shares = [100 * (a == b).double().mean().item() for a, b in pairs]
    return sum(shares) / len(shares)


def entropy_chart(
    values: Mapping[str, list[float]], at: Sequence[int], epochs: int
) -> Chart:
    """Return the entropies, from 0 to a whole quarter above all of them."""
    seen = [v for name in ENTROPIES for v in values.get(name, ())]
    top = 0.25 * (max(seen, default=2.5) // 0.25 + 1)
    y = Axis("nats", (0, top), most=4)
    x = epoch_axis(epochs, "epoch", ROOM)
    title = "Entropy of the answers"
    return Chart(_lines(values, at, ENTROPIES), x, y, title=title)


def agreement_chart(
    values: Mapping[str, list[float]], at: Sequence[int], epochs: int
) -> Chart:
    """Return the equal answers, from a whole ten below those of trained nets to 100 %."""
    series_shown = (values.get(name, ()) for name in AGREEMENTS)
    seen = [v for y in series_shown for epoch, v in zip(at, y) if epoch]
    low = 10 * (min(seen, default=50) // 10)
    y = Axis("% of images", (low, 101), most=4)
    x = epoch_axis(epochs, "epoch", ROOM)
    title = "Two nets give the same answer"
    return Chart(_lines(values, at, AGREEMENTS), x, y, title=title)


def _lines(
    values: Mapping[str, list[float]], at: Sequence[int], names: Iterable[str]
) -> list[Line]:
    return [
        Line(at, values[name], role=ROLES.get(name, 1), end=name)
        for name in names
        if name in values
    ]


def table(values: Mapping[str, list[float]], at: Sequence[int]) -> Table:
    """Return the same in numbers: a row per epoch."""
    rows = []
    for k in range(max(0, len(at) - LAST), len(at)):
        cells = [_cell(name, y[k]) for name, y in values.items()]
        rows.append([f"epoch {at[k]}", *cells])
    units = dict.fromkeys(ENTROPIES, "nats of entropy")
    head = [f"{name}, {units.get(name, '% equal answers')}" for name in values]
    return Table("Answers to the validation images", ["", *head], rows)


def _cell(name: str, value: float) -> str:
    return f"{value:.3f}" if name in ENTROPIES else f"{value:.1f}"

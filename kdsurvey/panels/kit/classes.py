"""The classes that a chart has room for: all of a few, of many those that matter."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from kdsurvey.pictures import Axis

MOST = 12  # bars of classes, beside one of all others
LONGEST = 14  # letters of a name at an axis; tables have all of them
UPRIGHT = 8  # letters: longer names are tilted


class Shown(NamedTuple):
    """The classes that have a bar each; one more bar is for all `others` together."""

    places: tuple[int, ...]
    names: tuple[str, ...]
    others: int = 0

    @property
    def bars(self) -> int:
        """Count the bars."""
        return len(self.places) + bool(self.others)

    def of(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the heights of the bars, of values (c,) of all classes."""
        values = np.asarray(values, float)
        kept = values[list(self.places)]
        if not self.others:
            return kept
        return np.append(kept, np.delete(values, self.places).sum())

    def axis(self, named: bool = True) -> Axis:
        """Return the axis of classes; named: whether it says which they are."""
        limits, ticks = (-0.6, self.bars - 0.4), range(self.bars)
        if not named:
            return Axis("", limits, ticks=ticks, names=[""] * self.bars)
        names = [cut(name) for name in self.names]
        if self.others:
            names.append(f"{self.others} others")
        tilt = 20 if max(map(len, names)) > UPRIGHT else 0
        return Axis("class", limits, ticks=ticks, names=names, tilt=tilt)


def shown(
    names: Sequence[str],
    *scores: Sequence[float] | np.ndarray,
    label: int | None = None,
) -> Shown:
    """Choose the classes to show: all up to MOST; else the label's, and by turns those of
    which each of the scores (c,) is highest, in the order of the classes.
    """
    if len(names) <= MOST:
        return Shown(tuple(range(len(names))), tuple(names))
    orders = [np.argsort(-np.asarray(score, float), kind="stable") for score in scores]
    first = [] if label is None else [label]
    ranked = dict.fromkeys(map(int, chain(first, *zip(*orders))))
    places = tuple(sorted(list(ranked)[:MOST]))
    kept = tuple(names[k] for k in places)
    return Shown(places, kept, len(names) - MOST)


def cut(name: str) -> str:
    """Cut a name for which an axis has no room."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"

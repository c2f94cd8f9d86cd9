"""The pad's challenge: make an a that is almost a b."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEAST = 0.3  # the probability from which on a class is "almost" the answer


class Attempt(NamedTuple):
    """How far a drawing has come towards "an a that is almost a b"."""

    share: float  # in [0, 1], 1 when it is done
    missing: str  # what is missing, or "done"

    @property
    def done(self) -> bool:
        return self.share >= 1


def attempt(
    p: Sequence[float] | np.ndarray,
    a: int,
    b: int,
    classes: Sequence[str] | None = None,
    *,
    least: float = LEAST,
) -> Attempt:
    """Measure how far probabilities are from "a first, b second, and p_b >= least".

    p: (c,) probabilities, nan where nothing is drawn; a, b: class indices; classes: c
    names, the indices where None. The share done is the product of p_a / (the largest
    other), p_b / (the largest of the rest) and p_b / least, each at most 1. Raises
    ValueError when a or b is no class.
    """
    p = np.asarray(p, float)
    if not (0 <= a < len(p) and 0 <= b < len(p)):
        raise ValueError(f"attempt: classes {a} and {b} must lie in 0 ... {len(p) - 1}")
    if a == b:
        return Attempt(0.0, "choose two classes that differ")
    if not np.isfinite(p).all():
        return Attempt(0.0, "nothing is drawn")
    names = classes or [str(k) for k in range(len(p))]
    first, largest = _largest(p, [a])
    second, largest_else = _largest(p, [a, b])
    conditions = [  # a value, how much is needed, what is missing where it is less
        (p[a], largest, f"the first answer is {names[first]}, not {names[a]}"),
        (p[b], largest_else, f"the second answer is {names[second]}, not {names[b]}"),
        (p[b], least, _too_little(names[b], p[b], least)),
    ]
    shares = [_share(value, needed) for value, needed, _ in conditions]
    missing = [sentence for value, needed, sentence in conditions if value < needed]
    return Attempt(float(np.prod(shares)), (*missing, "done")[0])


def with_article(name: str) -> str:
    """Return 'a 3', 'an 8', 'an ant'."""
    vowel = name[:1].lower() in tuple("aeiou8") or name in ("11", "18")
    return f"{'an' if vowel else 'a'} {name}"


def _share(value: float, needed: float) -> float:
    """Return how much of what is needed there is, at most 1."""
    return 1.0 if value >= needed else value / needed


def _too_little(name: str, value: float, least: float) -> str:
    shown = min(value, least - 0.01)  # never rounded up to what is needed
    return f"{name} has {shown:.2f} of the {least:.2f} it needs"


def _largest(p: np.ndarray, without: list[int]) -> tuple[int, float]:
    """Return the class with the largest p among the others, and that p.

    (0, 0.0) where no class is left.
    """
    if len(without) == len(p):
        return 0, 0.0
    others = np.delete(np.arange(len(p)), without)
    largest = int(others[p[others].argmax()])
    return largest, p[largest]

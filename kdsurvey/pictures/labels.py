"""Names in pictures: moved apart, and cut, until none covers another."""

from collections.abc import Sequence

LONGEST = 60  # letters of a name in a picture; tables have all of them
MOST = 40  # names along an axis


def readable(names: Sequence[object]) -> tuple[str, ...]:
    """Cut names that no picture has room for, and leave out all but every k-th of too many."""
    each = -(-len(names) // MOST)
    words = [str(name) for name in names]
    cut = [w if len(w) <= LONGEST else f"{w[: LONGEST - 1]}…" for w in words]
    return tuple(word if k % max(each, 1) == 0 else "" for k, word in enumerate(cut))


def apart(
    heights: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0
) -> list[float]:
    """Move heights apart, as little as can be (least squares), in the order given.

    heights: rising, where the names would like to stand. gap: the least distance of two
    neighbours; where they do not fit between low and high, they share the room evenly.
    Returns the heights where they stand, rising, all in [low, high].

    Neighbours that are too close form a group, which stands around its mean; a group that
    touches the next one takes it in (the pool adjacent violators algorithm).
    """
    n = len(heights)
    if n > 1:
        gap = min(gap, (high - low) / (n - 1))
    groups: list[tuple[float, int]] = []  # (mean place of its first member, members)
    for k, height in enumerate(heights):
        mean, members = height - k * gap, 1
        while groups and groups[-1][0] > mean:
            before, others = groups.pop()
            mean = (before * others + mean * members) / (others + members)
            members += others
        groups.append((mean, members))
    firsts = [mean for mean, members in groups for _ in range(members)]
    last = max(low, high - (n - 1) * gap)
    return [min(max(first, low), last) + k * gap for k, first in enumerate(firsts)]

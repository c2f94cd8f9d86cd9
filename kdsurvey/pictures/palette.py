"""Colours, markers and line styles that colour-blind readers can tell apart.

A role is an index: the same role has the same colour, marker and line style in every
picture, so colour is never the only difference between two series.
"""

from collections.abc import Sequence
from itertools import count

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.typing import LineStyleType

# Okabe & Ito's palette without its yellow
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES: tuple[LineStyleType, ...] = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1)),
    (0, (3, 1, 1, 1)),
    (0, (1, 1)),
)
# role -> arms that have it in every picture; those of one role never share a picture
SHARING = (
    (
        "alone",
        "labels",
        "labels alone",
        "hard only",
        "plain",
        "one net",
        "no teacher",
        "never",
    ),
    (
        "distilled",
        "soft + hard",
        "KD",
        "BAN",
        "born again",
        "ONE",
        "B",
        "scheme B",
        "distilled from the ensemble",
    ),
    (
        "labels, jittered",
        "hard only, jittered",
        "DML",
        "A",
        "scheme A",
        "FSP",
        "flow, then labels",
        "hints, then KD",
    ),
    ("label smoothing",),
    ("soft only", "one-way", "BAN+L", "EnsembleNet", "C", "scheme C"),
    ("poor teacher", "FFL", "both at once"),
    ("teacher", "ensemble", "full precision"),
)
ARMS = {arm: role for role, arms in enumerate(SHARING) for arm in arms}
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "--")
INK, GREY, FAINT = "#222222", "#666666", "#999999"  # words, side remarks, frames

_GAINS = (COLOURS[1], "#F3C29F", "#FFFFFF", "#A5CCE6", COLOURS[0])
GAINS = LinearSegmentedColormap.from_list("gains", _GAINS)
WHITE, BLACK = "#ffffff", "#000000"
READABLE = 0.179  # luminance from which black on it stands out more than white


def colour_of(role: int | str) -> str:
    """Return the colour of a role as "#rrggbb"; an explicit colour comes back as it is."""
    return role if isinstance(role, str) else COLOURS[role % len(COLOURS)]


def roles(names: Sequence[str]) -> list[int]:
    """Return a role for each name of a picture: that of ARMS, and to the others, in
    their order, those that are left.
    """
    taken = {ARMS[name] for name in names if name in ARMS}
    left = (role for role in count() if role not in taken)
    return [ARMS[name] if name in ARMS else next(left) for name in names]


def luminance(colour: tuple[float, float, float]) -> float:
    """Compute the relative luminance, in [0, 1], of an sRGB colour (WCAG 2)."""
    srgb = np.asarray(colour, float)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def ink_on(colour: tuple[float, float, float]) -> str:
    """Choose black or white, whichever stands out more on an sRGB colour (WCAG 2)."""
    return WHITE if luminance(colour) < READABLE else BLACK


def gain_colours(gain: float, limit: float = 5.0) -> tuple[str, str]:
    """Choose a background for a gain in points and the colour to write on it.

    The background is orange where it hurts, white at 0, blue where it helps, and full at
    +-limit. Both colours are "#rrggbb".
    """
    share = float(np.clip(gain / limit, -1, 1))
    colour = GAINS(0.5 + 0.5 * share)[:3]
    return to_hex(colour), ink_on(colour)

"""Curves over the epochs of two runs, each with its last value or its name at its end."""

from collections.abc import Sequence

from matplotlib.axes import Axes

ROOM = 1.38  # of the width that the epochs take; what is left holds the labels at the line ends
GAP = 0.085  # between two such labels, of the height of the axis


def reach(axis: Axes, epochs: int, room: float = ROOM) -> None:
    """Makes room on the axis for so many epochs, and for the labels after them."""
    step = next(
        a * 10**p for p in range(9) for a in (1, 2, 5) if a * 10**p * 6 >= epochs
    )
    axis.set_xlim(0, room * epochs)
    axis.set_xticks(range(0, epochs + 1, step))
    axis.spines["bottom"].set_bounds(0, epochs)


class EndLabels:
    """Words at the ends of lines, moved apart until none covers another."""

    def __init__(self, axis: Axes, most: int):
        self._axis = axis
        self.texts = [
            axis.text(0, 0, "", fontsize=8, va="center", transform=axis.transAxes)
            for _ in range(most)
        ]

    def show(self, ends: Sequence[tuple[float, float, str, str]]) -> None:
        """ends: (x, y, words, colour) each, in data coordinates."""
        to_axes = self._axis.transData + self._axis.transAxes.inverted()
        placed = sorted(
            (
                (*to_axes.transform((x, y)), words, colour)
                for x, y, words, colour in ends
            ),
            key=lambda end: end[1],
        )
        heights = _apart([min(max(y, 0.0), 1.0) for _, y, *_ in placed])
        for text in self.texts:
            text.set_text("")
        for text, (x, _, words, colour), y in zip(self.texts, placed, heights):
            text.set(text=words, color=colour, position=(x + 0.025, y))


def _apart(heights: list[float]) -> list[float]:
    """Rising heights in [0, 1], moved up, then down again from the top, until they are GAP apart."""
    up = [heights[0]] if heights else []
    for y in heights[1:]:
        up.append(max(y, up[-1] + GAP))
    top, down = 1.0 + GAP, []
    for y in reversed(up):
        top = min(y, top - GAP)
        down.append(top)
    return down[::-1]

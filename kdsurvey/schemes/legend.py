"""The legend of a scheme: only what its drawing uses, each with a small example."""

from collections.abc import Sequence

from kdsurvey.schemes import ink, letters
from kdsurvey.schemes.parts import Arrow, Box, Curve, Loss, Part, Spot, Words

MEANING = {
    "learns": "learns in this stage",
    "frozen": "does not learn in this stage",
    "served": "thick frame: is served",
    "thrown": "hatched: gone after training",
    "numbers": "numbers, no net",
    "forward": "forward pass",
    "target": "target: no gradient past the bar",
    "copy": "weights carry over",
    "loss": "loss",
    "steps": "the quantiser",
    "slope": "straight-through: what learning sees",
}
SAMPLE = (46.0, 24.0)  # pixels of an example
SPACE = 10.0  # between an example and its words
BETWEEN = 26.0  # entries
ROW = 34.0


def used(parts: Sequence[Part]) -> list[str]:
    """List what a legend must explain, in the order in which legends do it."""
    keys = {key for part in parts for key in _keys(part)}
    return [key for key in MEANING if key in keys]


def rows(keys: Sequence[str], width: float) -> list[list[str]]:
    """Break the entries of a legend into rows no wider than this."""
    broken: list[list[str]] = [[]]
    for key in keys:
        if broken[-1] and _width([*broken[-1], key]) > width:
            broken.append([])
        broken[-1].append(key)
    return broken


def draw(keys: Sequence[str], middle: float, y: float, width: float) -> str:
    """Draw a legend around the upright line x = middle, its first row at height y."""
    written = ""
    for k, row in enumerate(rows(keys, width)):
        x = middle - _width(row) / 2
        for key in row:
            written += _entry(key, x, y + k * ROW)
            x += _width([key]) + BETWEEN
    return written


def _keys(part: Part) -> list[str]:
    if isinstance(part, Box):
        return ink.keys(part)
    if isinstance(part, Loss):
        return ["loss"]
    if isinstance(part, Arrow):
        return [part.kind]
    if isinstance(part, Curve) and part.kind in ("steps", "slope"):
        return [part.kind]
    return []


def _width(row: Sequence[str]) -> float:
    words = sum(letters.width(MEANING[key]) for key in row)
    return words + len(row) * (SAMPLE[0] + SPACE) + BETWEEN * (len(row) - 1)


def _entry(key: str, x: float, y: float) -> str:
    words = Words(MEANING[key], x + SAMPLE[0] + SPACE, y, anchor="start")
    example = ink.draw(_sample(key, x, y))
    return ink.element("g", example + ink.draw(words), data_part="entry", data_key=key)


def _sample(key: str, x: float, y: float) -> Part:
    """Make the example of an entry whose left end is at x."""
    width, height = SAMPLE
    start, end = Spot(x, y), Spot(x + width, y)
    middle = x + width / 2
    if key in ("forward", "target", "copy"):
        return Arrow(start, end, kind=key)  # type: ignore[arg-type]
    if key == "loss":
        return Loss(key, middle, y, height, height, letter="")
    if key in ("steps", "slope"):
        return Curve(((x, y), (x + width, y)), key)  # type: ignore[arg-type]
    look = key if key in ink.FILLS else "square"
    thrown, served = key == "thrown", key == "served"
    return Box(key, middle, y, width, height, look, " ", served, thrown)  # type: ignore[arg-type]

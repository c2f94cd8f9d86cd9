"""Parts of a scheme -> SVG, in one visual language."""

import math
from collections.abc import Iterable
from functools import singledispatch
from xml.sax.saxutils import quoteattr

from kdsurvey.pictures.palette import COLOURS, GREY, INK
from kdsurvey.schemes import letters
from kdsurvey.schemes.parts import (
    Arrow,
    Box,
    Curve,
    Frame,
    Loss,
    Part,
    Point,
    Words,
    beside,
    words_of,
)

CARD, PANE = "#ffffff", "#f6f7f9"  # the drawing, a frame on it
LEARNS, FROZEN = COLOURS[0], GREY
TARGET, COPY = COLOURS[1], COLOURS[2]
FILLS = {"learns": "#d3e8f5", "frozen": "#dedede", "numbers": CARD, "square": CARD}
EDGES = {"learns": LEARNS, "frozen": FROZEN, "numbers": INK, "square": INK}
CORNERS = {"learns": 5, "frozen": 5, "numbers": 12, "square": 0}
STRIPE = 7.0  # the width of the stripe of a net that learns
HATCH, PITCH = "#707070", 14.0
HEAD = (13.0, 6.5)  # of an arrow: its length, half its width
BEND = 9.0  # the radius of an arrow's corners
BAR, STOP_AT = 10.0, 13.0  # half the bar of a stop, its distance from the start
COLOUR_OF = {"forward": INK, "target": TARGET, "copy": COPY}
DASHES = {"forward": "", "target": "9 6", "copy": "2 5"}
WIDTHS = {"forward": 2.2, "target": 3.0, "copy": 4.0}


def element(tag: str, inside: str = "", /, **attributes: object) -> str:
    """Write one SVG element; `stroke_width` becomes `stroke-width`, "" is left out."""
    written = "".join(
        f" {name.replace('_', '-')}={quoteattr(number(value))}"
        for name, value in attributes.items()
        if value != ""
    )
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def number(value: object) -> str:
    """Write a length with two decimals at most, anything else as it is."""
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:g}"
    return str(value)


@singledispatch
def draw(part: Part) -> str:
    """Write a part as SVG."""
    raise TypeError(f"schemes: {part!r} is no part of a scheme")


@draw.register
def _(words: Words) -> str:
    size = letters.size_of(words.text)
    return element(
        "text",
        letters.tspans(words.text),
        x=float(words.x),
        y=words.y + letters.MIDDLE * size,
        font_size=size,
        font_weight="bold" if words.bold else "",
        text_anchor="" if words.anchor == "start" else words.anchor,
        fill=INK,
    )


@draw.register
def _(box: Box) -> str:
    x, y = box.x - box.width / 2, box.y - box.height / 2
    corner = CORNERS[box.look]
    parts = [
        element(
            "rect",
            data_part="face",
            **_rect(x, y, box.width, box.height),
            rx=corner,
            fill=FILLS[box.look],
            stroke=EDGES[box.look],
            stroke_width=5.0 if box.served else 1.6,
        )
    ]
    if box.thrown:
        parts.append(_hatching(box, x, y))
    if box.look == "learns":
        stripe = _rect(x, y, STRIPE, box.height)
        parts.append(element("rect", data_part="stripe", **stripe, rx=3, fill=LEARNS))
    words = words_of(box)
    if box.thrown:
        parts += [_plate(line, FILLS[box.look]) for line in words]
    parts += [draw(line) for line in words]
    return _group("box", parts, box.name, keys(box))


@draw.register
def _(loss: Loss) -> str:
    circle = element(
        "circle",
        cx=float(loss.x),
        cy=float(loss.y),
        r=loss.width / 2,
        fill=CARD,
        stroke=INK,
        stroke_width=2.6,
    )
    parts = [circle]
    if loss.letter:
        parts.append(draw(Words(loss.letter, loss.x, loss.y, bold=True)))
    return _group("loss", parts, loss.name, ["loss"])


@draw.register
def _(arrow: Arrow) -> str:
    colour = COLOUR_OF[arrow.kind]
    points = arrow.points
    path = element(
        "path",
        data_part="path",
        d=_rounded([*points[:-1], _before(points[-2], points[-1], HEAD[0] - 1)]),
        fill="none",
        stroke=colour,
        stroke_width=WIDTHS[arrow.kind],
        stroke_dasharray=DASHES[arrow.kind],
        stroke_linecap="round" if arrow.kind == "copy" else "",
    )
    parts = [path, _head(points[-2], points[-1], colour)]
    if arrow.kind == "target" and arrow.stop:
        parts.append(_bar(points[0], points[1], colour))
    if arrow.text:
        parts.append(draw(beside(arrow)))
    corners = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return _group(
        "arrow",
        parts,
        "",
        [arrow.kind],
        data_from=arrow.start.of,
        data_to=arrow.end.of,
        data_points=corners,
    )


@draw.register
def _(frame: Frame) -> str:
    rect = element(
        "rect",
        **_rect(frame.x, frame.y, frame.width, frame.height),
        rx=8,
        fill=PANE,
        stroke=GREY,
        stroke_width=1.0,
    )
    title = Words(frame.title, frame.x + 14, frame.y + 20, anchor="start", bold=True)
    return _group("frame", [rect, draw(title)], frame.title)


@draw.register
def _(curve: Curve) -> str:
    colour, dashes, width = {
        "axis": (GREY, "", 1.4),
        "edge": (INK, "", 1.6),
        "bold": (INK, "", 4.0),
        "steps": (INK, "", 3.2),
        "slope": (LEARNS, "9 5", 3.4),
    }[curve.kind]
    line = element(
        "path",
        data_part="path",
        d=_straight(curve.points),
        fill="none",
        stroke=colour,
        stroke_width=width,
        stroke_dasharray=dashes,
    )
    corners = " ".join(f"{number(x)},{number(y)}" for x, y in curve.points)
    explained = [curve.kind] if curve.kind in ("steps", "slope") else []
    return _group("curve", [line], "", explained, data_points=corners)


def keys(box: Box) -> list[str]:
    """List what a legend must explain of a box."""
    explained: list[str] = [] if box.look == "square" else [box.look]
    explained += ["served"] if box.served else []
    return [*explained, "thrown"] if box.thrown else explained


def _group(
    kind: str, parts: Iterable[str], name: str, keys: Iterable[str] = (), **more: object
) -> str:
    inside = "".join(parts)
    return element(
        "g", inside, data_part=kind, data_name=name, data_keys=" ".join(keys), **more
    )


def _rect(x: float, y: float, width: float, height: float) -> dict[str, object]:
    return {
        "x": float(x),
        "y": float(y),
        "width": float(width),
        "height": float(height),
    }


def _hatching(box: Box, x: float, y: float) -> str:
    """Draw slanted lines across a box, cut off at its sides."""
    strokes = []
    steps = int((box.width + box.height) / PITCH)
    for k in range(1, steps + 1):
        reach = k * PITCH
        start = min(reach, box.width)
        end = max(0.0, reach - box.height)
        strokes.append(
            f"M{number(x + start)} {number(y + reach - start)}"
            f"L{number(x + end)} {number(y + reach - end)}"
        )
    return element("path", data_part="hatch", d="".join(strokes), stroke=HATCH)


def _plate(words: Words, fill: str) -> str:
    """Draw the ground on which words can be read over hatching."""
    width = letters.width(words.text, bold=words.bold) + 10
    sides = _rect(words.x - width / 2, words.y - 12, width, 24)
    return element("rect", data_part="plate", **sides, rx=4, fill=fill)


def _before(a: Point, b: Point, distance: float) -> Point:
    """Return the point on the way from a to b that lies so far before b."""
    length = math.dist(a, b) or 1.0
    share = distance / length
    return b[0] - share * (b[0] - a[0]), b[1] - share * (b[1] - a[1])


def _at(x: float, y: float) -> str:
    return f"{number(float(x))} {number(float(y))}"


def _straight(points: Iterable[Point]) -> str:
    return "M" + "L".join(_at(*point) for point in points)


def _rounded(points: list[Point]) -> str:
    """Write a path whose corners are round."""
    path = "M" + _at(*points[0])
    for a, b, c in zip(points, points[1:], points[2:]):
        radius = min(BEND, math.dist(a, b) / 2, math.dist(b, c) / 2)
        path += f"L{_at(*_before(a, b, radius))}"
        path += f"Q{_at(*b)} {_at(*_before(c, b, radius))}"
    return path + "L" + _at(*points[-1])


def _head(a: Point, b: Point, colour: str) -> str:
    """Draw the head of an arrow that comes from a and ends at b."""
    length, half = HEAD
    x, y = _before(a, b, length)
    size = math.dist(a, b) or 1.0
    across = ((b[1] - a[1]) / size * half, (a[0] - b[0]) / size * half)
    corners = [b, (x + across[0], y + across[1]), (x - across[0], y - across[1])]
    return element("path", data_part="head", d=_straight(corners) + "Z", fill=colour)


def _bar(a: Point, b: Point, colour: str) -> str:
    """Draw the stop across the start of the way from a to b."""
    x, y = _before(b, a, STOP_AT)
    size = math.dist(a, b) or 1.0
    across = ((b[1] - a[1]) / size * BAR, (a[0] - b[0]) / size * BAR)
    ends = [(x + across[0], y + across[1]), (x - across[0], y - across[1])]
    return element(
        "path", data_part="stop", d=_straight(ends), stroke=colour, stroke_width=5.0
    )

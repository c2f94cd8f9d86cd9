"""The SVG of a scheme, read again: its words, boxes, circles and paths, as numbers.

Widths are measured by matplotlib's own reader of fonts, not by the one that placed the words.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.ft2font import FT2Font

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Area:
    """A rectangle from (x1, y1) to (x2, y2), and what lies in it."""

    name: str
    x1: float
    y1: float
    x2: float
    y2: float

    def grown(self, by: float) -> "Area":
        return Area(self.name, self.x1 - by, self.y1 - by, self.x2 + by, self.y2 + by)

    def meets(self, other: "Area") -> bool:
        across = self.x1 < other.x2 and other.x1 < self.x2
        return across and self.y1 < other.y2 and other.y1 < self.y2

    def holds(self, other: "Area") -> bool:
        across = self.x1 <= other.x1 and other.x2 <= self.x2
        return across and self.y1 <= other.y1 and other.y2 <= self.y2

    def has(self, x: float, y: float) -> bool:
        return self.x1 < x < self.x2 and self.y1 < y < self.y2


@cache
def font(bold: bool) -> FT2Font:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", name)
    opened = FT2Font(str(path))
    opened.set_size(100, 72)
    return opened


@cache
def advance(text: str, bold: bool) -> float:
    glyphs = [font(bold).load_char(ord(letter)) for letter in text]
    return sum(glyph.linearHoriAdvance for glyph in glyphs) / 65536 / 100


def pieces(text) -> list[tuple[str, float]]:
    """The letters of a text element and their sizes, in order."""
    size = float(text.get("font-size"))
    parts = [(text.text or "", size)]
    for span in text:
        parts += [(span.text or "", float(span.get("font-size", size)))]
        parts += [(span.tail or "", size)]
    return [part for part in parts if part[0]]


def area(text) -> Area:
    """Where a text element lies."""
    bold = text.get("font-weight") == "bold"
    width = sum(advance(letters, bold) * size for letters, size in pieces(text))
    share = {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0)
    x, y, size = (float(text.get(key)) for key in ("x", "y", "font-size"))
    lowest = max((drop(span) for span in text), default=0.0)
    x -= share * width
    words = "".join(letters for letters, _ in pieces(text))
    return Area(words, x, y - 0.76 * size, x + width, y + 0.2 * size + lowest)


def drop(span) -> float:
    return max(0.0, float(span.get("dy", 0)) - 2)


def rect(element, name: str = "") -> Area:
    x, y, width, height = (
        float(element.get(key)) for key in ("x", "y", "width", "height")
    )
    return Area(name, x, y, x + width, y + height)


def round_area(circle, name: str) -> Area:
    x, y, r = (float(circle.get(key)) for key in ("cx", "cy", "r"))
    return Area(name, x - r, y - r, x + r, y + r)


def points(group) -> list[tuple[float, float]]:
    pairs = group.get("data-points").split()
    return [tuple(map(float, pair.split(","))) for pair in pairs]


def along(corners, step: float = 2.0):
    """Points on a path, a step apart."""
    for (x1, y1), (x2, y2) in zip(corners, corners[1:]):
        count = max(1, int(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 / step))
        for k in range(count + 1):
            yield x1 + (x2 - x1) * k / count, y1 + (y2 - y1) * k / count


class Drawing:
    """A scheme's SVG, parsed; the legend apart."""

    def __init__(self, svg: str):
        self.root = ElementTree.fromstring(svg)
        self.height = float(self.root.get("viewBox").split()[3])
        self.width = float(self.root.get("viewBox").split()[2])
        self.entries = self.of_class(self.root, "entry")
        hidden = {part for entry in self.entries for part in entry.iter()}
        self.parts = [part for part in self.root.iter() if part not in hidden]
        self.texts = [part for part in self.parts if part.tag == f"{SVG}text"]
        self.boxes = self.groups("box")
        self.losses = self.groups("loss")
        self.arrows = self.groups("arrow")
        self.curves = self.groups("curve")

    def of_class(self, root, name: str) -> list:
        return [part for part in root.iter() if part.get("data-part") == name]

    def groups(self, name: str) -> list:
        return [part for part in self.parts if part.get("data-part") == name]

    @cached_property
    def areas(self) -> list[Area]:
        """Boxes and losses."""
        return [self.area_of(group) for group in [*self.boxes, *self.losses]]

    def area_of(self, group) -> Area:
        """Where a box or a loss lies."""
        name = group.get("data-name")
        circle = group.find(f"{SVG}circle")
        if circle is not None:
            return round_area(circle, name)
        return rect(self.of_class(group, "face")[0], name)

    def used(self) -> set[str]:
        """What a legend must explain."""
        parts = [*self.boxes, *self.losses, *self.arrows, *self.curves]
        return {key for part in parts for key in (part.get("data-keys") or "").split()}


def contrast(a: str, b: str) -> float:
    """The contrast of two colours, WCAG 2."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(part, 16) / 255 for part in re.findall("..", colour.lstrip("#"))]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear))

"""What schemes are made of: nets, losses, arrows, frames and words, as data.

Lengths are pixels of a drawing that is 960 wide; y grows downwards. `ink` draws them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kdsurvey.schemes import letters

Point = tuple[float, float]
Look = Literal["learns", "frozen", "numbers", "square"]
Kind = Literal["forward", "target", "copy"]
Anchor = Literal["start", "middle", "end"]

LINE = 23.0  # from one line of words to the next
GAP = 17.0  # from an arrow to the middle of the words beside it


@dataclass(frozen=True)
class Spot:
    """A place where an arrow starts or ends; of: the name of the part it lies on."""

    x: float
    y: float
    of: str = ""


@dataclass(frozen=True)
class Block:
    """A part with four sides, around the point (x, y)."""

    name: str
    x: float
    y: float
    width: float
    height: float

    def left(self, dy: float = 0.0) -> Spot:
        """Return the middle of the left side, moved down by dy."""
        return Spot(self.x - self.width / 2, self.y + dy, self.name)

    def right(self, dy: float = 0.0) -> Spot:
        """Return the middle of the right side, moved down by dy."""
        return Spot(self.x + self.width / 2, self.y + dy, self.name)

    def top(self, dx: float = 0.0) -> Spot:
        """Return the middle of the upper side, moved right by dx."""
        return Spot(self.x + dx, self.y - self.height / 2, self.name)

    def bottom(self, dx: float = 0.0) -> Spot:
        """Return the middle of the lower side, moved right by dx."""
        return Spot(self.x + dx, self.y + self.height / 2, self.name)


@dataclass(frozen=True)
class Box(Block):
    """A net, or numbers.

    look: "learns" and "frozen" are nets, "numbers" are none; "square" are numbers whose
    shape counts, as those of matrices and bars. text: its lines; "" is the name, " "
    leaves the box blank. served: it has the thick frame. thrown: it is hatched, as it
    is gone after training.
    """

    look: Look = "learns"
    text: str = ""
    served: bool = False
    thrown: bool = False

    @property
    def is_net(self) -> bool:
        """Tell whether the box is a net."""
        return self.look in ("learns", "frozen")

    @property
    def lines(self) -> list[str]:
        """List the lines of words in the box; a blank text has none."""
        return [line for line in (self.text or self.name).split("\n") if line.strip()]


@dataclass(frozen=True)
class Loss(Block):
    """A loss: a circle with the letter of the formula."""

    letter: str = "H"


@dataclass(frozen=True)
class Arrow:
    """A path from one spot over corners to another.

    kind: "forward", a "target" without a gradient, or a "copy" of weights. stop: a bar
    across the start of a target's path; a branch of that path has none. text: words
    beside the longest stretch, above a level one and right of an upright one; below
    puts them on the other side; shift moves them.
    """

    start: Spot
    end: Spot
    via: tuple[Point, ...] = ()
    kind: Kind = "forward"
    stop: bool = True
    text: str = ""
    below: bool = False
    shift: Point = (0.0, 0.0)

    @property
    def points(self) -> list[Point]:
        """List the corners of the path, its ends included."""
        return [(self.start.x, self.start.y), *self.via, (self.end.x, self.end.y)]


@dataclass(frozen=True)
class Frame:
    """A frame around what belongs to one stage; (x, y) is its upper left corner."""

    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Words:
    """One line of words whose middle is at height y."""

    text: str
    x: float
    y: float
    anchor: Anchor = "middle"
    bold: bool = False


@dataclass(frozen=True)
class Curve:
    """A line through points: an axis is thin, a slope for learning is dashed."""

    points: tuple[Point, ...]
    kind: Literal["axis", "edge", "bold", "steps", "slope"] = "axis"


Part = Box | Loss | Arrow | Frame | Words | Curve


def loss(name: str, x: float, y: float, letter: str = "H", radius: float = 25) -> Loss:
    """Make a loss around (x, y)."""
    return Loss(name, x, y, 2 * radius, 2 * radius, letter=letter)


def numbers(
    name: str, x: float, y: float, width: float, height: float = 40, text: str = ""
) -> Box:
    """Make a box of numbers: images, labels, logits, probabilities."""
    return Box(name, x, y, width, height, look="numbers", text=text)


def forward(start: Spot, end: Spot, *via: Point, **words) -> Arrow:
    """Make the solid arrow of a forward pass."""
    return Arrow(start, end, via, **words)


def target(start: Spot, end: Spot, *via: Point, stop: bool = True, **words) -> Arrow:
    """Make the dashed arrow of a target, which gets no gradient."""
    return Arrow(start, end, via, kind="target", stop=stop, **words)


def copied(start: Spot, end: Spot, *via: Point, **words) -> Arrow:
    """Make the dotted arrow of weights that are copied."""
    return Arrow(start, end, via, kind="copy", **words)


def elbow(start: Spot, end: Spot, x: float) -> Arrow:
    """Make a solid arrow that turns twice: at x up or down, then on."""
    if start.y == end.y:
        return forward(start, end)
    return forward(start, end, (x, start.y), (x, end.y))


def longest(arrow: Arrow) -> tuple[Point, Point]:
    """Return the ends of the longest stretch of an arrow."""
    pairs = zip(arrow.points, arrow.points[1:])
    return max(pairs, key=lambda pair: abs(pair[0][0] - pair[1][0]) + _rise(pair))


def _rise(pair: tuple[Point, Point]) -> float:
    return abs(pair[0][1] - pair[1][1])


def beside(arrow: Arrow) -> Words:
    """Place the words of an arrow."""
    (x1, y1), (x2, y2) = longest(arrow)
    x = (x1 + x2) / 2 + arrow.shift[0]
    y = (y1 + y2) / 2 + arrow.shift[1]
    side = -1 if arrow.below else 1
    if y1 == y2:
        below_line = letters.DROP if side > 0 and "_" in arrow.text else 0.0
        return Words(arrow.text, x, y - side * GAP - below_line)
    anchor: Anchor = "end" if arrow.below else "start"
    return Words(arrow.text, x + side * GAP, y, anchor=anchor)


def words_of(box: Box) -> list[Words]:
    """Place the lines of words in a box: the first of a net is bold."""
    lines = box.lines
    first = box.y - LINE * (len(lines) - 1) / 2
    return [
        Words(line, box.x, first + LINE * k, bold=k == 0 and box.is_net)
        for k, line in enumerate(lines)
    ]


def bottom_of(parts: Sequence[Part]) -> float:
    """Return where the lowest part ends."""
    return max(_bottom(part) for part in parts)


def _bottom(part: Part) -> float:
    if isinstance(part, Block):
        return part.y + part.height / 2
    if isinstance(part, Frame):
        return part.y + part.height
    if isinstance(part, Words):
        return part.y + letters.size_of(part.text) / 2
    return max(y for _, y in part.points)

"""A scheme: a method as a drawing, with the same in words."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from kdsurvey.pictures.palette import GREY, INK
from kdsurvey.schemes import ink, legend, letters
from kdsurvey.schemes.parts import (
    Arrow,
    Block,
    Curve,
    Frame,
    Part,
    Words,
    bottom_of,
)

WIDTH = 960.0
MIDDLE = WIDTH / 2
TITLE_AT = 32.0
TITLE = 22.0  # pixels of the title's letters
LINE = 34.0  # from one line of the formula to the next
QUOTES = {'"': "&quot;"}  # of an attribute
LAYERS = (Frame, Arrow, Block, Curve, Words)  # the hindmost first


@dataclass(frozen=True, repr=False)
class Scheme:
    """A method as a drawing that explains itself.

    name: the function that makes it. title: one sentence of what is to be seen. parts:
    see `parts`, on a ground that is 960 wide and begins below the title, at y = 60.
    formula: its lines, with the letters of the method's docstring. text: the drawing in
    plain sentences, which names every box; the alt text.

    In a notebook it shows as an image with that text: SVG alone would be hidden by
    JupyterLab until the reader has run the cell. `repr` is the text. The same scheme is
    the same, byte for byte.
    """

    name: str
    title: str
    parts: tuple[Part, ...]
    formula: tuple[str, ...]
    text: str

    @property
    def svg(self) -> str:
        """Write the drawing as SVG: an opaque white card, as wide as there is room."""
        end = bottom_of(self.parts) + 8
        legend_at = end + LINE * len(self.formula) + 40
        keys = legend.used(self.parts)
        entries = legend.rows(keys, WIDTH - 40)
        height = legend_at + legend.ROW * (len(entries) - 1) + 28
        inside = [
            ink.element("title", escape(self.title), id=self._id("title")),
            ink.element("desc", escape(self.text), id=self._id("text")),
            _card(height),
            _title(self.title),
            *map(ink.draw, sorted(self.parts, key=_depth)),
            *self._formula(end),
            _rule(legend_at - 24),
            legend.draw(keys, MIDDLE, legend_at, WIDTH - 40),
        ]
        return ink.element(
            "svg",
            "\n".join(inside),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH:g} {height:g}",
            width=WIDTH,
            height=height,
            style="max-width:100%;height:auto",
            role="img",
            aria_labelledby=f"{self._id('title')} {self._id('text')}",
            font_family=letters.FAMILY,
        )

    def save(self, path: str | Path) -> None:
        """Write the drawing to a file of SVG."""
        Path(path).write_text(self.svg, encoding="utf-8")

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        data = b64encode(self.svg.encode()).decode()
        image = (
            f'<img alt="{escape(self.text, QUOTES)}" style="max-width:100%" '
            f'src="data:image/svg+xml;base64,{data}">'
        )
        return {
            "text/html": image,
            "image/svg+xml": self.svg,
            "text/plain": self.text,
        }

    def _id(self, part: str) -> str:
        return f"kdsurvey-{self.name}-{part}"

    def _formula(self, end: float) -> list[str]:
        lines = enumerate(self.formula)
        return [
            ink.draw(Words(line, MIDDLE, end + LINE * (k + 0.5))) for k, line in lines
        ]


def _depth(part: Part) -> int:
    return next(k for k, layer in enumerate(LAYERS) if isinstance(part, layer))


def _title(title: str) -> str:
    return ink.element(
        "text",
        escape(title),
        x=MIDDLE,
        y=TITLE_AT + letters.MIDDLE * TITLE,
        font_size=TITLE,
        font_weight="bold",
        text_anchor="middle",
        fill=INK,
    )


def _card(height: float) -> str:
    return ink.element(
        "rect",
        data_part="card",
        x=0.5,
        y=0.5,
        width=WIDTH - 1,
        height=height - 1,
        rx=10,
        fill=ink.CARD,
        stroke=GREY,
    )


def _rule(y: float) -> str:
    d = f"M30 {ink.number(y)}H{WIDTH - 30:g}"
    return ink.element("path", data_part="rule", d=d, stroke=GREY, stroke_width=1.0)

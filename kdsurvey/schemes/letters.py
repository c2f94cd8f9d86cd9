"""How wide words are, and how subscripts are written in them.

In words `p_T` has a subscript, `T^2` a superscript, and braces hold several letters:
`z_{ij}`. Widths are those of DejaVu Sans, which matplotlib brings; no font is bundled.
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import matplotlib
from PIL import ImageFont

FAMILY = "DejaVu Sans, Verdana, sans-serif"
PLAIN = 18.0  # pixels of the letters in words, where the drawing is 960 wide
FORMULA = 20.0  # of letters that have subscripts
INDEX = 16.0  # of subscripts, the smallest letters there are
RISE = 7.0  # of a superscript above the line
DROP = 5.0  # of a subscript below it
MIDDLE = 0.36  # from the baseline to the middle of capitals, likewise

_INDEX = re.compile(r"([_^])(\{[^}]*\}|.)")
_UNIT = 1000  # of a font's widths


class Run(NamedTuple):
    """Letters at one level: 0 on the line, -1 subscript, 1 superscript."""

    text: str
    level: int


def runs(text: str) -> list[Run]:
    """Take words apart into letters on the line and raised or lowered ones."""
    parts = []
    end = 0
    for match in _INDEX.finditer(text):
        parts.append(Run(text[end : match.start()], 0))
        level = -1 if match[1] == "_" else 1
        parts.append(Run(match[2].strip("{}"), level))
        end = match.end()
    parts.append(Run(text[end:], 0))
    return [run for run in parts if run.text]


def size_of(text: str) -> float:
    """Return the size of words in pixels: larger where they have subscripts."""
    return FORMULA if _INDEX.search(text) else PLAIN


def width(text: str, *, bold: bool = False) -> float:
    """Measure words in pixels, subscripts included."""
    size = size_of(text)
    return sum(
        _advance(run.text, bold) * (INDEX if run.level else size) for run in runs(text)
    )


def tspans(text: str) -> str:
    """Write words as the inside of an SVG text element."""
    written = ""
    shift = 0.0  # of the last run, below the line
    for run in runs(text):
        wanted = {0: 0.0, -1: DROP, 1: -RISE}[run.level]
        move = wanted - shift
        shift = wanted
        if not run.level and not move:
            written += escape(run.text)
            continue
        size = f' font-size="{INDEX:g}"' if run.level else ""
        written += f'<tspan dy="{move:g}"{size}>{escape(run.text)}</tspan>'
    return written


@cache
def _advance(text: str, bold: bool) -> float:
    """Measure letters as a multiple of their size."""
    return _font(bold).getlength(text) / _UNIT


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", name)
    return ImageFont.truetype(path, _UNIT)

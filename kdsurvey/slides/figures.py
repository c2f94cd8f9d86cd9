"""Pictures on slides: large enough to be read from the last row.

A slide is 1024 x 768 CSS pixels, and is shown as large as the screen. Letters of a
picture have 24 of them at least.
"""

import math
import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape

from kdsurvey.pictures import Picture
from kdsurvey.pictures.marks import SMALLEST as LETTERS
from kdsurvey.pictures.stored import smaller

SMALLEST = 24.0  # CSS pixels of a letter on a slide
WIDE, HIGH = 1000, 690  # CSS pixels: what a picture may take of a slide
SCHEME = 16.0  # CSS pixels of the smallest letters of a scheme, as it is drawn
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_HEAD = re.compile(r"<svg[^>]*>")


def zoom_of(picture: Picture) -> float:
    """Return how many times as large as on a page a picture is on a slide."""
    return min(WIDE / picture.width, HIGH / picture.height)


def drawn(pictures: Sequence[Picture], alt: str) -> list[str]:
    """Draw the parts of a picture, each as large as a slide allows."""
    figures = []
    for picture in pictures:
        zoom = zoom_of(picture)
        size = f"width:{zoom * picture.width:g}px;height:{zoom * picture.height:g}px"
        data = b64encode(smaller(picture.png())).decode()
        figures.append(
            f"<img class='figure' data-letters='{zoom * LETTERS:.2f}' style='{size}' "
            f"alt='{escape(alt, quote=True)}' src='data:image/png;base64,{data}'>"
        )
    return figures


def stored(output: dict) -> str:
    """Show the picture that a notebook has stored, as large as the slide allows."""
    look = output.get("metadata", {}).get("image/png", {})
    size = f"max-width:{WIDE}px;max-height:{HIGH}px;width:{WIDE}px"
    alt = escape(look.get("alt", ""), quote=True)
    data = "".join(output["data"]["image/png"]).replace("\n", "")
    return (
        f"<img class='figure' style='{size};object-fit:contain' alt='{alt}' "
        f"src='data:image/png;base64,{data}'>"
    )


def views(svg: str) -> list[str]:
    """Cut a scheme into overlapping views in which its smallest letters can be read.

    The page shows the whole scheme while the key Z is down.
    """
    found = _BOX.search(svg)
    if not found:
        return [svg]
    width, height = float(found[1]), float(found[2])
    zoom = SMALLEST / SCHEME
    columns, rows = _parts(width, WIDE / zoom), _parts(height, HIGH / zoom)
    wide, high = min(width, WIDE / zoom), min(height, HIGH / zoom)
    return [_view(svg, x, y, wide, high, zoom) for y in rows for x in columns]


def _parts(length: float, seen: float) -> list[float]:
    """Return where views of a length begin, so that they show all of it."""
    count = math.ceil(length / seen)
    step = (length - seen) / (count - 1) if count > 1 else 0.0
    return [k * step for k in range(count)]


def _view(svg: str, x: float, y: float, wide: float, high: float, zoom: float) -> str:
    """Return a scheme of which one part is seen."""
    whole = _BOX.search(svg)
    assert whole
    head = (
        f'<svg class="figure scheme" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'data-whole="0 0 {whole[1]} {whole[2]}" '
        f'viewBox="{x:g} {y:g} {wide:g} {high:g}" '
        f'width="{wide * zoom:g}" height="{high * zoom:g}" '
        'font-family="DejaVu Sans, Verdana, sans-serif">'
    )
    return re.sub(r' id="[^"]*"', "", _HEAD.sub(head, svg, count=1))

"""A field to draw in, with mouse, finger or pen.

It draws in the browser; the kernel gets the drawing a few times a second.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import ipywidgets as widgets
import numpy as np
from traitlets import Bool, CBytes, Int

try:
    from anywidget import AnyWidget

    Base: Any = AnyWidget
except ImportError:  # drawing is an extra: everything else must work without
    Base = widgets.HTML

GRID = 56  # the drawing comes as so many pixels a side
SCRIPT = files(__package__).joinpath("ink.js").read_text(encoding="utf-8")


class Ink(Base):
    """The field: `show` fills it, `on_drawing` and `on_arrow` hear what the reader does.

    `alive` becomes True when the field appears on a page. Where that never happens (no
    anywidget in the kernel, no script on the page), nothing is ever drawn and
    everything else works. Each drawing names the image that it was made on, so that one
    that arrives late is not taken for a drawing on the image of now.
    """

    _esm = SCRIPT
    alive = Bool(False).tag(sync=True)
    rubber = Bool(False).tag(sync=True)  # the pen rubs out
    # n x n bytes, 255 where there is ink; empty: no ink
    shown = CBytes(b"").tag(sync=True)
    # how many images have been shown: the same one a second time counts
    shows = Int(0).tag(sync=True)
    drawing = CBytes(b"").tag(sync=True, echo_update=False)  # GRID x GRID bytes
    # the value of `shows` when it was drawn
    on = Int(-1).tag(sync=True, echo_update=False)

    def show(self, image) -> None:
        """Replace what is in the field by an image (n, n) in [0, 1], 1 for ink."""
        with self.hold_sync():
            self.shown = np.rint(255 * np.asarray(image)).astype(np.uint8).tobytes()
            self.shows += 1

    def drawn(self) -> np.ndarray | None:
        """Return the drawing, (56, 56) in [0, 1].

        None where nothing was drawn since the last image was shown.
        """
        if self.on != self.shows or len(self.drawing) != GRID**2:
            return None
        pixels = np.frombuffer(self.drawing, np.uint8).reshape(GRID, GRID)
        return pixels.astype(np.float32) / 255

    def on_drawing(self, act: Callable[[], None]) -> None:
        """Call act() when a drawing has come in."""
        self.observe(lambda change: act(), ["drawing", "on"])

    def on_arrow(self, act: Callable[[str], None]) -> None:
        """Call act("left" | "right" | "up" | "down") for the arrow keys in the field."""

        def hear(widget, content, buffers):
            if "arrow" in content:
                act(content["arrow"])

        self.on_msg(hear)

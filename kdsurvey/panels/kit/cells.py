"""Panels by the notebook cell that made them: one that runs again closes its old ones.

Else each would train on for nobody, and its widgets and pictures would stay in the memory
of the kernel, as ipywidgets keeps every widget that is not closed.
"""

import threading
import weakref
from typing import Protocol


class Closable(Protocol):
    """What a cell made: a panel."""

    def end(self) -> None:
        """Ask what runs to end; returns at once."""

    def close(self) -> None:
        """Free all widgets."""


# cell -> (which execution of it, the panels that it made)
_made: dict[str, tuple[str, "weakref.WeakSet[Closable]"]] = {}


def made(panel: Closable) -> None:
    """Note that the cell which runs now made a panel; close those of its runs before."""
    cell, execution = here()
    if cell is None or execution is None:
        return
    before, panels = _made.get(cell, (execution, weakref.WeakSet()))
    if before != execution:
        _close_soon(list(panels))
        panels = weakref.WeakSet()
    panels.add(panel)
    _made[cell] = execution, panels


def _close_soon(panels: list[Closable]) -> None:
    """End what the panels run now; free them on a thread, as the last picture takes a while."""
    for panel in panels:
        panel.end()

    def close() -> None:
        for panel in panels:
            panel.close()

    threading.Thread(target=close, name="kdsurvey closing", daemon=True).start()


def here() -> tuple[str | None, str | None]:
    """The notebook cell that runs now and this execution of it, where the front end names them."""
    try:
        from IPython import get_ipython

        parent = get_ipython().kernel.get_parent()
        return parent["metadata"].get("cellId"), parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return None, None

"""What a page gets of a panel, through the door that Jupyter uses."""

from IPython.core.formatters import DisplayFormatter
from ipywidgets import Widget

WIDGET = "application/vnd.jupyter.widget-view+json"


def faces(shown) -> dict:
    """Return mime type -> content, as a cell's output would hold it."""
    return DisplayFormatter().format(shown)[0]


def words_of(shown) -> dict:
    """Return mime type -> metadata, such as the alt text of the picture."""
    return DisplayFormatter().format(shown)[1]


def open_widgets() -> set[str]:
    """Return the ids of all widgets that are open."""
    return set(Widget.get_manager_state()["state"])

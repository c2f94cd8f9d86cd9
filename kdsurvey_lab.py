"""What Jupyter's server does for notebooks with panels: it opens them with still faces when
their kernel is gone.

A live view in a saved notebook is dead when the notebook is opened with a new kernel, and
JupyterLab then shows "Error displaying widget", not the picture that is stored beside it.
So where no kernel of the notebook runs, the live views of panels are left out as it is
opened. Where one runs, the panel is found again as it is now.

It is no part of the package, whose import takes seconds that a server need not wait.
Whatever is odd about a notebook or the server, the notebook opens: as it is, at worst.
"""

import re
from typing import Any

LIVE = "application/vnd.jupyter.widget-view+json"
# how the texts of our panels, quizzes and progress bars begin
OURS = re.compile(r"\((panels?|progress|question|\d+ questions): ")


def live_panels(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs' data, of a notebook that was read, that hold a panel's live view.

    Other widgets are none, which a panel's text tells.
    """
    if not isinstance(model, dict) or model.get("type") != "notebook":
        return []
    cells = _dicts(model.get("content"), "cells")
    outputs = [output for cell in cells for output in _dicts(cell, "outputs")]
    shown = [output.get("data") for output in outputs]
    return [data for data in shown if isinstance(data, dict) and _is_ours(data)]


def _dicts(holder: Any, name: str) -> list[dict[str, Any]]:
    """Return what is a dict in a list that a dict has under a name."""
    parts = holder.get(name) if isinstance(holder, dict) else None
    return [p for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []


def _is_ours(data: dict[str, Any]) -> bool:
    text = data.get("text/plain")
    text = "".join(map(str, text)) if isinstance(text, list) else str(text)
    return LIVE in data and bool(OURS.match(text))


def leave_still_faces(model: dict[str, Any]) -> None:
    """Take the live views of panels out of a notebook that was read."""
    for data in live_panels(model):
        del data[LIVE]


async def has_kernel(sessions: Any, path: str) -> bool:
    """Whether a kernel runs that was started for the notebook at this path."""
    running = await sessions.list_sessions()
    return path.strip("/") in {session.get("path") for session in running}


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "kdsurvey_lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from jupyter_server.services.contents.manager import AsyncContentsManager

    manager, sessions = server.contents_manager, server.session_manager
    if not isinstance(manager, AsyncContentsManager):
        return  # a server that was set up to read by itself, one file after the other
    read = manager.get

    async def get(path: str, *given: Any, **options: Any) -> dict[str, Any]:
        model: dict[str, Any] = await read(path, *given, **options)
        try:
            if live_panels(model) and not await has_kernel(sessions, path):
                leave_still_faces(model)
        except Exception as error:
            server.log.warning("kdsurvey_lab: %s is opened as it is: %r", path, error)
        return model

    manager.get = get

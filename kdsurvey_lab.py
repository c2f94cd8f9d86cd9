"""What Jupyter's server does for notebooks with panels: it opens them with still faces when
their kernel is gone.

A live view in a saved notebook is dead when the notebook is opened with a new kernel, and
JupyterLab then shows "Error displaying widget", not the picture that is stored beside it.
So where no kernel of the notebook runs, the live views of panels are left out as it is
opened. Where one runs, the panel is found again as it is now.

It is no part of the package, whose import takes seconds that a server need not wait.
"""

from typing import Any

LIVE = "application/vnd.jupyter.widget-view+json"


def live_panels(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs' data, of a notebook that was read, that hold a panel's live view.

    Other widgets are none: a panel's text begins with a bracket.
    """
    notebook = model.get("content")
    if model.get("type") != "notebook" or not isinstance(notebook, dict):
        return []
    outputs = [o for cell in notebook.get("cells", []) for o in cell.get("outputs", [])]
    shown = [output.get("data", {}) for output in outputs]
    texts = ["".join(data.get("text/plain", "")) for data in shown]
    return [
        data
        for data, text in zip(shown, texts)
        if LIVE in data and text.startswith("(")
    ]


def leave_still_faces(model: dict[str, Any]) -> None:
    """Take the live views of panels out of a notebook that was read."""
    for data in live_panels(model):
        del data[LIVE]


async def has_kernel(sessions: Any, path: str) -> bool:
    """Whether a kernel runs that was started for the notebook at this path."""
    running = await sessions.list_sessions()
    return path.strip("/") in {session["path"] for session in running}


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
        if live_panels(model) and not await has_kernel(sessions, path):
            leave_still_faces(model)
        return model

    manager.get = get

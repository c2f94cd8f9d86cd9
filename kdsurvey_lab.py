"""What Jupyter's server does for notebooks with panels: it saves their still faces.

A live view in a saved notebook is dead when the notebook is opened again with a new
kernel, and JupyterLab then shows "Error displaying widget", not the picture that is
stored beside it. So as a notebook is saved, the live views of panels are left out. What is
on the page stays live.

It is no part of the package, whose import takes seconds that a server need not wait.
"""

from typing import Any

LIVE = "application/vnd.jupyter.widget-view+json"


def save_still_faces(model: dict[str, Any], **rest: object) -> None:
    """Take the live views of panels out of a notebook that is about to be saved.

    Those of other widgets stay: a panel's text begins with a bracket.
    """
    notebook = model.get("content")
    if model.get("type") != "notebook" or not isinstance(notebook, dict):
        return
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if LIVE in data and "".join(data.get("text/plain", "")).startswith("("):
                del data[LIVE]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "kdsurvey_lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.contents_manager.register_pre_save_hook(save_still_faces)

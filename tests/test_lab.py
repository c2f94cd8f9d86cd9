"""What Jupyter's server leaves out of a notebook that it opens without its kernel."""

import asyncio
import json
import tomllib
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import nbformat
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

import kdsurvey_lab

ROOT = Path(__file__).parents[1]
PANEL = {
    kdsurvey_lab.LIVE: {"model_id": "1"},
    "image/png": "",
    "text/plain": "(panel: x)",
}
VIEW = {kdsurvey_lab.LIVE: {"model_id": "2"}}
# of others, with no text, or with one that is no text
OTHERS = [
    VIEW | {"text/plain": "IntSlider(value=0)"},
    VIEW | {"text/plain": "(Output(), Output())"},
    VIEW | {"text/plain": None},
    VIEW | {"text/plain": [1, None]},
    VIEW,
]


def test_live_views_of_panels_are_left_out_and_all_else_stays():
    cells = [
        {"cell_type": "markdown", "source": "x"},
        {
            "cell_type": "code",
            "outputs": [{"data": dict(data)} for data in (PANEL, *OTHERS)],
        },
        {"cell_type": "code", "outputs": [{"name": "stdout", "text": "y"}]},
    ]
    model = {"type": "notebook", "content": {"cells": deepcopy(cells)}}
    kdsurvey_lab.leave_still_faces(model)
    del cells[1]["outputs"][0]["data"][kdsurvey_lab.LIVE]
    assert model["content"]["cells"] == cells


def test_files_that_are_no_notebooks_stay_as_they_are():
    contents = ["text", None, [], 3, {}, {"cells": None}, {"cells": {}}]
    contents += [{"cells": [None, "x", {}, {"outputs": None}, {"outputs": [None]}]}]
    contents += [{"cells": [{"outputs": [{"data": None}, {"data": "x"}, {}]}]}]
    contents += [{"worksheets": [{"cells": [{"outputs": [PANEL]}]}]}]
    models = [{"type": "notebook", "content": content} for content in contents]
    for model in (None, {}, {"type": "file", "content": "text"}, *models):
        before = deepcopy(model)
        kdsurvey_lab.leave_still_faces(model)
        assert model == before


def test_the_texts_of_all_that_is_live_in_the_notebooks_are_known():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text())
        live = json.dumps(notebook["cells"]).count(f'"{kdsurvey_lab.LIVE}": ')
        model = {"type": "notebook", "content": notebook}
        assert len(kdsurvey_lab.live_panels(model)) == live


class Sessions:
    """The sessions of a server on which a kernel runs for one notebook."""

    async def list_sessions(self):
        return [{"path": "sub/open.ipynb"}]


def test_a_notebook_keeps_its_live_views_while_its_kernel_runs(tmp_path, monkeypatch):
    output = nbformat.v4.new_output("display_data", PANEL)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("panel", outputs=[output])]
    )
    (tmp_path / "sub").mkdir()
    for name in ("open.ipynb", "closed.ipynb"):
        nbformat.write(notebook, tmp_path / "sub" / name)
    manager = AsyncLargeFileManager(root_dir=str(tmp_path))
    server = SimpleNamespace(contents_manager=manager, session_manager=Sessions())
    kdsurvey_lab._load_jupyter_server_extension(server)

    def kinds(path: str) -> set[str]:
        model = asyncio.run(manager.get(path))
        return set(model["content"]["cells"][0]["outputs"][0]["data"])

    warnings = []
    server.log = SimpleNamespace(warning=lambda *said: warnings.append(said))
    assert kinds("/sub/open.ipynb") == kinds("sub/open.ipynb") == set(PANEL)
    assert kinds("sub/closed.ipynb") == set(PANEL) - {kdsurvey_lab.LIVE}
    assert not warnings
    monkeypatch.setattr(kdsurvey_lab, "leave_still_faces", None)
    assert kinds("sub/closed.ipynb") == set(PANEL) and len(warnings) == 1
    folder = asyncio.run(manager.get("sub"))
    assert {model["name"] for model in folder["content"]} == {
        "open.ipynb",
        "closed.ipynb",
    }


def test_an_installation_tells_the_server():
    """By a file that lies where Jupyter looks, and the names of which agree."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]
    wheel = wheel["build"]["targets"]["wheel"]
    ((here, there),) = wheel["shared-data"].items()
    assert there.startswith("etc/jupyter/jupyter_server_config.d/")
    enabled = json.loads((ROOT / here).read_text())["ServerApp"]["jpserver_extensions"]
    (point,) = kdsurvey_lab._jupyter_server_extension_points()
    assert enabled == {point["module"]: True} == {kdsurvey_lab.__name__: True}
    assert f"{kdsurvey_lab.__name__}.py" in wheel["only-include"]

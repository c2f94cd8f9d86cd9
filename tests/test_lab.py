"""What Jupyter's server leaves out of a notebook that it saves."""

import json
import tomllib
from copy import deepcopy
from pathlib import Path

import kdsurvey_lab

ROOT = Path(__file__).parents[1]
PANEL = {
    kdsurvey_lab.LIVE: {"model_id": "1"},
    "image/png": "",
    "text/plain": "(panel: x)",
}
OTHER = {kdsurvey_lab.LIVE: {"model_id": "2"}, "text/plain": "IntSlider(value=0)"}


def test_live_views_of_panels_are_left_out_and_all_else_stays():
    cells = [
        {"cell_type": "markdown", "source": "x"},
        {
            "cell_type": "code",
            "outputs": [{"data": dict(PANEL)}, {"data": dict(OTHER)}],
        },
        {"cell_type": "code", "outputs": [{"name": "stdout", "text": "y"}]},
    ]
    model = {"type": "notebook", "content": {"cells": deepcopy(cells)}}
    kdsurvey_lab.save_still_faces(model=model, path="a.ipynb", contents_manager=None)
    del cells[1]["outputs"][0]["data"][kdsurvey_lab.LIVE]
    assert model["content"]["cells"] == cells


def test_files_that_are_no_notebooks_stay_as_they_are():
    for model in ({"type": "file", "content": "text"}, {"type": "notebook"}):
        before = deepcopy(model)
        kdsurvey_lab.save_still_faces(model=model)
        assert model == before


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

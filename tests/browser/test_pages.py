"""Every notebook in a real JupyterLab; two at a time, as a notebook's kernel uses one
core: pytest -n 2.
"""

import pytest
from browser.lab import HERE, ROOT
from browser.steps import open_and_run, outputs_tree

pytestmark = pytest.mark.timeout(180)
NOTEBOOKS = [
    "panels.ipynb",
    *sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")),
]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_without_an_error_a_foreign_host_or_a_nameless_control(
    page, lab, shots, name
):
    open_and_run(page, lab, name, seconds=150)
    page.screenshot(path=shots / f"{name}.png")
    for k, output in enumerate(
        page.locator(".jp-OutputArea-output:has(.jupyter-widgets)").all()
    ):
        output.screenshot(path=shots / f"{name}_{k}.png")
    controls = outputs_tree(page)
    sliders = [name for role, name in controls if role == "slider"]
    boxes = [name for role, name in controls if role == "spinbutton" and name]
    assert controls or name != "panels.ipynb"
    # ipywidgets gives a slider's handle no name: the number box beside it has it
    assert [role for role, name in controls if not name and role != "slider"] == []
    assert len(boxes) >= len(sliders)
    assert page.watch.errors == []
    assert page.watch.hosts <= HERE

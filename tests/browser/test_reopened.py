"""A notebook that was run, saved and closed, opened again with another kernel: where panels
were live there are their pictures, and questions can be read.
"""

import shutil

import pytest
from browser.lab import HERE
from browser.made import write_notebook
from browser.steps import open_and_run

pytestmark = pytest.mark.timeout(240)
CELLS = [
    """import torch
from kdsurvey import panels

x, y = torch.rand(4, 1, 8, 8), torch.arange(4)
panels.temperature(x, y, torch.randn(4, 4), torch.zeros(4, 4), list("abcd"), T=4.0)""",
    """panels.predict("What does a high T do?", ["It flattens p", "It sharpens p"])""",
]
SAVE = "window.jupyterapp.commands.execute('docmanager:save')"


def test_a_reopened_notebook_shows_what_was_there(page, lab, shots):
    path = lab.folder / "reopened.ipynb"
    write_notebook(path, CELLS)
    open_and_run(page, lab, path.name)
    assert page.locator(".jp-OutputArea .widget-vbox").count() >= 2
    page.evaluate(SAVE)
    page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
    assert page.locator(".jp-OutputArea .widget-vbox").count() >= 2  # still live
    again = lab.folder / "again.ipynb"
    shutil.copy(path, again)
    page.goto(lab.page_of(again.name))
    page.get_by_text("| Idle").wait_for()
    picture = page.locator(".jp-OutputArea-output img").first
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 500
    page.get_by_text("It flattens p").first.wait_for()
    shown = page.locator(".jp-NotebookPanel").inner_text()
    page.screenshot(path=shots / "reopened.png")
    assert "Error displaying" not in shown and "Loading widget" not in shown
    assert page.watch.errors == [] and page.watch.hosts <= HERE

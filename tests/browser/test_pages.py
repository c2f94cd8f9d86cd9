"""Notebooks in a real JupyterLab: as they come, and one that runs as a whole."""

import pytest
from browser.lab import HERE, ROOT
from browser.steps import ERRORS, check_widgets, open_and_run

pytestmark = pytest.mark.timeout(400)
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.name for path in LESSONS]
WHOLE = "00_start_here.ipynb"
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# what it opens stays in the page
OPEN = """async path => {
    await window.jupyterapp.commands.execute('docmanager:open', {path});
}"""


def test_notebooks_come_with_their_outputs(page, lab, shots):
    """The first, the last, and the longest: the page of each takes ten seconds."""
    longest = max(LESSONS, key=lambda path: path.stat().st_size)
    page.goto(lab.page_of("panels.ipynb"))
    for name in (NAMES[0], longest.name, NAMES[-1]):
        page.locator(SHOWN).first.wait_for()
        page.evaluate(OPEN, name)
        page.locator(f"{SHOWN} .jp-OutputArea-output").first.wait_for()
        page.screenshot(path=shots / f"{name}_as_it_comes.png")
        assert page.locator(SHOWN).get_by_text("kdsurvey").count()
        assert page.locator(ERRORS).count() == 0
    assert page.watch.errors == []
    assert page.watch.hosts <= HERE


def test_a_whole_notebook_runs(page, lab, shots):
    open_and_run(page, lab, WHOLE, seconds=300)
    check_widgets(page, shots, WHOLE)

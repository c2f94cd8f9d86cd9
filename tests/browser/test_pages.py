"""Every notebook in a real JupyterLab: as it comes, and with its widgets alive."""

import pytest
from browser.lab import HERE, ROOT
from browser.made import what_widgets_need
from browser.steps import ERRORS, open_and_run, outputs_tree

pytestmark = pytest.mark.timeout(180)
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.name for path in LESSONS]
# What is folded is not in view, and cannot be photographed
UNFOLD = "window.jupyterapp.commands.execute('notebook:expand-all-headings')"
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


@pytest.mark.parametrize(
    "name", ["panels.ipynb", WHOLE, *(f"widgets_{name}" for name in NAMES)]
)
def test_widgets_come_without_an_error_a_foreign_host_or_a_nameless_control(
    page, lab, shots, name
):
    open_and_run(page, lab, name, seconds=150)
    page.evaluate(UNFOLD)
    page.screenshot(path=shots / f"{name}.png")
    for k, output in enumerate(
        page.locator(".jp-OutputArea-output:has(.jupyter-widgets)").all()
    ):
        output.screenshot(path=shots / f"{name}_{k}.png")
    controls = outputs_tree(page)
    sliders = [name for role, name in controls if role == "slider"]
    boxes = [name for role, name in controls if role == "spinbutton" and name]
    assert controls
    # ipywidgets gives a slider's handle no name: the number box beside it has it
    assert [role for role, name in controls if not name and role != "slider"] == []
    assert len(boxes) >= len(sliders)
    assert page.watch.errors == []
    assert page.watch.hosts <= HERE


@pytest.mark.parametrize("path", LESSONS, ids=NAMES)
def test_the_cells_that_widgets_need_are_a_part_of_the_notebook(path):
    text = path.read_text(encoding="utf-8")
    cells = what_widgets_need(path)
    assert 2 < len(cells) < text.count('"cell_type": "code"')
    assert "import kdsurvey as kd" in cells[0]

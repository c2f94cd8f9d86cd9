"""Every notebook in a real JupyterLab: as it comes, and with its widgets alive."""

import os

import pytest
from browser.lab import HERE, ROOT
from browser.made import SHORTER, what_widgets_need, write_notebook
from browser.steps import ERRORS, open_and_run, outputs_tree

pytestmark = pytest.mark.timeout(400)
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.name for path in LESSONS]
# What is folded is not in view, and cannot be photographed
UNFOLD = "window.jupyterapp.commands.execute('notebook:expand-all-headings')"
WHOLE = "00_start_here.ipynb"
FOUR = [
    LESSONS[k : k + 4] for k in range(0, len(LESSONS), 4)
]  # to a page, and a kernel
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


def check_widgets(page, shots, name: str) -> None:
    """Look for errors, foreign hosts and controls without a name on the page as it is."""
    page.evaluate(UNFOLD)
    page.screenshot(path=shots / f"{name}.png")
    if "KDSURVEY_SHOTS" in os.environ:
        outputs = page.locator(".jp-OutputArea-output:has(.jupyter-widgets)").all()
        for k, output in enumerate(outputs):
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


def test_a_whole_notebook_runs(page, lab, shots):
    open_and_run(page, lab, WHOLE, seconds=300)
    check_widgets(page, shots, WHOLE)


@pytest.mark.xdist_group("some panels")
def test_panels_and_questions_have_names(some_panels, shots):
    check_widgets(some_panels, shots, "panels")


@pytest.mark.parametrize("lessons", FOUR, ids=lambda four: four[0].stem[:2] + "_on")
def test_widgets_come_without_an_error_a_foreign_host_or_a_nameless_control(
    page, lab, shots, lessons
):
    name = f"widgets_{lessons[0].stem[:2]}.ipynb"
    cells = [cell for path in lessons for cell in what_widgets_need(path)]
    write_notebook(lab.folder / name, [SHORTER, *cells])
    open_and_run(page, lab, name, seconds=300)
    check_widgets(page, shots, name)


@pytest.mark.parametrize("path", LESSONS, ids=NAMES)
def test_the_cells_that_widgets_need_are_a_part_of_the_notebook(path):
    text = path.read_text(encoding="utf-8")
    cells = what_widgets_need(path)
    assert 2 < len(cells) < text.count('"cell_type": "code"')
    assert "import kdsurvey as kd" in cells[0]

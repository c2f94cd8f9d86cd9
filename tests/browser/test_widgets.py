"""The widgets of every notebook alive in a real JupyterLab, four lessons to a page."""

import pytest
from browser.lab import ROOT
from browser.made import SHORTER, what_widgets_need, write_notebook
from browser.steps import check_widgets, open_and_run

pytestmark = pytest.mark.timeout(400)
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOUR = [
    LESSONS[k : k + 4] for k in range(0, len(LESSONS), 4)
]  # to a page, and a kernel


@pytest.mark.parametrize("lessons", FOUR, ids=lambda four: four[0].stem[:2] + "_on")
def test_widgets_come_without_an_error_a_foreign_host_or_a_nameless_control(
    page, lab, shots, lessons
):
    name = f"widgets_{lessons[0].stem[:2]}.ipynb"
    cells = [cell for path in lessons for cell in what_widgets_need(path)]
    write_notebook(lab.folder / name, [SHORTER, *cells])
    open_and_run(page, lab, name, seconds=300)
    check_widgets(page, shots, name)


def test_a_bar_that_is_over_before_the_page_has_put_it_up_is_no_error(page, lab):
    some = """for k in range(8):
    for _ in bar(range(2), text="short"):
        time.sleep(0.004 * (k + START))"""
    cells = [some.replace("START", str(start)) for start in (0, 8, 16)]
    imports = "import time\n\nfrom kdsurvey.progress import bar"
    write_notebook(lab.folder / "bars.ipynb", [imports, *cells])
    open_and_run(page, lab, "bars.ipynb")
    page.wait_for_timeout(1000)
    assert page.watch.errors == []
    bars = page.locator(".jp-OutputArea-output .widget-hbox")
    assert bars.count() == 24 and bars.filter(visible=True).count() == 0


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name)
def test_the_cells_that_widgets_need_are_a_part_of_the_notebook(path):
    text = path.read_text(encoding="utf-8")
    cells = what_widgets_need(path)
    assert 2 < len(cells) < text.count('"cell_type": "code"')
    assert "import kdsurvey as kd" in cells[0]

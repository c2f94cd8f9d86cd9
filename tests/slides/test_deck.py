"""Notebooks as slides: what a page holds, and what it must not ask for."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from kdsurvey import cli
from kdsurvey.slides import deck, figures, rule

FOLDER = Path(__file__).parents[2] / "notebooks"
ADDRESSES = {"src", "srcset", "data", "poster", "action", "xlink:href"}


class Addresses(HTMLParser):
    """What a page would fetch as it opens: links that wait for a click are not among it."""

    def __init__(self, page: str):
        super().__init__()
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Note the addresses of a tag."""
        for name, value in attributes:
            if name in ADDRESSES or (name == "href" and tag != "a"):
                self.fetched.append(value or "")


@pytest.fixture(scope="module")
def page() -> str:
    return deck.deck(FOLDER / "03_missing_three.ipynb")


def test_a_page_asks_for_nothing(page):
    fetched = Addresses(page).fetched
    assert fetched and not [a for a in fetched if not a.startswith("data:")]
    style = "".join(re.findall(r"<style>(.*?)</style>", page, re.S))
    urls = re.findall(r"url\(([^)]{0,40})", style)
    assert urls and all(url.startswith("data:") for url in urls)
    assert "@import" not in style


def test_a_page_has_its_formulas_pictures_and_licences(page):
    assert "renderMathInElement" in page and "$$" in page
    assert "Reveal" in page and page.count("class='figure'") >= 8
    assert "widget-view" not in page and "model_id" not in page
    for name, holder in (("reveal", "Hakim El Hattab"), ("katex", "Khan Academy")):
        licence = (deck.PAGE / name / "LICENSE").read_text()
        assert holder in licence and "Permission is hereby granted" in licence


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
def test_how_a_notebook_is_launched_is_no_part_of_a_lecture(path):
    cells = json.loads(path.read_text())["cells"]
    (told,) = [cell for cell in cells if "To launch" in rule.source_of(cell)]
    (block,) = deck.blocks_of(told, path.stem)
    assert len(block) > 150 and "<h" in block
    assert "launch" not in block and "make lab" not in block and "saves" not in block


def test_core_slides_come_first_and_folded_sections_are_stacks():
    notebook = json.loads((FOLDER / "03_missing_three.ipynb").read_text())
    stacks = deck.stacks(notebook, "no numbers are kept")
    cores = [stack[0].core for stack in stacks]
    assert cores == sorted(cores, reverse=True) and 10 < cores.count(True) < len(cores)
    assert all(len(stack) == 1 for stack in stacks if stack[0].core)
    assert max(map(len, stacks)) > 2
    assert all(slide.blocks for stack in stacks for slide in stack)


def test_links_to_notebooks_lead_to_their_slides():
    html = deck.markdown("[two](02_b.ipynb) [web](https://a.org/x.ipynb)")
    assert 'href="02_b.slides.html"' in html and 'href="https://a.org/x.ipynb"' in html


def test_code_keeps_its_lines_and_its_indentation():
    html = deck.markdown("```python\ndef f():\n    return 1\n```")
    lines = re.findall(r"<span class='line' style='--in:(\d)ch'>", html)
    assert lines == ["0", "4"]


def test_views_of_a_scheme_show_all_of_it_large_enough():
    """Each as large as the slide allows, with letters of 24 pixels."""
    svg = '<svg viewBox="0 0 960 854" width="960"><text id="a">x</text></svg>'
    views = figures.views(svg)
    boxes = [re.search(r' viewBox="([\d. ]+)" width="([\d.]+)"', v) for v in views]
    places = [[*map(float, box[1].split())] for box in boxes]
    assert all(float(box[2]) / w >= 1.4999 for box, (_, _, w, _) in zip(boxes, places))
    assert max(x + w for x, _, w, _ in places) == pytest.approx(960)
    assert max(y + h for _, y, _, h in places) == pytest.approx(854)
    assert not any(' id="' in view for view in views)


def test_the_command_writes_the_pages_that_are_asked_for(tmp_path, capsys):
    mine, there = tmp_path / "mine", tmp_path / "there"
    mine.mkdir()
    for name in ("01_a.ipynb", "02_b.ipynb"):
        write(mine / name, title=7)
    source = ["--source", str(mine)]
    assert cli.main(["slides", str(there), "02", *source]) == 0
    (path,) = there.iterdir()
    assert path.name == "02_b.slides.html" and "Mine</h1>" in path.read_text()
    assert capsys.readouterr().out.strip() == str(path)
    assert (
        cli.main(["slides", str(there), *source]) == 0
        and len(list(there.iterdir())) == 2
    )
    assert cli.main(["slides", str(there), "77", *source]) == 2
    assert "no notebook '77'; there are: 01_a, 02_b" in capsys.readouterr().err


def write(path: Path, **about) -> None:
    """Write a notebook of one cell; about: what maps say of it."""
    cells = [nbformat.v4.new_markdown_cell("# Mine")]
    metadata = {"kdsurvey": about}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def test_notebooks_whose_names_begin_alike_are_all_chosen(tmp_path):
    names = ["01_a", "01_b", "Untitled", "Untitled1", "x"]
    paths = [tmp_path / f"{name}.ipynb" for name in names]
    for path in paths:
        write(path)
    assert deck.chosen(tmp_path) == paths
    assert deck.chosen(tmp_path, ["01", "x", "01_a"]) == [*paths[:2], paths[4]]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty has no notebooks; name a folder"):
        deck.chosen(tmp_path / "empty")


V4 = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
CODE = {"cell_type": "code", "source": "x", "metadata": {}, "execution_count": None}
NONE = {
    "half of one": '{"cells": [{"cell_ty',
    "empty": "",
    "a list": [],
    "null": None,
    "without cells": V4,
    "cells null": V4 | {"cells": None},
    "a word for a cell": V4 | {"cells": ["x"]},
    "without outputs": V4 | {"cells": [CODE]},
    "a later format": {"nbformat": 9, "cells": []},
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("what", NONE)
def test_what_is_no_notebook_is_refused_by_name_and_leaves_nothing(
    what, tmp_path, capsys
):
    path, pages = tmp_path / "01_a.ipynb", tmp_path / "pages"
    text = NONE[what] if isinstance(NONE[what], str) else json.dumps(NONE[what])
    path.write_text(text)
    for words in (["slides", str(pages), "--source", str(tmp_path)],):
        assert cli.main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{path} is no notebook that can be read: " in line
        assert "; open it in JupyterLab and save it again" in line
    assert not pages.exists()
    with pytest.raises(ValueError, match="is no notebook"):
        rule.stamp(path)
    assert path.read_text() == text


def test_earlier_formats_and_cells_without_ids_become_slides(tmp_path):
    png = {"image/png": "AAAA", "text/plain": "x"}
    shown = {"output_type": "display_data", "data": png, "metadata": {}}
    cells = [CODE | {"outputs": [shown]}]
    (tmp_path / "1.ipynb").write_text(json.dumps(V4 | {"cells": cells}))
    heading = {"cell_type": "heading", "level": 1, "source": "Old", "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}}
    old["worksheets"] = [{"cells": [heading], "metadata": {}}]
    (tmp_path / "2.ipynb").write_text(json.dumps(old))
    first, second = deck.write_decks(tmp_path, tmp_path / "pages")
    assert "src='data:image/png;base64,AAAA'" in first.read_text()
    assert "Old</h1>" in second.read_text()


def test_a_page_is_whole_or_not_there(tmp_path, monkeypatch):
    """What was there before stays when the disk is full in the middle of writing."""
    write(tmp_path / "01_a.ipynb")
    (page,) = deck.write_decks(tmp_path, tmp_path)
    before = page.read_text()
    monkeypatch.setattr(deck, "deck", lambda path, decks: before + "\ud800")
    with pytest.raises(ValueError):
        list(deck.write_decks(tmp_path, tmp_path))
    assert page.read_text() == before
    assert {path.name for path in tmp_path.iterdir()} == {"01_a.ipynb", page.name}


def test_a_link_to_a_file_that_is_not_there_is_words(tmp_path):
    text = "[two](02_b.ipynb#why) [three](03_c.ipynb) [word](../docs/glossary.md) [web](https://a.org)"
    cells = [nbformat.v4.new_markdown_cell(text, metadata={"tags": ["core"]})]
    paths = [tmp_path / name for name in ("01_a.ipynb", "02_b.ipynb")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), paths[0])
    page = deck.deck(paths[0], paths)
    assert '<a href="02_b.slides.html#why">two</a>' in page
    assert '</a> three word <a href="https://a.org">web</a>' in page

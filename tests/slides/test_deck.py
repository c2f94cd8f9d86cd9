"""Notebooks as slides: what a page holds, and what it must not ask for."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from kdsurvey import cli
from kdsurvey.pictures import Chart, Picture
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


def line(text: str, indent: int = 0) -> str:
    return f"<span class='line' style='--in:{indent}ch'>{text}</span>"


SVG = "<svg><text>x</text></svg>"
STORED = (
    "<img class='figure' style='max-width:1000px;max-height:690px;width:1000px;"
    "object-fit:contain' alt='a &quot;b&quot;' src='data:image/png;base64,AABB'>"
)


@pytest.mark.parametrize(
    ("output", "blocks"),
    [
        (
            {"text": ["a<b\n", "  c\n", "\n", "d\n\n"]},
            [
                f"<pre class='text'>{line('a&lt;b')}{line('c', 2)}{line(' ')}{line('d')}</pre>"
            ],
        ),
        ({"data": {"text/plain": "MAX"}}, [f"<pre class='text'>{line('MAX')}</pre>"]),
        ({"text": "\n"}, []),
        ({"data": {}}, []),
        (
            {"data": {"text/html": ["<b>", "x</b>"], "text/plain": "x"}},
            ["<div class='output'><b>x</b></div>"],
        ),
        (
            {"data": {"text/markdown": ["*a*", " b"], "text/plain": "x"}},
            ["<div class='output'><p><em>a</em> b</p></div>"],
        ),
        ({"data": {"image/svg+xml": ["<svg><text>x", "</text></svg>"]}}, [SVG]),
        ({"data": {"image/svg+xml": SVG, "text/html": "<img>"}}, [SVG]),
        (
            {
                "data": {"image/png": ["AA\n", "BB\n"], "text/html": "x"},
                "metadata": {"image/png": {"alt": 'a "b"'}},
            },
            [STORED],
        ),
        ({"data": {rule.LIVE: {}, "text/plain": "x"}}, []),
    ],
    ids=lambda value: "",
)
def test_what_an_output_puts_on_a_slide(output, blocks):
    cell = {"cell_type": "code", "source": "x", "metadata": {}, "outputs": [output]}
    shown = deck.blocks_of(cell, "99_none")
    if "text/markdown" in output.get("data", {}):  # whose writer ends some lines
        shown = [block.replace("\n", "") for block in shown]
    assert shown == blocks


def test_code_that_is_the_lesson_is_shown_above_its_outputs():
    source = ["\n", "def f():\n", "    return 1\n"]
    cell = {"cell_type": "code", "source": source, "metadata": {}}
    code, text = deck.blocks_of(cell | {"outputs": [{"text": "2"}]}, "99_none")
    code = code.strip()
    assert code.startswith("<pre class='code highlight'>") and code.endswith("</pre>")
    words = re.sub(r"<[^>]*>", "|", code)
    assert re.sub(r"\|+", "|", words) == "|def| |f|():|return| |1|"
    assert re.findall(r"--in:(\d+)ch", code) == ["0", "4"]
    assert '<span class="k">def</span>' in code  # it is Python, in colours
    assert text == f"<pre class='text'>{line('2')}</pre>"


def test_cells_become_slides_from_left_to_right_and_stacks():
    def cell(source, kind="markdown", tags=("core",), **more):
        about = {"cell_type": kind, "source": source, "metadata": {"tags": [*tags]}}
        return about | ({"outputs": []} if kind == "code" else {}) | more

    cells = [
        cell("net = 1", "code"),
        cell("# A"),
        cell("b"),
        cell("c"),
        cell("## D\n\nd", tags=("deeper",)),
        cell("e", tags=("deeper",)),
        {"cell_type": "markdown", "source": "f", "metadata": {}},
    ]
    shown = [
        [
            (slide.core, [re.sub(r"<[^>]*>|¶|\n", "", b) for b in slide.blocks])
            for slide in stack
        ]
        for stack in deck.stacks({"cells": cells}, "99_none")
    ]
    assert shown == [
        [(True, ["A", "b"])],
        [(True, ["c"])],
        [(False, ["Dd"]), (False, ["e"]), (False, ["f"])],
    ]
    below = deck.stacks({"cells": cells[-1:]}, "99_none")
    assert [len(stack) for stack in below] == [1]


@pytest.mark.parametrize(
    ("about", "title"),
    [
        ({"kdsurvey": {"title": "T < 1"}}, "T &lt; 1"),
        ({}, "01_a"),
        ({"kdsurvey": 3}, "01_a"),
    ],
    ids=str,
)
def test_a_page_has_a_title(about, title, tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# Mine")]
    path = tmp_path / "01_a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), path)
    assert f"<title>{title}: slides</title>" in deck.deck(path)


def test_a_page_has_every_script_and_style_inside(page):
    names = ["slides.js", "reveal/reveal.js", "katex/katex.min.js", "slides.css"]
    for name in [*names, "katex/auto-render.min.js", "reveal/reveal.css"]:
        assert (deck.PAGE / name).read_text(encoding="utf-8").strip() in page, name
    assert ".highlight .k {" in page and "@font-face" in page
    assert page.count('format("woff2")') == page.count("data:font/woff2;base64,") > 10
    assert "fonts/KaTeX" not in page


def test_a_part_of_a_picture_is_as_large_as_the_slide_allows():
    small = Picture({"a": Chart()}, width=400, height=100)
    high = Picture({"a": Chart()}, width=100, height=138)
    first, second = figures.drawn([small, high], "'quoted' & more")
    assert first.startswith(
        "<img class='figure' data-letters='27.50' style='width:1000px;height:250px' "
        "alt='&#x27;quoted&#x27; &amp; more' src='data:image/png;base64,iVBOR"
    )
    assert "data-letters='55.00' style='width:500px;height:690px'" in second


def test_views_of_a_scheme_overlap_and_know_the_whole():
    svg = '<svg viewBox="0 0 960 854" width="960" id="s"><text id="a">x</text></svg>'
    head = (
        '<svg class="figure scheme" xmlns="http://www.w3.org/2000/svg" role="img" '
        'data-whole="0 0 960 854" viewBox="{} {} 666.667 460" width="1000" height="690" '
        'font-family="DejaVu Sans, Verdana, sans-serif"><text>x</text></svg>'
    )
    places = [("0", "0"), ("293.333", "0"), ("0", "394"), ("293.333", "394")]
    assert figures.views(svg) == [head.format(x, y) for x, y in places]
    small = '<svg viewBox="0 0 300 200"></svg>'
    (view,) = figures.views(small)
    assert 'viewBox="0 0 300 200" width="450" height="300"' in view

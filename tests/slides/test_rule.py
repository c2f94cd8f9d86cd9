"""Which cells are slides: the rule, case by case, and on every notebook."""

import json
from pathlib import Path

import pytest

from kdsurvey.slides import rule

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
PICTURE = {"output_type": "display_data", "data": {"image/png": "", "text/plain": ""}}
PRINTED = {"output_type": "stream", "name": "stdout", "text": ["one line\n"]}
BAR = {"output_type": "display_data", "data": {rule.LIVE: {}, "text/plain": "(bar)"}}


def text(source: str, tag: str = "core") -> dict:
    return {"cell_type": "markdown", "source": [source], "metadata": {"tags": [tag]}}


def code(source: str, *outputs: dict, tag: str = "core") -> dict:
    about = {"metadata": {"tags": [tag]}, "outputs": list(outputs)}
    return {"cell_type": "code", "source": [source]} | about


def printed(lines: int) -> dict:
    return PRINTED | {"text": ["one line\n"] * lines}


def raw(source: str) -> dict:
    return text(source) | {"cell_type": "raw"}


@pytest.mark.parametrize(
    "cells, kinds",
    [
        ([text("# Title"), text("## A\n\nb"), text("c")], ["slide"] * 3),
        ([text("## A\n\nb"), code("draw()", PICTURE)], ["slide", "slide"]),
        ([text("## A"), code("draw()", PICTURE)], ["slide", "-"]),
        ([text("## A\n\nb"), code("print(1)", PRINTED)], ["slide", "-"]),
        (
            [text("a"), code("x.check(y)", PRINTED), text("b")],
            ["slide", "skip", "slide"],
        ),
        ([text("## A\n\nb"), code("print(1)", printed(6))], ["slide", "-"]),
        ([text("## A\n\nb"), code("print(1)", printed(7))], ["slide", "slide"]),
        (
            [text("## A\n\nb"), code("net = 1"), code("print(1)", PRINTED)],
            ["slide", "skip", "-"],
        ),
        ([text("a"), code("f(1)", PRINTED, PICTURE)], ["slide", "slide"]),
        ([text("a"), code("def f(): 1", PRINTED)], ["slide", "slide"]),
        ([code("draw()", PICTURE), code("f()", PRINTED)], ["slide", "slide"]),
        ([text("## A"), text("## B"), text("c")], ["slide", "slide", "-"]),
        ([text("# A\nb"), text("c")], ["slide", "slide"]),
        ([text("#A"), text("c")], ["slide", "slide"]),
        ([text("a"), raw("b")], ["slide", "skip"]),
        ([code("draw()", BAR | PICTURE)], ["slide"]),
        ([code("# T", PICTURE), text("c")], ["slide", "slide"]),
        ([text("a"), code("net = mlp()")], ["slide", "skip"]),
        ([text("a"), code("train()", BAR)], ["slide", "skip"]),
        ([text("a"), code("page.live(nets)", BAR)], ["slide", "slide"]),
        (
            [text("a"), text("## B\n\nc", "deeper"), text("d", "deeper")],
            ["slide", "slide", "subslide"],
        ),
        (
            [text("## B\n\nc", "deeper"), code("draw()", PICTURE, tag="deeper")],
            ["slide", "subslide"],
        ),
    ],
)
def test_the_rule(cells, kinds):
    assert rule.kinds(cells) == kinds


def test_a_stamp_changes_the_metadata_alone_and_only_once(tmp_path):
    path = tmp_path / NOTEBOOKS[1].name
    before = json.loads(NOTEBOOKS[1].read_text())
    for cell in before["cells"]:
        cell["metadata"].pop("slideshow", None)
    path.write_text(json.dumps(before, indent=1, ensure_ascii=False) + "\n")
    assert rule.stamp(path) and not rule.stamp(path)
    after = json.loads(path.read_text())
    kinds = [c["metadata"].pop("slideshow")["slide_type"] for c in after["cells"]]
    assert after == before and kinds == rule.kinds(before["cells"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_core_is_a_row_and_folded_sections_are_stacks(path):
    cells = json.loads(path.read_text())["cells"]
    kinds = rule.kinds(cells)
    core = [
        kind
        for kind, cell in zip(kinds, cells)
        if "core" in cell["metadata"].get("tags", [])
    ]
    assert ("subslide" not in core and core.count("slide") >= 8) or not core
    headings = [k for k, cell in enumerate(cells) if rule.source_of(cell)[:3] == "## "]
    assert headings and {kinds[k] for k in headings} == {"slide"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_says_which_cells_are_slides(path):
    """So that any nbconvert makes the same ones; `kdsurvey pages` writes it."""
    cells = json.loads(path.read_text())["cells"]
    written = [
        cell["metadata"].get("slideshow", {}).get("slide_type") for cell in cells
    ]
    assert written == rule.kinds(cells), "run kdsurvey pages"

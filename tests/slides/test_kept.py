"""The numbers behind pictures: there for every picture of a core, and large on slides."""

import json
from pathlib import Path

import nbclient
import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from kdsurvey.pictures import Axis, Chart, Line, Picture
from kdsurvey.pictures.marks import SMALLEST
from kdsurvey.slides import figures, kept

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CHART = Chart([Line([0, 1], [0.123456789, 2])], Axis("x"), Axis("y"), title="A line")
WIDE = Picture({"a": CHART, "b": CHART}, width=900, height=300, about="two lines")


def core_pictures(path: Path) -> list[tuple[dict, int]]:
    cells = json.loads(path.read_text())["cells"]
    return [
        (cell, number)
        for cell in cells
        if "core" in cell["metadata"].get("tags", [])
        for number, output in enumerate(cell.get("outputs", []))
        if "image/png" in output.get("data", {})
    ]


KEPT = [path for path in NOTEBOOKS if (kept.FOLDER / f"{path.stem}.json").exists()]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_every_picture_of_a_core_is_drawn_large(path):
    """What a notebook that was run again shows anew waits for `kdsurvey keep NN`."""
    known = json.loads((kept.FOLDER / f"{path.stem}.json").read_text())
    for entry in (entry for cell in known.values() for entry in cell.values()):
        for part in kept.parts_of(entry):
            assert figures.zoom_of(part) * SMALLEST >= figures.SMALLEST
    pictures = core_pictures(path)
    assert pictures and {cell["id"] for cell, _ in pictures} <= set(known)
    others = [n for cell, n in pictures if not kept.parts(path.stem, cell, n)]
    if others:
        pytest.skip(f"{len(others)} pictures are of another run: kdsurvey keep")


def shown(picture: Picture) -> dict:
    """A cell as a notebook has it, and its output while its numbers are kept."""
    data, about = kept.with_numbers(picture)
    return {
        "id": "abc",
        "metadata": {"tags": ["core"]},
        "outputs": [{"data": data, "metadata": about}],
    }


def test_numbers_are_kept_without_what_slides_do_not_need():
    (part,) = shown(WIDE)["outputs"][0]["metadata"][kept.KEY]
    assert part["about"] == "" and not part["tables"] and not part["parts"]
    assert part["charts"]["a"]["marks"][0]["y"] == [0.12346, 2.0]


def test_a_picture_of_another_run_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    cell = shown(WIDE)
    assert kept.parts("01_x", cell, 0) == []
    entry = {"says": "two lines", "parts": cell["outputs"][0]["metadata"][kept.KEY]}
    (tmp_path / "01_x.json").write_text(json.dumps({"abc": {"0": entry}}))
    parts = kept.parts("01_x", cell, 0)
    assert [list(part.charts) for part in parts] == [["0", "1"]]
    assert kept.parts("01_x", cell | {"id": "other"}, 0) == []
    cell["outputs"][0]["metadata"]["image/png"]["alt"] = "three lines"
    assert kept.parts("01_x", cell, 0) == []
    assert kept.parts("01_x", cell | {"metadata": {}}, 0) == []
    cell["metadata"]["tags"].append(kept.VARIES)
    assert kept.parts("01_x", cell, 0)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"abc": 3}', '{"abc": {"0": {}}}', '{"abc": {"0": {"says": "x"}}}'],
)
def test_damaged_numbers_are_refused_by_name(text, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    (tmp_path / "01_x.json").write_text(text)
    with pytest.raises(ValueError, match=r"01_x.json is damaged.*kdsurvey keep 01"):
        kept.parts("01_x", shown(WIDE), 0)


def test_how_long_it_took_does_not_make_a_picture_another():
    outputs = [{"data": {"text/plain": [f"took {ms} ms"]}} for ms in ("0.15", "2")]
    assert kept.says(outputs[0]) == kept.says(outputs[1]) == "took some ms"


def test_a_notebooks_core_is_run_to_keep_its_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "numbers")
    make = "from kdsurvey.pictures import Chart, Line, Picture\n"
    make += "words = open('words.txt').read()\n"
    make += "Picture({'a': Chart([Line([0, 1], [2, 3])])}, about=words)"
    (tmp_path / "words.txt").write_text("a line")
    cells = [nbformat.v4.new_code_cell(make), nbformat.v4.new_code_cell("1 / 0")]
    cells[0].metadata.tags, cells[1].metadata.tags = ["core"], ["deeper"]
    path = tmp_path / "01_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    file = kept.keep(path)
    known = json.loads(file.read_text())
    assert known[cells[0].id]["0"]["says"] == "a line" and len(known) == 1

    def fails(client):
        raise CellExecutionError("", "ZeroDivisionError", "division by zero")

    monkeypatch.setattr(nbclient.NotebookClient, "execute", fails)
    with pytest.raises(
        ValueError, match=r"01_x.ipynb: its core cannot be run, division"
    ):
        kept.keep(path)
    assert json.loads(file.read_text()) == known

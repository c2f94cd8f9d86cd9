"""What every notebook must look like before anybody runs it."""

import ast
import json
import pkgutil
import re
import shutil
import statistics
from pathlib import Path

import pytest

import kdsurvey.lessons
from kdsurvey.lessons import notebooks, pages

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
TAGS = {
    "nbval-ignore-output",
    "nbval-check-output",
    "nbval-skip",
    "nbval-raises-exception",
    "raises-exception",
    "core",  # what everybody reads
    "deeper",  # below it, under headings that are folded
}
LOOP = "def bare("  # the loop of training, which stands once in bare PyTorch
ORDER = (
    "**You will**",
    "## Look first",
    "## Predict first",
    "## The idea",
    "## Run it",
    "**Try**",
    "## Is it so?",
    "**What you should see.**",
    "**What this scale cannot show.**",
    "## Panel",
    "**Task**",
    "## Summary",
    "**Next**",
    "## Where it fails",
    "## Exercises",
    "## Quiz",
    "## References",
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> dict:
    return json.loads(request.param.read_text())


def code(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose(notebook: dict) -> str:
    return "\n".join(
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "markdown"
    )


def test_every_lesson_has_one_notebook_of_its_name_and_number():
    lessons = {
        m.name for m in pkgutil.iter_modules(kdsurvey.lessons.__path__) if m.ispkg
    }
    numbers = [path.stem[:2] for path in NOTEBOOKS]
    assert len(NOTEBOOKS) >= 14 and len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem) for path in NOTEBOOKS)
    assert sorted(path.stem[3:] for path in NOTEBOOKS) == sorted(lessons)


def test_the_maps_know_every_notebook(monkeypatch, tmp_path):
    catalogue = notebooks.catalogue()
    assert [entry.stem for entry in catalogue] == [path.stem for path in NOTEBOOKS]
    for entry in catalogue:
        assert entry.title and entry.question.endswith("?"), entry
        assert 5 <= entry.minutes <= 60 and 5 <= entry.seconds <= 90, entry
        assert all(re.fullmatch(r"[PO]\d+", claim) for claim in entry.claims)
    (tmp_path / "00_silent.ipynb").write_text(
        '{"metadata": {"kdsurvey": {"title": "x"}}}'
    )
    monkeypatch.setattr(notebooks, "folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"00_silent.*\['title'\].*need.*question"):
        notebooks.catalogue()


def test_every_cell_was_run_in_order_and_none_failed(notebook):
    """A stripped notebook would pass the regression check whatever its code prints."""
    cells = code(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [
        o for cell in cells for o in cell["outputs"] if o["output_type"] == "error"
    ]
    assert not [
        o for cell in cells for o in cell["outputs"] if o.get("name") == "stderr"
    ]


def test_a_cell_that_shows_something_has_it_stored(notebook):
    for cell in code(notebook):
        last = ast.parse("".join(cell["source"])).body[-1]
        assert cell["outputs"] or not isinstance(last, ast.Expr), "".join(
            cell["source"]
        )


def test_cells_are_short_and_hold_no_machinery(notebook):
    sources = ["".join(cell["source"]) for cell in code(notebook)]
    lengths = [len(source.splitlines()) for source in sources]
    assert max(lengths) <= 15 and statistics.median(lengths) <= 5
    for source in sources:
        tree = ast.walk(ast.parse(source))
        kinds = [type(node).__name__ for node in tree]
        assert kinds.count("FunctionDef") <= 1 and not {"While", "ClassDef"} & set(
            kinds
        ), source
        hidden = r"pyplot|ipywidgets|;\s*$"
        if not source.startswith(LOOP):
            hidden += r"|\.backward\(|optim\."
        assert not re.search(hidden, source, re.M), source
    assert 25 <= len(notebook["cells"]) <= 55


def test_the_loop_stands_in_bare_pytorch_once():
    loops = [
        path.stem
        for path in NOTEBOOKS
        for cell in code(json.loads(path.read_text()))
        if "".join(cell["source"]).startswith(LOOP)
    ]
    assert loops == ["01_temperature"]


def test_tags_are_ones_that_the_checker_knows(notebook):
    tags = {
        tag for cell in notebook["cells"] for tag in cell["metadata"].get("tags", [])
    }
    assert tags <= TAGS


def test_only_cells_with_live_figures_are_ignored(notebook):
    """An ignored cell checks nothing, so it may show figures but must not be most of the page."""
    ignored = [
        cell
        for cell in code(notebook)
        if "nbval-ignore-output" in cell["metadata"].get("tags", [])
    ]
    assert len(ignored) <= 3


def test_nothing_of_the_machine_is_stored(notebook):
    text = json.dumps(notebook)
    assert "widgets" not in notebook["metadata"]
    for cell in code(notebook):
        shown = [
            {k: v for k, v in o.get("data", o).items() if k != "image/png"}
            for o in cell["outputs"]
        ]
        assert not re.search(
            rf"0x[0-9a-f]{{8,}}|/home/|/Users/|/tmp/|{re.escape(str(Path.home()))}/",
            json.dumps(shown),
        )
    assert len(text) < 1_000_000


def test_pictures_have_a_text_twin(notebook):
    for cell in code(notebook):
        for output in cell["outputs"]:
            if "image/png" in output.get("data", {}):
                twin = "".join(output["data"]["text/plain"])
                assert len(twin) > 30 and "Figure" not in twin


def test_live_pictures_have_no_figures_in_their_twin(notebook):
    for cell in code(notebook):
        for output in cell["outputs"]:
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                assert "".join(output["data"]["text/plain"]).startswith("(")


def core(notebook: dict) -> list[dict]:
    return [c for c in notebook["cells"] if "core" in c["metadata"]["tags"]]


def text_of(cell: dict) -> str:
    return "".join(cell["source"])


def test_a_core_path_is_short(notebook):
    """25 minutes: 18 cells, 1,000 words, three pictures, one forest."""
    cells = core(notebook)
    words = [text_of(c).split() for c in cells if c["cell_type"] == "markdown"]
    assert len(cells) <= 18 and sum(map(len, words)) <= 1000
    sources = [text_of(cell) for cell in cells]
    assert sum("plots.forest(" in source for source in sources) == 1
    assert sum("kd.schemes." in source for source in sources) == 1


def test_the_reader_runs_it(notebook):
    """The method and its choices stand in the open; the first line has what to change."""
    cells = [c for c in core(notebook) if "page.live(" in text_of(c)]
    assert cells, "the core trains in the open, and page.live shows the reader's run"
    assert "kd.train(kd.methods." in text_of(cells[0])
    first, *rest = text_of(cells[0]).splitlines()
    names = first.split(" = ")[0]
    assert names.count(",") >= 3 and len(rest) < 12
    shown = json.dumps(cells[0]["outputs"])
    assert "yours" in shown and "where a further seed may lie" in shown


def test_what_is_deeper_is_folded_and_says_what_it_answers(notebook):
    cells = notebook["cells"]
    tags = [("core" in c["metadata"]["tags"]) for c in cells]
    assert tags == sorted(tags, reverse=True)  # the core stands first
    for cell in cells:
        folded = cell["metadata"].get("jp-MarkdownHeadingCollapsed", False)
        heading = text_of(cell).startswith("## ") and cell["cell_type"] == "markdown"
        last = text_of(cell).startswith("## References")
        assert folded == (heading and "deeper" in cell["metadata"]["tags"] and not last)
        if folded and not text_of(cell).startswith("## Quiz"):
            assert re.match(r"## .+\n\n\*.+(minute|minutes).+\*", text_of(cell))


NUMBERS = ["a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
SECTION = rf"## .+\n\n\*[^*]*?(\d+|{'|'.join(NUMBERS)}) minutes?\b"


def minutes_of(cell: dict) -> int:
    """Return the minutes that a folded section says it takes; 0 where it says none."""
    found = re.match(SECTION, text_of(cell), re.I)
    if not found:
        return 0
    said = found[1].lower()
    return int(said) if said.isdigit() else NUMBERS.index(said) + 1


def test_the_minutes_on_top_are_those_of_the_sections(notebook):
    top = text_of(notebook["cells"][0])
    said = re.search(r"core, (\d+) more for the folded sections", top)
    if not said:  # notebook 00, whose ten minutes are the core's
        return
    folded = [c for c in notebook["cells"] if "deeper" in c["metadata"]["tags"]]
    apart = ("## Exercises", "## Your project")  # whose minutes are said by themselves
    sections = [c for c in folded if not text_of(c).startswith(apart)]
    assert abs(sum(map(minutes_of, sections)) - int(said[1])) <= 3
    exercises = next(c for c in folded if text_of(c).startswith(apart[0]))
    assert f"{minutes_of(exercises)} for the exercises" in top


def test_a_prediction_is_answered_where_the_page_decides_it(notebook):
    sources = [text_of(cell) for cell in core(notebook)]
    asked = [k for k, source in enumerate(sources) if "panels.predict(" in source]
    answered = [k for k, source in enumerate(sources) if ".answered(" in source]
    run = [k for k, source in enumerate(sources) if "page.live(" in source]
    assert asked and answered, "the core asks with panels.predict, then `.answered(`"
    assert asked[0] < run[0] < answered[0]


def test_no_cell_of_the_core_shows_a_wall_or_a_bare_truth(notebook):
    for cell in core(notebook):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            text = "".join(output.get("text", data.get("text/plain", "")))
            if "image/png" not in data and "text/markdown" not in data:
                assert len(text.splitlines()) <= 8
            assert not re.search(r"\b(True|False)\b", text)


def test_the_order_of_the_page(notebook):
    text = prose(notebook)
    assert not [wanted for wanted in ORDER if wanted not in text]
    places = [text.index(wanted) for wanted in ORDER]
    assert places == sorted(places)


def test_a_notebook_asks_its_reader(notebook):
    sources = " ".join(text_of(cell) for cell in code(notebook))
    assert sources.count(".check(") >= 3
    assert "panels.quizzes(" in sources and "panels.predict(" in sources


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_exercises_are_its_own(path):
    """A copied page still asks what the lesson asks that it was copied from."""
    sources = " ".join(text_of(cell) for cell in code(json.loads(path.read_text())))
    asked = set(re.findall(r"\bexercises\.(\w+)\.", sources))
    assert asked == {path.stem.partition("_")[2]}


def test_links_between_notebooks_lead_somewhere(notebook):
    folder = NOTEBOOKS[0].parent
    for target in re.findall(r"\]\(([^)#:]+\.ipynb)\)", prose(notebook)):
        assert (folder / target).exists(), target


def mapped(text: str) -> list[str]:
    """The notebooks to which the lines of a map lead."""
    link = r"^\| \[\d\d [^\]]+\]\((?:notebooks/)?(\d\d_\w+)\.ipynb\)"
    return re.findall(link, text, re.M)


def test_the_maps_have_every_notebook_once_and_in_order():
    stems = [path.stem for path in NOTEBOOKS]
    readme = NOTEBOOKS[0].parents[1] / "README.md"
    assert mapped(readme.read_text()) == stems
    assert mapped(pages.map_of_notebooks()) == stems[1:]


def test_the_first_notebook_shows_the_map():
    """Made as the cell runs; a lesson more does not touch the notebook."""
    first = json.loads(NOTEBOOKS[0].read_text())
    (cell,) = [c for c in code(first) if "map_of_notebooks()" in "".join(c["source"])]
    shown = "".join(cell["outputs"][0]["data"]["text/markdown"])
    stems = [path.stem for path in NOTEBOOKS]
    assert mapped(shown) and set(mapped(shown)) <= set(stems)


def test_an_empty_lesson_touches_three_files(tmp_path, monkeypatch):
    """Its folder, its notebook, and the README's map, which is written."""
    root = NOTEBOOKS[0].parents[1]
    for part in ("notebooks", "docs"):
        shutil.copytree(root / part, tmp_path / part)
    shutil.copy(root / "README.md", tmp_path)
    before = contents(tmp_path)
    about = json.loads(NOTEBOOKS[-1].read_text())
    about["metadata"]["kdsurvey"] |= {"title": "an empty lesson", "claims": []}
    (tmp_path / "notebooks" / "98_empty.ipynb").write_text(json.dumps(about))
    folder = tmp_path / "kdsurvey" / "lessons" / "empty"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""Notebook 98: an empty lesson."""')
    monkeypatch.setattr(
        kdsurvey.lessons, "__path__", [*kdsurvey.lessons.__path__, str(folder.parent)]
    )
    monkeypatch.setattr(notebooks, "folder", lambda: tmp_path / "notebooks")
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    pages.write()
    after = contents(tmp_path)
    touched = [name for name in after if after[name] != before.get(name)]
    assert sorted(touched) == [
        "README.md",
        "kdsurvey/lessons/empty/__init__.py",
        "notebooks/98_empty.ipynb",
    ]
    assert mapped(after["README.md"].decode())[-1] == "98_empty"
    assert mapped(pages.map_of_notebooks())[-1] == "98_empty"


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder: their path inside it -> what they hold."""
    files = [path for path in folder.rglob("*.*") if path.is_file()]
    files = [path for path in files if path.suffix != ".pyc"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

"""The glossary: every term once, in order, and in the notebook that explains it."""

import json
import re
from pathlib import Path

import pytest

from kdsurvey.lessons import notebooks

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"^\| \*\*(.+?)\*\* \| (.+?) \| (.+?) \| \[(.+?)\]\((.+?)\) \|$")
STEM = 5  # letters of a term that its notebook must have: "softened" has "soft target"
DEFINED = re.compile(r"\*\*([^*\n]+)\*\*")


def entries() -> list[tuple[str, ...]]:
    """Return term, sentence, Chinese term, name and path of the notebook of each line."""
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| **")]
    matches = [LINE.match(row) for row in rows]
    assert all(matches), rows[matches.index(None)]
    return [match.groups() for match in matches if match]


def cells(stem: str) -> list[str]:
    path = ROOT / "notebooks" / f"{stem}.ipynb"
    return ["".join(c["source"]) for c in json.loads(path.read_text())["cells"]]


def test_every_term_stands_once_in_order_with_one_sentence():
    terms = [term.lower() for term, *_ in entries()]
    assert len(terms) > 50 and terms == sorted(set(terms))
    for term, sentence, chinese, *_ in entries():
        assert sentence.endswith(".") and sentence[:-1].count(". ") == 0, term
        assert chinese.strip(), term


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry[0])
def test_a_term_is_in_the_notebook_that_explains_it(entry):
    term, _, _, name, path = entry
    names = {page.stem: page.name for page in notebooks.catalogue()}
    stem = Path(path).stem
    assert path == f"../notebooks/{stem}.ipynb" and names[stem] == name
    assert term[:STEM].lower().strip() in "\n".join(cells(stem)).lower()


def test_what_the_first_notebook_defines_is_there():
    """A bold word that is lower-case all through is a term; a plural stands for one."""
    terms = {term.lower() for term, *_ in entries()}
    defined = {
        word
        for cell in cells("00_start_here")
        for word in DEFINED.findall(cell)
        if re.fullmatch(r"[a-zA-Z-]+( [a-z]+)?", word) and word not in LABELS
    }
    assert len(defined) > 8
    lacking = {w for w in defined if not {w.lower(), w.lower().rstrip("s")} & terms}
    assert not lacking


LABELS = {"Task", "Try", "Next", "You will", "HOLDS", "FAILS", "EXACT", "forest"}


def test_readers_are_led_to_it():
    assert "(docs/glossary.md)" in (ROOT / "README.md").read_text()
    for stem in (page.stem for page in notebooks.catalogue()[:4]):
        assert "(../docs/glossary.md)" in "\n".join(cells(stem))

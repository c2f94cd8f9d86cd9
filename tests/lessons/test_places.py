"""A lesson is a folder, a notebook and a test: all else is collected from there."""

import json
import shutil
from pathlib import Path

import pytest
from processes import run

ROOT = Path(__file__).parents[2]
ABOUT = {
    "title": "nothing yet",
    "question": "is one folder enough?",
    "claims": ["P1"],
    "minutes": 5,
    "seconds": 5,
}
FILES = {
    "__init__.py": '"""Notebook 99."""\n',
    "experiments.py": """
from kdsurvey.records import experiment

ARMS = ("a", "b")


@experiment(settings={"arms": ARMS})
def nothing_tried(data, seed):
    return [{"arm": arm, "seed": seed, "accuracy": 0.5} for arm in ARMS]
""",
    "claims.py": """
from kdsurvey.lessons.judging import Claims
from kdsurvey.verdicts import judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts


@CLAIMS.group("all")
def _all():
    return [judge("P1a", [0.6, 0.7, 0.8], [0.5, 0.6, 0.8], what="nothing - nothing")]
""",
    "exercises.py": "questions = ()\n",
}
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from kdsurvey import exercises, lessons
from kdsurvey.lessons import ledger, pages

pages.write()
print(json.dumps({
    "verdicts": [page for page, _ in ledger.beside()["P1a"]],
    "experiments": list(lessons.experiments()),
    "exercises": list(exercises.nothing_yet.questions),
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of the package, and of what lists the lessons."""
    tree = tmp_path_factory.mktemp("checkout")
    leave = shutil.ignore_patterns("__pycache__", "panels", "app")
    shutil.copytree(ROOT / "kdsurvey", tree / "kdsurvey", ignore=leave)
    shutil.copytree(
        ROOT / "docs", tree / "docs", ignore=shutil.ignore_patterns("*.png")
    )
    shutil.copy(ROOT / "README.md", tree)
    (tree / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "00_start_here.ipynb", tree / "notebooks")
    return tree


def texts(tree: Path) -> dict[str, str]:
    paths = [
        path for path in tree.rglob("*") if path.suffix in (".py", ".md", ".ipynb")
    ]
    return {str(path.relative_to(tree)): path.read_text() for path in paths}


def add_lesson(tree: Path) -> None:
    lesson = tree / "kdsurvey" / "lessons" / "nothing_yet"
    lesson.mkdir()
    for name, text in FILES.items():
        (lesson / name).write_text(text)
    notebook = {
        "cells": [],
        "metadata": {"kdsurvey": ABOUT},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = tree / "notebooks" / "99_nothing_yet.ipynb"
    path.write_text(json.dumps(notebook))


def test_an_empty_lesson_is_collected_wherever_lessons_are_listed(tree):
    add_lesson(tree)
    before = texts(tree)
    collected = json.loads(run(ASK, tree).stdout)
    assert collected["verdicts"] == ["99_nothing_yet"]
    assert "nothing_tried" in collected["experiments"]
    assert collected["exercises"] == []

    after = texts(tree)
    written = {name for name in after if after[name] != before.get(name)}
    assert written == {"README.md", "docs/verdicts.md"}
    line = "is one folder enough? |"
    assert (
        f"| [99 nothing yet](notebooks/99_nothing_yet.ipynb) | {line}"
        in after["README.md"]
    )
    assert "nothing - nothing" in after["docs/verdicts.md"]

"""CONTRIBUTING and ARCHITECTURE send the reader to files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# a path, no command: with a folder, and what is to be filled in written as <name>, NN_
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
# what is made when it is needed, and a folder in packages of npm
MADE = ("dist/", "./results", "results/repeated")


def named(page: str) -> list[str]:
    """Return the paths that a page names, but for those that commands make."""
    paths = PATH.findall((ROOT / page).read_text(encoding="utf-8"))
    return [path for path in paths if path not in MADE]


@pytest.mark.parametrize(
    ("page", "least"), [("CONTRIBUTING.md", 8), ("ARCHITECTURE.md", 4)]
)
def test_the_paths_that_a_page_names_exist(page, least):
    paths = named(page)
    assert len(paths) >= least
    lacking = [
        path
        for path in paths
        if not any((base / path).exists() for base in (ROOT, ROOT / "kdsurvey"))
    ]
    assert not lacking

"""What notebooks ask of the lessons' claims, by name, is there."""

import ast
import json
from importlib import import_module

import pytest

from kdsurvey.lessons import pages

NOTEBOOKS = sorted((pages.ROOT / "notebooks").glob("*.ipynb"))


def code_of(path) -> ast.Module:
    cells = json.loads(path.read_text())["cells"]
    sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    return ast.parse("\n".join(sources))


def asked(code: ast.Module) -> set[str]:
    """The rows and groups that `claims.verdicts(...)` is asked for."""
    return {
        part.value
        for node in ast.walk(code)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "claims.verdicts"
        for part in node.args
        if isinstance(part, ast.Constant)
    }


def lesson_of(code: ast.Module) -> str | None:
    """The lesson whose claims a notebook imports."""
    imports = (node for node in ast.walk(code) if isinstance(node, ast.ImportFrom))
    named = {alias.name: node.module for node in imports for alias in node.names}
    return named.get("claims")


def test_a_notebook_asks_for_rows_and_groups_that_its_lesson_has():
    counts = {}
    for path in NOTEBOOKS:
        code = code_of(path)
        names = asked(code)
        if names:
            claims = import_module(f"{lesson_of(code)}.claims").CLAIMS
            assert names <= {*claims.rows(), *claims.groups()}, path.stem
        counts[path.stem] = len(names)
    assert sum(map(bool, counts.values())) >= 14, counts


@pytest.mark.parametrize("text", ["claims.verdicts('a', 'b')[3:]", "claims.verdicts"])
def test_names_are_read_from_calls(text):
    assert asked(ast.parse(text)) == ({"a", "b"} if "(" in text else set())

"""Tests use panels by the front door, so that their insides can change."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CLOSED = sorted(
    path for part in ("panels", "browser") for path in (TESTS / part).rglob("*.py")
)
BY_NAME = ("getattr", "setattr", "hasattr", "delattr")  # also of monkeypatch


# Names of protocols: how IPython asks for a picture, a namedtuple's copy, all live widgets
PROTOCOLS = ("_repr_mimebundle_", "_replace", "_instances")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in PROTOCOLS


def private_uses(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of every private attribute but a test class's own."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id == "self"
            if is_private(node.attr) and not own:
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and _name_of(node.func) in BY_NAME:
            for argument in node.args:
                value = getattr(argument, "value", None)
                if isinstance(value, str) and is_private(value.split(".")[-1]):
                    yield node.lineno, value


def _name_of(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("panel._table.value", ["_table"]),
        ("panel.runs[0]._y.z()", ["_y"]),
        ('monkeypatch.setattr(panel, "_run", f)', ["_run"]),
        ('setattr(panel, "_seed", 3)', ["_seed"]),
        ("class A:\n    def f(self):\n        return self._own", []),
        ('panel.png\npanel.__class__\nFault("x", "self._table", "")', []),
    ],
)
def test_private_attributes_are_found(text, names):
    assert [name for _, name in private_uses(text)] == names


@pytest.mark.parametrize("path", CLOSED, ids=lambda path: str(path.relative_to(TESTS)))
def test_tests_of_panels_use_no_private_attribute(path):
    assert list(private_uses(path.read_text(encoding="utf-8"))) == []

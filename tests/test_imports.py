"""The architecture as it is drawn: who may import whom, and how big a module may grow."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "kdsurvey"
MODULES = sorted(ROOT.rglob("*.py"))
PRIVATE = {"panels"}  # imported by nobody but themselves, the notebooks and the tests

ALLOWED = {  # module -> the modules of ours that it may import
    "losses": set(),
    "measures": {"losses", "stage"},
    "nets": set(),
    "branches": {"nets"},
    "stage": set(),
    "progress": set(),
    "store": {"progress"},
    "papers": set(),
    "plots": set(),
    "verdicts": set(),
    "surgery": {"surgery", "nets"},
    "packed": {"store", "surgery"},
    "batches": {"stage"},
    "data": {"store", "progress"},
    "config": set(),
    "training": {"stage", "batches", "config", "data", "progress"},
    "methods": {"methods", "losses", "stage", "nets", "branches", "surgery"},
}
NO_TORCH = ("verdicts", "papers", "plots")


def name_of(path: Path) -> str:
    """The part of the package a file belongs to: "losses", "methods", "panels" ..."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports, wherever in the file it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT.parent).parent.parts
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def ours(path: Path) -> set[str]:
    """The parts of the package that a file imports."""
    parts = [name.split(".") for name in imported(path)]
    return {part[1] for part in parts if part[0] == "kdsurvey" and len(part) > 1}


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_reader_of_imports_reads(tmp_path, monkeypatch):
    """All the ways to write an import are seen; otherwise the tests below could not fail."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path / "kdsurvey")
    file = tmp_path / "kdsurvey" / "methods" / "bad.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "import torch.nn as nn\nfrom kdsurvey import training\nimport kdsurvey.data\nfrom ..panels import slider\n"
        "from .hinton import hinton\ndef f():\n    from kdsurvey.sweeps import stack\n"
    )
    assert ours(file) == {"training", "data", "panels", "methods", "sweeps"}
    assert "torch.nn" in imported(file)


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p) in ALLOWED], ids=label)
def test_imports_go_one_way(path):
    assert ours(path) <= ALLOWED[name_of(path)]


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p) not in (*PRIVATE, "lessons")], ids=label)
def test_nobody_imports_the_panels(path):
    assert not ours(path) & PRIVATE


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p) in NO_TORCH], ids=label)
def test_what_reads_rows_knows_no_torch(path):
    assert not [name for name in imported(path) if name.split(".")[0] in ("torch", "torchvision")]


def test_the_modules_that_the_rules_speak_of_exist():
    names = {name_of(path) for path in MODULES}
    assert {"losses", "stage", "nets", "data", "training", "methods", *NO_TORCH} <= names


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_size(path):
    text = path.read_text(encoding="utf-8")
    limit = 60 if name_of(path) == "methods" else 250
    assert len(text.splitlines()) <= limit, f"{path.name} has more than {limit} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno + 1 <= 40, f"{path.name}: {node.name} has more than 40 lines"


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_names_say_something(path):
    assert not {"utils", "util", "helpers", "helper", "common", "misc"} & {part.removesuffix(".py") for part in path.parts}


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_every_module_and_public_function_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") and node.name != "main":
            silent += [] if ast.get_docstring(node) else [node.name]
    assert not silent, f"{path.name}: no docstring on {silent}"

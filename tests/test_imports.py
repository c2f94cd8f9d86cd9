"""The architecture as it is drawn: who may import whom, and how big a module may grow."""

import ast
import subprocess
import sys
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
    "pictures": {"pictures"},
    "plots": {"pictures"},
    "verdicts": set(),
    "surgery": {"surgery", "nets"},
    "packed": {"store", "surgery"},
    "batches": {"stage"},
    "data": {"store", "progress"},
    "config": set(),
    "training": {"stage", "batches", "config", "data", "progress"},
    "methods": {"methods", "losses", "stage", "nets", "branches", "surgery"},
}
NO_TORCH = ("verdicts", "papers", "pictures", "plots")


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
            base = (
                ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            )
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


@pytest.mark.parametrize(
    "path", [p for p in MODULES if name_of(p) in ALLOWED], ids=label
)
def test_imports_go_one_way(path):
    assert ours(path) <= ALLOWED[name_of(path)]


@pytest.mark.parametrize(
    "path", [p for p in MODULES if name_of(p) not in (*PRIVATE, "lessons")], ids=label
)
def test_nobody_imports_the_panels(path):
    assert not ours(path) & PRIVATE


@pytest.mark.parametrize(
    "path", [p for p in MODULES if name_of(p) in NO_TORCH], ids=label
)
def test_what_reads_rows_knows_no_torch(path):
    assert not [
        name
        for name in imported(path)
        if name.split(".")[0] in ("torch", "torchvision")
    ]


def test_training_needs_neither_pandas_nor_matplotlib_nor_scipy():
    """A machine with a GPU may have torch and little else."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(['matplotlib', 'mlxtend', 'pandas', 'scipy', 'torchvision']))\n"
        "import kdsurvey, kdsurvey.training, kdsurvey.measures, kdsurvey.branches, kdsurvey.methods.flow\n"
        "assert {'plots', 'verdicts', 'train'} <= set(dir(kdsurvey))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT.parent)


def test_what_is_imported_on_first_use_is_there():
    program = (
        "import kdsurvey as kd, sys; assert 'pandas' not in sys.modules and 'matplotlib' not in sys.modules\n"
        "assert kd.plots.__name__ == 'kdsurvey.plots' and kd.verdicts.judge\n"
        "from kdsurvey import *; assert verdicts is kd.verdicts\n"
        "assert not hasattr(kd, 'panel')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT.parent)


def test_the_modules_that_the_rules_speak_of_exist():
    names = {name_of(path) for path in MODULES}
    assert {
        "losses",
        "stage",
        "nets",
        "data",
        "training",
        "methods",
        *NO_TORCH,
    } <= names


def code_lines(text: str) -> int:
    """Count the lines that hold code: no blank lines, comments or docstrings."""
    documented = set()
    for node in ast.walk(ast.parse(text)):
        first = (
            node.body[0]
            if getattr(node, "body", None) and hasattr(node, "name")
            else None
        )
        if isinstance(node, ast.Module):
            first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            documented |= set(range(first.lineno, first.end_lineno + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(
        number not in documented
        and bool(line.strip())
        and not line.strip().startswith("#")
        for number, line in lines
    )


def test_lines_of_code_are_counted():
    text = '"""One\n\ntwo."""\n\n# three\ndef f():\n    """Four."""\n    return """\n    five"""\n'
    assert code_lines(text) == 3


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_size(path):
    """Ruff limits functions (statements, complexity); a module is one subject that can
    be read at one sitting.
    """
    limit = 60 if name_of(path) == "methods" else 300
    lines = code_lines(path.read_text(encoding="utf-8"))
    assert lines <= limit, f"{path.name} has {lines} lines of code, more than {limit}"


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_names_say_something(path):
    assert not {"utils", "util", "helpers", "helper", "common", "misc"} & {
        part.removesuffix(".py") for part in path.parts
    }


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_every_module_and_public_function_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    for node in tree.body:
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and not node.name.startswith("_")
            and node.name != "main"
        ):
            silent += [] if ast.get_docstring(node) else [node.name]
    assert not silent, f"{path.name}: no docstring on {silent}"

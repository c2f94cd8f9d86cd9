"""The architecture as it is drawn: who may import whom, and how big a module may grow."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from processes import run

ROOT = Path(__file__).parents[1] / "kdsurvey"
MODULES = sorted(ROOT.rglob("*.py"))

# Part of the package -> the parts of ours that it may import. A module that stands in
# no rule fails until it does.
CORE = {
    "losses": set(),
    "finite": set(),
    "measures": {"finite", "losses", "ranges", "stage"},
    "nets": set(),
    "branches": {"nets"},
    "stage": {"finite"},
    "progress": set(),
    "variables": set(),
    "store": {"variables"},
    "folders": {"progress", "store"},
    "papers": set(),
    "pictures": {"pictures"},
    "forest": {"pictures", "verdicts"},
    "ledger_map": {"claims", "forest", "pictures", "verdicts"},
    "plots": {"forest", "ledger_map", "pictures", "suggest"},
    "schemes": {"pictures", "schemes"},
    "intervals": set(),
    "answers": {"intervals"},
    "verdicts": {"answers", "intervals"},
    "claims": {"suggest", "verdicts"},
    "surgery": {"surgery", "nets", "ranges"},
    "packed": {"store", "surgery"},
    "batches": {"stage"},
    "learners": {"finite", "stage"},
    "draws": {"stage"},
    "optimisers": set(),
    "data": {"folders", "labelled", "ranges", "store", "variables"},
    "ranges": set(),
    "labelled": {"finite", "ranges"},
    "threads": {"variables"},
    "config": {"ranges", "variables"},
    "training": {
        "stage",
        "batches",
        "config",
        "data",
        "draws",
        "finite",
        "learners",
        "optimisers",
        "progress",
        "ranges",
        "threads",
    },
    "suggest": set(),
    "sweeps": set(),
    "provenance": {"__version__", "data", "threads"},
    "records": {
        "data",
        "progress",
        "provenance",
        "ranges",
        "store",
        "suggest",
        "threads",
        "variables",
    },
    "page": {"claims", "data", "pictures", "suggest", "training", "yours"},
    "yours": {"intervals", "pictures", "ranges", "suggest"},
    "machine": {"data", "store", "threads"},
}
ALLOWED = CORE | {
    "methods": {
        "methods",
        "losses",
        "stage",
        "nets",
        "branches",
        "finite",
        "ranges",
        "surgery",
    },
    "codistil": {"data", "methods", "nets", "store", "training"},
    "lessons": {*CORE, "methods", "lessons"},
    "exercises": {"lessons", "suggest"},
    "panels": {*CORE, "methods", "lessons", "panels"},
    "app": {"panels"},
    "slides": {"pictures", "slides", "store"},
    "cli": {"app", "lessons", "records", "slides", "store", "suggest", "variables"},
    "__main__": {"cli"},
    "__init__": {*CORE, "methods"},
}
NO_TORCH = (
    "intervals",
    "answers",
    "verdicts",
    "claims",
    "forest",
    "ledger_map",
    "papers",
    "pictures",
    "plots",
    "yours",
    "schemes",
)


def name_of(path: Path) -> str:
    """The part of the package a file belongs to: "losses", "methods", "panels" ..."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports, wherever in the file it does so."""
    found = set()
    package = path.relative_to(ROOT.parent).parent.parts
    for node in import_statements(path.read_text(encoding="utf-8")):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            base = (
                ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            )
            module = ".".join(filter(None, [base, node.module]))
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


@cache
def parsed(text: str) -> ast.Module:
    """The text of a file as a tree, which several tests walk."""
    return ast.parse(text)


@cache
def import_statements(text: str) -> list[ast.Import | ast.ImportFrom]:
    """All imports in the text of a file."""
    nodes = ast.walk(parsed(text))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


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
        "import torch.nn as nn\nfrom kdsurvey import training\nimport kdsurvey.data\n"
        "from ..panels import slider\nfrom .hinton import hinton\n"
        "def f():\n    from kdsurvey.sweeps import stack\n"
    )
    assert ours(file) == {"training", "data", "panels", "methods", "sweeps"}
    assert "torch.nn" in imported(file)


def graph() -> dict[str, set[str]]:
    """Every module of ours -> the modules of ours that it imports.

    What stands under TYPE_CHECKING or inside a function counts like any other import.
    """
    modules = {dotted(path): path for path in ROOT.rglob("*.py")}
    imports = {name: imported(path) for name, path in modules.items()}
    return {
        name: {module_of(target, modules) for target in targets} - {name, ""}
        for name, targets in imports.items()
    }


def dotted(path: Path) -> str:
    """The name by which a file is imported."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_of(name: str, modules: dict[str, Path]) -> str:
    """The module of ours that a dotted name is, or is defined in; "" where none is."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def circle() -> list[str]:
    """Modules that import each other, the first one again at the end; [] if none do."""
    try:
        TopologicalSorter(graph()).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_imports_go_one_way(path):
    part = name_of(path)
    assert part in ALLOWED, f"{part} stands in no rule; add it to ALLOWED"
    assert ours(path) <= ALLOWED[part]


def test_no_modules_import_each_other():
    assert not circle()


@pytest.mark.parametrize("words", ["", "if TYPE_CHECKING:\n    ", "def f():\n    "])
def test_a_circle_is_found(words, tmp_path, monkeypatch):
    """However one of its imports is written, and through any number of modules."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path / "kdsurvey")
    for name, text in {
        "__init__.py": "from kdsurvey import a",
        "a.py": "from kdsurvey.b import name",
        "b/__init__.py": "from kdsurvey.b.c import name",
        "b/c.py": "import torch",
    }.items():
        path = tmp_path / "kdsurvey" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert not circle()
    path.write_text(f"{words}from ..a import other")
    names = ["kdsurvey.a", "kdsurvey.b", "kdsurvey.b.c"]
    assert sorted(set(circle())) == names


@pytest.mark.parametrize(
    "path", [p for p in MODULES if name_of(p) not in ("panels", "app")], ids=label
)
def test_nobody_imports_the_panels(path):
    assert "panels" not in ours(path)


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
    """A machine with a GPU may have torch and little else; nobody waits for its compiler."""
    program = (
        "import sys\n"
        "absent = ['matplotlib', 'mlxtend', 'pandas', 'scipy', 'torchvision']\n"
        "sys.modules.update(dict.fromkeys(absent))\n"
        "import kdsurvey as kd, kdsurvey.training, kdsurvey.measures, torch\n"
        "import kdsurvey.branches, kdsurvey.methods.flow\n"
        "assert {'plots', 'verdicts', 'train'} <= set(dir(kdsurvey))\n"
        "pair = torch.rand(4, 1, 2, 2), torch.arange(4) % 2\n"
        "data = kd.data.Data(pair, pair, ('a', 'b'), 'noise')\n"
        "for optimiser in ('sgd', 'adam'):\n"
        "    config = kd.Config(epochs=2, optimiser=optimiser, device='cpu')\n"
        "    net, other = (kd.nets.mlp(4, 4, 2, dropout=0.5) for _ in range(2))\n"
        "    kd.train(kd.methods.hinton(net, other), data, config, progress=False)\n"
        "assert kd.measures.multiply_adds(lambda: net(pair[0])) == 4 * (16 + 8)\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    run(program)


def test_what_is_imported_on_first_use_is_there():
    program = (
        "import kdsurvey as kd, sys\n"
        "assert 'pandas' not in sys.modules and 'matplotlib' not in sys.modules\n"
        "assert 'kdsurvey.schemes' not in sys.modules and kd.schemes.Scheme\n"
        "assert kd.plots.__name__ == 'kdsurvey.plots' and kd.verdicts.judge\n"
        "from kdsurvey import *; assert verdicts is kd.verdicts\n"
        "assert not hasattr(kd, 'panel')\n"
        "assert 'scipy.stats' not in sys.modules, 'it takes a second'\n"
    )
    run(program)


def test_the_modules_that_the_rules_speak_of_exist():
    assert {name_of(path) for path in MODULES} == set(ALLOWED)


def code_lines(text: str) -> int:
    """Count the lines that hold code: no blank lines, comments or docstrings."""
    documented = set()
    for node in ast.walk(parsed(text)):
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
    tree = parsed(path.read_text(encoding="utf-8"))
    silent = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    for node in tree.body:
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and not node.name.startswith("_")
            and node.name != "main"
        ):
            silent += [] if ast.get_docstring(node) else [node.name]
    assert not silent, f"{path.name}: no docstring on {silent}"

"""The settings of every recorded experiment name all upper-case globals that its code
can reach, so that no number decides rows behind the record's back.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from types import ModuleType, SimpleNamespace

import pytest

from kdsurvey import lessons
from kdsurvey.records import Experiment
from kdsurvey.training import Config

PACKAGE = "kdsurvey.lessons"


@dataclass(frozen=True)
class Place:
    """A global name of a module."""

    module: ModuleType
    name: str

    @property
    def value(self):
        return getattr(self.module, self.name)

    def __str__(self) -> str:
        return f"{self.module.__name__}.{self.name}"


class Source:
    """What a module's top level defines and imports, by name."""

    def __init__(self, module: ModuleType):
        self.module = module
        self.nodes: dict[str, list[ast.AST]] = {}
        self.origins: dict[str, Place] = {}
        for node in ast.parse(inspect.getsource(module)).body:
            for name in _defined(node):
                self.nodes.setdefault(name, []).append(node)
            if isinstance(node, ast.ImportFrom):
                self._note_imports(node)

    def _note_imports(self, node: ast.ImportFrom) -> None:
        package = sys.modules.get(node.module or "")
        for alias in node.names:
            if package is not None and hasattr(package, alias.name):
                self.origins[alias.asname or alias.name] = Place(package, alias.name)


def _defined(node: ast.AST) -> list[str]:
    """The names that a statement of a module's top level binds."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [inner for target in targets for inner in ast.walk(target)]
        return [inner.id for inner in names if isinstance(inner, ast.Name)]
    return []


def is_ours(module: object) -> bool:
    name = getattr(module, "__name__", "")
    return isinstance(module, ModuleType) and f"{name}.".startswith(f"{PACKAGE}.")


def run_parts(place: Place, node: ast.AST) -> list[ast.AST]:
    """The parts of a definition that its reader's code runs or reads later.

    The decorator of an experiment names its settings and is left out; so is the right
    side of a plain value, which is compared as a whole.
    """
    if isinstance(node, ast.FunctionDef) and isinstance(place.value, Experiment):
        return [node.args, *node.body]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return [] if is_plain(place.value) else [node.value]
    return [node]


def used(source: Source, parts: list[ast.AST]) -> Iterator[Place]:
    """The globals that some code names, also through a module: `branched.CHOICES`."""
    for node in (node for part in parts if part for node in ast.walk(part)):
        if isinstance(node, ast.Name) and hasattr(source.module, node.id):
            yield Place(source.module, node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = getattr(source.module, node.value.id, None)
            if is_ours(module) and hasattr(module, node.attr):
                yield Place(module, node.attr)


def reached(start: Place) -> set[Place]:
    """All upper-case globals of lessons that the code of a function can reach.

    Followed are functions, classes, their defaults, lambdas in tables, and names that
    one lesson imports from another; a global counts where it is defined.
    """
    sources: dict[ModuleType, Source] = {}
    seen: set[Place] = set()
    to_see = [start]
    while to_see:
        place = to_see.pop()
        if place in seen or not is_ours(place.module):
            continue
        seen.add(place)
        if place.module not in sources:
            sources[place.module] = Source(place.module)
        source = sources[place.module]
        if place.name in source.origins:
            to_see.append(source.origins[place.name])
        for node in source.nodes.get(place.name, []):
            to_see += used(source, run_parts(place, node))
    return {place for place in seen if _is_setting(place, sources[place.module])}


def _is_setting(place: Place, source: Source) -> bool:
    return place.name.isupper() and place.name in source.nodes


def is_plain(value: object) -> bool:
    """Whether a value is made of numbers, words and collections of them only."""
    if isinstance(value, (str, bytes, bool, int, float, type(None))):
        return True
    parts = _parts(value)
    return bool(parts or value in ((), [], {})) and all(map(is_plain, parts))


def _parts(value: object) -> list:
    """The values directly inside a collection or a dataclass; [] of anything else."""
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    if isinstance(value, (tuple, list, set, frozenset)):
        return [*value]
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return []


def all_values(value: object) -> Iterator[tuple[str, object]]:
    """Every value inside another with the key it has there, "" where it has none."""
    yield "", value
    named = dict(value) if isinstance(value, Mapping) else {}
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
    for key, inner in named.items():
        yield str(key).lower(), inner
    for inner in _parts(value):
        yield from all_values(inner)


def is_kept(name: str, value: object, settings: Mapping) -> bool:
    """Whether settings hold a global.

    A collection, a dataclass, a function or a word may stand anywhere in them; a number
    under its own name; part of a collection under its own name too.
    """
    for key, setting in all_values(settings):
        if key == name.lower() and (_equal(setting, value) or _part(setting, value)):
            return True
        if not isinstance(value, (bool, int, float)) and _equal(setting, value):
            return True
    return False


def _equal(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


def _part(part: object, whole: object) -> bool:
    """Whether a collection that is not empty holds only what a larger one holds."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return bool(part) and part.items() <= whole.items()
    collections = (tuple, list, set, frozenset)
    if isinstance(part, collections) and isinstance(whole, (*collections, Mapping)):
        return bool(part) and all(inner in whole for inner in part)
    return False


def missing(experiment: Experiment) -> list[str]:
    """The globals that an experiment's code can reach and its settings do not name."""
    function = inspect.unwrap(experiment.run)
    start = Place(inspect.getmodule(function), experiment.name)
    places = sorted(reached(start), key=str)
    return [
        f"{place} = {place.value!r:.200}"
        for place in places
        if not is_kept(place.name, place.value, experiment.settings)
    ]


@pytest.mark.parametrize("name", lessons.experiments())
def test_settings_name_everything_that_decides_the_rows(name):
    lacking = missing(lessons.experiments()[name])
    assert not lacking, (
        f"@experiment of {name} must name in its settings, by these names:\n  "
        + "\n  ".join(lacking)
    )


LESSON = """
from kdsurvey.lessons.lent import BORROWED, lend
from kdsurvey.lessons import lent
from kdsurvey.records import experiment
RATES = (0.1, 0.2)
WIDTH = 8
HIDDEN = 3
DEPTH = 2
UNUSED = 5
SIDE = [WIDTH, UNUSED]
WAYS = {"deep": lambda: DEPTH}
class Net:
    def __init__(self):
        self.hidden = HIDDEN
def build(width=WIDTH):
    return Net(), WAYS, SIDE
@experiment(settings={"unused": UNUSED})
def tried(data, seed):
    return [rate for rate in RATES if build()] + lend() + [BORROWED, lent.ASIDE]
"""
LENT = """
BORROWED = "word"
ASIDE = {"a": 1}
INNER = 7
def lend():
    return [INNER]
"""


@pytest.fixture
def tried(tmp_path, monkeypatch):
    """An experiment of two modules that uses globals in every way there is."""
    for name, text in (("lent", LENT), ("lesson", LESSON)):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        module = ModuleType(f"{PACKAGE}.{name}")
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(lessons, name, module, raising=False)
        exec(compile(text, path, "exec"), vars(module))
    return module.tried


def test_globals_are_found_wherever_code_can_reach_them(tried):
    names = {line.split(" = ")[0].rsplit(".", 1)[1] for line in missing(tried)}
    everything = {"RATES", "WIDTH", "HIDDEN", "DEPTH", "SIDE", "WAYS"}
    assert names == everything | {"BORROWED", "ASIDE", "INNER"}


@pytest.mark.parametrize(
    "name, value, settings",
    [
        ("WIDTH", 8, {"width": 8}),
        ("WIDTH", 8, {"net": {"width": 8}}),
        ("CONFIG", Config(epochs=3), {"anything": Config(epochs=3)}),
        ("CONFIG", Config(epochs=3), {"choices": {"3 epochs": Config(epochs=3)}}),
        ("EPOCHS", 3, {"choices": [Config(), Config(epochs=3)]}),
        ("ARMS", ("alone", "ONE"), {"arms": ("ONE",)}),
        ("ARMS", {"alone": 1, "ONE": 2}, {"arms": {"ONE": 2}}),
        ("ARMS", {"alone": 1, "ONE": 2}, {"arms": ["ONE"]}),
        ("FIRST", "alone", {"arms": {"alone": 1}}),
        ("MAKE", print, {"nets": (print,)}),
    ],
)
def test_settings_may_hold_a_global(name, value, settings):
    assert is_kept(name, value, settings)


@pytest.mark.parametrize(
    "name, value, settings",
    [
        ("WIDTH", 8, {}),
        ("WIDTH", 8, {"depth": 8}),
        ("WIDTH", 8, {"width": 9}),
        ("WIDTH", 1, {"width": True}),
        ("CONFIG", Config(epochs=3), {"config": Config(epochs=4)}),
        ("ARMS", ("alone", "ONE"), {"arms": ()}),
        ("ARMS", ("alone", "ONE"), {"arms": ("ONE", "FFL")}),
        ("ARMS", ("alone", "ONE"), {"some": ("ONE",)}),
        ("ARMS", {"alone": 1, "ONE": 2}, {"arms": {"ONE": 3}}),
        ("MAKE", print, {"make": SimpleNamespace()}),
    ],
)
def test_settings_may_lack_a_global(name, value, settings):
    assert not is_kept(name, value, settings)

"""Change the package at random places, one at a time, and show which changes no test
notices: `make mutants`.

The places and what they become are drawn with a seed; mutmut's operators make the
changes. Each change meets only the tests that run its lines, which one run of all tests
under coverage tells, and that run is kept under .venv for as long as neither package
nor tests change. Results are lines of JSON under .venv too, so that a run that was
stopped goes on. Nobody chose these changes, so some change nothing that can be seen:
tests/equivalent.toml lists those that were read, with the reason.

    python tests/mutants.py --part wings --sample 100 --seed 1
"""

import argparse
import ast
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from difflib import unified_diff
from pathlib import Path

import libcst as cst
import pytest
import torch
from coverage import CoverageData
from libcst.metadata import (
    ByteSpanPositionProvider,
    CodeRange,
    CodeSpan,
    MetadataWrapper,
    PositionProvider,
)
from mutate import HEAVY, HERE, ROOT
from mutmut.mutation.mutators import mutation_operators
from slow import took

KEPT = Path(sys.prefix) / "mutants"
UNIT = Path(sys.prefix) / "unit.xml"  # what the tests took, as `make unit` leaves it
WINGS = ("lessons", "panels", "app")
# of the wings, and of the repository rather than the package
ELSEWHERE = (
    "browser",
    "lessons",
    "packaging",
    "panels",
    "test_app.py",
    "test_gpu_benchmark.py",
    "test_imports.py",
    "test_mutate.py",
    "test_notebooks.py",
)
TESTS = {
    "core": ["tests", *(f"--ignore=tests/{name}" for name in ELSEWHERE)],
    "wings": ["tests/lessons", "tests/panels", "tests/test_app.py"],
}
PLAIN = ["-q", "-p", "no:cacheprovider", "-p", "pytest_timeout"]
SECONDS = 30.0  # of tests for one change
LONG = 0.4  # seconds of a test that is not run under coverage
FIRST = 20  # tests that are tried before the others
PATIENCE = 3.0  # times what the tests take without a change; longer is noticed


CHANGING = (
    cst.BaseNumber,
    cst.SimpleString,
    cst.Name,
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.UnaryOperation,
    cst.BinaryOperation,
    cst.BooleanOperation,
    cst.ComparisonTarget,
    cst.BaseCompOp,
    cst.Call,
    cst.Lambda,
    cst.IfExp,
    cst.Break,
    cst.Continue,
)


@dataclass(frozen=True)
class Mutant:
    """One change: `diff` between the text of `file`, from line to last, and the changed."""

    file: str
    line: int
    last: int
    diff: str
    text: str


class Places(cst.CSTVisitor):
    """Collect the places of a module that may change, and where their text stands.

    Left out are texts for readers (docstrings, sentences, what an error says),
    annotations, what only a type checker runs, and wrong answers to exercises.
    """

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self):
        super().__init__()
        self.places: list[tuple[cst.CSTNode, CodeRange, CodeSpan]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _for_readers(node) or _for_types(node) or _wrong_anyway(node):
            return False
        if isinstance(node, CHANGING):
            lines = self.get_metadata(PositionProvider, node)
            span = self.get_metadata(ByteSpanPositionProvider, node)
            self.places.append((node, lines, span))
        return True


def _for_readers(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleString):
        return " " in node.value
    if isinstance(node, cst.Raise):
        return True
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString)


def _wrong_anyway(node: cst.CSTNode) -> bool:
    """Whether it is an exercise's wrong answer, which stays wrong when it changes."""
    if isinstance(node, cst.FunctionDef):
        return any(_refuses(decorator.decorator) for decorator in node.decorators)
    return isinstance(node, cst.Call) and _refuses(node.func)


def _refuses(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value == "refuses"


def _for_types(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Annotation):
        return True
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
    if isinstance(node, cst.Assign):
        name = node.targets[0].target
        is_list = isinstance(name, cst.Name) and name.value == "__all__"
        return is_list or _called(node.value) == "TypeVar"
    return False


def _called(node: cst.CSTNode) -> str:
    """The name of the function that is called, "" where it is no call by name."""
    called = node.func if isinstance(node, cst.Call) else None
    return called.value if isinstance(called, cst.Name) else ""


def drawn(folder: Path, part: str, size: int, seed: int) -> list[Mutant]:
    """Draw places in the part's files, and one change of each; all places count alike."""
    places = [
        (path.relative_to(folder).as_posix(), *place)
        for path in sorted((folder / "kdsurvey").rglob("*.py"))
        if (path.relative_to(folder / "kdsurvey").parts[0] in WINGS) == (part != "core")
        for place in _places(path)
    ]
    generator = random.Random(seed)
    generator.shuffle(places)
    mutants = []
    for file, node, lines, span in places:
        changes = _changes(node)
        if changes and len(mutants) < size:
            text = (folder / file).read_bytes()
            change = cst.Module([]).code_for_node(generator.choice(changes))
            end = span.start + span.length
            new = text[: span.start] + change.encode() + text[end:]
            mutants.append(_mutant(file, lines, text.decode(), new.decode()))
    return mutants


def _places(path: Path) -> list[tuple[cst.CSTNode, CodeRange, CodeSpan]]:
    module = cst.parse_module(path.read_bytes())
    visitor = Places()
    MetadataWrapper(module, unsafe_skip_copy=True).visit(visitor)
    return visitor.places


def _changes(node: cst.CSTNode) -> list[cst.CSTNode]:
    """What a place may become, without the brackets around it, which stay."""
    return [
        change.with_changes(lpar=(), rpar=()) if hasattr(change, "lpar") else change
        for kind, operator in mutation_operators
        if isinstance(node, kind)
        for change in operator(node)
    ]


def _mutant(file: str, lines: CodeRange, old: str, new: str) -> Mutant:
    difference = unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    diff = "\n".join(list(difference)[2:])
    return Mutant(file, lines.start.line, lines.end.line, diff, new)


class Clock:
    """A plugin of pytest that runs the quick tests and keeps the seconds of those that
    pass. `slow`: the others, and what they took once.
    """

    def __init__(self, once: dict[str, float]):
        self._once = once
        self.seconds: dict[str, float] = Counter()
        self.slow: dict[str, float] = {}
        self.bad: set[str] = set()

    def pytest_collection_modifyitems(self, items):
        for item in items:
            seconds = self._once.get(item.nodeid, 0.0)
            if seconds > LONG:
                self.slow[item.nodeid] = seconds
        items[:] = [item for item in items if item.nodeid not in self.slow]

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] += report.duration
        if report.outcome != "passed":
            self.bad.add(report.nodeid)

    def passed(self) -> dict[str, float]:
        return {
            test: seconds
            for test, seconds in self.seconds.items()
            if test not in self.bad
        }


@dataclass
class Tests:
    """The seconds of the quick tests and of the slow ones, and which quick tests run a
    line: file -> number -> tests.
    """

    quick: dict[str, float]
    slow: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def of(self, mutant: Mutant, text: str) -> dict[str, float]:
        """Choose the tests that may notice a change, as many as SECONDS allow, with
        their seconds.

        First the quick ones that run the line, then the others of the test files that
        are named as the file, last the slow ones there. A line that no quick test runs,
        such as one that runs when it is imported, is met by those that run the function
        around it, and, for as long again, by all that run the file, those of the whole
        wing, which ask all that a wing has to keep its rules, and those that hold
        defaults.
        """
        lines = self.lines.get(mutant.file, {})
        running = _running(lines, range(mutant.line, mutant.last + 1))
        near = {test for test in self.quick if _near(test, mutant.file)}
        far: set[str] = set()
        if not running:
            running = _running(lines, _around(text, mutant.line))
            rules = {test for test in self.quick if _of_wing(test, mutant.file)}
            rules |= {test for test in self.quick if "defaults" in test}
            far = (_running(lines, lines) | rules) - near - running
        order = [running & near, running - near, near - running]
        tests = [test for group in order for test in self._fastest(group)]
        slow = [test for test in self.slow if _near(test, mutant.file)]
        chosen = self._affordable(tests + sorted(slow, key=self.slow.get))
        return chosen | self._affordable(self._fastest(far))

    def _fastest(self, tests: set[str]) -> list[str]:
        return sorted(tests & self.quick.keys(), key=lambda test: self.quick[test])

    def _affordable(self, tests: list[str]) -> dict[str, float]:
        chosen = {}
        for test in tests:
            seconds = (self.quick | self.slow)[test]
            if sum(chosen.values()) + seconds < SECONDS:
                chosen[test] = seconds
        return chosen


def _running(lines: dict[int, list[str]], numbers: Iterable[int]) -> set[str]:
    return {test for number in numbers for test in lines.get(number, [])}


def _around(text: str, line: int) -> range:
    """The lines of the smallest function that holds the line; none outside functions."""
    functions = [
        range(node.lineno, node.end_lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.lineno - len(node.decorator_list) <= line <= node.end_lineno
    ]
    return min(functions, key=len, default=range(0))


def _near(test: str, file: str) -> bool:
    """Whether a test stands in the folder or the file that is named as the file is, or is
    of one of the file's exercises.
    """
    path = Path(file).relative_to("kdsurvey")
    if path.parts[0] == "pictures":
        return test.startswith("tests/pictures/")
    if path.parts[0] in WINGS and len(path.parts) > 2:
        wing, part = path.parts[:2]
        exercises = path.stem == "exercises" and f"[{part}." in test
        return exercises or test.startswith(f"tests/{wing}/{part}/")
    name = Path(test.split("::")[0]).name
    return name in (f"test_{path.stem}.py", f"test_{path.parent.name}.py")


def _of_wing(test: str, file: str) -> bool:
    """Whether a test stands in the folder of the file's wing, beside those of its parts."""
    wing = Path(file).relative_to("kdsurvey").parts[0]
    return Path(test.split("::")[0]).parent == Path("tests") / wing


def measured(folder: Path, part: str) -> Tests:
    """Run the part's quick tests under coverage in the copy, or read what such a run left."""
    report = folder / f"{part}.json"
    if not report.exists():
        forked(folder, lambda: _covered(folder, part))
    kept = json.loads(report.read_text("utf-8"))
    lines = {
        file: {int(number): tests for number, tests in by_number.items()}
        for file, by_number in kept["lines"].items()
    }
    return Tests(kept["quick"], kept["slow"], lines)


def _covered(folder: Path, part: str) -> int:
    clock = Clock(took(UNIT))
    data = folder / f"{part}.coverage"
    os.environ["COVERAGE_FILE"] = str(data)
    options = ["-p", "pytest_cov", "--cov", "--cov-context=test", "--cov-report="]
    code = pytest.main([*PLAIN, *options, *TESTS[part]], plugins=[clock])
    report = {"quick": clock.passed(), "slow": clock.slow}
    report["lines"] = _lines(data, folder)
    (folder / f"{part}.json").write_text(json.dumps(report), "utf-8")
    return code


def _lines(data: Path, folder: Path) -> dict[str, dict[int, list[str]]]:
    coverage = CoverageData(str(data))
    coverage.read()
    lines = defaultdict(dict)
    for path in map(Path, coverage.measured_files()):
        if not path.is_relative_to(folder):
            continue
        name = path.relative_to(folder).as_posix()
        for number, contexts in coverage.contexts_by_lineno(str(path)).items():
            tests = {context.split("|")[0] for context in contexts} - {""}
            lines[name][number] = sorted(tests)
    return lines


def forked(folder: Path, run: Callable[[], int], seconds: float = 3600.0) -> int | None:
    """Call run() in a fork, in the folder, and return its exit code; None past the time.

    A fork has torch imported already, which would take longer than most tests.
    """
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.setsid()
            os.chdir(folder)
            sys.path.insert(0, str(folder))
            os.environ["PYTHONPATH"] = str(folder)
            output = os.open("output.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            code = int(run())
        finally:
            os._exit(code)
    return _awaited(child, seconds)


def _awaited(child: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def tried(folder: Path, mutant: Mutant, tests: Tests) -> dict:
    """Plant one change in the copy, run its tests, and take it back."""
    path = folder / mutant.file
    whole = path.with_suffix(".whole")
    chosen = tests.of(mutant, path.read_text("utf-8"))
    shutil.copy2(path, whole)  # with its time, by which its bytecode is known
    start = time.monotonic()
    try:
        path.write_text(mutant.text, "utf-8")
        os.utime(path, (1, 1))
        code = 0
        if chosen:
            seconds = PATIENCE * sum(chosen.values()) + SECONDS
            code = forked(folder, lambda: _tested(list(chosen)), seconds)
    finally:
        whole.replace(path)
    row = {key: value for key, value in asdict(mutant).items() if key != "text"}
    row |= {"noticed": code != 0, "code": code, "tests": len(chosen)}
    return row | {"seconds": round(time.monotonic() - start, 1)}


def _tested(names: list[str]) -> int:
    """Run the tests in two rounds: most changes are noticed by the first few, and the
    others' files need not be read then.
    """
    sys.dont_write_bytecode = True
    for names_of_round in (names[:FIRST], names[FIRST:]):
        code = pytest.main([*PLAIN, "-x", *names_of_round]) if names_of_round else 0
        if code != 0:
            return code
    return 0


def copied() -> Path:
    """Copy the checkout's files to where this state of them is tried; return the folder."""
    listed = ["git", "ls-files", "-co", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True)
    files = [name for name in names.stdout.splitlines() if (ROOT / name).is_file()]
    digest = hashlib.sha256()
    for name in files:
        if name.startswith(("kdsurvey/", "tests/")) and name.endswith(".py"):
            digest.update((ROOT / name).read_bytes())
    folder = KEPT / digest.hexdigest()[:12]
    for other in set(KEPT.glob("*")) - {folder}:
        shutil.rmtree(other)
    for whole in folder.rglob("*.whole"):  # of a run that was stopped
        whole.replace(whole.with_suffix(".py"))
    for name in files:
        target = folder / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return folder


def equivalent() -> dict[tuple[str, str], str]:
    """The changes that were read and found to change nothing: (file, diff) -> reason."""
    entries = tomllib.loads((HERE / "equivalent.toml").read_text("utf-8"))["mutant"]
    return {(entry["file"], entry["diff"].strip()): entry["why"] for entry in entries}


def summary(rows: list[dict], reasons: dict[tuple[str, str], str]) -> str:
    """Say how many changes were noticed, by module, and show those that were not."""
    listed = [row for row in rows if (row["file"], _text(row)) in reasons]
    rows = [row for row in rows if row["noticed"] or row not in listed]
    noticed = Counter(row["file"] for row in rows if row["noticed"])
    total = Counter(row["file"] for row in rows)
    lines = [
        f"\n{row['file']}:{row['line']} ({row['tests']} tests)\n{row['diff']}"
        for row in sorted(rows, key=lambda row: (row["file"], row["line"]))
        if not row["noticed"]
    ]
    lines += [""] + [f"{noticed[file]:4} of {total[file]:3}  {file}" for file in total]
    share = sum(noticed.values()) / max(1, len(rows))
    lines.append(
        f"{sum(noticed.values())} of {len(rows)} changes noticed, {share:.1%};"
    )
    late = sum(row["code"] is None for row in rows)
    lines.append(
        f"{late} of these by running out of time; {len(listed)} more change nothing and "
        "are listed."
    )
    return "\n".join(lines)


def _text(row: dict) -> str:
    """A change without the numbers of its lines."""
    return "\n".join(row["diff"].splitlines()[1:]).strip()


def main(arguments: argparse.Namespace) -> None:
    """Try the drawn changes that were not tried yet, and print what came out."""
    folder = copied()
    tests = measured(folder, arguments.part)
    results = folder / f"{arguments.part}-{arguments.seed}.jsonl"
    results.touch()
    rows = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    done = {(row["file"], row["diff"]) for row in rows}
    for mutant in drawn(folder, arguments.part, arguments.sample, arguments.seed):
        if (mutant.file, mutant.diff) in done:
            continue
        row = tried(folder, mutant, tests)
        rows.append(row)
        with results.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
        word = "noticed " if row["noticed"] else "SURVIVED"
        print(f"{word} {row['file']}:{row['line']} ({row['seconds']} s)", flush=True)
    print(summary(rows, equivalent()))


def ready() -> None:
    """Import once, before the forks, what all tests need; nothing of the package."""
    for module in HEAVY:
        importlib.import_module(module)
    ours = (ROOT, HERE)
    sys.path[:] = [
        entry for entry in sys.path if Path(entry or ".").resolve() not in ours
    ]
    torch.set_num_threads(1)
    # Importing plugins takes longer than most tests
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["TESTS_PROFILE"] = "faults"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--part", choices=("core", "wings"), default="core")
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    ready()
    main(parser.parse_args())

"""Plant faults in a copy of the package, one at a time, and show that the tests notice
each: `make mutate`.

The faults of `test_X.py` are listed beside it, in `faults_X.py`. A fault is a piece of
text that occurs once in a file of the package, and what it becomes; how the code is
broken into lines does not matter. The script ends with 1 when a fault survives, when
its text is no longer there exactly once, or when the tests fail without any fault.
Arguments pick faults by their file or their name: `python tests/mutate.py losses stage
"one rate for all"`.
"""

import importlib
import os
import re
import runpy
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SECONDS = 120  # for a test file
LEXEME = re.compile(r"\w+|\W")
CLOSERS = (")", "]", "}")


@dataclass(frozen=True)
class Fault:
    """One mistake: `old` becomes `new` in `file`, a path from the package's folder.

    The test file beside the list must notice it; `also` names more test files to run,
    separated by spaces.
    """

    what: str
    file: str
    old: str
    new: str
    also: str = ""


@dataclass(frozen=True)
class Planted:
    """A fault and the test files that must notice it: paths under tests/, with spaces."""

    fault: Fault
    tests: str


def collected() -> list[Planted]:
    """Collect the faults of all `faults_*.py` under tests/."""
    return [
        entry for path in sorted(HERE.rglob("faults_*.py")) for entry in _listed(path)
    ]


def _listed(path: Path) -> Iterator[Planted]:
    beside = (
        path.with_name(path.name.replace("faults_", "test_", 1))
        .relative_to(HERE)
        .as_posix()
    )
    for fault in runpy.run_path(str(path))["FAULTS"]:
        yield Planted(fault, f"{beside} {fault.also}".strip())


def places(text: str, old: str) -> list[tuple[int, int]]:
    """Find where `old` stands in the text: (start, end) each.

    White space inside `old` matches any white space, and a comma may stand before a
    closing bracket, so that formatting moves no fault. White space at either end of
    `old` is matched as it is.
    """
    core = old.strip()
    start = len(old) - len(old.lstrip())
    ends = old[:start], old[start + len(core) :]
    pattern = re.escape(ends[0]) + _flexible(core) + re.escape(ends[1])
    return [match.span() for match in re.finditer(pattern, text)]


def _flexible(core: str) -> str:
    """The regular expression of a text without white space at its ends."""
    pattern = ""
    before = ""
    for lexeme in LEXEME.findall(core):
        if not lexeme.strip():
            continue
        between_words = before.isidentifier() or before.isdigit()
        pattern += r"\b\s*" if between_words else r"\s*" if before else ""
        pattern += r"(?:,\s*)?" if lexeme in CLOSERS else ""
        pattern += re.escape(lexeme)
        before = lexeme
    return pattern


def plant(text: str, fault: Fault) -> str | None:
    """Put the fault into the text; None where it cannot be planted in exactly one place."""
    spans = places(text, fault.old)
    if len(spans) != 1:
        return None
    ((start, end),) = spans
    return text[:start] + fault.new + text[end:]


def main(entries: list[Planted]) -> int:
    """Print one line per fault; return how the script ends."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        files = dict.fromkeys(file for entry in entries for file in entry.tests.split())
        if tested(copy, " ".join(files)) != 0:
            print((copy / "output.txt").read_text())
            print("The tests fail without any fault; mend that first.")
            return 1
    missed = 0
    for entry in entries:
        start = time.time()
        outcome = result(entry)
        missed += outcome != "caught"
        seconds = time.time() - start
        print(f"{outcome:9} {_title(entry.fault)} ({seconds:.1f} s)", flush=True)
    print(f"{len(entries) - missed} of {len(entries)} faults caught.")
    return int(missed > 0)


def chosen(names: list[str]) -> list[Planted]:
    """Pick the faults whose file or name holds one of the names, in any case; all where
    there are none. Ends the script where nothing is picked.
    """
    entries = collected()
    wanted = [name.lower() for name in names]
    picked = [
        entry
        for entry in entries
        if not names or any(name in _title(entry.fault).lower() for name in wanted)
    ]
    if not picked:
        raise SystemExit(
            f"No fault has {' or '.join(names)} in its file or name; there are "
            f"{len(entries)}, in {', '.join(sorted({e.fault.file for e in entries}))}."
        )
    return picked


def _title(fault: Fault) -> str:
    return f"{fault.file}: {fault.what}"


def result(entry: Planted) -> str:
    """Try one fault: caught, SURVIVED, NOT THERE (its text does not stand in exactly
    one place) or BROKEN (no test could run).
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        place(copy)
        path = copy / "kdsurvey" / entry.fault.file
        text = plant(path.read_text(encoding="utf-8"), entry.fault)
        if text is None:
            return "NOT THERE"
        path.write_text(text, encoding="utf-8")
        return {0: "SURVIVED", 1: "caught"}.get(tested(copy, entry.tests), "BROKEN")


def place(copy: Path) -> None:
    """Copy what the tests need into an empty folder."""
    if (copy / "tests").exists():
        return
    unwanted = shutil.ignore_patterns("__pycache__")
    for folder in ("kdsurvey", "tests", "notebooks", "etc"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=unwanted)
    for file in ("pyproject.toml", "kdsurvey_lab.py"):
        shutil.copy(ROOT / file, copy)


def tested(copy: Path, tests: str) -> int:
    """Run test files in the copy and return pytest's exit code, 3 where it could not run.

    A fork has torch imported already, which would take longer than most tests.
    """
    place(copy)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 3
    try:
        signal.alarm(SECONDS * len(tests.split()))
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        output = os.open("output.txt", os.O_CREAT | os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        import kdsurvey

        if Path(kdsurvey.__file__).is_relative_to(copy):
            options = ["-x", "-q", "-p", "no:cacheprovider"]
            options += ["-W", "ignore::pytest.PytestWarning"]
            code = int(
                pytest.main([*options, *(f"tests/{name}" for name in tests.split())])
            )
    finally:
        os._exit(code)


# Imported once, before the forks; nothing of the package itself
HEAVY = (
    "hypothesis",
    "matplotlib.figure",
    "pandas",
    "scipy.stats",
    "torch",
    "torchvision",
)

if __name__ == "__main__":
    for module in HEAVY:
        importlib.import_module(module)
    import pytest
    import torch

    sys.dont_write_bytecode = True
    # Importing plugins takes longer than most tests
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["TESTS_PROFILE"] = "faults"
    picked = chosen(sys.argv[1:])
    ours = (ROOT, HERE)
    sys.path[:] = [
        entry for entry in sys.path if Path(entry or ".").resolve() not in ours
    ]
    torch.set_num_threads(1)
    sys.exit(main(picked))

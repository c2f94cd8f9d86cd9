"""Writes tests/slow.txt, the tests that `make quick` leaves out, from a report of all of them:
python tests/slow.py REPORT.xml, as pytest's --junitxml leaves it.
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

LIST = Path(__file__).with_name("slow.txt")
SECONDS = 0.2  # that a test function may take, all its cases together, to be quick


def listed() -> set[str]:
    """The slow test functions: "tests/test_x.py::test_y"."""
    return set(LIST.read_text(encoding="utf-8").split())


def slow(report: Path) -> list[str]:
    """The test functions that took longer than SECONDS."""
    seconds = Counter()
    for case, of_case in took(report).items():
        seconds[case.split("[")[0]] += of_case
    return sorted(name for name, total in seconds.items() if total > SECONDS)


def took(report: Path) -> dict[str, float]:
    """The seconds of each case of each test function."""
    return {
        f"{_place(case.get('classname', ''))}::{case.get('name')}": float(
            case.get("time")
        )
        for case in ElementTree.parse(report).iter("testcase")
    }


def _place(classname: str) -> str:
    """Write "tests.test_x.TestY" as pytest does: "tests/test_x.py::TestY"."""
    parts = classname.split(".")
    classes = [part for part in parts if part.startswith("Test")]
    return "::".join(["/".join(parts[: len(parts) - len(classes)]) + ".py", *classes])


if __name__ == "__main__":
    LIST.write_text("\n".join(slow(Path(sys.argv[1]))) + "\n", encoding="utf-8")

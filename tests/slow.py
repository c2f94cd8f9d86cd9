"""Writes tests/slow.txt, the tests that `make quick` leaves out, from a report of all of them:
python tests/slow.py REPORT.xml, as pytest's --junitxml leaves it.
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

LIST = Path(__file__).with_name("slow.txt")
SECONDS = 0.4  # that a test function may take, all its cases together, to be quick


def listed() -> set[str]:
    """The slow test functions: "tests/test_x.py::test_y"."""
    return set(LIST.read_text(encoding="utf-8").split())


def slow(report: Path) -> list[str]:
    """The test functions that took longer than SECONDS."""
    took = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.get("classname", "").replace(".", "/") + ".py"
        took[f"{file}::{case.get('name', '').split('[')[0]}"] += float(case.get("time"))
    return sorted(name for name, seconds in took.items() if seconds > SECONDS)


if __name__ == "__main__":
    LIST.write_text("\n".join(slow(Path(sys.argv[1]))) + "\n", encoding="utf-8")

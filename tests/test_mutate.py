"""The planted faults themselves: a text that has moved plants nothing, and a list that
nobody runs rots.
"""

import tomllib

import pytest
from mutate import HERE, ROOT, Fault, chosen, collected, places, plant


def test_every_fault_can_still_be_planted_and_has_tests_that_should_notice():
    entries = collected()
    assert len(entries) > 500
    for fault in (entry.fault for entry in entries):
        text = (ROOT / "kdsurvey" / fault.file).read_text(encoding="utf-8")
        assert plant(text, fault) not in (None, text), (fault.file, fault.what)
    assert not [
        test
        for entry in entries
        for test in entry.tests.split()
        if not (HERE / test).exists()
    ]


@pytest.mark.parametrize(
    "text", ["f(a, b + 1)", "f(a,\n  b\n  + 1\n)", "f(\n    a,\n    b + 1,\n)"]
)
def test_formatting_moves_no_fault(text):
    assert (
        plant(f"x = {text}  # {text[:1]}", Fault("", "", "f(a, b + 1)", "g(a)"))
        == f"x = g(a)  # {text[:1]}"
    )


@pytest.mark.parametrize(
    "text",
    ["f(a, b, + 1)", "f(a b + 1)", "f(a, bb + 1)", "f(a, b + 12)", "ff(a, b + 1)x"],
)
def test_other_text_is_no_place_for_a_fault(text):
    assert not places(text, "f(a, b + 1)") or text == "ff(a, b + 1)x"


def test_a_text_that_occurs_twice_or_is_indented_otherwise_is_refused():
    fault = Fault("", "", "    a = 1\n", "")
    assert plant("    a = 1\n", fault) == ""
    assert plant("  a = 1\n", fault) is None
    assert plant("    a = 1\n    a = 1\n", fault) is None


def test_every_change_that_is_listed_as_equivalent_is_still_there():
    text = (HERE / "equivalent.toml").read_text(encoding="utf-8")
    for entry in tomllib.loads(text)["mutant"]:
        lines = (ROOT / entry["file"]).read_text(encoding="utf-8").splitlines()
        old = [line[1:] for line in entry["diff"].splitlines() if line.startswith("-")]
        assert old and not set(old) - set(lines), (entry["file"], old)
        assert entry["why"]


def test_a_name_that_no_fault_has_is_answered():
    assert chosen(["DML"]) and chosen(["dml"]) == chosen(["DML"])
    with pytest.raises(
        SystemExit, match=r"No fault has nosuch .*there are \d+, in .*losses"
    ):
        chosen(["nosuch"])

"""Random changes of the package: where they are planted, and which tests meet them."""

import ast

import pytest

pytest.importorskip("mutmut")
pytest.importorskip("libcst")
import mutants

TEXT = '''"""A docstring of 2 words."""
__all__ = ["half"]
if TYPE_CHECKING:
    SEEN = 3


def half(x: "int" = 4) -> "float":
    """Return x / 2."""
    if x < 0:
        raise ValueError(f"{x} < 0")
    return dict(name="the half", key="half", value=(x / 2))
'''


@pytest.fixture
def folder(tmp_path):
    for name in ("losses.py", "lessons/fsp/claims.py"):
        path = tmp_path / "kdsurvey" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT, "utf-8")
    return tmp_path


def test_every_change_is_one_place_of_code_that_runs(folder):
    drawn = mutants.drawn(folder, "core", 1000, 0)
    assert {mutant.file for mutant in drawn} == {"kdsurvey/losses.py"}
    assert {mutant.line for mutant in drawn} == {7, 9, 11}
    trees = {ast.dump(ast.parse(mutant.text)) for mutant in drawn}
    assert ast.dump(ast.parse(TEXT)) not in trees
    kept = ("A docstring of 2 words.", "the half", '"int"', "SEEN = 3", '["half"]')
    assert all(text in mutant.text for mutant in drawn for text in kept[:-1])
    assert all('__all__ = ["half"]' in mutant.text for mutant in drawn)


def test_wrong_answers_to_exercises_are_left_alone(folder):
    path = folder / "kdsurvey/losses.py"
    wrong = "t.refuses(lambda x: x + 1)\n\n\n@t.refuses\ndef _(x):\n    return x + 2\n"
    path.write_text(wrong, "utf-8")
    assert not mutants.drawn(folder, "core", 1000, 0)
    path.write_text(wrong.replace("refuses", "solved_by"), "utf-8")
    assert {mutant.line for mutant in mutants.drawn(folder, "core", 1000, 0)} == {1, 6}


def test_names_that_only_a_type_checker_reads_are_left_alone(folder):
    path = folder / "kdsurvey/losses.py"
    path.write_text('Net = TypeVar("Net", bound=int)\n', "utf-8")
    assert not mutants.drawn(folder, "core", 1000, 0)
    path.write_text('Net = NewNet("Net", bound=int)\n', "utf-8")
    assert mutants.drawn(folder, "core", 1000, 0)


def test_brackets_stay_around_what_changes(folder):
    texts = [mutant.text for mutant in mutants.drawn(folder, "core", 1000, 0)]
    assert sum("value=(x * 2)" in text for text in texts) == 1


def test_the_same_seed_draws_the_same_and_the_parts_are_apart(folder):
    drawn = mutants.drawn(folder, "wings", 5, 1)
    assert drawn == mutants.drawn(folder, "wings", 5, 1)
    assert drawn != mutants.drawn(folder, "wings", 5, 2)
    assert {mutant.file for mutant in drawn} == {"kdsurvey/lessons/fsp/claims.py"}


def test_a_change_meets_the_tests_that_run_its_line_the_nearest_first():
    quick = {
        "tests/test_losses.py::a": 2.0,
        "tests/test_losses.py::b": 1.0,
        "tests/test_losses.py::elsewhere": 1.0,
        "tests/test_stage.py::c": 0.5,
        "tests/test_stage.py::elsewhere": 0.1,
        "tests/test_stage.py::defaults": 0.1,
    }
    slow = {"tests/test_losses.py::d": 9.0, "tests/test_data.py::e": 1.0}
    covering = ["tests/test_stage.py::c", *list(quick)[:2]]
    tests = mutants.Tests(quick, slow, {"kdsurvey/losses.py": {11: covering}})
    mutant = mutants.Mutant("kdsurvey/losses.py", 11, 11, "", "")
    names = ["b", "a", "c", "elsewhere", "d"]
    assert [test.split("::")[1] for test in tests.of(mutant, TEXT)] == names
    head = mutants.Mutant("kdsurvey/losses.py", 7, 7, "", "")
    names.append("defaults")
    assert [test.split("::")[1] for test in tests.of(head, TEXT)] == names


def test_no_more_tests_than_the_time_allows():
    slow = {f"tests/test_losses.py::{n}": mutants.SECONDS / 3 for n in range(5)}
    mutant = mutants.Mutant("kdsurvey/losses.py", 11, 11, "", "")
    assert len(mutants.Tests({}, slow, {}).of(mutant, TEXT)) == 2


def test_a_wing_is_tested_in_the_folder_of_its_name():
    tests = ["tests/lessons/fsp/test_x.py::a", "tests/lessons/net2net/test_x.py::a"]
    mutant = mutants.Mutant("kdsurvey/lessons/fsp/claims.py", 11, 11, "", "")
    chosen = mutants.Tests(dict.fromkeys(tests, 1.0), {}, {}).of(mutant, TEXT)
    assert list(chosen) == tests[:1]


def test_an_exercise_meets_the_tests_of_its_name():
    tests = [f"tests/lessons/test_design.py::a[{x}.own]" for x in ("fsp", "net2net")]
    for file, met in (("exercises", tests[:1]), ("claims", [])):
        mutant = mutants.Mutant(f"kdsurvey/lessons/fsp/{file}.py", 11, 11, "", "")
        known = mutants.Tests({}, dict.fromkeys(tests, 1.0), {})
        assert list(known.of(mutant, TEXT)) == met


def test_a_line_that_is_imported_meets_the_tests_of_the_whole_wing_too():
    quick = ["tests/lessons/fsp/test_x.py::a", "tests/lessons/test_settings.py::b"]
    quick += ["tests/lessons/net2net/test_x.py::c", "tests/panels/test_all.py::d"]
    lines = {"kdsurvey/lessons/fsp/claims.py": {11: quick[:1]}}
    tests = mutants.Tests(dict.fromkeys(quick, 1.0), {}, lines)
    met = {
        line: list(
            tests.of(mutants.Mutant(next(iter(lines)), line, line, "", ""), TEXT)
        )
        for line in (2, 11)
    }
    assert met == {2: quick[:2], 11: quick[:1]}


def test_what_is_listed_counts_for_nothing_and_the_rest_is_shown():
    row = {"file": "kdsurvey/losses.py", "line": 3, "tests": 2, "noticed": False}
    row["code"] = 0
    rows = [
        row | {"diff": "@@ -3 +3 @@\n-a\n+b"},
        row | {"diff": "@@ -4 +4 @@\n-c\n+d", "noticed": True, "code": None},
        row | {"diff": "@@ -5 +5 @@\n-e\n+f"},
    ]
    words = mutants.summary(rows, {("kdsurvey/losses.py", "-e\n+f"): "no matter"})
    assert "-a\n+b" in words and "-e" not in words
    assert "1 of 2 changes noticed, 50.0%" in words
    assert "1 of these by running out of time; 1 more" in words

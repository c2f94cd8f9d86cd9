"""The command line: what it does, and one sentence for what it cannot do."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import kdsurvey
from kdsurvey import cli, lessons, records
from kdsurvey.lessons import pages, repeated
from kdsurvey.slides import kept, rule


def refusal(words, capsys) -> str:
    """Run a command that must end with 2; returns its one line on stderr."""
    try:
        status = cli.main(words)
    except SystemExit as end:
        status = end.code
    written = capsys.readouterr()
    assert status == 2 and not written.out
    (line,) = written.err.splitlines()
    return line


@pytest.fixture
def coin(toy, monkeypatch):
    """The only experiment of all lessons, on patterns that are made up."""

    @records.experiment(settings={"sides": 2}, data=lambda: toy)
    def coin(data, seed):
        return [{"arm": "heads", "seed": seed}]

    monkeypatch.setattr(cli, "experiments", lambda: {"coin": coin})
    return coin


def test_it_says_its_version_and_its_commands(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"kdsurvey {kdsurvey.__version__}\n"
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in cli.COMMANDS)
    assert text.endswith("kdsurvey COMMAND --help says more of a command.\n")


def test_seeds_are_recorded_into_a_folder(coin, tmp_path, capsys):
    assert (
        cli.main(["record", "coin", "--seeds", "3-5", "--folder", str(tmp_path)]) == 0
    )
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [3, 4, 5]
    assert "coin.jsonl" in capsys.readouterr().out


def test_seeds_go_to_the_folder_of_the_environment(coin, tmp_path, monkeypatch):
    monkeypatch.setenv("KDSURVEY_RESULTS", str(tmp_path))
    assert cli.main(["record", "--all", "--seeds", "0-0"]) == 0
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [0]


def test_the_list_has_every_experiment(capsys):
    assert cli.main(["record", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == set(records.paths(records.SHIPPED))
    assert {line.split()[0] for line in lines} >= set(lessons.experiments())
    other_data = [line.split()[0] for line in lines if "does not come" in line]
    assert {"full_mnist", "fsp_fashion", "precision_clothes"} <= set(other_data)
    assert "widths" not in other_data


def test_an_unknown_experiment_is_answered_with_those_that_are_alike(capsys):
    line = refusal(["record", "widths", "net2net_deep"], capsys)
    assert "no experiment 'net2net_deep'; did you mean net2net_deeper" in line
    assert "one_parts" in line


@pytest.mark.parametrize(
    "seeds, remedy",
    [
        ("5", "'5' is no range of seeds; write 5-5 for seed 5"),
        ("five", "'five' is no range of seeds; write FIRST-LAST, such as 0-9"),
        ("-1-3", "write FIRST-LAST"),
        ("1-", "write FIRST-LAST"),
        ("9-0", "its end lies before its start; write 0-9"),
        ("5-2", "write 2-5"),
        ("0-99999999999", "write FIRST-LAST"),
        ("0-999999999", "1,000,000,000 seeds; ask for 10,000 at most"),
        ("٣-٥", "write FIRST-LAST"),
        ("²", "'²' is no range of seeds; write FIRST-LAST"),
        ("0-9\n", "write FIRST-LAST"),
        ("", "write FIRST-LAST"),
    ],
)
def test_seeds_that_are_no_range_are_answered_in_a_sentence(seeds, remedy, capsys):
    assert remedy in refusal(["record", "widths", f"--seeds={seeds}"], capsys)


@pytest.mark.parametrize(
    "words, answer",
    [
        (["recrod"], "no command 'recrod'; did you mean record?"),
        (["notebook"], "did you mean notebooks?"),
        (["xyzzy"], "'xyzzy'"),
        (["record", "widths", "--sedes=0-1"], "--sedes=0-1; did you mean --seeds?"),
        (["record", "widths", "--seed=0-1"], "did you mean --seeds?"),
        (["record", "--lst"], "did you mean --list?"),
        (["notebooks", "x", "--froce"], "did you mean --force?"),
        (["notebooks", ""], "'' is no folder"),
        (["notebooks", "~nobody-at-all/x"], "home folder"),
        (["record", "widths", "--folder", ""], "'' is no folder"),
        (["app", "--prot=8890"], "unknown option --prot; did you mean --port?"),
        (["app", "--port=65536"], "'65536' is no port"),
        (["record", "widths", "--seeds=0-10000"], "are 10,001 seeds; ask for 10,000"),
        (["app", "--port=99999"], "'99999' is no port; give a whole number from 0"),
        (["app", "--port", "99999"], "'99999' is no port"),
        (["app", "--Voila.port=abc"], "'abc' is no port"),
        (["app", "--port"], "'' is no port"),
        (["lab", "--no-browsr"], "did you mean --no-browser?"),
        (["lab", "--ServerApp.port=99999"], "is no port"),
        ([], "COMMAND"),
        (["record"], "--list"),
        (["record", "widths", "--nope"], "--nope"),
        (["notebooks"], "folder"),
    ],
)
def test_what_is_not_understood_is_answered_in_a_sentence(words, answer, capsys):
    assert answer in refusal(words, capsys)


def test_a_file_in_place_of_a_folder_is_answered_in_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for words in (["notebooks"], ["record", "widths", "--folder"]):
        assert "is no folder" in refusal([*words, str(tmp_path / "file")], capsys)
    line = refusal(["notebooks", str(tmp_path / "file" / "below")], capsys)
    assert "kdsurvey: cannot write" in line and "; name another folder" in line
    line = refusal(["notebooks", str(tmp_path / ("x" * 300))], capsys)
    assert "cannot be a folder: File name too long; name one, such as kd" in line
    assert (tmp_path / "file").read_text() == "mine"


def test_a_tilde_is_the_home(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cli.main(["notebooks", "~/mine"]) == 0
    assert (tmp_path / "mine" / cli.FIRST).exists()


@pytest.mark.parametrize(
    "option", ["--no-browser", "--port=8890", "--Voila.ip=0.0.0.0", "--debug"]
)
def test_options_of_voila_pass(option, monkeypatch):
    given = []
    monkeypatch.setattr("kdsurvey.app.serve.serve", given.extend)
    assert cli.main(["app", option]) == 0 and given == [option]


RECORD = {"name": [], "seeds": range(10), "folder": None, "list": False, "all": False}
REPEAT = {"seeds": range(100, 108), "draw": 0, "folder": None, "list": False}
SLIDES = {"folder": Path("f"), "number": [], "source": None}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lab", {"folder": None}),
        ("lab f --no-browser", {"folder": Path("f"), "options": ["--no-browser"]}),
        ("app --port=1 --debug", {"options": ["--port=1", "--debug"]}),
        ("record", RECORD),
        ("record a b --seeds 3-3", RECORD | {"name": ["a", "b"], "seeds": range(3, 4)}),
        ("record --seeds 0-9999 --all", RECORD | {"seeds": range(10_000), "all": True}),
        ("record --folder f --list", RECORD | {"folder": Path("f"), "list": True}),
        ("repeat", REPEAT),
        (
            "repeat --draw 2 --seeds 5-6 --folder f --list",
            {"draw": 2, "seeds": range(5, 7), "folder": Path("f"), "list": True},
        ),
        ("notebooks f", {"folder": Path("f"), "force": False}),
        ("notebooks f --force", {"folder": Path("f"), "force": True}),
        ("slides f", SLIDES),
        (
            "slides f 01 02 --source s",
            SLIDES | {"number": ["01", "02"], "source": Path("s")},
        ),
        ("keep", {"number": []}),
        ("keep 01 02", {"number": ["01", "02"]}),
        ("pages", {}),
    ],
    ids=str,
)
def test_a_line_becomes_the_arguments_of_its_command(line, expected, monkeypatch):
    called = []
    command = line.split()[0]
    name = {"pages": "write_pages"}.get(command, command)
    run = called.append
    monkeypatch.setattr(cli, name, lambda arguments: run(vars(arguments)))
    assert cli.main(line.split()) == 0
    (arguments,) = called
    del arguments["run"]
    assert all(option.help for option in arguments.pop("parser")._actions)
    assert arguments == {"command": command, "options": []} | expected


def test_a_command_that_is_interrupted_ends_with_130(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "write_pages", interrupted)
    assert cli.main(["pages"]) == 130 and capsys.readouterr().err == ""


def test_ports_up_to_the_last_are_taken(monkeypatch):
    given = []
    monkeypatch.setattr("kdsurvey.app.serve.serve", given.extend)
    asked = ["--port=65535", "--port", "0"]
    assert cli.main(["app", *asked]) == 0 and given == asked


def test_the_commands_are_those_of_the_help(capsys):
    for command in cli.COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            cli.main([command, "--help"])


def test_nothing_runs_where_nothing_can_be_written(coin, tmp_path, capsys):
    module = coin.run.__module__.rsplit(".")[-1]
    (tmp_path / module).write_text("a file where a folder goes")
    line = refusal(["record", "coin", "--folder", str(tmp_path)], capsys)
    assert "cannot write" in line and "KDSURVEY_RESULTS" in line and "--folder" in line


def test_rows_of_other_settings_are_answered_in_a_sentence(coin, tmp_path, capsys):
    words = ["record", "coin", "--seeds", "0-0", "--folder", str(tmp_path)]
    cli.main(words)
    coin.settings["sides"] = 3
    capsys.readouterr()
    assert "settings.sides = 2, this run has 3" in refusal(words, capsys)


def test_notebooks_are_copied_and_not_overwritten_unless_forced(tmp_path, capsys):
    folder = tmp_path / "copies"
    assert cli.main(["notebooks", str(folder)]) == 0
    originals = {path.name: path for path in (pages.ROOT / "notebooks").glob("*.ipynb")}
    copies = {path.name: path for path in folder.iterdir()}
    assert set(copies) == {*originals, "glossary.md"}
    capsys.readouterr()
    changed = folder / "00_start_here.ipynb"
    changed.write_text("mine")
    assert "--force" in refusal(["notebooks", str(folder)], capsys)
    assert changed.read_text() == "mine"
    assert cli.main(["notebooks", str(folder), "--force"]) == 0
    again = changed.read_text().replace("(glossary.md", "(../docs/glossary.md")
    assert json.loads(again) == json.loads(originals[changed.name].read_text())


def test_links_of_copied_notebooks_lead_to_what_is_copied(tmp_path):
    assert cli.main(["notebooks", str(tmp_path)]) == 0
    for copy in tmp_path.glob("*.ipynb"):
        cells = json.loads(copy.read_text())["cells"]
        text = "\n".join(
            "".join(c["source"]) for c in cells if c["cell_type"] != "code"
        )
        links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
        assert not [link for link in links if not (tmp_path / link).exists()]


@pytest.mark.parametrize("command, extra", [("lab", "lab"), ("app", "app")])
def test_what_is_not_installed_is_named_with_its_extra(
    command, extra, capsys, monkeypatch
):
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert f"kdsurvey[{extra}]" in refusal([command], capsys)


def test_the_lab_opens_copies_where_it_is_asked_to(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr(
        cli.subprocess, "run", lambda words, check: commands.append(words)
    )
    assert cli.main(["lab", str(tmp_path), "--no-browser"]) == 0
    (words,) = commands
    assert words[1:] == ["-m", "jupyterlab", str(tmp_path / cli.FIRST), "--no-browser"]
    assert (tmp_path / cli.FIRST).exists()


def test_the_app_gets_the_options_of_voila(monkeypatch):
    options = []
    monkeypatch.setattr("kdsurvey.app.serve.serve", options.extend)
    assert cli.main(["app", "--no-browser", "--port=8900"]) == 0
    assert options == ["--no-browser", "--port=8900"]


def test_pages_are_written_in_a_checkout_only(tmp_path, capsys, monkeypatch):
    written = []
    monkeypatch.setattr(pages, "write", lambda: written.append(True))
    monkeypatch.setattr(rule, "stamp", lambda path: written.append(path.stem))
    assert cli.main(["pages"]) == 0 and written[:2] == [True, "00_start_here"]
    monkeypatch.setattr(cli, "HERE", tmp_path / "kdsurvey")
    assert "no checkout" in refusal(["pages"], capsys)
    assert "no checkout" in refusal(["keep"], capsys)


@pytest.fixture
def questions(monkeypatch):
    """Two questions of one experiment, whose rows are there when it has run."""
    ran = []
    table = pd.DataFrame({"before": ["HOLDS"]}, index=["O1a"])
    made = {
        "drawn": lambda draw: ["O1a", f"P{draw}a"],
        "needed": lambda ids: ["widths", "depths"],
        "hours": lambda names, seeds: len(names) * len(seeds) / 4,
        "run": lambda *asked: ran.append(asked),
        "words": lambda ids, folder: table,
        "summary": lambda table: f"{len(table)} of 1 agree",
    }
    for name, function in made.items():
        monkeypatch.setattr(repeated, name, function)
    return ran


PLAN = """2 questions: O1a, P3a
2 experiments, some 1.0 hours of a core:
widths depths
"""


def test_questions_are_asked_again_and_their_words_compared(
    questions, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("KDSURVEY_RESULTS", str(tmp_path))
    words = ["repeat", "--draw", "3", "--seeds", "100-101"]
    assert cli.main([*words, "--list"]) == 0
    assert capsys.readouterr().out == PLAN and not questions
    assert cli.main(words) == 0
    answer = "    before\nO1a  HOLDS\n1 of 1 agree\n"
    assert capsys.readouterr().out == PLAN + answer
    assert cli.main([*words, "--folder", str(tmp_path / "own")]) == 0
    folders = [tmp_path / "repeated", tmp_path / "own"]
    asked = ["widths", "depths"], range(100, 102)
    assert questions == [(*asked, folder) for folder in folders]


def test_numbers_of_the_notebooks_that_are_asked_for_are_kept(monkeypatch, capsys):
    monkeypatch.setattr(kept, "keep", lambda path: Path("numbers", path.stem))
    assert cli.main(["keep", "01", "03"]) == 0
    files = [f"numbers/{name}" for name in ("01_temperature", "03_missing_three")]
    assert capsys.readouterr().out.split() == files

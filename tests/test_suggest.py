"""A misspelt name is answered with the one that may be meant; `dir` lists what is public."""

import pickle
import subprocess
import sys

import pytest
from processes import run

import kdsurvey
from kdsurvey import suggest


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        ("methods.hintn", "kdsurvey.methods has no 'hintn'; did you mean hinton?"),
        ("methods.Fitnet", "kdsurvey.methods has no 'Fitnet'; did you mean fitnets?"),
        ("methods.DML", "did you mean dml?"),
        ("losses.KL", "did you mean kl"),
        ("losses.softn", "kdsurvey.losses has no 'softn'; did you mean soften?"),
        ("exercises.temprature", "has no 'temprature'; did you mean temperature?"),
        ("exercises.temperature.softn", "did you mean soften?"),
        ("panels.tempratur", "did you mean temperature?"),
        ("records.recordd", "did you mean record"),
        ("data.mnist5k", "did you mean mnist_5k or mnist?"),
        ("nets.mpl", "kdsurvey.nets has no 'mpl'; did you mean mlp?"),
        ("surgery.widenn", "did you mean widen?"),
        ("acuracy", "kdsurvey has no 'acuracy'; did you mean accuracy?"),
        ("verdict", "did you mean verdicts?"),
    ],
)
def test_a_misspelt_name_is_answered(names, answer):
    *path, wrong = names.split(".")
    owner = kdsurvey
    for name in path:
        owner = getattr(owner, name)
    with pytest.raises(AttributeError) as refusal:
        getattr(owner, wrong)
    assert answer in str(refusal.value) and refusal.value.name == wrong
    assert not hasattr(owner, wrong)


def test_a_name_like_none_gets_no_advice():
    with pytest.raises(AttributeError) as refusal:
        kdsurvey.qqqqqq  # noqa: B018
    assert str(refusal.value) == "kdsurvey has no 'qqqqqq'"


def test_dir_lists_what_is_public():
    """Also what is imported on first use, and none of what the package itself uses."""
    listed = [name for name in dir(kdsurvey) if not name.startswith("_")]
    assert listed == sorted(kdsurvey.__all__)
    assert {"exercises", "panels", "plots", "records"} <= set(listed)
    for name in listed:
        assert getattr(kdsurvey, name) is not None
    exercises = [name for name in dir(kdsurvey.exercises) if not name.startswith("_")]
    notebooks = kdsurvey.exercises.NOTEBOOKS
    assert set(exercises) == {"NOTEBOOKS", "Exercise", "Report", *notebooks}


def test_what_is_imported_on_first_use_is_not_there_before():
    code = (
        "import sys, kdsurvey\n"
        "there = [name for name in sys.modules if name.startswith('kdsurvey.')]\n"
        "assert there == ['kdsurvey.suggest'], there\n"
        "kdsurvey.panels.temperature, kdsurvey.records.recorded, kdsurvey.stage.Batch\n"
    )
    run(code)


def test_the_command_line_does_not_wait_for_torch():
    code = "import sys, kdsurvey.cli; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_answer_that_nobody_catches_suggests_once():
    call = "import kdsurvey; kdsurvey.methods.hintn"
    ran = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True)
    last = ran.stderr.strip().splitlines()[-1]
    assert last.lower().count("did you mean") == 1 and last.endswith("hinton?")


def test_a_table_answers_a_name_that_it_lacks():
    table = suggest.Known("arm", {"alone": 1, "BAN": 2})
    assert table["alone"] == 1 and table.get("ban") is None and "ban" not in table
    with pytest.raises(
        ValueError, match=r"no arm 'bAN'; did you mean BAN\? there are: a"
    ):
        table["bAN"]
    again = pickle.loads(pickle.dumps(table))
    assert again == table == {"alone": 1, "BAN": 2} and again.kind == "arm"
    with pytest.raises(ValueError, match="no arm 3; there are"):
        table[3]

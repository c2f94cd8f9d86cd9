"""The run on a GPU, as far as a machine without one can try it.

A dry run on the CPU goes through all of it; what may go wrong has to be recorded.
"""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from fake_gpu import NoValues, NoWaitingCopies
from torch import nn

from kdsurvey.stage import Batch, Stage

ROOT = Path(__file__).parents[1]
CPU = torch.device("cpu")
WAITED = "called a synchronizing CUDA operation"  # torch's words


@pytest.fixture
def load(monkeypatch):
    """Import a module of benchmarks/ by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module


@pytest.fixture
def gpu(load):
    return load("gpu")


@pytest.fixture(scope="module")
def dry(tmp_path_factory) -> dict:
    """The report of a dry run, as the command line makes it."""
    out = tmp_path_factory.mktemp("dry") / "gpu.json"
    command = [sys.executable, "benchmarks/gpu.py", "--dry-run", "cpu", "--out", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "agreement: {" in done.stdout and str(out) in done.stdout
    return json.loads(out.read_text())


def test_a_dry_run_goes_through_every_part_without_an_error(dry):
    assert {*dry["parts"]} == {"agreement", "waits", "loop", "stacks", "full MNIST"}
    for part in dry["parts"].values():
        assert part["rows"] and part["seconds"] > 0 and part["peak bytes"] is None
        assert not {"error", "cut short"} & {*part}
        assert not [row for row in part["rows"] if "error" in row]


def test_a_report_says_what_ran_where_and_when(dry):
    assert "no measurement" in dry["device"] and dry["date"].endswith("+00:00")
    wanted = {"python", "torch", "numpy", "kdsurvey", "cuda", "driver"}
    assert {*dry["versions"]} == wanted and dry["versions"][
        "torch"
    ] == torch.__version__
    assert {"commit", "size", "fp32 products"} <= {*dry}


def test_a_step_on_the_cpu_agrees_with_itself(dry, load):
    rows = {row["method"]: row for row in dry["parts"]["agreement"]["rows"]}
    assert {*rows} == {*load("battery").METHODS, "codistil"}
    assert rows.pop("codistil")["not run"] == "it needs two processes"
    for row in rows.values():
        assert row["terms"]["absolute"] == row["weights"]["relative"] == 0


def test_every_stage_is_watched_for_four_epochs_or_more(dry):
    rows = [row for row in dry["parts"]["waits"]["rows"] if "not run" not in row]
    assert all(not row["waits"] and row["steps"] >= 12 for row in rows)


def test_the_battery_has_every_method(load):
    from kdsurvey import methods

    battery = load("battery")
    text = Path(battery.__file__).read_text()
    covered = {*battery.METHODS, *battery.NOT_RUN}
    for name in methods.__all__:
        assert name in covered or f"methods.{name}" in text


def test_largest_finds_the_deviation(gpu):
    expected = {"a": torch.tensor([1.0, -4.0]), "b": torch.tensor([0.01])}
    values = {"a": torch.tensor([1.0, -4.5]), "b": torch.tensor([0.015])}
    found = gpu.largest(expected, values)
    assert found == pytest.approx({"absolute": 0.5, "relative": 0.5})
    with pytest.raises(ValueError, match=r"\['a', 'b'\] on the CPU"):
        gpu.largest(expected, {"a": values["a"]})


def test_a_part_that_fails_or_is_late_leaves_its_rows_and_the_others(
    gpu, monkeypatch, tmp_path
):
    def fails(run):
        yield {"first": 1}
        raise ZeroDivisionError("by\nnothing")

    def late(run):
        yield {"first": 2}
        raise gpu.OutOfTime

    def fine(run):
        yield gpu.attempt(int, "x")
        yield {"second": 3}

    parts = {
        name: gpu.Part(rows, 1.0)
        for name, rows in {"fails": fails, "late": late, "fine": fine}.items()
    }
    monkeypatch.setattr(gpu, "PARTS", parts)
    gpu.report(CPU, gpu.TINY, 60, tmp_path / "gpu.json")
    kept = json.loads((tmp_path / "gpu.json").read_text())["parts"]
    assert kept["fails"]["rows"] == [{"first": 1}]
    assert kept["fails"]["error"] == "ZeroDivisionError: by"
    assert kept["late"]["rows"] == [{"first": 2}]
    assert kept["late"]["cut short"] == "its time was up after 1 rows"
    failed, second = kept["fine"]["rows"]
    assert failed["error"].startswith("ValueError") and second == {"second": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["gpu.json"]


def test_no_time_cuts_every_part_short_and_in_order(gpu, tmp_path):
    parts = gpu.report(CPU, gpu.TINY, 0, tmp_path / "gpu.json")["parts"]
    assert "cut short" in parts["agreement"] and not parts["agreement"]["rows"]
    assert "cut short" in parts["waits"] and "cut short" in parts["loop"]
    assert "cut short" in parts["full MNIST"]


def test_without_data_mnist_is_not_run(gpu, monkeypatch, tmp_path):
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path))
    run = gpu.Run(CPU, gpu.Size(), gpu.Deadline(60))
    (row,) = gpu.full_mnist(run)
    assert row["not run"].startswith("no data") and str(tmp_path) in row["not run"]


def test_the_alarm_is_on_inside_of_epochs_but_for_the_first(gpu, monkeypatch):
    alarm, modes = gpu.Alarm(CPU, steps=3), []
    monkeypatch.setattr(alarm, "set", modes.append)
    for epoch in (1, 2, 3):
        for _ in range(3):
            modes.append(epoch)
            alarm.on_batch(SimpleNamespace(epoch=epoch))
    inside = [2, "error", 2, 2, "default"]
    assert modes == [1, 1, 1, *inside, 3, "error", 3, 3, "default"]
    assert alarm.watched == 4


def test_a_method_that_waits_is_reported_with_its_line(gpu, load):
    """Cleaning up after the first error waits too, and must not hide it."""

    def waiting():
        work = load("battery").METHODS["plain"]()

        def loss(batch, progress):
            try:
                raise RuntimeError(WAITED + " first")
            finally:
                raise RuntimeError(WAITED + " while cleaning up")

        (learner,) = work.learners
        work.stages = iter([Stage("waiting", {learner: loss})])
        return work

    row = gpu.watched(waiting, 0, CPU)
    assert row["waits"] and row["message"] == f"RuntimeError: {WAITED} first"
    broken = load("battery").Work(iter([]), [])
    with pytest.raises(ValueError, match="spent"):
        gpu.watched(lambda: broken, 0, CPU)


def test_the_place_of_an_error_is_a_line_of_the_package(gpu):
    from kdsurvey.losses import soften

    with pytest.raises(ValueError) as raised:
        soften(torch.zeros(2), T=0.0)
    assert gpu.place_of(raised.value).startswith("kdsurvey/losses.py:")


def test_rounds_take_turns_and_the_first_does_not_count(gpu):
    calls = []
    timed = {
        name: lambda name=name: calls.append(name) or float(len(calls)) for name in "ab"
    }
    seconds = gpu.in_turn(timed, 2, gpu.Deadline(60))
    assert "".join(calls) == "abbaab"
    assert seconds == {"a": [4.0, 5.0], "b": [3.0, 6.0]}
    assert [*map(len, gpu.in_turn(timed, 5, gpu.Deadline(0)).values())] == [1, 1]


@pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor")
def test_the_losses_of_the_battery_run_on_a_gpu_and_do_not_wait(load, monkeypatch):
    battery = load("battery")
    monkeypatch.setattr(nn.Module, "to", lambda self, *_: self)
    monkeypatch.setattr(torch, "equal", lambda a, b: a is b)
    for make in battery.METHODS.values():
        with NoValues(), torch.device("cuda"):
            x = torch.rand(battery.IMAGES, 1, 28, 28)
            y = torch.zeros(battery.IMAGES, dtype=torch.long)
            i = torch.arange(16)
            batch = Batch(x[i], y[i], i, x)
            for stage in make().stages:
                for learner, loss in stage.learn.items():
                    learner.train()
                    loss(batch, 0.5)
                    with NoWaitingCopies():
                        terms = loss(batch, 0.6)
                    assert all(term.device.type == "cuda" for term in terms.values())


def test_the_table_has_every_part(dry, load):
    gpu_table = load("gpu_table")
    text = gpu_table.table(dry)
    assert "16, bf16" in text and "60 students of the landscape" in text
    methods = len(load("battery").METHODS)
    assert f"none of {methods}" in text and "ieee convolutions | 0.0e+00" in text
    assert "student distilled" in text
    late = {"rows": [], "seconds": 1, "peak bytes": 2**20, "cut short": "late"}
    whole = gpu_table.table(dry | {"parts": dict.fromkeys(dry["parts"], late)})
    assert whole.count("cut short | late") == 5 and "1 MiB" in whole


def test_the_readme_shows_the_report_or_nothing(load, tmp_path):
    gpu_table = load("gpu_table")
    page = (ROOT / "README.md").read_text()
    assert gpu_table.inserted(page, gpu_table.block()) == page
    assert gpu_table.block(tmp_path / "none.json") == ""
    assert "new\n<!-- /gpu -->" in gpu_table.inserted(page, "new\n")


def test_a_bare_machine_takes_what_it_lacks_from_wheels(load, monkeypatch, tmp_path):
    bare_machine = load("bare_machine")
    assert bare_machine.wheels(tmp_path) == []
    monkeypatch.setattr(bare_machine, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="make wheels"):
        bare_machine.wheels(tmp_path)
    names = [f"{name}-4.1-py3-none-any.whl" for name in bare_machine.NEEDED]
    for name in names:
        (tmp_path / name).touch()
    assert bare_machine.wheels(tmp_path) == [str(tmp_path / name) for name in names]

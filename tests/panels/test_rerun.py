"""The panel that repeats recorded seeds in a process of its own."""

import pytest

from kdsurvey import panels, records


@pytest.fixture
def folder(tmp_path):
    """A record of one seed, of an experiment that takes seconds to get going and much
    longer to end.
    """
    keep_first_seed("widths", tmp_path)
    return tmp_path


def keep_first_seed(name, folder, **header):
    """Write a shipped record's seed 0 into a folder, with another header."""
    kept = records.Record.read(records.paths(records.SHIPPED)[name])
    kept.header |= header
    kept.runs = {0: kept.runs[0]}
    kept.write(folder / kept.header["lesson"] / f"{kept.header['experiment']}.jsonl")


def test_it_shows_the_record(folder):
    panel = panels.rerun("widths", folder=folder)
    assert panel.seeds == [0] and panel.here is None
    (table,) = panel.table
    assert table.head == ("arm", "recorded") and "T = 20" in means(panel)
    assert panel.rows == []
    assert panel.png.startswith(b"\x89PNG")
    assert repr(panel) == panel.text


def means(panel):
    """Return the table of recorded means, arm -> mean."""
    return {arm: mean for arm, mean, *_ in panel.table[0].rows}


def test_of_several_rows_an_arm_only_those_that_are_asked_for_count():
    recorded = records.recorded("ban_generations")
    clean = recorded[recorded["labels"] == "clean"]
    every = panels.rerun("ban_generations", "accuracy")
    panel = panels.rerun("ban_generations", "accuracy", labels="clean")
    for shown, rows in ((panel, clean), (every, recorded)):
        accuracy = rows[rows["arm"] == "generation 4"]["accuracy"].mean()
        assert means(shown)["generation 4"] == f"{accuracy:.4g}"
    assert panel.table != every.table
    assert "accuracy, clean" in panel.picture.charts["arms"].x.label
    with pytest.raises(
        ValueError, match="no labels 'none'; there are: a fifth redrawn"
    ):
        panels.rerun("ban_generations", "accuracy", labels="none")


def test_stop_ends_the_process(folder):
    panel = panels.rerun("widths", folder=folder)
    panel.start.click()
    assert panel.status.startswith(("Running", "Ready"))
    panel.stop.click()
    assert panel.wait(20)
    assert panel.status.startswith("Stopped")
    panel.check()


def test_what_goes_wrong_in_the_process_reaches_the_reader(folder):
    """An experiment that the package does not have."""
    keep_first_seed("widths", folder, experiment="nonsense")
    panel = panels.rerun("nonsense", folder=folder)
    panel.start.click()
    assert panel.wait(60)
    assert "nonsense" in panel.status
    with pytest.raises(RuntimeError):
        panel.check()


def test_without_a_record_there_is_no_panel(tmp_path):
    with pytest.raises(ValueError, match="nothing is recorded"):
        panels.rerun("widths", folder=tmp_path)

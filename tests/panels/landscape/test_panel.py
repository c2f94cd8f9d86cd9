"""The landscape: what it shows before, while and after its students train; a pressed
cell; a pasted link.
"""

import sys
import time
from base64 import b64decode

import numpy as np
import pytest
from panels.faces import faces
from panels.waiting import WAIT, runs, stopped, until

from kdsurvey import data as sets
from kdsurvey import panels, records
from kdsurvey.lessons.playground import experiments as lesson
from kdsurvey.lessons.playground.experiments import (
    CELLS,
    CONTROLS,
    Map,
    Setting,
    arm,
    grid,
    teach,
)
from kdsurvey.panels.landscape import chart as maps
from kdsurvey.training import Config


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(
        lesson, "STUDENT", Config(epochs=2, batch_size=100, lr=0.1, device="cpu")
    )
    monkeypatch.setattr(
        lesson, "TEACHER", Config(epochs=2, batch_size=100, lr=0.1, device="cpu")
    )
    monkeypatch.setattr(sys.modules["kdsurvey.panels.landscape.panel"], "OFTEN", 0.0)


@pytest.fixture
def panel(data, close):
    return close(panels.landscape(data, width=4, seeds=3))


@pytest.fixture
def endless(monkeypatch, data, close):
    """A panel whose first seed does not end in the time that a test has."""
    monkeypatch.setattr(
        lesson, "STUDENT", Config(epochs=10**6, batch_size=20, lr=0.01, device="cpu")
    )
    return lambda: close(panels.landscape(data, width=4, seeds=3))


def test_before_the_first_run_it_says_what_to_do(panel):
    panel.settle()
    assert panel.status == "T = 4, alpha = 0.9: nothing has run here yet; press Start."
    assert {cell.description for cell in panel.cells} == {"·"}
    assert panel.table[0].caption == "Nothing to judge yet: three seeds are needed"


def test_it_shows_what_the_grid_finds(panel, data):
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    rows = []
    for seed in range(3):
        dealt = data.dealt(seed)
        teacher = teach(dealt, "well trained", seed)
        rows += grid(dealt, Setting(width=4), seed, teacher)
    assert panel.ran == {(Setting(width=4), 0): rows}
    shown = Map(rows)
    said = [
        float(cell.description.rstrip("✱•").replace("−", "-")) for cell in panel.cells
    ]
    np.testing.assert_allclose(said, shown.mean.ravel(), atol=0.0501)
    assert [cell.description.lstrip("+−.0123456789") for cell in panel.cells] == list(
        shown.marks().ravel()
    )
    for cell, button in zip(CELLS, panel.cells):
        assert button.tooltip == shown.verdict(*cell).line
    assert "3 seeds:" in panel.status
    verdicts = [shown.verdict(*cell) for cell in CELLS]
    rows = [
        (arm(*cell), f"{v.effect:+.2f}", v.word) for cell, v in zip(CELLS, verdicts)
    ]
    assert [(name, gain, word) for name, gain, _, word in panel.table[0].rows] == rows


def test_a_pressed_cell_shows_its_runs(panel):
    panel.start.click()
    assert panel.wait(WAIT)
    pictures = set()
    for k in (0, 12, 29):
        panel.cells[k].click()
        panel.settle()
        pictures.add(panel.png)
        assert panel.status.startswith(
            f"O11  {panel.shown.verdict(*CELLS[k]).word}  {arm(*CELLS[k])} - no teacher"
        )
        assert [
            k
            for k, cell in enumerate(panel.cells)
            if "#000000" in (cell.layout.border_top or "")
        ] == [k]
    assert len(pictures) == 3
    panel.check()


@pytest.mark.parametrize("control", CONTROLS[1:])
def test_another_control_needs_no_new_run(panel, control):
    panel.start.click()
    assert panel.wait(WAIT)
    panel.control.value = control
    panel.settle()
    rows = panel.rows
    shown = Map(rows, control)
    assert panel.status == shown.verdict(4.0, 0.9).line and control in panel.status
    assert panel.cells[0].tooltip == shown.verdict(*CELLS[0]).line


def test_the_map_fills_in_before_the_first_seed_is_done(endless):
    panel = endless()
    panel.start.click()
    until(lambda: panel.cells[0].description != "·")
    panel.redraw()  # the reader presses a cell meanwhile
    epoch = panel.curves[Setting(width=4), 0][0][-1]
    assert len(epoch) == len(CELLS) + 1 and panel.rows == []
    panel.stop.click()
    assert panel.wait(WAIT)
    panel.check()
    assert panel.status == "Stopped. Three seeds are needed to judge."


def test_stop_is_quick_and_ten_starts_leave_nothing(endless):
    panel = endless()
    for _ in range(10):
        panel.start.click()
        until(lambda: panel.cells[0].description != "·")
        stopped(panel)
    panel.settle()
    panel.check()
    assert runs() == []


def test_pause_holds_and_resume_goes_on(endless):
    panel = endless()
    panel.pause.click()
    assert panel.status == "Nothing is running: press Start."
    panel.start.click()
    until(lambda: panel.curves.get((Setting(width=4), 0), {}).get(0))
    panel.pause.click()
    until(lambda: panel.pause.description == "Resume")
    curve = panel.curves[Setting(width=4), 0][0]
    held = len(curve)
    time.sleep(0.1)
    assert len(curve) == held
    panel.pause.click()
    until(lambda: len(curve) > held)


def test_what_ran_is_kept_when_the_reader_looks_elsewhere(panel):
    panel.start.click()
    assert panel.wait(WAIT)
    shown = panel.cells[0].description
    panel.width.value = 8
    panel.settle()
    assert panel.cells[0].description == "·"
    panel.width.value = 4
    panel.settle()
    assert panel.cells[0].description == shown


def test_an_error_reaches_the_status_and_the_test(panel, monkeypatch):
    monkeypatch.setattr(
        lesson, "STUDENT", Config(epochs=3, batch_size=100, lr=1e30, device="cpu")
    )
    panel.start.click()
    assert panel.wait(WAIT)
    assert (
        panel.status.startswith("Failed: stage 'distil'")
        and "not finite; lower lr" in panel.status
    )
    with pytest.raises(FloatingPointError):
        panel.check()
    monkeypatch.setattr(
        lesson, "STUDENT", Config(epochs=1, batch_size=100, lr=0.1, device="cpu")
    )
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()


def test_a_link_makes_the_same_picture(panel, data, close):
    panel.share.value = 0.3
    panel.seeds.value = 2
    panel.first.value = 5
    panel.teacher.value = "one epoch"
    panel.control.value = "label smoothing"
    panel.start.click()
    assert panel.wait(WAIT)
    panel.cells[7].click()
    panel.settle()
    other = close(panels.landscape(data))
    other.link_box.value = panel.link
    assert other.wait(WAIT)
    other.settle()
    other.check()
    assert other.png == panel.png and other.table == panel.table
    assert [cell.description for cell in other.cells] == [
        cell.description for cell in panel.cells
    ]
    assert other.link == panel.link


def test_a_link_of_a_stopped_run_makes_the_same_picture(data, close, monkeypatch):
    """A seed that was stopped in its middle has no row, and no curve."""
    long = Config(epochs=40, batch_size=100, lr=0.1, device="cpu")
    monkeypatch.setattr(lesson, "STUDENT", long)
    panel, other = (close(panels.landscape(data, width=4, seeds=3)) for _ in range(2))
    panel.start.click()
    until(lambda: len(panel.curves.get(panel.key, {}).get(1, [])) > 2)
    stopped(panel)
    panel.settle()
    assert {row["seed"] for row in panel.rows} == {0}
    other.link_box.value = panel.link
    assert other.wait(WAIT)
    other.settle()
    assert other.png == panel.png


@pytest.mark.parametrize(
    ("name", "value"),
    [("cell", 30), ("ran", 31), ("width", 5), ("seeds", 99), ("teacher", "mine")],
)
def test_a_link_out_of_range_changes_nothing(panel, name, value):
    before = panel.state()
    with pytest.raises(ValueError, match=str(value)):
        panel.restore(before | {name: value})
    assert panel.state() == before


def test_recorded_maps_are_shown_where_the_data_are_the_same(close):
    digits = sets.mnist_5k().hold_out(500)
    panel = close(panels.landscape(digits))
    panel.settle()
    shown = Map(panel.recorded[Setting().name])
    assert len(shown.table) == 10 and panel.status == shown.verdict(4.0, 0.9).line
    assert panel.state()["ran"] == 0
    assert close(panels.landscape(sets.mnist_5k().hold_out(400))).recorded == {}


def test_nothing_recorded_is_no_error(data, close, monkeypatch):
    monkeypatch.setattr(
        records, "recorded", lambda name: (_ for _ in ()).throw(ValueError("nothing"))
    )
    assert close(panels.landscape(data)).recorded == {}


def test_its_still_face_is_the_map(panel):
    empty = b64decode(faces(panel)["image/png"])
    panel.start.click()
    assert panel.wait(WAIT)
    full = b64decode(faces(panel)["image/png"])
    assert empty.startswith(b"\x89PNG") and full != empty != panel.png


@pytest.mark.parametrize(
    "options", [{"width": 5}, {"share": 0.2}, {"seeds": 1}, {"seeds": 31}]
)
def test_settings_that_are_not_offered_are_refused(data, options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}="):
        panels.landscape(data, **options)


def test_colours_fill_at_the_largest_gain_but_no_corner_hides_the_rest():
    assert [maps.scale(np.array([g])) for g in (0.2, -3.0, 80.0)] == [1, 3, 5]

"""What every panel has: faces, a status line, a picture that is drawn seldom, errors that
come out.
"""

import threading
import time
from base64 import b64decode

import ipywidgets as widgets
import pytest

from kdsurvey.panels.kit.controls import Knob
from kdsurvey.panels.kit.panel import Panel, unchecked
from kdsurvey.panels.kit.redraw import Painter
from kdsurvey.pictures import Axis, Bars, Chart, Picture, Table


class Bar(Panel):
    """One bar, as high as the slider says; at 13 it breaks."""

    text = "(panel: one bar)"

    def __init__(self):
        super().__init__()
        self.height = Knob("Height", 1.0, 0, 20, step=1).make()
        self.watch(self.height.box, self.refresh)
        self.arrange("One bar", self.height.row)

    def draw(self):
        height = self.height.value
        if height == 13:
            raise ValueError("13 brings bad luck")
        chart = Chart([Bars([0], [height])], y=Axis("height", (0, 20)))
        table = Table("Bar", ["class", "height"], [["a<b", height]])
        return Picture({"only": chart}, height=120, tables=[table])


def test_three_faces_the_text_of_which_never_changes():
    panel = Bar()
    first, meta = panel._repr_mimebundle_()
    panel.height.slider.value = 4
    second, _ = panel._repr_mimebundle_()
    assert (
        first["application/vnd.jupyter.widget-view+json"]["model_id"]
        == panel.box.model_id
    )
    assert (
        first["text/plain"] == second["text/plain"] == repr(panel) == "(panel: one bar)"
    )
    assert (
        b64decode(first["image/png"]).startswith(b"\x89PNG")
        and first["image/png"] != second["image/png"]
    )
    assert meta["image/png"]["alt"] == panel.about


def test_slider_and_box_move_each_other_and_the_picture_and_the_table():
    panel = Bar()
    before = panel.png
    panel.height.slider.value = 4
    assert panel.height.box.value == panel.height.value == 4
    panel.settle()
    panel.check()
    assert panel.png != before
    assert ">4.0<" in panel.html and "a&lt;b" in panel.html
    panel.height.box.value = 7.4
    assert panel.height.slider.value == 7 and panel.height.value == 7.4


def test_many_moves_make_few_redraws_and_the_last_one_is_drawn():
    panel = Bar()
    start = panel.redraws
    for value in range(2, 21):
        if value != 13:
            panel.height.slider.value = value
            time.sleep(0.005)
    panel.settle()
    assert 1 <= panel.redraws - start <= 6
    assert ">20.0<" in panel.html


def test_an_idle_painter_has_no_thread_and_answers_again():
    painted = []
    painter = Painter(lambda: painted.append(1))
    for _ in range(3):
        painter.ask()
        painter.settle()
        assert not painter.busy
    assert len(painted) == 3
    assert "kdsurvey painter" not in {thread.name for thread in threading.enumerate()}


def test_a_costly_redraw_waits_for_the_controls_to_be_still():
    painted = []
    painter = Painter(lambda: (time.sleep(0.06), painted.append(time.monotonic())))
    painter.ask()
    painter.settle()
    for _ in range(8):
        painter.ask()
        last = time.monotonic()
        time.sleep(0.03)
    painter.settle()
    assert len(painted) == 2
    assert painted[-1] - last >= 0.15


def test_an_error_reaches_the_status_line_and_the_test():
    panel = Bar()
    panel.height.slider.value = 13
    panel.settle()
    assert panel.status == "Failed: 13 brings bad luck"
    assert 'role="status"' in panel.status_line.value
    with pytest.raises(ValueError, match="bad luck"):
        panel.check()


def test_an_error_in_a_callback_is_kept_and_escaped():
    panel, button = Bar(), widgets.Button()
    panel.click(button, lambda: 1 / 0)
    button.click()
    assert panel.status == "Failed: division by zero"
    panel.fail(ValueError("<script>"))
    assert "<script>" not in panel.status_line.value
    with pytest.raises(ValueError):
        panel.check()


def test_an_error_that_no_test_asks_for_fails_the_test():
    panel = Bar()
    panel.fail(ValueError("nobody looked"))
    assert panel in unchecked
    with pytest.raises(ValueError):
        panel.check()
    assert panel not in unchecked


def test_a_panel_that_cannot_be_drawn_fails_where_it_is_made():
    class Broken(Bar):
        def draw(self):
            raise RuntimeError("no ink")

    with pytest.raises(RuntimeError, match="no ink"):
        Broken()


def test_the_table_shows_when_it_is_asked_for():
    panel = Bar()
    assert panel.table_view.layout.display == "none"
    panel.as_table.value = True
    assert panel.table_view.layout.display != "none"


@pytest.mark.parametrize(
    "options", [{"log": True}, {"log": True, "whole": True}, {"step": 0.5}]
)
def test_every_stop_of_a_knob_lies_in_its_range_and_is_kept(options):
    dial = Knob("x", 4, 1, 50, **options).make()
    stops = [value for _, value in dial.slider.options]
    assert (
        stops[0] == 1 and stops[-1] == 50 and 4 in stops and sorted(set(stops)) == stops
    )
    for value in stops:
        dial.slider.value = value
        assert dial.value == value
    dial.box.value = 900
    assert dial.value == dial.slider.value == 50


@pytest.mark.parametrize(
    ("value", "low", "log"), [(0, 1, False), (60, 1, False), (0, 0, True)]
)
def test_a_knob_out_of_range_is_refused(value, low, log):
    with pytest.raises(ValueError, match="must lie in"):
        Knob("x", value, low, 50, log=log)


def test_every_box_has_a_name_and_the_picture_too():
    panel = Bar()
    assert panel.height.box.description == "Height"
    assert panel.view.tooltip and "description" in panel.view.keys  # see Picture


class Told(Bar):
    """A bar that says how high it is whenever it is drawn."""

    def draw(self):
        drawn = super().draw()
        self.describe(f"It is {self.height.value:g} high.")
        return drawn


def test_what_went_wrong_stays_until_the_reader_goes_on():
    """The drawing that follows does not cover it."""
    panel = Told()
    wrong = widgets.Button()

    def break_off():
        panel.refresh()
        raise ValueError("no such thing")

    panel.click(wrong, break_off)
    wrong.click()
    panel.settle()
    assert panel.status == "Failed: no such thing" and panel.redraws > 1
    with pytest.raises(ValueError, match="no such thing"):
        panel.check()
    panel.height.slider.value = 4
    panel.settle()
    assert panel.status == "It is 4 high." and panel.error is None
    panel.check()
    panel.close()

"""The panel of the digits that the student never sees."""

import threading

import pytest

from kdsurvey.panels import forgotten
from kdsurvey.training import StopTraining

WAIT = 20


def answer(removed, T, on_batch):
    """What a run would return, from its arguments alone."""
    on_batch(None)
    recall = [0.1 if k in removed else 0.97 for k in range(10)]
    better = [0.9 if k in removed else 0.97 for k in range(10)]
    return {
        "errors": 100 * len(removed),
        "per_class": recall,
        "errors_corrected": 11,
        "per_class_corrected": better,
        "n": 1000,
    }


def test_run_shows_what_came_back(close):
    panel = close(forgotten(answer, removed=(3,)))
    picture = panel.png
    panel.boxes[7].value, panel.T.slider.value = True, 2.0
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    assert (
        panel.status
        == "Left out 3, 7, T = 2: 200 errors of 1000, 11 after the correction."
    )
    assert panel.png != picture
    rows = {name: values for name, *values in panel.table[0].rows}
    assert rows["3, left out"] == rows["7, left out"] == ["10.0 %", "90.0 %"]
    assert rows["0"] == ["97.0 %", "97.0 %"]
    before, after = panel.picture.charts["recall"].marks
    assert before.y[3] == pytest.approx(10) and after.y[3] == pytest.approx(90)


def test_a_recorded_run_is_shown_until_the_first_here(close):
    recorded = answer((3, 5), 4.0, lambda step: None)
    panel = close(forgotten(answer, removed=(3, 5), T=4.0, finished=recorded))
    assert panel.status == (
        "A recorded run. Left out 3, 5, T = 4: 200 errors of 1000, 11 after the correction."
    )
    rows = {name: values for name, *values in panel.table[0].rows}
    assert rows["5, left out"] == ["10.0 %", "90.0 %"]
    assert panel.state()["ran"] is False  # whoever takes the link has to run it
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    assert panel.state()["ran"] is True and panel.status.startswith("Left out 3, 5")


def test_two_digits_must_remain(close):
    panel = close(forgotten(answer))
    for box in panel.boxes[1:]:
        box.value = True
    panel.start.click()
    assert (
        panel.status
        == "Failed: at least two digits must remain in the transfer set; clear a box"
    )
    assert panel.wait(WAIT) and panel.result is None
    panel.boxes[5].value = False
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    with pytest.raises(ValueError, match="two digits"):
        forgotten(answer, digits=3, removed=(0, 1))


def test_stop_reaches_a_run_and_keeps_the_result_before(close):
    begun = threading.Event()

    def endless(removed, T, on_batch):
        while True:
            begun.set()
            on_batch(None)

    runs = [answer, endless]
    panel = close(forgotten(lambda *wanted: runs.pop(0)(*wanted)))
    panel.start.click()
    assert panel.wait(WAIT)
    result = panel.result
    panel.start.click()
    assert begun.wait(WAIT)
    panel.stop.click()
    assert panel.wait(5)
    assert panel.status.startswith("Stopped") and panel.result is result


def test_errors_come_out(close):
    panel = close(forgotten(lambda removed, T, on_batch: {"errors": 1}))
    panel.start.click()
    assert panel.wait(WAIT)
    assert (
        panel.status.startswith("Failed: forgotten: run() must return")
        and "n missing" in panel.status
    )
    with pytest.raises(ValueError):
        panel.check()


def test_what_a_stopped_run_returns_is_no_result(close):
    begun = threading.Event()

    def swallows(
        removed, T, on_batch
    ):  # as `train` does: it ends in order and returns what it has
        try:
            while True:
                begun.set()
                on_batch(None)
        except StopTraining:
            return answer(removed, T, lambda step: None)

    panel = close(forgotten(swallows))
    panel.start.click()
    assert begun.wait(WAIT)
    panel.stop.click()
    assert panel.wait(5)
    assert panel.status.startswith("Stopped") and panel.result is None


def test_a_link_makes_the_same_picture(close):
    giver, taker = close(forgotten(answer)), close(forgotten(answer))
    giver.boxes[7].value, giver.T.slider.value = True, 2.0
    taker.paste(giver.link)
    assert taker.removed == (3, 7) and taker.wait(WAIT) and taker.result is None
    giver.start.click()
    assert giver.wait(WAIT)
    taker.paste(giver.link)
    assert taker.wait(WAIT)
    taker.settle()
    taker.check()
    assert taker.png == giver.png and taker.status == giver.status

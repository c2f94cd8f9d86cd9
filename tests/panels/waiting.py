"""How the tests of panels wait for what runs in the background."""

import threading
import time

import pytest

from kdsurvey.training import Config

WAIT = 90  # seconds until a test gives up; a busy machine is slow
# with a rate at which the loss is soon not finite
DIVERGING = Config(epochs=3, batch_size=50, lr=1e30, schedule="constant", device="cpu")


def until(condition) -> None:
    """Returns once condition() is true; fails the test when that takes too long."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def runs() -> list[threading.Thread]:
    """The runs of panels that have a thread now."""
    return [thread for thread in threading.enumerate() if thread.name == "kdsurvey run"]


def others() -> set[threading.Thread]:
    """The threads there are, but that of the progress bars, which starts when it likes."""
    return {t for t in threading.enumerate() if t.name != "tqdm_monitor"}


def finished(panel):
    """The panel after a run of its own, to the end: the only picture that is drawn is the last,
    for nobody sees the others.
    """
    panel.redraw_seldom = lambda: None
    panel.start.click()
    assert panel.wait(WAIT)
    del panel.redraw_seldom
    panel.settle()
    panel.check()
    return panel


def hand_on(giver, taker) -> None:
    """The permalink of one panel makes the other train again, and show the same picture
    and the same table.
    """
    taker.link_box.value = giver.link
    assert taker.wait(WAIT)
    for panel in (giver, taker):
        panel.settle()
        panel.check()
    assert [arm.rows for arm in taker.arms] == [arm.rows for arm in giver.arms]
    assert taker.png == giver.png and taker.html == giver.html
    assert taker.state() == giver.state()


def stopped(panel) -> None:
    """Press Stop, and wait for the panel to say so, then for the last picture."""
    panel.stop.click()
    until(lambda: panel.status.startswith("Stopped"))
    assert panel.wait(WAIT)
    panel.check()


def pauses_and_stops(panel) -> None:
    """A pause holds the run between two turns, until it goes on; then it is stopped."""
    panel.start.click()
    until(lambda: panel.epochs_done > 2)
    panel.pause.click()
    until(lambda: panel.status.startswith("Paused"))
    held = panel.epochs_done
    assert panel.pause.description == "Resume"
    time.sleep(0.1)
    assert panel.epochs_done == held
    panel.pause.click()
    until(lambda: panel.epochs_done > held)
    stopped(panel)


def stop_and_start(panel) -> None:
    """A new Start ends the run before it; Stop is answered within a second, and no thread is
    left when the last picture is drawn.
    """
    panel.start.click()
    until(lambda: panel.epochs_done > 1)
    panel.start.click()
    until(
        lambda: (
            len(runs()) == 1
            and panel.epochs_done > 0
            and panel.status.startswith("Training")
        )
    )
    stopped(panel)
    assert panel.status == f"Stopped after {panel.epochs_done} epochs." and not runs()


def draws_seldom(panel) -> None:
    """While it trains, at most five pictures a second."""
    panel.start.click()
    until(lambda: panel.epochs_done > 1)
    start, redraws = time.monotonic(), panel.redraws
    time.sleep(1.0)
    assert panel.redraws - redraws <= (time.monotonic() - start) / 0.2 + 1


def hand_on_stopped(giver, taker, epochs: int) -> None:
    """A run that is stopped after so many epochs is stopped there by its permalink too."""
    after_turn = giver.after_turn

    def stop_in_time(shown) -> None:
        after_turn(shown)
        if giver.epochs_done == epochs:
            giver.stop.click()

    giver.after_turn = stop_in_time
    giver.start.click()
    assert giver.wait(WAIT)
    taker.paste(giver.link)
    assert taker.wait(WAIT)
    for panel in (giver, taker):
        panel.settle()
        panel.check()
        assert panel.status == f"Stopped after {epochs} epochs."
    assert taker.png == giver.png


def fails(panel, status: str) -> None:
    """A run whose loss is soon not finite fails, says so, and raises when it is checked."""
    panel.start.click()
    assert panel.wait(WAIT)
    assert panel.status.startswith(status)
    with pytest.raises(FloatingPointError):
        panel.check()


def says_when_there_is_nothing_to_do(panel) -> None:
    panel.pause.click()
    assert panel.status == "Nothing is running: press Start."
    panel.stop.click()
    assert panel.status == "Nothing is running."
    panel.check()


def is_held_back(panel) -> None:
    """At a pace of 3 batches a second, a run has few of them after a moment."""
    panel.start.click()
    until(lambda: panel.history.batches > 0)
    time.sleep(0.4)
    assert panel.history.batches <= 4

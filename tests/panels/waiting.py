"""How the tests of panels wait for what runs in the background."""

import threading
import time

WAIT = 20  # seconds until a test gives up


def until(condition) -> None:
    """Returns once condition() is true; fails the test when that takes too long."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def runs() -> list[threading.Thread]:
    """The runs of panels that have a thread now."""
    return [thread for thread in threading.enumerate() if thread.name == "kdsurvey run"]

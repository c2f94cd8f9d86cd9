"""Redraws that come soon, but never too often: many asks, few paintings."""

import threading
import time
from collections.abc import Callable

PAUSE = 0.125  # seconds between two redraws: at most 8 a second
COSTLY = 0.05  # a redraw that takes longer waits ...
QUIET = 0.15  # ... until the controls have been still for this long


class Painter:
    """Calls `paint` soon after `ask`, on a thread of its own; many asks make few calls,
    and the last ask is always answered.

    The thread ends when nothing is asked, so an idle panel has none.
    """

    def __init__(self, paint: Callable[[], None]):
        self._paint, self._lock = paint, threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = self._painted = float("-inf")
        self._wanted, self._cost = False, 0.0

    def ask(self) -> None:
        with self._lock:
            self._wanted, self._asked = True, time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="kdsurvey painter", daemon=True
                )
                self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether it has a thread."""
        return self._thread is not None

    def settle(self, timeout: float = 5.0) -> None:
        """Waits until everything that was asked for is painted."""
        thread = self._thread
        if thread and thread is not threading.current_thread():
            thread.join(timeout)

    def _work(self) -> None:
        while self._due():
            start = time.monotonic()
            self._paint()
            self._painted = time.monotonic()
            self._cost = self._painted - start

    def _due(self) -> bool:
        """Waits for the time of the next painting; False, and the end of the thread,
        where none is wanted.
        """
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return False
                wait = (
                    max(
                        self._painted + PAUSE,
                        self._asked + (QUIET if self._cost > COSTLY else 0),
                    )
                    - time.monotonic()
                )
                if wait <= 0:
                    self._wanted = False
                    return True
            time.sleep(wait)

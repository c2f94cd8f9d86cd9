"""A trial of the reader's function: copies for it, a bound in time, errors in words."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

Answer = Callable[..., Any]
ERROR_LENGTH = 200  # characters of an error's text that are shown


class Said(Exception):
    """What is wrong with an answer, in words for the reader."""


class TooLong(BaseException):
    """The time is over. Not an Exception, which the reader's function may catch."""


class Clock:
    """The time of one check: `over` when it has run out."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.over = False
        self.trying = False

    def ring(self, *_) -> None:
        """Stop what is being tried."""
        self.over = True
        if self.trying:
            raise TooLong

    def attempt(self, holds: Callable[[], bool]) -> tuple[bool, str]:
        """Try whether something holds; if not by an error, say in words why."""
        if self.over:
            return False, "not tried: the time was over"
        try:
            self.trying = True
            return _attempt(holds)
        except TooLong:
            return False, f"stopped after {self.seconds:g} seconds"
        finally:
            self.trying = False


def _attempt(holds: Callable[[], bool]) -> tuple[bool, str]:
    try:
        return bool(holds()), ""
    except (KeyboardInterrupt, TooLong):
        raise
    except BaseException as error:  # the reader's code may do anything, leave included
        return False, in_words(error)


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[Clock]:
    """Bound the time by an alarm: only the main thread has one, and not on Windows.

    An alarm that was set before is set again afterwards, for what is left of its time.
    """
    clock = Clock(seconds)
    if not _has_alarm():
        yield clock
        return
    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, clock.ring)
    left, again = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield clock
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if left:
            left = max(left - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, again)


def _has_alarm() -> bool:
    in_main = threading.current_thread() is threading.main_thread()
    return in_main and hasattr(signal, "setitimer")


def in_words(error: BaseException) -> str:
    """The type of an error and the beginning of its text, if it has one."""
    if isinstance(error, NotImplementedError):
        return "nothing written yet"
    name = type(error).__name__
    try:
        text = " ".join(str(error)[:ERROR_LENGTH].split())
    except Exception:  # a text that cannot be made
        return name
    if isinstance(error, Said):
        return text
    return f"{name}: {text}" if text else name


def guarded(answer: Answer) -> Answer:
    """The reader's function: it gets copies, and NumPy's results and lists of numbers
    become tensors. `as_given` of the outcome is the function itself.
    """

    def tried(*args, **kwargs):
        kwargs = {name: copied(value) for name, value in kwargs.items()}
        result = answer(*copied(args), **kwargs)
        if result is None:
            raise Said("it returns None: write `return`")
        return as_tensors(result)

    tried.as_given = answer  # type: ignore[attr-defined]
    return tried


def copied(value: Any) -> Any:
    """Copy tensors, also those of lists and tuples; a gradient finds its way through."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, (list, tuple)):
        return type(value)(copied(part) for part in value)
    return value


def as_tensors(result: Any) -> Any:
    """Turn arrays and lists of numbers into tensors, also inside tuples and lists."""
    if isinstance(result, (np.ndarray, np.generic)):
        return torch.as_tensor(np.array(result, order="C"))
    if not isinstance(result, (list, tuple)):
        return result
    if isinstance(result, list) and result and _are_numbers(result):
        floats = any(isinstance(part, float) for part in result)
        return torch.tensor(result, dtype=torch.float64 if floats else None)
    parts = [as_tensors(part) for part in result]
    if isinstance(result, tuple):
        return tuple(parts)
    return _stacked(parts, result)


def _are_numbers(parts: list) -> bool:
    return all(isinstance(part, (int, float)) for part in parts)


def _stacked(parts: list, given: list) -> Any:
    """One tensor of numbers, or of lists of numbers; other lists stay what they are."""
    rows = [part for part in parts if isinstance(part, torch.Tensor)]
    shapes = {tuple(row.shape) for row in rows}
    listed = all(isinstance(part, list) for part in given)
    one_shape = len(shapes) == 1 and len(rows) == len(parts)
    return torch.stack(rows) if one_shape and (listed or () in shapes) else parts

"""The film of a run: what the student answered after each epoch.

It is kept for a reader who wants to go back.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

CAPACITY = 64  # snapshots
IMAGES = 1000  # that a film follows at most
# What a row of `train` holds besides terms and accuracies
SETTINGS = ("stage", "epoch", "lr", "member")


class Subject(NamedTuple):
    """What the logits of a film belong to, on the CPU."""

    x: Tensor  # (m, c, h, w) images in [0, 1]
    y: Tensor  # (m,) labels
    teacher: Tensor  # (m, k) the teacher's logits
    classes: tuple[str, ...]  # k names


class Snapshot(NamedTuple):
    """The student after one epoch."""

    epoch: int  # from 1, counted through all stages
    logits: Tensor  # (m, k) float32 on the CPU
    terms: dict[str, float]  # name -> mean over the epoch, as weighted


class Reel(NamedTuple):
    """A film as it was at one moment; subject is None before the first run."""

    subject: Subject | None
    snapshots: tuple[Snapshot, ...]  # the oldest first
    running: bool


class Film:
    """A ring buffer of snapshots of one run; the next run wipes it.

    One thread may write while others read. It follows the first IMAGES images and keeps
    the last `capacity` snapshots: 64 of 500 images and 10 classes are 1.3 MB, of 1000
    images 2.6 MB. Raises ValueError for a capacity below 1.
    """

    def __init__(self, capacity: int = CAPACITY):
        if capacity < 1:
            raise ValueError(
                f"a film needs room for at least one snapshot, got capacity {capacity}"
            )
        self._lock = threading.Lock()
        self._listeners: list[weakref.WeakMethod] = []
        self._subject: Subject | None = None
        self._snapshots: deque[Snapshot] = deque(maxlen=capacity)
        self._running = False

    def begin(
        self, x: Tensor, y: Tensor, teacher: Tensor, classes: Sequence[str]
    ) -> None:
        """Start the film of a new run; that of the run before is gone.

        x: (m, c, h, w); y: (m,); teacher: (m, k) logits; classes: k names. Raises
        ValueError where they do not fit.
        """
        fits = teacher.shape == (len(x), len(classes)) and y.shape == (len(x),)
        if x.ndim != 4 or not fits:
            raise ValueError(
                "Film: need images (m, c, h, w), m labels and (m, k) logits of the "
                f"teacher for k classes; got x {tuple(x.shape)}, y {tuple(y.shape)}, "
                f"teacher {tuple(teacher.shape)}, {len(classes)} classes"
            )
        x, y, teacher = (part[:IMAGES].detach().cpu() for part in (x, y, teacher))
        subject = Subject(x, y, teacher.float(), tuple(classes))
        if self._subject and _same(self._subject, subject):
            subject = (
                self._subject
            )  # keep the object, so viewers can reuse what they drew
        with self._lock:
            self._subject = subject
            self._running = True
            self._snapshots.clear()
        self._tell()

    def add(self, epoch: int, logits: Tensor, terms: Mapping[str, float]) -> None:
        """Add the student after an epoch; logits: (m, k) for the images of `begin`.

        Raises ValueError for other shapes.
        """
        logits = logits[:IMAGES].detach().to("cpu", torch.float32, copy=True)
        if self._subject is None:
            raise ValueError("Film: call begin() first: it says what the logits are of")
        needed = self._subject.teacher.shape
        if logits.shape != needed:
            raise ValueError(
                f"Film: logits {tuple(logits.shape)} do not fit the images of this film, "
                f"which need {tuple(needed)}"
            )
        with self._lock:
            self._snapshots.append(Snapshot(epoch, logits, dict(terms)))
        self._tell()

    def end(self) -> None:
        """Note that the run has ended, in whatever way."""
        with self._lock:
            self._running = False
        self._tell()

    def read(self) -> Reel:
        """Return what is on the film now."""
        with self._lock:
            return Reel(self._subject, tuple(self._snapshots), self._running)

    def listen(self, act: Callable[[], None]) -> None:
        """Call act() after every change, on the thread that made it.

        act: a method of an object, which is held weakly.
        """
        with self._lock:
            self._listeners.append(weakref.WeakMethod(act))

    @property
    def listeners(self) -> list[Callable[[], None]]:
        """The methods that are called; those of objects that are gone are forgotten."""
        with self._lock:
            self._listeners = [entry for entry in self._listeners if entry()]
            acts = [entry() for entry in self._listeners]
        return [act for act in acts if act]

    def _tell(self) -> None:
        for act in self.listeners:
            act()


def _same(one: Subject, other: Subject) -> bool:
    """Return whether two subjects have equal images, labels, logits and classes."""
    pairs = zip(one[:3], other[:3])
    return one.classes == other.classes and all(torch.equal(a, b) for a, b in pairs)


def terms_of(row: Mapping) -> dict[str, float]:
    """Return the loss terms in a row of `train`."""
    return {
        name: value
        for name, value in row.items()
        if name not in SETTINGS and not name.endswith(" accuracy")
    }

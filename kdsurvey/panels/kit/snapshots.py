"""The film of a run: what the student answered after each epoch, kept for a reader who
wants to go back.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

CAPACITY = 64  # snapshots
IMAGES = 1000  # that a film follows at most
SETTINGS = (
    "stage",
    "epoch",
    "lr",
    "member",
)  # what a row of `train` holds besides terms and accuracies


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
    """A ring buffer of snapshots of one run; the next run wipes it. One thread may
    write while others read.

    It follows the first IMAGES images and keeps the last `capacity` snapshots: 64 of
    500 images and 10 classes are 1.3 MB, of 1000 images 2.6 MB. Raises ValueError for a
    capacity below 1.
    """

    def __init__(self, capacity: int = CAPACITY):
        if capacity < 1:
            raise ValueError(
                f"a film needs room for at least one snapshot, got capacity {capacity}"
            )
        self._lock, self._ears = threading.Lock(), []
        self._subject = None
        self._snapshots = deque(maxlen=capacity)
        self._running = False

    def begin(
        self, x: Tensor, y: Tensor, teacher: Tensor, classes: Sequence[str]
    ) -> None:
        """A new run starts; the film of the run before is gone.

        x: (m, c, h, w); y: (m,); teacher: (m, k) logits; classes: k names. Raises
        ValueError where they do not fit.
        """
        if (
            x.ndim != 4
            or teacher.shape != (len(x), len(classes))
            or y.shape != (len(x),)
        ):
            shapes = f"x {tuple(x.shape)}, y {tuple(y.shape)}, teacher {tuple(teacher.shape)}, {len(classes)} classes"
            raise ValueError(
                f"Film: need images (m, c, h, w), m labels and (m, k) logits of the teacher for k classes; got {shapes}"
            )
        x, y, teacher = (part[:IMAGES].detach().cpu() for part in (x, y, teacher))
        subject, known = Subject(x, y, teacher.float(), tuple(classes)), self._subject
        if (
            known
            and known.classes == subject.classes
            and all(map(torch.equal, known[:3], subject[:3]))
        ):
            subject = known  # so that who has drawn it need not begin anew
        with self._lock:
            self._subject, self._running = subject, True
            self._snapshots.clear()
        self._tell()

    def add(self, epoch: int, logits: Tensor, terms: Mapping[str, float]) -> None:
        """The student after an epoch; logits: (m, k) for the images given to `begin`.
        Raises ValueError for other shapes.
        """
        logits = logits[:IMAGES].detach().to("cpu", torch.float32, copy=True)
        if self._subject is None or logits.shape != self._subject.teacher.shape:
            needed = (
                tuple(self._subject.teacher.shape) if self._subject else "begin() first"
            )
            raise ValueError(
                f"Film: logits {tuple(logits.shape)} do not fit the images of this film: {needed}"
            )
        with self._lock:
            self._snapshots.append(Snapshot(epoch, logits, dict(terms)))
        self._tell()

    def end(self) -> None:
        """The run has ended, in whatever way."""
        with self._lock:
            self._running = False
        self._tell()

    def read(self) -> Reel:
        """What is on the film now."""
        with self._lock:
            return Reel(self._subject, tuple(self._snapshots), self._running)

    def listen(self, act: Callable[[], None]) -> None:
        """Calls act(), a method of an object that is held weakly, after every change,
        on the thread that made it.
        """
        self._ears = [*(ear for ear in self._ears if ear()), weakref.WeakMethod(act)]

    def _tell(self) -> None:
        for ear in self._ears:
            act = ear()
            if act:
                act()


def terms_of(row: Mapping) -> dict[str, float]:
    """The loss terms in a row of `train`."""
    return {
        name: value
        for name, value in row.items()
        if name not in SETTINGS and not name.endswith(" accuracy")
    }


def pictures(x: Tensor) -> np.ndarray:
    """(n, c, h, w) or (n, h, w) in [0, 1] as matplotlib wants them: (n, h, w) in grey,
    (n, h, w, 3) in colour.
    """
    x = x.detach().float().cpu()
    if x.ndim == 4:
        x = x.movedim(1, -1)
        x = x[..., 0] if x.shape[-1] == 1 else x
    return x.numpy()

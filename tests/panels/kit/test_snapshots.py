"""The film of a run: bounded, of one run only, and safe for one writer and many readers."""

import gc
import threading

import pytest
import torch

from kdsurvey.panels.kit.snapshots import CAPACITY, IMAGES, Film, terms_of

CLASSES = ("a", "b", "c")


def begun(m=7, **options):
    film = Film(**options)
    film.begin(torch.rand(m, 1, 4, 4), torch.arange(m) % 3, torch.rand(m, 3), CLASSES)
    return film


class Ear:
    """Hears of changes, and counts them."""

    def __init__(self, film):
        self.heard = 0
        film.listen(self.hear)

    def hear(self):
        self.heard += 1


def test_an_empty_film_says_so():
    assert Film().read() == (None, (), False)


def test_the_last_snapshots_stay_and_are_copies():
    film = begun(capacity=3)
    z = torch.zeros(7, 3)
    for epoch in range(1, 6):
        z += 1
        film.add(epoch, z, {"hard": epoch / 2})
    reel = film.read()
    assert [s.epoch for s in reel.snapshots] == [3, 4, 5] and reel.running
    assert [s.logits[0, 0].item() for s in reel.snapshots] == [3, 4, 5]
    assert reel.snapshots[0].terms == {"hard": 1.5}
    film.end()
    assert not film.read().running and len(film.read().snapshots) == 3


def test_a_new_run_wipes_the_film_of_the_one_before():
    film = begun()
    film.add(1, torch.rand(7, 3), {})
    old = film.read()
    film.begin(
        torch.rand(5, 1, 4, 4),
        torch.zeros(5, dtype=torch.int64),
        torch.rand(5, 3),
        CLASSES,
    )
    assert not film.read().snapshots and len(film.read().subject.y) == 5
    assert len(old.snapshots) == 1  # what a reader has taken stays as it was


def test_a_run_on_the_same_images_keeps_the_subject():
    """What is drawn once for a subject, such as a figure, need not be drawn again for every run."""
    x = torch.rand(7, 1, 4, 4)
    y = torch.arange(7) % 3
    teacher = torch.rand(7, 3)
    film = Film()
    film.begin(x, y, teacher, CLASSES)
    first = film.read().subject
    film.begin(x.clone(), y.clone(), teacher.clone(), CLASSES)
    assert film.read().subject is first
    for other in (
        (x + 1, y, teacher, CLASSES),
        (x, y.flip(0), teacher, CLASSES),
        (x, y, teacher + 1, CLASSES),
        (x, y, teacher, "xyz"),
    ):
        film.begin(*other)
        assert film.read().subject is not first
        film.begin(x, y, teacher, CLASSES)
        first = film.read().subject


def test_its_memory_is_bounded():
    film = begun(m=3 * IMAGES)
    for epoch in range(2 * CAPACITY):
        film.add(epoch, torch.rand(3 * IMAGES, 3, dtype=torch.float64), {"hard": 0.0})
    reel = film.read()
    assert (
        len(reel.snapshots) == CAPACITY
        and len(reel.subject.x) == len(reel.subject.teacher) == IMAGES
    )
    stored = sum(s.logits.untyped_storage().nbytes() for s in reel.snapshots)
    assert stored == CAPACITY * IMAGES * 3 * 4


def test_listeners_hear_of_every_change_and_are_not_kept_alive():
    film = begun()
    ear, other = Ear(film), Ear(film)
    film.add(1, torch.rand(7, 3), {})
    film.end()
    assert ear.heard == other.heard == 2
    del other
    gc.collect()
    film.end()
    assert ear.heard == 3
    Ear(film)
    gc.collect()
    assert film.listeners == [ear.hear]


def test_a_reader_never_sees_two_runs_at_once():
    film = begun()
    mixed = []
    done = threading.Event()

    def read():
        while not done.is_set():
            reel = film.read()
            mixed.extend(
                s
                for s in reel.snapshots
                if s.logits.shape != reel.subject.teacher.shape
            )

    reader = threading.Thread(target=read)
    reader.start()
    for k in range(300):
        m = 5 + k % 2
        film.begin(
            torch.rand(m, 1, 4, 4),
            torch.zeros(m, dtype=torch.int64),
            torch.rand(m, 3),
            CLASSES,
        )
        for epoch in range(3):
            film.add(epoch, torch.rand(m, 3), {})
    done.set()
    reader.join()
    assert not mixed


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="room for at least one"):
        Film(0)
    with pytest.raises(ValueError, match=r"got x \(7, 16\)"):
        Film().begin(torch.rand(7, 16), torch.zeros(7), torch.rand(7, 3), CLASSES)
    with pytest.raises(ValueError, match=r"teacher \(7, 2\), 3 classes"):
        Film().begin(torch.rand(7, 1, 4, 4), torch.zeros(7), torch.rand(7, 2), CLASSES)
    with pytest.raises(ValueError, match=r"begin\(\) first"):
        Film().add(1, torch.rand(7, 3), {})
    with pytest.raises(
        ValueError,
        match=r"\(6, 3\) do not fit the images of this film, which need \(7, 3\)",
    ):
        begun().add(1, torch.rand(6, 3), {})


def test_the_terms_of_a_row():
    row = {
        "stage": "s",
        "epoch": 1,
        "lr": 0.1,
        "member": 2,
        "hard": 0.5,
        "soft": 1.5,
        "student test accuracy": 0.9,
    }
    assert terms_of(row) == {"hard": 0.5, "soft": 1.5}

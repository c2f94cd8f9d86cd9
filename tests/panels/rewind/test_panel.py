"""Rewind: every moment of a run comes back as it was; before a run, and during one,
there is a sentence.
"""

import time

import numpy as np
import pytest
import torch
from panels import given
from panels.waiting import WAIT

from kdsurvey.panels.compare.panel import compare
from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.kit.snapshots import Film
from kdsurvey.panels.rewind.chart import (
    EVERY,
    KINDS,
    TURNED,
    UNLIKE,
    WRONG,
    Moment,
    nearest,
    picture,
)
from kdsurvey.panels.rewind.panel import FIRST, NOTHING, rewind
from kdsurvey.pictures import Bars, Cells, Line, Rule

CLASSES = given.CLASSES


class Projector(given.Projector):
    """A panel with a film of a student that learns."""

    def run(self, epochs=4, m=20, seed=0):
        """The student learns an image after the other: after epoch k it is right on k /
        epochs of them.
        """
        g = torch.Generator().manual_seed(seed)
        y = torch.arange(m) % 5
        z = torch.randn(m, 5, generator=g)
        z[torch.arange(m), y] = z.amin(-1) - 1  # wrong everywhere
        self.film.begin(
            torch.rand(m, 1, 6, 6, generator=g), y, torch.eye(5)[y], CLASSES
        )
        for epoch in range(1, epochs + 1):
            part = slice(0, epoch * m // epochs)
            z[torch.arange(m)[part], y[part]] = 9.0
            self.film.add(epoch, z, {"hard": 1 / epoch, "soft": 2 / epoch})
            yield epoch
        self.film.end()


def finished(close, **options):
    source = close(Projector())
    panel = close(rewind(source))
    assert list(source.run(**options))
    panel.settle()
    panel.check()
    return source, panel


@pytest.fixture
def shown(close):
    return finished(close)


def test_before_a_run_and_before_its_first_epoch_there_is_a_sentence(close):
    source = close(Projector())
    panel = close(rewind(source))
    assert panel.status == NOTHING and bytes(panel.png).startswith(b"\x89PNG")
    for act in (
        panel.after.click,
        panel.before.click,
        lambda: setattr(panel.only, "value", WRONG),
    ):
        act()
    panel.epoch.value, panel.slider.value = 3, 0
    source.film.begin(torch.rand(5, 1, 6, 6), torch.arange(5), torch.eye(5), CLASSES)
    panel.settle()
    panel.check()
    assert panel.status == FIRST


def test_it_follows_the_newest_epoch_until_the_reader_chooses_one(close):
    source = close(Projector())
    panel = close(rewind(source))
    run = source.run(epochs=6)
    for epoch in (1, 2, 3):
        next(run)
        panel.next_redraw = 0  # as if long ago
        panel.refresh()
        panel.settle()
        assert (
            panel.epoch.value == panel.slider.value == epoch
            and "more to come" in panel.status
        )
    panel.slider.value = 2
    assert not panel.follow.value
    assert list(run) == [4, 5, 6]
    panel.settle()
    panel.check()
    assert (
        panel.epoch.value == 2
        and panel.slider.max == 6
        and panel.status.startswith("Epoch 2 (1 to 6 are on film)")
    )
    panel.follow.value = True
    panel.settle()
    assert panel.epoch.value == 6


def test_every_moment_is_as_it_was(shown):
    source, panel = shown
    seen = {}
    for epoch in (1, 2, 3, 4):
        panel.slider.value = epoch
        panel.settle()
        panel.check()
        z = source.film.read().snapshots[epoch - 1].logits
        assert panel.status.startswith(
            f"Epoch {epoch} (1 to 4 are on film): {25.0 * epoch:.1f} % right."
        )
        logits, _, epochs = panel.table
        assert [row[1] for row in logits.rows] == [f"{value:.2f}" for value in z[0]]
        assert f"epoch {epoch}, shown" in [name for name, *_ in epochs.rows]
        seen[epoch] = bytes(panel.png)
    assert len(set(seen.values())) == 4
    panel.epoch.value = 2
    panel.settle()
    assert panel.png == seen[2] and panel.slider.value == 2


def test_the_picture_shows_what_the_table_says(shown):
    source, panel = shown
    panel.epoch.value, panel.image.value = 2, 13
    panel.settle()
    reel, charts = source.film.read(), panel.picture.charts
    z = reel.snapshots[1].logits
    student, teacher = charts["logits"].marks_of(Bars)
    assert student.y == pytest.approx(z[13].tolist())
    assert teacher.y == pytest.approx(reel.subject.teacher[13].tolist())
    counts = np.zeros((5, 5))
    for row, label in zip(z, reel.subject.y):
        counts[label, row.argmax()] += 1
    (cells,) = charts["confusion"].marks_of(Cells)
    assert np.array_equal(cells.values, counts)
    written = [[str(int(n)) if n else "" for n in row] for row in counts]
    assert [list(row) for row in cells.words] == written
    assert charts["accuracy"].title == "Accuracy: 50.0 %"
    assert charts["loss"].marks_of(Rule)[0].at == (2,)
    assert charts["loss"].marks_of(Line)[1].y == pytest.approx([2, 1, 2 / 3, 0.5])
    (face,) = charts["digit"].marks
    assert np.array_equal(np.float32(face.pixels), reel.subject.x[13, 0].numpy())


def test_the_kinds_of_images():
    source = Projector()
    list(source.run())
    reel = source.film.read()
    moment = Moment(reel, 1)  # right on the first ten of 20
    assert moment.images(EVERY).tolist() == list(range(20))
    assert (
        moment.images(WRONG).tolist()
        == moment.images(UNLIKE).tolist()
        == list(range(10, 20))
    )
    assert moment.images(TURNED).tolist() == list(
        range(5, 20)
    )  # the first five were right from the start
    assert moment.turns(0) == 0 and moment.turns(19) == 1
    assert [nearest(reel, e) for e in (0, 1, 3, 9)] == [0, 0, 2, 3]


def test_the_buttons_step_through_one_kind(shown):
    _, panel = shown
    panel.epoch.value = 2
    panel.only.value = WRONG
    assert panel.image.value == 10
    panel.before.click()
    assert panel.image.value == 19
    panel.after.click()
    panel.after.click()
    assert panel.image.value == 11
    panel.settle()
    panel.check()
    assert panel.status.endswith("10 images are wrong at this epoch.")
    panel.epoch.value = 4  # none is wrong any more
    panel.after.click()
    panel.settle()
    panel.check()
    assert panel.image.value == 11 and panel.status.endswith(
        "0 images are wrong at this epoch."
    )


def test_a_shorter_run_and_fewer_images_after_a_longer_one(close):
    source, panel = finished(close, epochs=9, m=30)
    panel.slider.value, panel.image.value = 8, 29
    list(source.run(epochs=2, m=10))
    panel.settle()
    panel.check()
    assert (
        panel.slider.max == panel.epoch.value == 2
        and panel.image.value == panel.image.max == 9
    )


def test_a_longer_run_than_the_film_has_room_for(close):
    source = close(Projector())
    source.film = Film(capacity=3)
    panel = close(rewind(source))
    list(source.run(epochs=8))
    panel.slider.value = 6
    panel.epoch.value = 1
    panel.settle()
    panel.check()
    assert (
        panel.slider.min == panel.slider.value == panel.epoch.value == 6
        and panel.slider.max == 8
    )


def test_two_films_and_the_panel_that_makes_them(data, teacher, config, close):
    source = close(compare(data, teacher, config=config, width=8, seeds=2))
    panel = close(rewind(source))
    source.start.click()
    assert source.wait(WAIT)
    answers = {}
    for side, kept in zip(("left", "right"), source.sides):
        panel.side.value = side
        panel.settle()
        panel.check()
        logits = panel.reel.snapshots[-1].logits
        assert torch.equal(logits, kept.z[0])
        answers[side] = logits
        accuracy = [f"{100 * shares[0]:.1f}" for shares in kept.accuracy]
        assert [row[-1] for row in panel.table[-1].rows] == accuracy
    assert not torch.equal(answers["left"], answers["right"])


def test_while_a_run_goes_on_it_is_drawn_seldom_but_its_end_always(close):
    source = close(Projector())
    panel = close(rewind(source))
    asked = []
    run = source.run(epochs=30)
    next(run)
    panel.settle()
    assert (
        panel.next_redraw > 0
    )  # the first epoch was drawn, and the next drawing has to wait
    panel.next_redraw = time.perf_counter() + 60
    panel.refresh = lambda: asked.append(source.film.read().running)
    assert list(run) == [*range(2, 31)]
    assert asked == [False]
    del panel.refresh
    panel.refresh()
    panel.settle()
    panel.check()
    assert panel.epoch.value == 30


def test_a_link_brings_back_the_moment_and_the_run(data, teacher, config, close):
    made = [
        close(compare(data, teacher, config=config, width=8, seeds=1)) for _ in range(2)
    ]
    giver, taker = (close(rewind(source)) for source in made)
    made[0].start.click()
    assert made[0].wait(WAIT)
    giver.settle()
    giver.side.value = "right"
    giver.slider.value = 3
    giver.only.value = UNLIKE
    giver.image.value = 7
    giver.settle()
    taker.paste(giver.link)
    assert made[1].wait(WAIT)
    taker.settle()
    for panel in (*made, giver, taker):
        panel.check()
    assert taker.epoch.value == 3 and not taker.follow.value
    assert taker.png == giver.png and taker.table == giver.table
    assert taker.link == giver.link
    taker.paste(giver.link)
    assert not made[1].busy  # it is in that state already


@pytest.mark.parametrize(
    "change",
    [
        {"only": "none"},
        {"source": {"left": 3}},
        {"image": 10**7},
        {"more": 1},
        {"epoch": -1},
    ],
)
def test_an_impossible_link_changes_nothing(data, teacher, config, close, change):
    source = close(compare(data, teacher, config=config, width=8))
    panel = close(rewind(source))
    panel.image.value = 2
    panel.follow.value = False
    panel.epoch.value = 7
    before = panel.state()
    with pytest.raises(ValueError, match=r"permalink has|out of this panel"):
        panel.restore(before | {"image": 4, "epoch": 3} | change)
    assert panel.state() == before


def test_a_source_without_a_film_is_refused(close):
    with pytest.raises(ValueError, match="a Projector keeps no film"):
        source = close(Projector())
        source.film = None
        rewind(source)
    with pytest.raises(ValueError, match="a dict keeps no film"):
        rewind({})
    with pytest.raises(ValueError, match="image -1 is not on a film"):
        rewind(close(Projector()), image=-1)


@pytest.mark.parametrize("channels", [1, 3])
def test_many_classes_and_colours(channels):
    film, c = Film(), 20
    film.begin(
        torch.rand(40, channels, 6, 6),
        torch.arange(40) % c,
        torch.rand(40, c),
        [f"class {k}" for k in range(c)],
    )
    film.add(1, torch.rand(40, c), {f"term {k}": 0.0 for k in range(9)})
    reel = film.read()
    image = pictures(reel.subject.x)[3]
    shown = picture(Moment(reel, 0), 3, image)
    assert shown.png().startswith(b"\x89PNG") and len(shown.tables) == 3
    assert len(KINDS) == 4

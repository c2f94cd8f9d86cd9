"""Live distillation: the same as `train` without a panel, but the reader can reach into it."""

import time
from dataclasses import replace

import pytest
import torch
from panels.waiting import (
    WAIT,
    is_held_back,
    runs,
    says_when_there_is_nothing_to_do,
    until,
)

from kdsurvey import panels, training
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.panels.kit.batch_curves import MARKS, POINTS, Curve, History
from kdsurvey.stage import Teacher


@pytest.fixture
def live(data, teacher, config, close):
    def make(**options):
        return close(
            panels.live_training(
                data, teacher, config=config, **{"width": 8, "pace": None} | options
            )
        )

    return make


@pytest.fixture
def endless(data, teacher, close):
    """A panel whose run does not end by itself in the time that a test has."""
    config = training.Config(
        epochs=10**6, batch_size=50, lr=0.01, schedule="constant", device="cpu"
    )
    return lambda **options: close(
        panels.live_training(
            data, teacher, config=config, **{"width": 8, "pace": None} | options
        )
    )


def same(net, other):
    """Return whether two nets have equal weights."""
    pairs = zip(net.parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_trains_as_train_does(live, data, teacher, config):
    panel = live()
    picture = panel.png
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    student = mlp(36, 8, 5, seed=config.seed)
    T, alpha = torch.tensor(4.0), torch.tensor(0.9)
    rows = training.train(
        hinton(student, teacher, T=T, alpha=alpha), data, config, progress=False
    )
    assert panel.rows == rows
    assert same(panel.student, student)
    assert panel.status.startswith("Finished after 16 batches. Validation accuracy")
    assert panel.png != picture
    quantities = [quantity for quantity, _ in panel.table[0].rows]
    assert {"loss term soft", "validation accuracy, epoch 4"} <= set(quantities)


def test_a_new_temperature_is_in_the_next_batch(live, config, data, teacher):
    panel = live()
    panel.step.click()
    until(lambda: panel.status.startswith("Paused after 1 batches"))
    panel.T.slider.value = 20.0
    panel.alpha.box.value = 0.5
    panel.lr.box.value = 0.02
    panel.step.click()
    until(lambda: panel.status.startswith("Paused after 2 batches"))
    panel.stop.click()
    assert panel.wait(WAIT)
    panel.check()
    student, batches = by_hand(data, teacher, config)
    for name in ("hard", "soft"):
        terms = [float(batch[name]) for batch in batches]
        assert panel.history.terms[name].y == terms
    assert same(panel.student, student)
    words = [words for _, words in panel.history.changes]
    assert words == ["T = 20", "alpha = 0.5", "lr = 0.02"]
    (table,) = panel.table
    assert ("changed at epoch 0.00", "T = 20") in table.rows


def by_hand(data, teacher, config):
    """Train two batches, the knobs turned between them: the student, and its losses."""
    T, alpha = torch.tensor(4.0), torch.tensor(0.9)
    batches = []

    def after(step):
        batches.append(step.terms)
        T.fill_(20.0)
        alpha.fill_(0.5)
        if len(batches) == 2:
            raise training.StopTraining

    def rate(progress):
        return 0.02 if batches else config.lr

    student = mlp(36, 8, 5, seed=config.seed)
    stages = hinton(student, teacher, T=T, alpha=alpha)
    turned = replace(config, lr=1.0, schedule=rate)
    training.train(stages, data, turned, on_batch=after, progress=False)
    return student, batches


def test_width_and_seed_wait_for_the_next_start(endless):
    panel = endless()
    panel.step.click()
    until(lambda: panel.status.startswith("Paused after 1"))
    panel.width.slider.value, panel.seed.value = 12, 7
    panel.step.click()
    until(lambda: panel.status.startswith("Paused after 2"))
    assert panel.student[1][0].out_features == 8
    panel.start.click()
    until(lambda: panel.history.batches > 2 and panel.student[1][0].out_features == 12)
    panel.stop.click()
    assert panel.wait(WAIT)
    panel.check()
    assert len(runs()) == 0


def test_pause_holds_and_resume_goes_on(endless):
    panel = endless()
    panel.start.click()
    until(lambda: panel.history.batches > 3)
    panel.pause.click()
    until(lambda: panel.status.startswith("Paused"))
    held = panel.history.batches
    assert panel.pause.description == "Resume"
    time.sleep(0.1)
    assert panel.history.batches == held
    panel.pause.click()
    until(lambda: panel.history.batches > held)
    assert panel.pause.description == "Pause" and panel.status.startswith("Training")


@pytest.mark.parametrize("paused", [False, True])
def test_stop_stops_and_leaves_no_thread(endless, paused):
    panel = endless()
    (panel.step if paused else panel.start).click()
    until(lambda: panel.history.batches > 0)
    panel.stop.click()
    assert panel.wait(5)
    assert panel.status.startswith("Stopped after")
    assert not runs()


def test_ten_starts_and_stops(endless):
    panel = endless()
    for _ in range(10):
        panel.start.click()
        panel.stop.click()
    assert panel.wait(WAIT)
    until(lambda: not runs())
    panel.check()
    assert panel.status.startswith("Stopped")


def test_a_start_ends_the_run_before(endless):
    panel = endless()
    for _ in range(3):
        panel.start.click()
        until(lambda: panel.history.batches > 0)
    until(lambda: len(runs()) == 1 and panel.status.startswith("Training"))


def test_a_panel_made_again_in_its_place_stops_the_old_one(endless):
    old = endless(place="here")
    old.start.click()
    until(lambda: old.history.batches > 0)
    endless(place="elsewhere")
    assert old.busy
    endless(place="here")
    assert old.wait(5)
    assert old.status.startswith("Stopped")


def test_two_panels_at_once_train_as_they_do_alone(live):
    alone = []
    for seed in (1, 2):
        panel = live()
        panel.seed.value = seed
        panel.start.click()
        assert panel.wait(WAIT)
        alone.append([w.clone() for w in panel.student.parameters()])
    both = [live(), live()]
    for panel, seed in zip(both, (1, 2)):
        panel.seed.value = seed
        panel.start.click()
    for panel, weights in zip(both, alone):
        assert panel.wait(WAIT)
        panel.check()
        assert all(
            torch.equal(a, b) for a, b in zip(panel.student.parameters(), weights)
        )


def test_a_loss_that_is_not_finite_is_said_and_raised(live):
    nets = [_exploding(), mlp(36, 8, 5, seed=0)]
    panel = live(student=lambda width, seed: nets.pop(0))
    panel.start.click()
    assert panel.wait(WAIT)
    assert panel.status.startswith("Failed: stage 'distil', epoch 1: the loss terms")
    with pytest.raises(FloatingPointError):
        panel.check()
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    assert panel.status.startswith("Finished")


def _exploding():
    net = mlp(36, 4, 5, seed=0)
    with torch.no_grad():
        net[-1].weight.fill_(float("inf"))
    return net


def test_an_error_in_a_student_is_said_and_raised(live):
    panel = live(student=lambda width, seed: 1 / 0)
    panel.start.click()
    assert panel.wait(WAIT)
    assert panel.status == "Failed: division by zero"
    with pytest.raises(ZeroDivisionError):
        panel.check()


def test_buttons_say_when_there_is_nothing_to_do(live):
    says_when_there_is_nothing_to_do(live())


def test_pace_holds_back(endless):
    panel = endless(pace=3)
    is_held_back(panel)
    panel.stop.click()
    assert panel.wait(5)


def test_drawing_is_bounded_by_the_clock(endless):
    panel = endless()
    panel.start.click()
    until(lambda: panel.history.batches > 0)
    start, redraws = time.monotonic(), panel.redraws
    time.sleep(1.0)
    drawn, seconds = panel.redraws - redraws, time.monotonic() - start
    assert drawn <= seconds / 0.2 + 1
    assert panel.history.batches > drawn


def test_without_validation_some_is_held_out(data, teacher, config, close):
    panel = close(
        panels.live_training(
            replace(data, validation=None), teacher, config=config, width=4, pace=None
        )
    )
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    assert len(panel.film.read().subject.x) == 100 and len(panel.rows) == 4


def test_the_run_before_stays_in_sight(live):
    panel = live()
    for _ in range(2):
        panel.start.click()
        assert panel.wait(WAIT)
    assert len(panel.before.accuracy.y) == len(panel.history.accuracy.y) == 4


def test_a_history_is_bounded_and_keeps_the_mean():
    curve = Curve()
    for k in range(20_000):
        curve.add(k, k % 2)
    assert len(curve.x) < POINTS and len(curve.x) == len(curve.y)
    assert curve.y == [0.5] * len(curve.y)
    history = History()
    for k in range(10_000):
        history.add(k, {"hard": torch.tensor(1.0)}, 5)
        history.change(k, "T")
    assert (
        history.waiting < 5000
        and len(history.changes) == MARKS
        and history.examples == 50_000
    )


def test_a_link_makes_the_run_again_with_every_turn_of_a_knob(endless):
    giver, taker = endless(), endless()
    giver.start.click()
    for k, (knob, value) in enumerate(
        [("T", 9.0), ("lr", 0.5), ("alpha", 0.25), ("T", 2.0)]
    ):
        until(
            lambda k=k: (
                giver.history.batches > 40 * (k + 1) and len(giver.made().turns) == k
            )
        )
        getattr(giver, knob).box.value = value
    until(lambda: len(giver.made().turns) == 4 and giver.history.batches > 300)
    giver.width.slider.value, giver.seed.value = 12, 5  # for the next run
    giver.stop.click()
    assert giver.wait(WAIT)
    taker.link_box.value = giver.link
    assert taker.wait(WAIT)
    for panel in (giver, taker):
        panel.settle()
        panel.check()
    assert taker.history.batches == giver.history.batches and taker.rows == giver.rows
    assert same(taker.student, giver.student)
    assert taker.png == giver.png and taker.table == giver.table
    assert (
        taker.width.value == 12
        and taker.seed.value == 5
        and taker.student[1][0].out_features == 8
    )
    assert (
        taker.link == giver.link
        and len(giver.link) < 250
        and taker.status == giver.status
    )
    taker.start.click()  # afterwards the knobs are the reader's again
    until(lambda: taker.history.batches > 5)
    taker.T.box.value = 7.0
    until(lambda: taker.made().turns)


def test_a_link_of_a_whole_run_has_its_last_accuracy(live):
    giver, taker = live(), live()
    giver.start.click()
    assert giver.wait(WAIT)
    taker.paste(giver.link)
    assert taker.wait(WAIT)
    assert taker.rows == giver.rows and len(taker.rows) == 4
    assert taker.png == giver.png


@pytest.mark.parametrize(
    "run",
    [
        [],
        3,
        [8, 0, [4.0, 0.9], [], 5],
        [0, 0, [4.0, 0.9, 0.1], [], 5],
        [8, 0, [1, 1, 1], [[1, "x", 2]], 5],
        [200_000, 0, [4.0, 0.9, 0.1], [], 5],  # a net that would fill the memory
        [8, 10**9, [4.0, 0.9, 0.1], [], 5],
        [8, 0, [0.0, 0.9, 0.1], [], 5],
        [8, 0, [4.0, 7, 0.1], [], 5],
        [8, 0, [4.0, 0.9, 0.1], [[1, "T", 0]], 5],
        [8, 0, [4.0, 0.9, 0.1], [[1, "alpha", 7]], 5],
    ],
)
def test_a_link_with_an_impossible_run_is_refused(live, run):
    panel = live()
    before = panel.state()
    with pytest.raises(
        ValueError, match=r"no run that this panel could make again|a live panel keeps"
    ):
        panel.restore(before | {"run": run or "x"})
    assert panel.state() == before


def test_the_film_has_what_the_student_answered(live, data, teacher):
    panel = live()
    panel.start.click()
    assert panel.wait(WAIT)
    reel = panel.film.read()
    assert [shot.epoch for shot in reel.snapshots] == [1, 2, 3, 4] and not reel.running
    x, y = data.validation
    last = Teacher(panel.student).logits(x)
    torch.testing.assert_close(reel.snapshots[-1].logits, last)
    for shot, row in zip(reel.snapshots, panel.rows):
        assert (shot.logits.argmax(1) == y).double().mean() == pytest.approx(
            row["student validation accuracy"]
        )
        assert shot.terms == {name: row[name] for name in ("hard", "soft")}
    assert torch.equal(reel.subject.x, x)
    torch.testing.assert_close(reel.subject.teacher, Teacher(teacher).logits(x))

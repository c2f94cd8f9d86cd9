"""Hints: arms that take turns are the trainings that they are alone, and the picture shows
what they measured.
"""

import gc
import re
import time
import weakref
from dataclasses import replace

import pytest
import torch
from panels.shown import lines, marks, rules, texts
from panels.waiting import (
    DIVERGING,
    WAIT,
    fails,
    finished,
    hand_on,
    hand_on_stopped,
    others,
    pauses_and_stops,
    runs,
    until,
)

from kdsurvey import panels
from kdsurvey.measures import spread
from kdsurvey.methods import fitnets, joint_hints, plain
from kdsurvey.nets import conv, mlp
from kdsurvey.panels.hints.chart import FLOOR
from kdsurvey.pictures import Line
from kdsurvey.training import Config, train

CONFIG = Config(epochs=5, batch_size=50, lr=0.02, schedule="constant", device="cpu")


@pytest.fixture
def teacher():
    return mlp(36, 16, 12, 5, seed=3)


@pytest.fixture
def made(data, teacher, close):
    usual = {"config": CONFIG, "width": 8, "depth": 3}
    return lambda **options: close(panels.hints(data, teacher, **usual | options))


@pytest.fixture
def endless(made):
    return lambda **options: made(
        config=Config(
            epochs=10**6, batch_size=50, lr=0.01, schedule="constant", device="cpu"
        ),
        **options,
    )


def alone(name, data, teacher, *, depth, guided, hint, T, lam, seed, norm=False):
    """Rows of one arm by `train`, with nothing beside it, and its net."""
    net = mlp(36, *[8] * depth, 5, norm=norm, seed=seed)
    shared = {"guided": guided + 1, "hint": hint + 1, "T": T, "lam": lam, "seed": seed}
    stages = {
        "labels": lambda: plain(net),
        "KD": lambda: fitnets(net, teacher, hint_epochs=0.0, **shared),
        "hints, then KD": lambda: fitnets(net, teacher, **shared),
        "both at once": lambda: joint_hints(net, teacher, **shared),
    }[name]()
    return train(stages, data, replace(CONFIG, seed=seed), progress=False), net


@pytest.mark.parametrize("norm", [False, True])
def test_every_arm_trains_as_train_does(made, data, teacher, norm):
    panel = made()
    panel.depth.box.value = 4
    panel.guided.box.value = 3
    panel.hint.box.value = 1
    panel.T.box.value = 2.5
    panel.first.box.value = 3.0
    panel.last.box.value = 0.5
    panel.seed.value, panel.norm.value = 7, norm
    finished(panel)
    settings = {
        "depth": 4,
        "guided": 3,
        "hint": 1,
        "T": 2.5,
        "lam": (3.0, 0.5),
        "seed": 7,
        "norm": norm,
    }
    assert [arm.name for arm in panel.arms] == [
        "labels",
        "KD",
        "hints, then KD",
        "both at once",
    ]
    for arm in panel.arms:
        rows, net = alone(arm.name, data, teacher, **settings)
        assert arm.rows == rows and len(rows) == 5
        assert all(
            torch.equal(a, b)
            for a, b in zip(arm.net.state_dict().values(), net.state_dict().values())
        )
        scores = [
            100 * v
            for row in rows
            for name, v in row.items()
            if name.endswith("validation accuracy")
        ]
        assert arm.lines[arm.name][1] == scores
        assert arm.tested == {
            arm.name: 100
            * next(v for name, v in rows[-1].items() if name.endswith("test accuracy"))
        }
        assert arm.measured.now == spread(net, data.validation[0])
    assert arm.lines["both at once"][0] == [1, 2, 3, 4, 5]
    assert panel.arms[2].lines["hints, then KD"][0] == [3, 4, 5] and panel.arms[
        2
    ].silent == {"hint": (1, 2)}


def test_the_arms_begin_equal_and_the_picture_shows_them(made):
    panel = finished(made())
    accuracies, spreads = lines(panel, "accuracy"), lines(panel, "spread")
    assert len({tuple(arm.measured.before) for arm in panel.arms}) == 1
    for arm in panel.arms:
        x, y = arm.lines[arm.name]
        line = accuracies[arm.name]
        assert list(line.x) == x and list(line.y) == y
        assert line.end == f"{arm.name}  {y[-1]:.1f}"
        shown = spreads[arm.name]
        assert list(shown.y) == [max(v, FLOOR) for v in arm.measured.now]
        assert line.colour == shown.colour and line.marker == shown.marker
    before = spreads["before training"]
    assert list(before.y) == panel.arms[0].measured.before
    assert texts(panel, "accuracy") == [
        "hint stage of “hints, then KD”: nothing to score yet"
    ]
    (bar,) = (line for line in marks(panel, "accuracy", Line) if not line.end)
    assert bar.x == (0, 2) and bar.colour == accuracies["hints, then KD"].colour
    assert rules(panel, "spread") == [1]
    low, high = panel.picture.charts["accuracy"].y.limits
    late = min(min(arm.lines[arm.name][1][2:]) for arm in panel.arms)
    assert low <= late and high > 100


def test_a_finished_run_is_shown_until_the_first_one_here(made, data, teacher):
    """The picture is that of the same run here; a link does not hold it."""
    ran = finished(made())
    names = ("labels", "hints, then KD")
    nets = {arm.name: (arm.net, arm.rows) for arm in ran.arms if arm.name in names}
    panel = made(finished=nets)
    assert [arm.name for arm in panel.arms] == list(names)
    for chart in ("accuracy", "spread"):
        shown, before = lines(panel, chart), lines(ran, chart)
        kept = [name for name in shown if name]
        assert set(names) < {*kept, "before training"}
        for n in kept:
            assert shown[n].y == pytest.approx(before[n].y, rel=1e-5, nan_ok=True)
    arm = panel.arms[0]
    assert panel.status.startswith("A finished run; Start trains one here. On test")
    assert f"labels {arm.tested['labels']:.1f} %" in panel.status
    assert arm.net is not nets["labels"][0] and panel.state()["run"] is None
    assert "epoch 5" in panel.html and "Epoch 5 of 5" in panel.meter
    finished(panel)
    assert len(panel.arms) == 4 and panel.state()["run"]
    with pytest.raises(
        ValueError, match="finished has no arm 'soft'; there are: labels, KD"
    ):
        made(finished={"soft": nets["labels"]})


def test_the_table_says_the_same(made):
    panel = finished(made())
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    cells = [f"{arm.lines[arm.name][1][-1]:.1f}" for arm in panel.arms]
    assert "|epoch 5|" + "|".join(cells) + "|" in text
    assert "|epoch 2|" in text and "has nothing to score up to epoch 2" in text
    assert (
        "|on test images, at the end|"
        + "|".join(f"{arm.tested[arm.name]:.1f}" for arm in panel.arms)
        + "|"
        in text
    )
    layer = [
        panel.arms[0].measured.before[3],
        *(arm.measured.now[3] for arm in panel.arms),
    ]
    assert "|layer 3|" + "|".join(f"{v:.3g}" for v in layer) + "|" in text
    assert all(
        f"{name} {arm.tested[name]:.1f} %" in panel.status
        for arm in panel.arms
        for name in arm.tested
    )
    assert (
        panel.status.startswith("Finished after 5 epochs. On test images: labels")
        and "One seed says little" in panel.status
    )


def test_a_row_for_an_arm_whose_stage_scores_nothing_stands_under_its_name(made):
    """In the table the columns of arms must not slip when one has nothing to say."""
    text = re.sub(r"(<[^>]*>)+", "|", finished(made()).html)
    head, row = (
        re.search(rf"\|{first}[^\n]*?\|epoch", text).group()
        for first in ("labels", "epoch 1")
    )
    assert head.split("|")[1:5] == ["labels", "KD", "hints, then KD", "both at once"]
    assert row.split("|")[4] == "–" and "–" not in row.split("|")[2:4]


def test_the_guided_layer_goes_to_the_middle_and_out_of_range_is_said(made):
    panel = made(depth=6)
    assert panel.guided.value == 3
    panel.depth.box.value = 8
    assert panel.guided.value == 4
    panel.guided.box.value = 9
    panel.start.click()
    assert panel.wait(WAIT)
    assert (
        panel.status
        == "Failed: the guided layer is one of the student's hidden layers, 1 to 8; got 9"
    )
    with pytest.raises(ValueError, match="1 to 8; got 9"):
        panel.check()
    assert not panel.arms
    panel.guided.box.value = 8
    finished(panel)
    assert panel.status.startswith("Finished")


def test_what_is_not_there_is_refused(data, teacher, made):
    with pytest.raises(ValueError, match="must be an MLP"):
        panels.hints(data, conv(1, 4, 4, classes=5))
    with pytest.raises(ValueError, match="must be an MLP"):
        panels.hints(data, mlp(36, 5))
    with pytest.raises(ValueError, match=r"Hint layer: 3 must lie in \[1, 2\]"):
        made(hint=3)
    assert made(hint=2).hint.box.max == 2


def test_a_loss_that_is_not_finite_is_said_and_raised(made):
    fails(made(config=DIVERGING), "Failed: stage ")


def test_a_link_makes_the_same_run_and_the_same_picture(made):
    giver, taker = made(), made()
    giver.depth.box.value = 5
    giver.guided.box.value = 4
    giver.seed.value = 3
    finished(giver)
    giver.depth.box.value, giver.norm.value = 2, True  # for the next run
    hand_on(giver, taker)
    assert len(taker.arms[0].rows) == 5
    assert taker.guided.value == 1 and len(giver.link) < 250
    assert taker.status == giver.status and giver.status.startswith("Finished")
    taker.paste(made().link)
    assert taker.state()["run"] is None or not taker.busy


def test_a_link_of_a_stopped_run_stops_there(made):
    giver, taker = made(), made()
    hand_on_stopped(giver, taker, 3)
    for panel in (giver, taker):
        assert [len(arm.rows) for arm in panel.arms] == [3] * 4


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 99},
        {"hint": 3},
        {"run": [1, 2]},
        {"run": [{}, -1]},
        {"run": [{}, 2.5]},
        {"run": [{"depth": 99}, 2]},
        {"run": [{"depths": 4}, 2]},
        {"run": {"depth": 4}},
        {"run": "later"},
        {"more": 1},
    ],
)
def test_an_impossible_link_changes_nothing(made, change):
    panel = made()
    panel.guided.box.value = 3
    before = panel.state()
    with pytest.raises(ValueError, match=r"permalink|out of this panel's range"):
        panel.restore(before | {"seed": 3} | change)
    assert panel.state() == before and not panel.busy


def test_pause_holds_and_stop_leaves_what_it_showed(endless):
    panel = endless()
    pauses_and_stops(panel)
    assert panel.status == f"Stopped after {panel.epochs_done} epochs." and not runs()
    assert (
        len({len(arm.rows) for arm in panel.arms}) == 1
    )  # the unfinished turn is forgotten
    _, shares = panel.arms[0].lines["labels"]
    assert list(lines(panel, "accuracy")["labels"].y) == shares


def test_a_start_ends_the_run_before_and_leaves_nothing_behind(endless):
    panel = endless()
    threads, made = others(), []
    for _ in range(4):
        before = panel.arms
        panel.start.click()
        until(lambda before=before: panel.arms is not before and panel.epochs_done > 0)
        made.append(weakref.ref(panel.arms[0]))
    assert len(runs()) == 1
    del before
    panel.stop.click()
    assert panel.wait(5)
    panel.settle()
    panel.check()
    gc.collect()
    assert {arm() for arm in made} <= {
        None,
        panel.arms[0],
    } and others() <= threads


def test_the_controls_wait_for_the_next_start(endless):
    panel = endless(depth=2)
    panel.start.click()
    until(lambda: panel.epochs_done > 1)
    panel.depth.box.value = 4
    done = panel.epochs_done
    until(lambda: panel.epochs_done > done)
    assert len(panel.arms[0].net) == 4 and "2 hidden layers" in panel.meter
    panel.start.click()
    until(lambda: panel.arms and len(panel.arms[0].net) == 6 and panel.epochs_done > 0)


def test_drawing_is_bounded_by_the_clock(endless):
    panel = endless()
    panel.start.click()
    until(lambda: panel.epochs_done > 1)
    start = time.monotonic()
    redraws = panel.redraws
    done = panel.epochs_done
    time.sleep(1.0)
    drawn, turns = panel.redraws - redraws, panel.epochs_done - done
    assert drawn <= (time.monotonic() - start) / 0.2 + 1 and drawn < turns


def test_two_panels_at_once_train_as_they_do_alone(made):
    rows = [arm.rows for arm in finished(made()).arms]
    both = [made(), made()]
    for panel in both:
        panel.start.click()
    for panel in both:
        assert panel.wait(WAIT)
        panel.check()
        assert [arm.rows for arm in panel.arms] == rows

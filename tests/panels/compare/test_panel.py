"""Compare: two trainings that take turns are the trainings that they are alone, and
what is shown of them is true.
"""

import gc
import re
import time
import weakref
from contextlib import suppress

import numpy as np
import pytest
import torch
from panels.waiting import (
    DIVERGING,
    WAIT,
    fails,
    finished,
    hand_on_stopped,
    others,
    pauses_and_stops,
    runs,
    says_when_there_is_nothing_to_do,
    stopped,
    until,
)

from kdsurvey import sweeps
from kdsurvey.losses import cross_entropy, half_mse
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import conv, mlp
from kdsurvey.panels.compare.panel import compare
from kdsurvey.panels.compare.sides import differing, judged, verdict
from kdsurvey.panels.compare.training import members, standard, trained
from kdsurvey.pictures import Band, Image, Line, Text
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config, StopTraining, accuracy, train
from kdsurvey.verdicts import judge


@pytest.fixture
def made(data, teacher, config, close):
    return lambda **options: close(
        compare(data, teacher, **{"config": config, "width": 8} | options)
    )


@pytest.fixture
def endless(data, teacher, close):
    config = Config(
        epochs=10**6, batch_size=50, lr=0.01, schedule="constant", device="cpu"
    )
    return lambda **options: close(
        compare(data, teacher, **{"config": config, "width": 8} | options)
    )


def alone(data, config, stages, seeds, stacked=True, width=8):
    """Rows and logits of a training by `train`, with nothing beside it."""
    nets = [mlp(36, width, 5, seed=seed) for seed in seeds]
    if stacked:
        net = sweeps.stack(nets)
        rows = train(
            stages(net),
            data,
            Config(**vars(config) | {"seed": tuple(seeds)}),
            progress=False,
        )
        return rows, net(data.validation[0]).detach()
    rows = [
        train(stages(net), data, Config(**vars(config) | {"seed": s}), progress=False)
        for net, s in zip(nets, seeds)
    ]
    return [row for epoch in zip(*rows) for row in epoch], torch.stack(
        [net(data.validation[0]).detach() for net in nets]
    )


@pytest.mark.parametrize("stacked", [True, False])
def test_both_sides_train_as_train_does(made, data, teacher, config, stacked):
    panel = made(
        left="labels", right="soft + hard", T=3.0, alpha=0.7, seeds=3, stacked=stacked
    )
    panel.seed.value = 5
    finished(panel)
    methods = (plain, lambda net: hinton(net, teacher, T=3.0, alpha=0.7))
    for side, stages in zip(panel.sides, methods):
        rows, z = alone(data, config, stages, (5, 6, 7), stacked)
        assert side.rows == rows and len(rows) == 12
        assert torch.equal(side.z, z)
        last = rows[-3:]
        name = next(name for name in last[0] if name.endswith("test accuracy"))
        assert side.tested.tolist() == [row[name] for row in last]
        assert side.accuracy[-1].tolist() == [
            row[name.replace("test", "validation")] for row in last
        ]
    assert panel.status.startswith(
        "Finished after 4 epochs. right above left on test images"
    )


def test_equal_methods_give_equal_sides(made):
    panel = finished(made(left="soft targets", right="soft targets"))
    left, right = panel.sides
    assert left.rows == right.rows and torch.equal(left.z, right.z)
    assert (
        len(differing(panel.sides)) == 0
        and "NOT RESOLVED  right - left: +0.00" in panel.status
    )
    assert (
        panel.films["left"].read().snapshots[-1].terms
        == panel.films["right"].read().snapshots[-1].terms
    )


def test_the_usual_methods(data, teacher, config):
    """Each against the same written by hand."""
    blank = mlp(36, 300, 300, 5, seed=10**6)
    sure = torch.softmax(teacher(data.train[0]), -1).amax(-1).mean().item()
    by_hand = {
        "labels": plain,
        "labels, smoothed as the teacher is sure": lambda net: plain(
            net, smoothing=(1 - sure) * 5 / 4
        ),
        "soft targets": lambda net: hinton(net, teacher, T=2.0, alpha=1.0),
        "soft + hard": lambda net: hinton(net, teacher, T=2.0, alpha=0.3),
        "soft + hard, untrained teacher": lambda net: hinton(
            net, blank, T=2.0, alpha=0.3
        ),
    }
    methods = standard(data, teacher)
    assert set(methods) == set(by_hand)
    for name, stages in by_hand.items():
        nets = [mlp(36, 8, 5, seed=0) for _ in range(2)]
        rows = train(
            methods[name](nets[0], Teacher(teacher), 2.0, 0.3),
            data,
            config,
            progress=False,
        )
        assert rows == train(stages(nets[1]), data, config, progress=False), name


def test_the_table_says_what_was_measured(made, data, teacher):
    panel = finished(made(left="labels", right="soft + hard"))
    x, y = data.validation
    v, text = teacher(x).detach().numpy(), re.sub(r"<[^>]*>+", "|", panel.html)
    for side in panel.sides:
        answers = side.z.numpy().argmax(-1)  # (s, m)
        agree = 100 * (answers == v.argmax(-1)).mean(1)
        right = 100 * (answers == y.numpy()).mean(1)
        for values in (agree, right, 100 * side.tested):
            assert f"{values.mean():.1f} ± {values.std(ddof=1):.1f}" in text
        assert f"{np.mean([row['hard'] for row in side.rows[-3:]]):.4f}" in text
    left, right = panel.sides
    difference = 100 * (right.accuracy[-1] - left.accuracy[-1])
    assert f"{difference.mean():+.2f} ± {difference.std(ddof=1):.2f}" in text
    of = np.flatnonzero(left.z[0].argmax(-1) != right.z[0].argmax(-1))
    assert f"{len(of)} of 50 validation images are answered differently" in text
    for i in of[:12]:
        names = [
            data.classes[k]
            for k in (
                y[i],
                left.z[0, i].argmax(),
                right.z[0, i].argmax(),
                v[i].argmax(),
            )
        ]
        assert f"|image {i}|" + "|".join(names) in re.sub(r"\|+", "|", text)


def test_the_picture_shows_what_was_measured(made, data):
    panel = finished(made(left="labels", right="soft + hard"))
    charts = panel.picture.charts
    for k, side in enumerate(panel.sides):
        mean = 100 * np.array(side.accuracy).mean(1)
        assert charts["accuracy"].marks_of(Line)[k].y == pytest.approx(mean)
        assert charts["agreement"].marks_of(Line)[k].y == pytest.approx(
            100 * np.array(side.agreement).mean(1)
        )
        band = charts["accuracy"].marks_of(Band)[k]
        sd = 100 * np.array(side.accuracy).std(1, ddof=1)
        assert band.high == pytest.approx(mean + sd)
        assert band.low == pytest.approx(mean - sd)
        first = next(line for line in charts["loss"].marks if line.role == k)
        assert first.y == pytest.approx(side.term("hard")) and first.end == "hard"
        assert (
            f"{100 * side.calibration(data.validation[1])[1].mean():.1f} %"
            in charts["calibration"].marks_of(Text)[1 + k].text
        )
        assert charts["head"].marks_of(Text)[k].text.endswith(side.name)
    of = differing(panel.sides)
    assert len(of) > 1
    faces = charts["differ"].marks_of(Image)
    words = charts["differ"].marks_of(Text)[1::4]
    assert len(faces) == min(12, len(of))
    for i, face, label in zip(of, faces, words):
        image = data.validation[0][i, 0].numpy()
        assert np.array_equal(np.float32(face.pixels), image)
        assert label.text == f"label {data.classes[data.validation[1][i]]}"


def test_the_verdict_is_that_of_the_pairs(made):
    panel = finished(made(left="labels", right="soft + hard", seeds=5))
    left, right = panel.sides
    by_hand = judge(
        "right above left on test images",
        right.tested,
        left.tested,
        what="soft + hard - labels",
    )
    assert (
        verdict(panel.sides).line == by_hand.line
        and by_hand.line in panel.status
        and "few" not in panel.status
    )
    assert "3 seeds are few" in finished(made(seeds=3)).status
    one = finished(made(seeds=1))
    assert (
        one.status == "Finished after 4 epochs."
        and verdict(one.sides) is None
        and judged(one.sides) == ""
    )


def two_stages(student, teacher, T, alpha):
    """A hint stage that trains the first block only and scores nothing, then training
    on the labels.
    """
    teacher = Teacher(teacher)
    yield Stage(
        "hint",
        {
            student[:1]: lambda batch, p: {
                "hint": half_mse(teacher(batch), student(batch.x))
            }
        },
        epochs=0.5,
    )
    yield Stage(
        "labels",
        {student: lambda batch, p: {"hard": cross_entropy(student(batch.x), batch.y)}},
        {"student": student},
    )


def test_a_method_of_two_stages_and_a_net_that_cannot_be_stacked(
    made, data, teacher, config
):
    methods = {
        "hints": two_stages,
        "labels": lambda student, teacher, T, alpha: plain(student),
    }
    panel = made(
        methods=methods,
        student=lambda width, seed: conv(1, width, width, classes=5, seed=seed),
        seeds=2,
    )
    finished(panel)
    left, right = panel.sides
    assert (len(left.accuracy), len(right.accuracy)) == (6, 4)
    assert (
        left.tested is not None
        and right.tested is not None
        and "after 6 epochs" in panel.status
    )
    assert (
        np.isnan(left.term("hard")[:2]).all() and np.isnan(left.term("hint")[2:]).all()
    )
    assert [s.epoch for s in panel.films["left"].read().snapshots] == [1, 2, 3, 4, 5, 6]
    epochs = panel.picture.charts["accuracy"].x
    assert epochs.limits[1] > 6 == epochs.ticks[-1]
    nets = [conv(1, 8, 8, classes=5, seed=s) for s in (0, 1)]
    for k, net in enumerate(
        nets
    ):  # the measuring left batch-norm, and the modes of its layers, alone
        config = Config(**vars(config) | {"seed": k})
        rows = train(two_stages(net, teacher, 4, 0.9), data, config, progress=False)
        mine = left.rows[k::2]
        assert [{n: v for n, v in row.items() if n != "member"} for row in mine] == rows
        assert left.accuracy[-1][k] == accuracy(net, *data.validation)
    assert right.accuracy[-1].tolist() == [
        row["net validation accuracy"] for row in right.rows[-2:]
    ]
    panel.left.value = "labels"
    finished(panel)
    # no trace of the longer run
    assert panel.picture.charts["accuracy"].x.ticks[-1] == 4


def test_members_share_a_pass_where_they_can():
    nets = [mlp(36, 8, 5, seed=s) for s in range(3)]
    assert [seed for _, seed in members(nets, range(3))] == [(0, 1, 2)]
    assert [seed for _, seed in members(nets, range(3), stacked=False)] == [0, 1, 2]
    assert [
        seed
        for _, seed in members(
            [conv(1, 4, classes=5, seed=s) for s in range(2)], (7, 8)
        )
    ] == [7, 8]


def test_what_on_batch_raises_ends_the_turns(data, teacher, config):
    def stop(step):
        raise StopTraining

    rows = trained(members([mlp(36, 8, 5, seed=0)], [0]), plain, data, config, stop)
    with suppress(StopTraining):
        assert next(rows, None) == "no row"
    assert next(rows, None) is None


def test_pause_holds_both_sides_and_stop_leaves_no_thread(endless):
    panel = endless()
    pauses_and_stops(panel)
    assert panel.status.startswith("Stopped after") and not runs()
    left, right = panel.sides
    assert len(left.accuracy) == len(right.accuracy)  # the unfinished turn is forgotten
    assert not panel.films["left"].read().running


def test_stop_does_not_wait_for_the_end_of_an_epoch(teacher, data, close):
    config = Config(epochs=2, batch_size=1, lr=1e-4, schedule="constant", device="cpu")

    def slow(student, teacher, T, alpha):
        return _slowly(plain(student))

    panel = close(
        compare(data, teacher, config=config, width=4, methods={"slow": slow})
    )
    panel.start.click()
    time.sleep(0.3)
    stopped(panel)
    assert panel.status == "Stopped after 0 epochs."


def _slowly(stages):
    for stage in stages:
        for net, loss in stage.learn.items():
            stage.learn[net] = lambda batch, p, loss=loss: (
                time.sleep(0.02),
                loss(batch, p),
            )[1]
        yield stage


def test_ten_starts_and_stops_leave_nothing_behind(endless):
    panel = endless()
    threads, made = others(), []
    for k in range(10):
        before = panel.sides
        panel.start.click()
        if k % 2:
            until(
                lambda before=before: (
                    panel.sides is not before and panel.epochs_done > 0
                )
            )
        panel.stop.click()
        made.append(weakref.ref(panel.sides[0]))
    del before
    assert panel.wait(WAIT)
    until(lambda: not runs())
    panel.settle()
    panel.check()
    assert panel.status.startswith("Stopped") and others() <= threads
    gc.collect()
    assert {side() for side in made} <= {
        None,
        panel.sides[0],
    }  # no run before the last is kept
    assert len(set(map(id, made))) >= 5


def test_a_loss_that_is_not_finite_is_said_and_raised(data, teacher, close):
    panel = close(compare(data, teacher, config=DIVERGING, width=8))
    fails(panel, "Failed: stage 'plain', epoch 1: the loss terms")
    assert not panel.films["left"].read().running


def finished_badly(panel):
    panel.start.click()
    assert panel.wait(WAIT)
    return panel


def test_an_error_in_a_method_is_said_and_the_next_start_is_clean(made):
    methods = {
        "labels": lambda s, t, T, a: plain(s),
        "broken": lambda s, t, T, a: hinton(s, t, T=T, alpha=a + 2),
    }
    panel = finished_badly(made(methods=methods))
    assert panel.status.startswith("Failed: hinton: alpha weighs the soft term")
    with pytest.raises(ValueError, match="alpha weighs"):
        panel.check()
    panel.right.value = "labels"
    finished(panel)
    assert panel.status.startswith("Finished")


def test_two_panels_at_once_train_as_they_do_alone(made):
    """Several times, because what would disturb them is a matter of microseconds."""
    alone = [side.rows for side in finished(made()).sides]
    both = [made(), made()]
    for _ in range(5):
        for panel in both:
            panel.start.click()
        for panel in both:
            assert panel.wait(WAIT)
            panel.check()
            assert [side.rows for side in panel.sides] == alone


def test_a_link_makes_the_same_run_and_the_same_picture(made):
    giver, taker = made(), made()
    giver.left.value = "soft targets"
    giver.right.value = "labels"
    giver.T.box.value = 7.3
    giver.seed.value = 4
    finished(giver)
    giver.T.box.value = 2.0  # for the next run
    taker.link_box.value = giver.link
    assert taker.wait(WAIT)
    taker.settle()
    taker.check()
    assert [side.rows for side in taker.sides] == [side.rows for side in giver.sides]
    giver.redraw()
    assert taker.png == giver.png and taker.html == giver.html
    assert (
        taker.link == giver.link
        and taker.T.value == 2.0
        and taker.run_settings.T == 7.3
    )


def test_a_link_of_a_stopped_run_stops_there_too(made):
    giver, taker = made(), made()
    hand_on_stopped(giver, taker, 2)
    assert len(giver.sides[0].rows) == len(taker.sides[0].rows) == 6
    fresh = made()
    taker.paste(fresh.link)
    assert fresh.state()["run"] is None and not taker.busy


@pytest.mark.parametrize(
    "change",
    [
        {"left": "nothing of that kind"},
        {"T": 900.0},
        {"width": 2.5},
        {"run": [1, 2]},
        {"run": ["labels", "magic", 4.0, 0.9, 8, 0, 4]},
        {"run": ["labels", "labels", 4.0, 0.9, 8, 0, 0]},
        {"run": ["labels", "labels", 4.0, 0.9, 8, 0.5, 3]},
        {"run": ["labels", "labels", 400.0, 0.9, 8, 0, 3]},
        {"run": [[], "labels", 4.0, 0.9, 8, 0, 3]},
        {"run": "later"},
        {"more": 1},
    ],
)
def test_an_impossible_link_changes_nothing(made, change):
    panel = made()
    before = panel.state()
    with pytest.raises(ValueError, match=r"permalink|out of this panel's range"):
        panel.restore(before | {"seed": 3} | change)
    assert panel.state() == before and not panel.busy


def test_the_controls_wait_for_the_next_start(endless):
    panel = endless(left="labels", right="soft targets")
    panel.start.click()
    until(lambda: panel.epochs_done > 1)
    panel.left.value, panel.width.box.value = "soft + hard", 12
    done = panel.epochs_done
    until(lambda: panel.epochs_done > done)
    assert panel.sides[0].name == "labels" and panel.run_settings.width == 8
    panel.start.click()
    until(lambda: panel.sides[0].name == "soft + hard" and panel.epochs_done > 0)
    assert len(runs()) == 1


def test_drawing_takes_little_of_the_time(endless):
    panel = endless()
    panel.start.click()
    until(lambda: panel.epochs_done > 1)
    start = time.monotonic()
    redraws = panel.redraws
    done = panel.epochs_done
    until(lambda: panel.redraws - redraws >= 3)
    assert time.monotonic() - start >= 2 * 0.2
    assert panel.epochs_done - done > 3


def test_buttons_say_when_there_is_nothing_to_do(made):
    says_when_there_is_nothing_to_do(made())


def test_what_is_not_there_is_refused(data, teacher):
    with pytest.raises(ValueError, match=r"unknown: \['hope'\]"):
        compare(data, teacher, left="hope")
    with pytest.raises(ValueError, match="need one seed or more, got 0"):
        compare(data, teacher, seeds=0)

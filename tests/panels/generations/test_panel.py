"""Generations: every net trains as `train` does, from its own seed and by the
generation before, and the pictures say so.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from panels.shown import bars, image, marks, rules, texts
from panels.waiting import WAIT, draws_seldom, finished, hand_on, stop_and_start

from kdsurvey import panels
from kdsurvey.lessons.born_again.experiments import aims, method
from kdsurvey.methods import ban, plain
from kdsurvey.nets import Ensemble, mlp
from kdsurvey.panels.generations.chart import IMAGES, by_generation
from kdsurvey.panels.generations.panel import NAMES, TARGETS
from kdsurvey.pictures import Line
from kdsurvey.pictures.palette import COLOURS, roles
from kdsurvey.stage import in_eval
from kdsurvey.training import Config, accuracy, epochs, train

CONFIG = Config(epochs=3, batch_size=50, lr=0.1, schedule="cosine", device="cpu")


def make(data, seed):
    return mlp(36, 8, 5, seed=seed)


@pytest.fixture
def made(data, close):
    return lambda **options: close(
        panels.generations(
            data, **{"config": CONFIG, "make": make, "generations": 2} | options
        )
    )


@pytest.fixture
def endless(made):
    return lambda **options: made(
        config=replace(CONFIG, epochs=10**6, schedule="constant"), **options
    )


def by_hand(target, data, count, seed, *, first=False):
    """The nets of a line and its stages, one after the other in one run; first: all
    learn from generation 0.
    """
    nets = []

    def stages():
        for k in range(count + 1):
            net = make(data, 1000 * k + seed)
            teacher = nets[0 if first else -1] if nets else None
            yield from method(
                target if k else "alone", net, teacher, data, 1000 * k + seed
            )
            nets.append(net)

    rows = list(epochs(stages(), data, replace(CONFIG, seed=seed)))
    return nets, rows


def shows_what_is_taught(panel, target, data, given, i):
    """What image i is to teach the second generation born again, and what that answers,
    in the picture and in the table.
    """
    arm = panel.arms[0]
    panel.image.value = i
    panel.settle()
    aim, weight = aims(target, arm.nets[-2], given, 2007)
    with torch.no_grad(), in_eval(arm.nets[-1]):
        q = arm.nets[-1](data.train[0][i : i + 1]).softmax(1)[0]
    taught, answered = (shown.y for shown in bars(panel, "answers"))
    assert np.allclose(taught, aim[i]) and np.allclose(answered, q, atol=1e-6)
    assert np.array_equal(image(panel), data.train[0][i, 0].numpy())
    label, right = (data.classes[y[i]] for y in (given.train[1], data.train[1]))
    caption = panel.picture.charts["image"].x.label
    assert caption.startswith("generation 2\nlabel " + label) and (
        f"is a {right}" in caption
    ) == (label != right)
    assert (f"counts {weight[i]:.2f} times" in caption) == (target == "CWTM")
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    assert f"|{data.classes[3]}|{aim[i, 3]:.3f}|{q[3]:.3f}|" in text
    assert (
        f"Training image {i}, label {label}, right class {right}, "
        f"weight {weight[i]:.2f}, generation 2" in text
    )


@pytest.mark.parametrize("target", TARGETS)
def test_every_generation_trains_as_train_does_and_shows_what_it_is_taught(
    made, data, target
):
    panel = made(target=target, noise=0.3)
    panel.seed.value = 7
    finished(panel)
    given = data.mislabelled(0.3, 7)
    assert [arm.name for arm in panel.arms] == [
        "born again",
        "alone",
        "label smoothing",
    ]
    for arm, how in zip(panel.arms, (target, "alone", "label smoothing")):
        nets, rows = by_hand(how, given, 2, 7, first=arm.name == "label smoothing")
        assert len(arm.nets) == 3 and len(arm.rows) == len(rows) == 9
        for net, other in zip(arm.nets, nets, strict=True):
            assert all(
                torch.equal(a, b)
                for a, b in zip(
                    net.state_dict().values(), other.state_dict().values(), strict=True
                )
            )
        assert arm.lines[arm.name][1][-1] == pytest.approx(
            100 * accuracy(nets[-1], *data.validation)
        )
        assert arm.tested[arm.name] == pytest.approx(
            100 * accuracy(nets[-1], *data.test)
        )
        together = f"{arm.name}, together"
        if together in NAMES:
            assert arm.lines[together][0] == [7, 8, 9]
            assert arm.tested[together] == pytest.approx(
                100 * accuracy(Ensemble(nets[1:]), *data.test)
            )
        else:
            assert list(arm.lines) == [arm.name]
    for i in (5, int((given.train[1] != data.train[1]).int().argmax())):
        shows_what_is_taught(panel, target, data, given, i)


def test_all_lines_begin_with_one_teacher_and_end_with_nets_of_one_seed(made):
    panel = finished(made(target="DKPP"))
    first = [arm.nets[0].state_dict() for arm in panel.arms]
    assert all(
        torch.equal(first[0][name], other[name])
        for other in first[1:]
        for name in first[0]
    )
    again = finished(made(target="DKPP"))
    assert [arm.rows for arm in again.arms] == [arm.rows for arm in panel.arms]
    assert [row["stage"] for row in panel.arms[0].rows] == [
        f"generation {k}" for k in range(3) for _ in range(3)
    ]


def test_accuracy_by_generation_is_that_of_its_end(made, data):
    panel = finished(made(noise=0.0))
    for arm in panel.arms:
        found = by_generation(arm, 3)
        ends = {
            k: 100 * accuracy(net, *data.validation) for k, net in enumerate(arm.nets)
        }
        assert found[arm.name] == pytest.approx(ends)
        role = COLOURS[roles(NAMES)[NAMES.index(arm.name)]]
        drawn = marks(panel, "by generation", Line)
        (line,) = (line for line in drawn if line.colour == role)
        assert line.x == (0, 1, 2) and line.end == f"{ends[2]:.1f}"
        assert line.y == pytest.approx(list(ends.values()))
    assert by_generation(panel.arms[0], 3)["born again, together"].keys() == {2}
    chart = panel.picture.charts["by generation"]
    low, high = chart.y.limits
    assert low <= min(ends.values()) and high >= max(ends.values())
    assert chart.x.ticks == (0, 1, 2)
    words = [text.strip() for text in texts(panel, "accuracy")]
    assert words == ["generation 0", "generation 1", "generation 2"]
    assert rules(panel, "accuracy") == [3, 6]
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    of = [by_generation(arm, 3)[name] for arm in panel.arms for name in arm.lines]
    assert (
        "|generation 2|" + "|".join(f"{values[2]:.1f}" for values in of) + "|" in text
    )
    assert "|generation 1|" in text and text.count("–") >= 2


def test_a_generation_that_is_not_over_has_no_end(made):
    panel = made()
    panel.after_turn = lambda rows, kept=panel.after_turn: (
        kept(rows),
        panel.epochs_done == 5 and panel.stop.click(),
    )
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    assert (
        list(by_generation(panel.arms[0], 3)["born again"]) == [0]
        and panel.status == "Stopped after 5 epochs."
    )
    assert panel.meter.startswith(
        "Epoch 5 of 9 · 2 generations, target BAN, 20 % of the labels drawn anew, seed 0"
    )


def test_the_first_image_with_another_label_is_shown_first(made, data):
    wrong = data.mislabelled(0.4, 0).train[1] != data.train[1]
    at = made(noise=0.4).image.value
    assert wrong[at] and not wrong[:at].any()


def test_before_the_first_run_there_is_an_image_and_nothing_more(made, data):
    panel = made(noise=0.0)
    assert panel.image.value == 0 and panel.image.max == IMAGES - 1
    caption = panel.picture.charts["image"].x.label
    assert caption.strip() == f"a {data.classes[data.train[1][0]]}"
    assert not any(height for shown in bars(panel, "answers") for height in shown.y)
    assert (
        panel.meter.startswith("Epoch 0 of 9")
        and panel.picture.charts["accuracy"].x.limits[1] >= 9
    )


def test_the_axis_is_fitted_to_what_stages_score_late(made):
    """A new generation begins far below the end of the one before: the axis must not follow it."""
    panel = finished(made(noise=0.0, config=replace(CONFIG, epochs=10), generations=1))
    late = [share for arm in panel.arms for share in arm.late]
    scores = [
        100 * row[f"{arm.name} validation accuracy"]
        for arm in panel.arms
        for row in arm.rows
        if row["epoch"] > 5
    ]
    assert late == scores and len(late) == 30
    low, _ = panel.picture.charts["accuracy"].y.limits
    assert low > min(
        y for arm in panel.arms for _, line in arm.lines.values() for y in line
    ) and low <= min(late)


def test_what_is_out_of_range_is_refused(made):
    with pytest.raises(
        ValueError,
        match=r"no target 'BANE'; did you mean BAN.*there are: .*DKPP, redrawn",
    ):
        made(target="BANE")
    with pytest.raises(ValueError, match=r"Generations: 7 must lie in \[1, 6\]"):
        made(generations=7)


def test_a_link_makes_the_same_run_and_the_same_picture(made):
    giver, taker = made(), made()
    giver.target.value = "DKPP, redrawn"
    giver.seed.value = 3
    giver.noise.box.value = 0.5
    finished(giver)
    # the first for now, the other for the next run
    giver.image.value = 11
    giver.count.box.value = 4
    giver.settle()
    hand_on(giver, taker)
    assert giver.state()["run"] == [{"count": 2}, 0] and len(giver.link) < 300


@pytest.mark.parametrize("count", [1, 3])
def test_a_finished_run_is_shown_until_the_first_one_here(made, data, count):
    """Nets of `train` and of the method, in place of the panel's own stages."""
    given = data.mislabelled(0.3, 7)
    config = replace(CONFIG, seed=7)
    first, *born = (make(data, 1000 * k + 7) for k in range(count + 1))
    ran = train(plain(first), given, config, progress=False)
    stages = ban(iter(born).__next__, first, generations=count, target="cwtm")
    ran += train(stages, given, config, progress=False)
    nets = torch.nn.ModuleList([first, *born])
    options = {"target": "CWTM", "noise": 0.3, "generations": count}
    how = {"config": config, "finished": {"born again": (nets, ran)}}
    panel = made(**options, **how)
    (line,) = panel.arms
    ends = {k: 100 * accuracy(net, *data.validation) for k, net in enumerate(nets)}
    found = by_generation(line, 3)
    assert found["born again"] == pytest.approx(ends)
    together = found.get("born again, together", {})
    assert list(together) == list(range(2, count + 1))
    if count > 1:
        ensemble = accuracy(Ensemble(born), *data.validation)
        assert together[count] == pytest.approx(100 * ensemble)
    assert line.epochs == 3 * (count + 1) and set(line.lines) == set(found)
    aim, weight = aims("CWTM", nets[-2], given, 1000 * count + 7)
    taught, _ = (shown.y for shown in bars(panel, "answers"))
    assert np.allclose(taught, aim[panel.image.value])
    caption = panel.picture.charts["image"].x.label
    assert caption.startswith(f"generation {count}\nlabel ")
    assert f"counts {weight[panel.image.value]:.2f} times" in caption
    assert panel.status.startswith("A finished run;") and panel.state()["run"] is None


def test_a_run_after_a_finished_one_is_its_own(made, data):
    config = replace(CONFIG, epochs=1)
    ran = finished(made(config=config))
    run = {arm.name: (torch.nn.ModuleList(arm.nets), arm.rows) for arm in ran.arms}
    panel = made(config=config, finished=run)
    shown, before = (marks(p, "by generation", Line) for p in (panel, ran))
    assert [(line.x, line.y) for line in shown] == [(line.x, line.y) for line in before]
    assert panel.html.count("generation 2") == ran.html.count("generation 2")
    finished(panel)
    assert panel.state() == ran.state() and panel.html == ran.html
    without = made(config=config, finished={"alone": run["alone"]})
    assert not any(height for shown in bars(without, "answers") for height in shown.y)
    with pytest.raises(
        ValueError, match=r"finished has no arm 'taught'; there are: born"
    ):
        made(finished={"taught": run["alone"]})


def test_stop_and_a_new_start(endless):
    stop_and_start(endless())


def test_drawing_is_bounded_by_the_clock(endless):
    draws_seldom(endless())

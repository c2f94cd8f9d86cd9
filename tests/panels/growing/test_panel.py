"""A net that grows: every stretch is `train` with the net of then; what is copied keeps
the function, what is random does not.
"""

import re
import time
from dataclasses import replace

import pytest
import torch
from panels.waiting import DIVERGING, WAIT, fails, is_held_back, runs, stopped, until

from kdsurvey import panels, surgery
from kdsurvey.lessons.net2net import experiments as net2net
from kdsurvey.methods import plain
from kdsurvey.nets import conv, mlp, parameters
from kdsurvey.panels.growing.growth import (
    DEEPEST,
    WAYS,
    Growth,
    grown,
    refusal,
    sizes,
)
from kdsurvey.panels.kit.batch_curves import places
from kdsurvey.pictures import Line, Rule, Text
from kdsurvey.training import Config, StopTraining, accuracy, train

COPIED, RANDOM = WAYS


@pytest.fixture
def made(data, config, close):
    return lambda **options: close(
        panels.growing(data, **{"config": config, "pace": None} | options)
    )


@pytest.fixture
def endless(made):
    return lambda **options: made(
        config=Config(
            epochs=10**6, batch_size=50, lr=0.01, schedule="constant", device="cpu"
        ),
        **options,
    )


def stepped(panel, batches):
    """Trains batch by batch, as the reader does with Step."""
    for _ in range(batches):
        done = panel.history.batches if panel.busy else 0
        panel.step.click()
        until(lambda done=done: panel.status.startswith(f"Paused after {done + 1} "))
    return panel


def ended(panel):
    panel.pause.click()
    assert panel.wait(WAIT)
    panel.settle()
    panel.check()
    return panel


def stretch(net, data, config, batches=None):
    """Rows and losses of a training by `train`, that ends after so many batches."""
    losses = []

    def after(step):
        losses.append(float(step.terms["hard"]))
        if len(losses) == batches:
            raise StopTraining

    return train(plain(net), data, config, on_batch=after, progress=False), losses


def equal(a, b):
    return all(
        torch.equal(p, q)
        for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_a_net_that_does_not_grow_trains_as_train_does(made, data, config):
    panel = made()
    panel.seed.value = 3
    panel.start.click()
    ended_run = panel.wait(WAIT)
    panel.check()
    net = mlp(36, 8, 8, 5, seed=3)
    rows, losses = stretch(net, data, replace(config, seed=3))
    assert (
        ended_run and equal(panel.net, net) and panel.history.terms["hard"].y == losses
    )
    assert panel.history.accuracy.x == [1, 2, 3, 4]
    assert panel.history.accuracy.y == [
        100 * row["net validation accuracy"] for row in rows
    ]
    assert (
        panel.status
        == f"Finished after 16 batches. Validation accuracy {panel.history.accuracy.y[-1]:.1f} %."
    )
    assert not panel.grown and panel.html.count("<caption") == 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["wider", "deeper"])
def test_a_net_that_grows_is_two_trainings(made, data, config, kind, way):
    panel = stepped(made(), 6)
    panel.layer.value = 1
    panel.way.value = way
    panel.rate.value = 0.3
    panel.noise.box.value = 0.2
    getattr(panel, kind).click()
    what = {"wider": "is wider", "deeper": "has a new layer after it"}[kind]
    assert panel.status == f"Layer 1 {what} from the next batch on."
    ended(panel)
    net = mlp(36, 8, 8, 5, seed=0)
    _, first = stretch(net, data, config, 6)
    before = 100 * accuracy(net, *data.validation)
    generator = torch.Generator().manual_seed(1)
    new = {
        ("wider", COPIED): lambda: surgery.widen(
            net, 1, 16, noise=0.2, generator=generator
        ),
        ("deeper", COPIED): lambda: surgery.deepen(net, 1),
        ("wider", RANDOM): lambda: net2net.pad(net, 1, 16, 1),
        ("deeper", RANDOM): lambda: net2net.random_block(net, 1, 1),
    }[kind, way]()
    after, (a, b) = (
        100 * accuracy(new, *data.validation),
        (parameters(net), parameters(new)),
    )
    later = Config(**vars(config) | {"seed": 1, "epochs": 3, "schedule": lambda p: 0.3})
    rows, second = stretch(new, data, later, 10)
    assert (
        equal(panel.net, new)
        and panel.history.terms["hard"].y == first + second
        and len(first + second) == 16
    )
    (found,) = panel.grown
    assert (found.batches, found.weights, found.accuracy) == (
        6,
        (a, b),
        (before, after),
    )
    assert (
        found.sizes
        == ((8, 8), (16, 8) if kind == "wider" else (8, 8, 8))
        == (sizes(net), sizes(new))
    )
    x, y = panel.history.accuracy.x, panel.history.accuracy.y
    assert (
        x == [1, 1.5, 1.5, 2.5, 3.5, 4]
        and y[1:3] == [before, after]
        and y[5] == 100 * accuracy(new, *data.validation)
    )
    assert y[3:5] == [100 * row["net validation accuracy"] for row in rows]
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    words = ("new layer 2" if kind == "deeper" else "layer 1: 8 → 16") + (
        " (random)" if way == RANDOM else ""
    )
    now = "8-8-8" if kind == "deeper" else "16-8"
    row = f"|{words}|6|{way}|8-8 → {now}|{a:,} → {b:,}|{before:.1f} → {after:.1f}|0.3x|"
    assert row in text and f"|changed at epoch 1.50|{words}|" in text
    assert (
        panel.history.changes == [(1.5, words)]
        and f"{now} units, {b:,} weights" in panel.meter
    )


@pytest.mark.parametrize(
    "make",
    [lambda: mlp(36, 8, 8, 5, seed=2), lambda: conv(1, 4, 6, 6, classes=5, seed=2)],
    ids=["mlp", "conv"],
)
def test_copied_weights_keep_what_random_ones_do_not(make, data, config):
    net, (x, _) = make(), data.train
    train(plain(net), data, config, progress=False)
    z = net.eval()(x)
    for kind in ("wider", "deeper"):
        new = grown(net, Growth(kind, 2, COPIED, 0.0, 1.0), 0, x)
        assert torch.allclose(new(x), z, atol=1e-4)
        noisy = grown(net, Growth(kind, 2, COPIED, 0.5, 1.0), 0, x)
        assert torch.allclose(noisy(x), z, atol=1e-4) == (kind == "deeper")
        random = grown(net, Growth(kind, 2, RANDOM, 0.0, 1.0), 0, x)
        assert sizes(random) == sizes(new) and (random(x) - z).abs().max() > 0.1
        assert equal(random, grown(net, Growth(kind, 2, RANDOM, 0.0, 1.0), 0, x))
        assert not equal(random, grown(net, Growth(kind, 2, RANDOM, 0.0, 1.0), 1, x))


def test_the_loss_jumps_with_random_weights_only(data, close):
    config = Config(epochs=30, batch_size=50, lr=0.1, schedule="constant", device="cpu")
    jumps = {}
    for way in WAYS:
        panel = close(panels.growing(data, config=config, pace=None, noise=0.0))
        panel.way.value = way
        panel.restore(
            panel.state() | {"run": [0, [[80, 1, 2, WAYS.index(way), 0.0, 1.0]], 90]}
        )
        assert panel.wait(WAIT)
        panel.check()
        loss = panel.history.terms["hard"].y
        jumps[way] = loss[80] - sum(loss[70:80]) / 10
        assert sizes(panel.net) == (8, 8, 8) and len(loss) == 90
    assert jumps[RANDOM] > 0.6 and jumps[COPIED] < 0.3


def test_a_conv_net_and_several_growths_at_once(made, data):
    panel = made(net=lambda seed: conv(1, 4, 4, classes=5, seed=seed))
    assert "4-4 channels" in panel.meter
    stepped(panel, 3)
    panel.wider.click()
    panel.deeper.click()
    panel.layer.value = 3
    panel.wider.click()
    assert (
        panel.status == "The net has 2 hidden layers: choose one of 1 to 2."
    )  # it has not grown yet
    stepped(panel, 1)
    assert sizes(panel.net) == (4, 8, 8) and [
        found.batches for found in panel.grown
    ] == [3, 3]
    panel.wider.click()
    ended(panel)
    assert (
        sizes(panel.net) == (4, 8, 16)
        and panel.history.batches == 16
        and len(panel.grown) == 3
    )
    assert panel.grown[1].accuracy[0] == panel.grown[0].accuracy[1]
    assert panel.grown[1].accuracy[1] == panel.grown[1].accuracy[0]


def test_what_cannot_grow_is_said(made):
    panel = made()
    panel.wider.click()
    assert panel.status == "Nothing is running: press Start."
    grow = Growth("wider", 1, COPIED, 0.0, 1.0)
    assert refusal(
        grow, (129, 8)
    ) == "Layer 1 is 129 wide: 256 is the most here." and not refusal(grow, (128, 8))
    deeper = replace(grow, kind="deeper")
    assert refusal(
        deeper, (8,) * DEEPEST
    ) == "8 hidden layers are the most here." and not refusal(deeper, (8,) * 7)
    assert refusal(replace(grow, layer=3), (8, 8)) and not refusal(
        replace(grow, layer=2), (8, 8)
    )
    stepped(panel, 1)
    panel.layer.value = 8
    panel.deeper.click()
    assert (
        panel.status.startswith("The net has 2 hidden layers")
        and not panel.schedule.waiting
    )
    panel.stop.click()
    assert panel.wait(5)
    panel.check()


def test_every_control_is_taken_at_the_press(endless):
    panel = stepped(endless(), 1)
    panel.layer.value = 2
    panel.way.value = RANDOM
    panel.rate.value = 0.1
    panel.noise.box.value = 0.3
    panel.wider.click()
    panel.layer.value = 1
    panel.way.value = COPIED
    panel.rate.value = 1.0
    stepped(panel, 1)
    assert [found.growth for found in panel.grown] == [
        Growth("wider", 2, RANDOM, 0.3, 0.1)
    ]


def test_a_link_makes_the_run_again_with_every_growth(endless):
    giver, taker = endless(), endless()
    giver.start.click()
    for k, (kind, layer, way) in enumerate(
        [("wider", 2, COPIED), ("deeper", 1, RANDOM), ("wider", 1, RANDOM)]
    ):
        until(
            lambda k=k: giver.history.batches > 40 * (k + 1) and len(giver.grown) == k
        )
        giver.layer.value = layer
        giver.way.value = way
        giver.rate.value = (1.0, 0.3, 0.1)[k]
        getattr(giver, kind).click()
    until(lambda: len(giver.grown) == 3 and giver.history.batches > 200)
    giver.stop.click()
    assert giver.wait(WAIT)
    giver.seed.value = 5  # for the next run
    taker.link_box.value = giver.link
    assert taker.wait(WAIT)
    for panel in (giver, taker):
        panel.settle()
        panel.check()
    assert (
        taker.history.batches == giver.history.batches
        and taker.grown == giver.grown
        and equal(taker.net, giver.net)
    )
    assert taker.png == giver.png and taker.html == giver.html
    assert (
        taker.link == giver.link
        and len(giver.link) < 300
        and taker.status == giver.status
        and taker.seed.value == 5
    )


@pytest.mark.parametrize(
    "run",
    [
        3,
        [0, [], 0],
        [0.5, [], 3],
        [0, [[1, 0, 1, 0, 0.1]], 3],
        [0, [[1, 5, 1, 0, 0.1, 1.0]], 3],
        [0, [[-1, 0, 1, 0, 0.1, 1.0]], 3],
        [0, [[1, 0, 0, 0, 0.1, 1.0]], 3],
        [0, [[1, 0, 1, 0, "x", 1.0]], 3],
        [0, [[1, 0, 1, 0, 0.1, -1.0]], 3],
    ],
)
def test_a_link_with_an_impossible_run_is_refused(made, run):
    panel = made()
    before = panel.state()
    with pytest.raises(ValueError, match="no run that this panel could make again"):
        panel.restore(before | {"run": run})
    assert panel.state() == before and not panel.busy


def test_pause_holds_stop_stops_and_a_start_ends_the_run_before(endless):
    panel = endless()
    panel.start.click()
    until(lambda: panel.history.batches > 3)
    panel.pause.click()
    until(lambda: panel.status.startswith("Paused"))
    held = panel.history.batches
    time.sleep(0.1)
    assert panel.history.batches == held and panel.pause.description == "Resume"
    panel.wider.click()
    panel.pause.click()
    until(lambda: panel.grown and panel.history.batches > held + 3)
    assert panel.grown[0].batches == held and panel.status.startswith(
        f"Wider at batch {held}: 8-8 → 8-16, 413"
    )
    panel.start.click()
    until(lambda: not panel.grown and panel.history.batches > 3)
    assert len(runs()) == 1 and sizes(panel.net) == (8, 8)
    stopped(panel)
    assert panel.status.startswith("Stopped after") and not runs()


def test_a_new_run_has_forgotten_the_rate_and_what_was_asked(endless):
    panel = stepped(endless(), 1)
    panel.rate.value = 0.1
    panel.wider.click()
    stepped(panel, 1)
    panel.wider.click()
    panel.stop.click()
    assert panel.wait(5) and panel.factor == 0.1
    stepped(panel, 2)
    assert panel.factor == 1.0 and not panel.grown and sizes(panel.net) == (8, 8)
    panel.stop.click()
    panel.check()


def test_pace_holds_back_and_drawing_is_bounded(endless):
    panel = endless(pace=3)
    is_held_back(panel)
    panel.pace.value = None
    until(lambda: panel.history.batches > 20)
    start, redraws = time.monotonic(), panel.redraws
    time.sleep(1.0)
    assert panel.redraws - redraws <= (time.monotonic() - start) / 0.2 + 1


def test_an_error_is_said_and_raised(made):
    fails(made(config=DIVERGING), "Failed: stage 'plain', epoch 1: the loss terms")


def test_the_run_before_stays_in_sight_and_growths_have_lines(made):
    panel = made()
    for _ in range(2):
        stepped(panel, 5)
        panel.wider.click()
        ended(panel)
    before, now = panel.picture.charts["accuracy"].marks_of(Line)
    assert list(before.y) == panel.before.accuracy.y == list(now.y)
    loss = panel.picture.charts["loss"]
    (words,), (rule,) = loss.marks_of(Text), loss.marks_of(Rule)
    assert words.text == "layer 2: 8 → 16" and words.x == 1.25
    assert rule.at == (1.25,) == panel.picture.charts["accuracy"].marks_of(Rule)[0].at


@pytest.mark.parametrize(("hidden", "where"), [((8,), 1), ((8, 8, 8), 2)])
def test_it_grows_in_the_second_hidden_layer_where_there_is_one(made, hidden, where):
    panel = made(net=lambda seed: mlp(36, *hidden, 5, seed=seed))
    assert panel.layer.value == where


def test_words_along_lines_never_cover_each_other():
    assert places([], 1) == [] and places([0, 5, 10], 1) == ["bottom"] * 3
    assert places([0, 0.5, 0.9, 1.2, 3], 1) == [
        "bottom",
        "top",
        "",
        "bottom",
        "bottom",
    ]
    assert places([2, 2, 2], 1) == ["bottom", "top", ""]


def test_a_finished_run_is_shown_until_the_first_one_here(made, data, config):
    """Its losses and accuracies epoch by epoch, a line where it grew; no link holds it."""
    small = mlp(36, 6, 4, 5, seed=1)
    first = train(plain(small), data, config, progress=False)
    wide = surgery.widen(small, 1, 9)
    second = train(plain(wide), data, config, progress=False)
    panel = made(finished=[(small, first), (wide, second)])
    rows, epochs = [*first, *second], list(range(1, len(first) + len(second) + 1))
    history = panel.history
    assert history.accuracy.x == epochs == history.terms["hard"].x
    shares = [100 * row["net validation accuracy"] for row in rows]
    assert history.accuracy.y == shares
    assert history.terms["hard"].y == [row["hard"] for row in rows]
    assert history.changes == [(len(first), "6-4 → 9-4")]
    assert panel.status.startswith("A finished run; Start trains one here.")
    assert f"{shares[-1]:.1f} %" in panel.status and "9-4 units" in panel.meter
    assert panel.state()["run"] is None and panel.net is not wide
    panel.start.click()
    assert panel.wait(WAIT)
    panel.check()
    assert panel.before is history and panel.state()["run"]
    assert panel.history.changes == []

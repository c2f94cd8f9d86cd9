"""The panel of low precision: every arm is the training that it is alone, and the
second picture is of real weights.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from panels.shown import bars, rules, texts
from panels.waiting import WAIT, finished

from kdsurvey import panels
from kdsurvey.methods import apprentice, plain
from kdsurvey.nets import conv, mlp
from kdsurvey.panels.precision.chart import BINS, NAMES, levels_of
from kdsurvey.surgery import lower, re_estimate, used, weighted
from kdsurvey.training import Config, train

CONFIG = Config(epochs=4, batch_size=50, lr=0.1, schedule="constant", device="cpu")


@pytest.fixture
def teacher():
    return mlp(36, 16, 12, 5, norm=True, seed=3)


@pytest.fixture
def made(data, teacher, close):
    usual = {"config": CONFIG, "width": 6, "depth": 3}
    return lambda **options: close(panels.precision(data, teacher, **usual | options))


def alone(name, config, data, teacher, seed, low):
    """Rows of one arm by `train`, with nothing beside it, and its net."""
    net = mlp(36, 6, 6, 6, 5, norm=True, seed=seed)
    fresh = mlp(36, 16, 12, 5, norm=True, seed=1000 + seed)

    def halves():
        yield replace(next(plain(net)), name="full precision", epochs=0.5)
        if name == "scheme C":
            stage = next(apprentice(net, teacher, scheme="C", **low))
        else:
            re_estimate(lower(net, **low), data.train[0])
            stage = replace(next(plain(net)), lr=0.1)
        yield replace(stage, epochs=0.5)

    stages = {
        "full precision": lambda: plain(net),
        "no teacher": lambda: plain(lower(net, **low)),
        "scheme A": lambda: apprentice(net, fresh, scheme="A", **low),
        "scheme B": lambda: apprentice(net, teacher, scheme="B", **low),
    }.get(name, halves)()
    return train(stages, data, replace(config, seed=seed), progress=False), net


def shares(rows):
    return [
        100 * row.get("student validation accuracy", row.get("net validation accuracy"))
        for row in rows
    ]


def test_every_arm_trains_as_train_does(made, data, teacher):
    panel = made(weight_bits=3)
    panel.weight_bits.value, panel.activation_bits.value = 2, 4
    panel.threshold.box.value = 0.5
    panel.top.box.value = 2.0
    panel.seed.value = 7
    finished(panel)
    low = {"weight_bits": 2, "activation_bits": 4, "threshold": 0.5, "top": 2.0}
    assert [arm.name for arm in panel.arms] == list(NAMES)
    for arm in panel.arms:
        rows, net = alone(arm.name, CONFIG, data, teacher, 7, low)
        assert arm.lines[arm.name] == ([1, 2, 3, 4], shares(rows))
        assert all(
            torch.equal(a, b)
            for a, b in zip(arm.net.state_dict().values(), net.state_dict().values())
        )
        assert [(row["stage"], row["lr"]) for row in arm.rows] == [
            (row["stage"], row["lr"]) for row in rows
        ]
        for part, layer in zip(weighted(arm.net)[1:-1], arm.measured):
            np.testing.assert_array_equal(layer.computed, used(part).flatten().numpy())
            np.testing.assert_array_equal(
                layer.behind, part.weight.detach().flatten().numpy()
            )
    assert [layer.bits for layer in panel.arms[0].measured] == [32, 32] and panel.arms[
        4
    ].measured[0].bits == 2


def test_the_arms_begin_equal(made):
    panel = made()
    arms = panel.lineup(panel.settings)
    first = arms[0].net[1][0].weight
    assert all(
        torch.equal(arm.net[1][0].weight, first) and arm.net is not arms[0].net
        for arm in arms[1:]
    )


def test_the_picture_shows_the_weights_before_and_after(made):
    panel = made()
    assert texts(panel, "weights") == ["Start, to see weights"]
    finished(panel)
    panel.shown.value, panel.layer.value = "scheme B", 3
    panel.settle()
    w, q, limit, bits = panel.arms[3].measured[1]
    before, after = bars(panel, "weights")
    assert len(before.y) == BINS and sum(before.y) == pytest.approx(100)
    assert before.x[0] - before.width / 2 <= w.min()
    assert before.x[-1] + before.width / 2 >= w.max()
    levels, shares = levels_of(q)
    assert bits == 2 and len(levels) == 3 and shares.sum() == pytest.approx(100)
    np.testing.assert_allclose(after.x, levels)
    np.testing.assert_allclose(after.y, shares)
    np.testing.assert_allclose(limit, 0.7 * np.abs(w).mean(), rtol=1e-6)
    assert rules(panel, "weights") == [-limit, limit]
    assert (q[np.abs(w) < limit] == 0).all()
    chart = panel.picture.charts["weights"]
    assert chart.y.limits[1] > shares.max()
    assert chart.x.limits[1] >= np.abs(q).max()
    assert texts(panel, "weights") == [
        "scheme B, hidden layer 3\nbefore: blue area\nafter: 3 levels, bars"
    ]
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    assert (
        "Weights of scheme B, hidden layer 3" in text
        and f"|limit of 0|{limit:.3f}|" in text
    )
    assert f"|after: {levels[0]:+.3f}|{shares[0]:.1f} %|" in text
    panel.shown.value = "full precision"
    panel.settle()
    (words,) = texts(panel, "weights")
    before, after = bars(panel, "weights")
    assert words.endswith("nothing is rounded") and not after.x
    assert "limit of 0" not in panel.html and "levels in use" not in panel.html


def test_the_status_and_the_meter_say_what_was_run(made):
    panel = finished(made(weight_bits=4, activation_bits=6, top=3.0))
    tested = "; ".join(f"{arm.name} {arm.tested[arm.name]:.1f} %" for arm in panel.arms)
    assert (
        panel.status
        == f"Finished after 4 epochs. On test images: {tested}. One seed says little: try others."
    )
    assert "4-bit weights, 6-bit activations up to 3, seed 0" in panel.meter
    panel.weight_bits.value = 2
    assert "threshold 0.7 × mean |w|" in panel.words(panel.settings)


def test_a_finished_run_is_shown_until_the_first_one_here(made):
    ran = finished(made(weight_bits=3))
    names = ("full precision", "scheme B")
    nets = {arm.name: (arm.net, arm.rows) for arm in ran.arms if arm.name in names}
    panel = made(weight_bits=3, finished=nets)
    panel.shown.value = ran.shown.value = "scheme B"
    panel.settle()
    ran.settle()
    assert [arm.name for arm in panel.arms] == list(names)
    assert panel.arms[1].lines == ran.arms[3].lines
    assert list(bars(panel, "weights")[1].y) == list(bars(ran, "weights")[1].y)
    panel.shown.value = "scheme A"  # which did not run
    panel.settle()
    assert texts(panel, "weights") == ["Start, to see weights"]
    with pytest.raises(ValueError, match="finished has no arm 'B'; there are: full"):
        made(finished={"B": nets["scheme B"]})


def test_what_is_shown_is_no_setting_of_a_run_but_goes_with_the_link(made):
    giver, taker = made(), made()
    giver.threshold.box.value = 0.3
    finished(giver)
    giver.shown.value = "scheme A"
    giver.layer.value = 3
    giver.threshold.box.value = 0.9
    giver.settle()
    assert giver.state()["run"] == [{"threshold": 0.3}, 0]
    taker.paste(giver.link)
    assert taker.wait(WAIT)
    taker.settle()
    taker.check()
    assert [arm.rows for arm in taker.arms] == [arm.rows for arm in giver.arms]
    assert taker.png == giver.png and taker.state() == giver.state()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"depth": 1}, "no layer between"),
        ({"threshold": 1.5}, "Threshold"),
        ({"config": Config(epochs=1, device="cpu")}, "2 epochs"),
    ],
)
def test_what_cannot_be_is_refused(made, options, words):
    with pytest.raises(ValueError, match=words):
        made(**options)


def test_a_teacher_of_another_kind_is_refused(data):
    with pytest.raises(ValueError, match="must be an MLP"):
        panels.precision(data, conv(1, 4, 4, classes=5))


def test_its_text_names_the_controls(made):
    assert made().text.startswith(
        "(panel: low precision. Weight bits, activation bits, threshold"
    )

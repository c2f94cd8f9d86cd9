"""Peers that learn from each other: each arm trains as `train` does, on the same wrong
labels; the charts show what it says.
"""

import re
from dataclasses import replace
from itertools import combinations

import pytest
import torch
from panels.shown import lines, put
from panels.waiting import finished, hand_on

from kdsurvey import panels
from kdsurvey.losses import entropy
from kdsurvey.measures import top1_agreement
from kdsurvey.methods import dml, plain
from kdsurvey.nets import mlp
from kdsurvey.panels.peers.chart import ALONE, ENTROPIES, MOST, NAMES, series
from kdsurvey.training import Config, train

SHORT = Config(epochs=4, batch_size=50, lr=0.1, schedule="constant", device="cpu")


@pytest.fixture
def made(data, close):
    return lambda **options: close(
        panels.peers(data, **{"config": SHORT, "widths": (16,)} | options)
    )


def alone(data, settings):
    """Rows and nets of both arms by `train`, with nothing beside them."""
    seed, noise = settings["seed"], settings["noise"]
    wrong = data.mislabelled(noise, seed) if noise else data
    nets = [mlp(36, 16, 5, seed=seed + 1000 * k) for k in (0, *range(settings["K"]))]
    mutual = dml(
        nets[1:], T=settings["T"], weight=settings["weight"], turns=settings["turns"]
    )
    config = replace(SHORT, seed=seed)
    return [
        train(stages, wrong, config, progress=False)
        for stages in (plain(nets[0]), mutual)
    ], nets


SETTINGS = [
    {"K": 2, "weight": 1.0, "T": 1.0, "noise": 0.2, "turns": True, "seed": 4},
    {"K": 3, "weight": 2.5, "T": 3.0, "noise": 0.0, "turns": False, "seed": 7},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_both_arms_train_as_train_does(made, data, settings):
    panel = made()
    put(panel, **settings)
    finished(panel)
    (lone, mutual), nets = alone(data, settings)
    assert [arm.rows for arm in panel.arms] == [lone, mutual] and len(lone) == 4
    for net, ours in zip(nets, (panel.arms[0].net, *panel.arms[1].net)):
        assert all(
            torch.equal(a, b)
            for a, b in zip(net.state_dict().values(), ours.state_dict().values())
        )
    lines = panel.arms[0].lines | panel.arms[1].lines
    assert list(lines) == [ALONE, *(f"peer {k}" for k in range(settings["K"]))]
    assert lines["peer 1"][1] == [
        100 * row["peer 1 validation accuracy"] for row in mutual
    ]


def test_the_net_alone_starts_from_the_weights_of_peer_0(made):
    panel = finished(made())
    one, group = (arm.measured[0] for arm in panel.arms)
    assert torch.equal(one.given[0], group.given[0]) and not torch.equal(
        one.given[0], group.given[1]
    )
    assert one.entropy != group.entropy


def test_what_the_charts_say_is_so(made, data):
    panel = finished(made(K=3))
    x, group = data.validation[0], panel.arms[1].net
    z = [net.eval()(x).detach() for net in group]
    lone = panel.arms[0].net.eval()(x).detach()
    values = series(panel.arms)
    assert list(values) == [ALONE, "peers, mean", "two peers", "peer 1 and alone"] and {
        len(y) for y in values.values()
    } == {5}
    assert values[ALONE][-1] == pytest.approx(entropy(lone).mean().item(), abs=1e-5)
    assert values["peers, mean"][-1] == pytest.approx(
        sum(entropy(v).mean().item() for v in z) / 3, abs=1e-5
    )
    pairs = [100 * top1_agreement(a, b).item() for a, b in combinations(z, 2)]
    assert values["two peers"][-1] == pytest.approx(sum(pairs) / 3)
    assert values["peer 1 and alone"][-1] == pytest.approx(
        100 * top1_agreement(z[1], lone).item()
    )
    start = [
        100 * (a == b).double().mean().item()
        for a, b in combinations(panel.arms[1].measured[0].given, 2)
    ]
    assert len(set(start)) > 1 and values["two peers"][0] == pytest.approx(
        sum(start) / 3
    )
    shown = lines(panel, "entropy") | lines(panel, "agreement")
    assert list(shown) == list(values)
    for name, y in values.items():
        assert list(shown[name].y) == y and list(shown[name].x) == [0, 1, 2, 3, 4]
        chart = "entropy" if name in ENTROPIES else "agreement"
        low, high = panel.picture.charts[chart].y.limits
        assert low <= min(y[1:]) and max(y[1:]) <= high, name


def test_a_finished_run_is_shown_until_the_first_one_here(made):
    """Accuracies of every epoch; entropy and equal answers after the last one."""
    ran = finished(made())
    nets = {arm.name: (arm.net, arm.rows) for arm in ran.arms}
    panel = made(finished=nets)
    shown, before = (lines(p, "accuracy") for p in (panel, ran))
    assert list(shown) == [ALONE, "peer 0", "peer 1"]
    assert all(list(shown[name].y) == list(before[name].y) for name in shown)
    for name, y in series(ran.arms).items():
        chart = "entropy" if name in ENTROPIES else "agreement"
        line = lines(panel, chart)[name]
        assert list(line.x) == [4] and list(line.y) == [y[-1]]
    assert panel.status.startswith("A finished run;") and panel.state()["run"] is None
    assert "epoch 0" not in panel.html
    finished(panel)
    assert panel.state() == ran.state()


def test_fewer_peers_leave_no_line_behind(made):
    panel = finished(made(K=4))
    panel.K.box.value = 2
    finished(panel)
    assert (
        list(lines(panel, "accuracy")) == [ALONE, "peer 0", "peer 1"]
        and "peer 3" not in panel.html
    )


def test_the_table_says_the_same(made):
    panel = finished(made())
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    lines = panel.arms[0].lines | panel.arms[1].lines
    assert (
        "|epoch 4|" + "|".join(f"{y[-1]:.1f}" for _, y in lines.values()) + "|" in text
    )
    values = list(series(panel.arms).values())
    told = [f"{y[-1]:.3f}" for y in values[:2]] + [f"{y[-1]:.1f}" for y in values[2:]]
    assert (
        "|epoch 4|" + "|".join(told) + "|" in text
        and "two peers, % equal answers" in text
    )
    assert (
        "2 peers, by turns, weight 1, T = 1, 20 % of the labels drawn anew, seed 0"
        in panel.meter
    )
    assert all(
        f"{name} {share:.1f} %" in panel.status
        for arm in panel.arms
        for name, share in arm.tested.items()
    )


def test_before_a_run_there_is_a_picture_without_lines(made):
    panel = made()
    assert (
        not any(chart.marks for chart in panel.picture.charts.values())
        and panel.png[:4] == b"\x89PNG"
    )
    assert (
        panel.epochs_done == 0
        and str(panel) == panel.text
        and panel.text.startswith("(panel: peers.")
    )


def test_a_link_makes_the_same_run_and_the_same_picture(made):
    giver, taker = made(), made()
    giver.K.box.value = 3
    giver.weight.box.value = 2.0
    giver.turns.value = False
    giver.seed.value = 5
    finished(giver)
    giver.K.box.value, giver.noise.box.value = 5, 0.0  # for the next run
    hand_on(giver, taker)
    assert taker.K.value == 5


def test_peers_of_no_weight_are_nets_alone(made):
    panel = finished(made(weight=0.0, noise=0.0))
    one, group = panel.arms
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.net.parameters(), group.net[0].parameters())
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"K": 1}, r"Peers K: 1 must lie in \[2, 5\]"),
        ({"K": MOST + 1}, r"Peers K: 6 must lie in \[2, 5\]"),
        ({"weight": -1.0}, r"Weight: -1\.0 must lie in \[0, 8\]"),
        ({"noise": 0.9}, r"Labels redrawn: 0\.9 must lie in \[0, 0\.8\]"),
    ],
)
def test_what_is_not_there_is_refused(data, options, says):
    with pytest.raises(ValueError, match=says):
        panels.peers(data, **options)
    assert len(NAMES) == MOST + 1

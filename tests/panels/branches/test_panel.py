"""Branches: both arms train as `train` does, and what is shown of gates and diversity
is what the nets say.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from panels.shown import bars, lines, marks
from panels.waiting import finished, hand_on, stop_and_start

from kdsurvey import panels
from kdsurvey.branches import Fused, Mixed, branched, fusion, gate
from kdsurvey.losses import kl
from kdsurvey.methods import ensemblenet, ffl, one, plain
from kdsurvey.nets import conv_mlp
from kdsurvey.panels.branches.chart import LINES
from kdsurvey.panels.branches.panel import METHODS
from kdsurvey.pictures import Image, Line
from kdsurvey.pictures.palette import COLOURS
from kdsurvey.training import Config, accuracy, train

CONFIG = Config(epochs=3, batch_size=50, lr=0.05, schedule="constant", device="cpu")


@pytest.fixture
def made(data, close):
    return lambda **options: close(
        panels.branches(data, **{"config": CONFIG} | options)
    )


@pytest.fixture
def endless(made):
    return lambda **options: made(config=replace(CONFIG, epochs=2000), **options)


def net(seed):
    return conv_mlp((1, 6, 6), 8, 16, hidden=64, classes=5, seed=seed)


def by_hand(method, T, weight, seed):
    """The branches, what answers for them by the name of its line, and the stages, of
    four branches.
    """
    made = branched(net, 1, 4, seed)
    if method == "FFL":
        joint = fusion(16, 16, 16, 16, width=16, head=net(2000 + seed)[-1], seed=seed)
        return (
            made,
            {"fused": Fused(made, joint)},
            ffl(made, joint, T=T, to_fused=weight, to_branches=weight),
        )
    if method == "EnsembleNet":
        return made, {}, ensemblenet(made, lam=weight)
    own = gate(8, 4, seed=seed) if method == "ONE" else None
    return (
        made,
        {"gated": Mixed(made, own)} if own else {},
        one(made, own, T=T, weight=weight),
    )


@pytest.mark.parametrize("method", METHODS)
def test_both_arms_train_as_train_does(made, data, method):
    panel = made()
    panel.method.value = method
    panel.count.box.value = 4
    panel.seed.value = 7
    panel.T.box.value = 2.0
    panel.weight.box.value = 0.5
    panel.rate.box.value = 0.02
    finished(panel)
    alone, (branches, together, stages) = net(7), by_hand(method, 2.0, 0.5, 7)
    config = replace(CONFIG, seed=7, lr=0.02)
    train(plain(alone), data, config, progress=False)
    train(stages, data, config, progress=False)
    for arm, own in zip(panel.arms, (alone, branches), strict=True):
        states = zip(arm.net.state_dict().values(), own.state_dict().values())
        assert (
            all(torch.allclose(a, b, atol=1e-6) for a, b in states)
            and len(arm.rows) == 3
        )
    answers = {
        "branch 0": branches[0],
        "mean of logits": Mixed(branches, None),
    } | together
    assert list(panel.arms[1].lines) == list(answers) and list(panel.arms[0].lines) == [
        "alone"
    ]
    for name, answer in ({"alone": alone} | answers).items():
        arm = panel.arms[name != "alone"]
        assert arm.tested[name] == pytest.approx(100 * accuracy(answer, *data.test))
        assert arm.lines[name][1][-1] == pytest.approx(
            100 * accuracy(answer, *data.validation)
        )
    assert (
        f"4 branches by {method}, " in panel.meter
        and "rate 0.02, seed 7" in panel.meter
    )


def test_the_net_alone_and_branch_0_start_from_one_net(endless):
    panel = endless()
    starts = panel.lineup(replace(panel.settings, seed=5))
    assert all(
        torch.equal(a, b)
        for a, b in zip(starts[0].net.parameters(), starts[1].net[0].parameters())
    )


@pytest.mark.parametrize("method", ["ONE", "EnsembleNet"])
def test_diversity_and_gates_are_those_of_the_nets(made, data, method):
    panel = finished(made(method=method))
    branches, (x, y) = panel.arms[1].net.eval(), data.validation
    with torch.no_grad():
        z = branches(x)
        own = (
            panel.arms[1].gate.eval()(branches.trunk(x[:12]))
            if method == "ONE"
            else torch.full((12, 3), 1 / 3)
        )
    found = panel.arms[1].measured
    assert len(found.diversity) == 4 and found.diversity[-1] == pytest.approx(
        kl(z.mean(0), z).mean().item(), rel=1e-4
    )
    assert torch.allclose(found.weights, own, atol=1e-6) and torch.allclose(
        found.weights.sum(1), torch.ones(12)
    )
    stacked = bars(panel, "gate")
    heights = np.array([branch.y for branch in stacked])
    assert np.allclose(heights.T, own, atol=1e-6) and len(heights) == 3
    assert np.allclose(stacked[2].base, heights[:2].sum(0))
    (line,) = marks(panel, "diversity", Line)
    assert np.allclose(line.y, found.diversity)
    faces = [face.pixels for face in marks(panel, "gate", Image)]
    assert np.array_equal(faces, x[:12, 0].numpy())
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    assert (
        f"|epoch 3|{found.diversity[-1]:.4f}|" in text
        and f"|before training|{found.diversity[0]:.4f}|" in text
    )
    assert (
        f"|image 11, label {data.classes[y[11]]}|"
        + "|".join(f"{g:.2f}" for g in own[11])
        + "|"
        in text
    )
    if method == "ONE":
        assert not torch.allclose(own, torch.full((12, 3), 1 / 3), atol=0.01)


def test_measuring_leaves_the_training_as_it_is(made, data):
    panel = made()
    panel.measure = lambda arm, kept=panel.measure: (kept(arm), kept(arm))[1]
    other = finished(made())
    assert [arm.rows for arm in finished(panel).arms] == [
        arm.rows for arm in other.arms
    ]


def test_every_line_has_a_look_of_its_own(made):
    panel = finished(made(method="ONE"))
    shown = lines(panel, "accuracy")
    looks = {(line.colour, line.marker, line.style) for line in shown.values()}
    assert len(looks) == len(shown) == 4 and set(shown) < set(LINES)
    assert len(set(COLOURS[: len(LINES)])) == len(LINES) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [({"method": "TWO"}, "'TWO'"), ({"count": 6}, "6"), ({"T": 0.1}, r"0\.1")],
)
def test_what_it_cannot_do_is_refused(made, options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)


def test_images_that_are_no_maps_are_refused(data, made):
    flat = replace(
        data,
        **{
            part: (getattr(data, part)[0].flatten(1), getattr(data, part)[1])
            for part in ("train", "validation", "test")
        },
    )
    with pytest.raises(ValueError, match="2 dims"):
        panels.branches(flat)


def test_a_link_makes_the_same_run_and_the_same_picture(made):
    giver, taker = made(method="FFL"), made()
    giver.count.box.value, giver.seed.value = 2, 3
    finished(giver)
    giver.rate.box.value = 0.2  # for the next run
    hand_on(giver, taker)
    assert giver.state()["run"] == [{"rate": 0.05}, 0] and len(giver.link) < 250


def test_stop_and_a_new_start(endless):
    stop_and_start(endless())


@pytest.mark.parametrize("method", METHODS)
def test_a_finished_run_is_shown_until_the_first_one_here(made, data, method):
    """Rows of `train` become the lines of the same run here; of the diversity the ends are
    known.
    """
    ran = finished(made(method=method, count=4))
    given = data.validated()
    weights, joint, stages = by_hand(method, 3.0, 1.0, 0)
    rows = train(stages, given, CONFIG, progress=False)
    alone = net(0)
    before = train(plain(alone), given, CONFIG, progress=False)
    whole = joint.get("fused") or joint.get("gated") or weights
    done = {"alone": (alone, before), method: (whole, rows)}
    panel = made(method=method, count=4, finished=done)
    panel.check()
    shown, expected = lines(panel, "accuracy"), lines(ran, "accuracy")
    assert shown and set(shown) <= set(expected)
    for name in filter(None, shown):
        assert np.allclose(shown[name].y, expected[name].y), name
    (line,), (whole_line,) = (
        marks(panel, "diversity", Line),
        marks(ran, "diversity", Line),
    )
    assert np.allclose(line.y, [whole_line.y[0], whole_line.y[-1]])
    assert list(line.x) == [0, CONFIG.epochs]
    assert torch.allclose(panel.arms[1].measured.weights, ran.arms[1].measured.weights)
    assert panel.status.startswith("A finished run") and panel.state()["run"] is None

"""Flows: both arms train as `train` does, and the matrices that are shown are those of
equation 1.
"""

import copy
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from panels.given import squares_in_noise
from panels.shown import image, marks, texts
from panels.waiting import WAIT, draws_seldom, finished, hand_on, stop_and_start

from kdsurvey import panels
from kdsurvey.losses import fsp_matrix
from kdsurvey.methods import fsp, plain
from kdsurvey.nets import conv, mlp, residual, sections
from kdsurvey.panels.flows.chart import NAMES, distance
from kdsurvey.panels.flows.panel import matrices
from kdsurvey.pictures import Cells
from kdsurvey.training import Config, train

CONFIG = Config(epochs=4, batch_size=50, lr=0.02, schedule="constant", device="cpu")


@pytest.fixture(scope="module")
def trained():
    net = residual(1, 4, 6, blocks=2, classes=5, seed=3)
    config = replace(CONFIG, epochs=15, lr=0.1)
    train(plain(net), squares_in_noise(), config, progress=False)
    return net


@pytest.fixture
def teacher(trained):
    return copy.deepcopy(trained)


@pytest.fixture
def made(data, teacher, close):
    return lambda **options: close(
        panels.flows(data, teacher, **{"config": CONFIG, "rate": 0.05} | options)
    )


@pytest.fixture
def endless(made):
    return lambda **options: made(config=replace(CONFIG, epochs=2000), **options)


def heat_map(panel, name):
    """The heat map of that name."""
    (shown,) = marks(panel, name, Cells)
    return shown


def by_hand(net, x, k):
    """FSP matrices of section k, without a Flow."""
    net, (start, end) = net.eval(), sections(net)[k]
    with torch.no_grad():
        return fsp_matrix(net[:start](x), net[:end](x))


@pytest.mark.parametrize("ticked", [(1, 2), (1,), (2,)])
def test_both_arms_train_as_train_does(made, data, teacher, ticked):
    panel = made()
    for k, box in enumerate(panel.sections, 1):
        box.value = k in ticked
    panel.first.box.value = 3
    panel.rate.box.value = 0.04
    panel.seed.value = 7
    finished(panel)
    nets = [residual(1, 4, 6, classes=5, seed=7) for _ in NAMES]
    theirs, ours = (
        [sections(net)[k - 1] for k in ticked] for net in (teacher, nets[1])
    )
    stages = (
        plain(nets[0]),
        fsp(
            nets[1],
            teacher,
            pairs=ours,
            teacher_pairs=theirs,
            flow_epochs=0.75,
            flow_lr=2.0,
        ),
    )
    for arm, net, of in zip(panel.arms, nets, stages, strict=True):
        rows = train(of, data, replace(CONFIG, seed=7), progress=False)
        assert arm.rows == rows and len(rows) == 4
        assert all(
            torch.equal(a, b)
            for a, b in zip(arm.net.state_dict().values(), net.state_dict().values())
        )
    assert panel.arms[0].lines["labels alone"][0] == [1, 2, 3, 4] and panel.arms[
        1
    ].lines["flow, then labels"][0] == [4]
    assert panel.arms[1].silent == {"flow": (1, 3)}
    assert (
        f"3 epochs on the flow of section {', '.join(map(str, ticked))} at a rate of 0.04, seed 7"
        in panel.meter
    )


def test_a_finished_run_is_shown_until_the_first_one_here(made, data, teacher):
    ran = finished(made())
    nets = {arm.name: (arm.net, arm.rows) for arm in ran.arms}
    panel = made(finished=nets)
    assert panel.png == ran.png and panel.html == ran.html
    assert panel.status.startswith("A finished run;") and panel.state()["run"] is None
    finished(panel)
    assert panel.state() == ran.state()


def test_as_many_epochs_on_either_side_however_they_are_shared(made):
    for first in (1, 2, 3):
        panel = made()
        panel.first.box.value = first
        assert {len(arm.rows) for arm in finished(panel).arms} == {4}


def test_the_matrices_are_those_of_equation_1(made, data, teacher):
    panel, x = finished(made()), data.validation[0]
    trained = panel.arms[1].net.train()
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    found = matrices(trained, x)
    assert trained.training and all(
        torch.equal(value, before[name]) for name, value in trained.state_dict().items()
    )
    for k in range(2):
        assert torch.allclose(found[k], by_hand(trained, x, k)) and torch.equal(
            found[k], panel.arms[1].measured[k]
        )
        assert torch.allclose(panel.wanted[k], by_hand(teacher, x, k))
    theirs, g = (part[1].double().numpy() for part in (panel.wanted, found))
    assert distance(panel.wanted[1], found[1]) == pytest.approx(
        np.sum((theirs - g) ** 2) / np.sum(theirs**2)
    )
    assert distance(found[0], found[0]) == 0 and distance(
        found[0], 0 * found[0]
    ) == pytest.approx(1)


def test_the_picture_shows_the_image_and_section_that_are_chosen(made, data):
    panel = finished(made())
    panel.shown.value, panel.image.value = 0, 17
    panel.settle()
    x = data.validation[0]
    assert np.array_equal(image(panel), x[17, 0].numpy())
    label = data.classes[data.validation[1][17]]
    assert panel.picture.charts["image"].x.label == f"image 17, label {label}"
    theirs = panel.wanted[0]
    (words,) = texts(panel, "words")
    for arm in panel.arms:
        mine = by_hand(arm.net, x, 0)[17].numpy()
        assert np.allclose(heat_map(panel, arm.name).values, mine)
        assert f"{arm.name}: {distance(theirs, arm.measured[0]):.2f}" in words
    assert np.array_equal(heat_map(panel, "teacher").values, theirs[17].numpy())
    largest = theirs[17].max().item()
    for name in ("teacher", *NAMES):
        shown = heat_map(panel, name)
        assert (shown.low, shown.high) == (0, largest)
    text = re.sub(r"(<[^>]*>)+", "|", panel.html)
    for k, theirs in enumerate(panel.wanted):
        cells = [
            f"{distance(theirs[17], arm.measured[k][17]):.3f}" for arm in panel.arms
        ]
        assert f"|section {k + 1}, image 17|" + "|".join(cells) + "|" in text
        cells = [f"{distance(theirs, arm.measured[k]):.3f}" for arm in panel.arms]
        assert f"|section {k + 1}, 50 images|" + "|".join(cells) + "|" in text


def test_before_the_first_run_only_the_teacher_has_matrices(made):
    panel = made()
    charts = [name for name in ("teacher", *NAMES) if marks(panel, name, Cells)]
    assert charts == ["teacher"]


def test_the_flow_comes_nearer_in_its_stage(made):
    panel = made(config=replace(CONFIG, epochs=12))
    panel.first.box.value = 11
    near = {}
    panel.after_turn = lambda rows, kept=panel.after_turn: (
        kept(rows),
        near.setdefault(
            panel.epochs_done,
            [distance(panel.wanted[1], arm.measured[1]) for arm in panel.arms],
        ),
    )
    finished(panel)
    assert (
        near[11][1] < 0.5 * near[1][1]
        and near[11][1] < 0.5 * near[11][0]
        and near[12][1] < near[12][0]
    )


def test_no_section_and_nets_of_another_kind_are_refused(made, data, teacher):
    panel = made()
    for box in panel.sections:
        box.value = False
    panel.start.click()
    assert panel.wait(WAIT)
    assert panel.status.endswith("the flow of one section or more: tick one of 1 to 2")
    with pytest.raises(ValueError, match="tick one"):
        panel.check()
    panel.sections[0].value = True
    assert finished(panel).status.startswith("Finished")
    for net in (conv(1, 4, 4, classes=5), mlp(36, 8, 5)):
        with pytest.raises(ValueError, match="must be residual nets"):
            panels.flows(data, net)
    with pytest.raises(ValueError, match="need 2 epochs or more, got 1"):
        made(config=replace(CONFIG, epochs=1))


def test_a_student_that_does_not_fit_is_said(made):
    for student, words in (
        ((4,), "the student has 1 sections, the teacher 2"),
        ((4, 8), "(50, 6, 6)"),
    ):
        panel = made(
            student=lambda seed, widths=student: residual(
                1, *widths, classes=5, seed=seed
            )
        )
        panel.start.click()
        assert panel.wait(WAIT)
        assert panel.status.startswith("Failed: ") and words in panel.status
        with pytest.raises((ValueError, RuntimeError)):
            panel.check()


def test_a_link_makes_the_same_run_and_the_same_picture(made):
    giver, taker = made(), made()
    giver.first.box.value = 2
    giver.seed.value = 3
    giver.sections[0].value = False
    finished(giver)
    # the first two for now, the last for the next run
    giver.image.value = 11
    giver.shown.value = 0
    giver.rate.box.value = 0.1
    giver.settle()
    hand_on(giver, taker)
    assert giver.state()["run"] == [{"rate": 0.05}, 0] and len(giver.link) < 250


def test_stop_and_a_new_start(endless):
    stop_and_start(endless())


def test_drawing_is_bounded_by_the_clock(endless):
    draws_seldom(endless())

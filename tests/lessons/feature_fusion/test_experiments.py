"""Notebook 11: an arm is the method that it names, pairs start as their members alone,
and what is read off rows.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from kdsurvey import data, nets, records
from kdsurvey.branches import Fused
from kdsurvey.lessons import alone as lesson_alone
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.feature_fusion import experiments as lesson
from kdsurvey.lessons.feature_fusion import pictures
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.losses import cross_entropy
from kdsurvey.methods import dml, ffl, one, plain
from kdsurvey.stage import Stage
from kdsurvey.training import accuracy, train

SHORT = replace(lesson.CONFIG, epochs=1, weight_decay=1e-2, device="cpu")


@pytest.fixture(scope="module")
def digits() -> data.Data:
    return data.mnist_5k().hold_out(500)


@pytest.fixture(scope="module")
def some(digits) -> data.Data:
    return lesson.digits(digits, 0).fraction(0.1)


@pytest.fixture
def few(digits, monkeypatch):
    """The experiments in small: 100 images and one epoch; 100 to test and to choose by."""
    monkeypatch.setattr(mutual_learning, "IMAGES", 100)
    for choice in lesson.CHOICES:
        monkeypatch.setitem(lesson.CHOICES, choice, SHORT)
    monkeypatch.setattr(lesson, "CONFIG", SHORT)
    return replace(
        digits,
        **{
            part: tuple(t[:100] for t in getattr(digits, part))
            for part in ("test", "validation")
        },
    )


def same(a, b) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(
        torch.allclose(v.float(), w.float(), rtol=1e-4, atol=1e-5) for v, w in pairs
    )


OPTIONS = {
    "FFL": {},
    "FFL without ensemble KD": {"to_fused": 0.0},
    "FFL without fusion KD": {"to_branches": 0.0},
    "FFL without either": {"to_fused": 0.0, "to_branches": 0.0},
    "FFL without ramp": {"ramp": 0.0},
}


@pytest.mark.parametrize("arm", OPTIONS)
def test_ffl_with_and_without_its_parts(some, arm):
    branches, together = lesson.learnt(arm, 2, some, SHORT)
    net = branched_nets.parted(2)
    module = branched_nets.fusing(net, 2)
    train(
        ffl(net, module, T=3.0, **OPTIONS[arm]),
        some,
        replace(SHORT, seed=2),
        progress=False,
    )
    assert len(branches) == 3 and all(
        same(branch, net[k]) for k, branch in enumerate(branches)
    )
    assert isinstance(together, Fused) and same(together.fusion, module)


@pytest.mark.parametrize(("arm", "ramp"), [("ONE", 0.0), ("ONE with ramp", 80 / 300)])
def test_one_with_and_without_the_ramp_of_ffl(some, arm, ramp):
    branches, _ = lesson.learnt(arm, 2, some, SHORT)
    net = branched_nets.parted(2)
    train(
        one(net, branched_nets.gated(net, 2), T=3.0, ramp=ramp),
        some,
        replace(SHORT, seed=2),
        progress=False,
    )
    assert all(same(branch, net[k]) for k, branch in enumerate(branches))


def test_nets_without_branches(some):
    config, alone = replace(SHORT, seed=2), branched_nets.small(2)
    train(plain(alone), some, config, progress=False)
    found = lesson.learnt("alone", 2, some, SHORT)
    assert found[0] == [found[1]] and same(found[1], alone)
    smoothed = lesson.learnt("label smoothing", 2, some, SHORT, ([alone], alone))[1]
    by_hand = branched_nets.small(2)
    train(
        plain(by_hand, smoothing=smoothing_of(alone, some)),
        some,
        config,
        progress=False,
    )
    assert same(smoothed, by_hand) and not same(smoothed, alone)
    peers = [branched_nets.small(1000 * k + 2) for k in range(3)]
    train(dml(peers, turns=False), some, config, progress=False)
    found = lesson.learnt("DML", 2, some, SHORT)
    assert (
        len(found[0]) == 3
        and all(same(a, b) for a, b in zip(found[0], peers))
        and isinstance(found[1], nets.Ensemble)
    )


def test_heads_add_up_their_losses(some):
    """Weight decay and momentum included."""
    heads, _ = lesson.learnt("heads, labels alone", 2, some, SHORT)
    net = branched_nets.parted(2)
    stage = Stage(
        "sum",
        {
            net: lambda batch, progress: {
                "heads": cross_entropy(net(batch.x), batch.y).sum()
            }
        },
    )
    train((s for s in [stage]), some, replace(SHORT, seed=2), progress=False)
    assert all(same(head, net[k]) for k, head in enumerate(heads))


def test_a_wider_net_costs_what_three_branches_cost():
    three = branched_nets.serving_cost(pictures.Mixed(branched_nets.parted(0), None))
    assert abs(branched_nets.serving_cost(lesson.wider(0)) / three - 1) < 0.01


def test_rows_of_every_arm_at_every_choice(few):
    peers = lesson.ffl_peers(few, 1)
    assert [(row["choice"], row["arm"]) for row in peers] == [
        (c, a) for c in lesson.CHOICES for a in lesson.PEERS
    ]
    arrows = lesson.ffl_arrows(few, 1)
    wanted = [
        (c, a)
        for c in ("15 epochs", "a third of the rate")
        for a in (*lesson.WITHOUT, "ONE with ramp")
    ]
    assert [(row["choice"], row["arm"]) for row in arrows] == wanted and {
        row["seed"] for row in peers + arrows
    } == {1}
    assert len({row["validation together"] for row in peers[:7]}) > 3


def test_each_choice_has_its_settings_and_its_net_alone(some, monkeypatch):
    seen, made = [], []

    def learnt(arm, seed, images, config, alone):
        made.append(branched_nets.small(len(made)))
        seen.append((arm, config, alone))
        return [made[-1]], made[-1]

    monkeypatch.setattr(lesson, "learnt", learnt)
    choices = "5 epochs", "weight decay"
    rows = lesson.compared(some, 0, ("alone", "label smoothing"), choices)
    assert [config for _, config, _ in seen] == [
        lesson.CHOICES[choice] for choice in choices for _ in range(2)
    ]
    taught_by = [alone and alone[1] for *_, alone in seen]
    assert taught_by == [None, made[0], None, made[2]]
    assert [row["choice"] for row in rows] == [
        choice for choice in choices for _ in range(2)
    ]


def test_clean_labels_are_right_and_the_others_are_not(few, monkeypatch):
    seen = []
    monkeypatch.setattr(
        lesson, "compared", lambda images, *_: seen.append(images.train) or []
    )
    for experiment in (lesson.ffl_clean, lesson.ffl_peers, lesson.ffl_arrows):
        experiment(few, 3)
    clean, *noisy = seen
    assert all(
        torch.equal(x, clean[0]) and not torch.equal(y, clean[1]) for x, y in noisy
    )
    assert torch.equal(noisy[0][1], noisy[1][1]) and torch.equal(
        clean[1], mutual_learning.digits(few, 3, noise=0).train[1]
    )


@pytest.mark.parametrize("second", lesson.KINDS)
def test_a_pair_starts_as_its_members_alone_and_shares_nothing(second):
    net, module = lesson.pair("flat", second, 4)
    assert len(net.trunk) == 0 and same(net[0], branched_nets.small(4))
    assert same(
        net[1], lesson.deep(4) if second == "deep" else branched_nets.small(1004)
    )
    assert not {id(w) for w in net[0].parameters()} & {
        id(w) for w in net[1].parameters()
    }
    z, z_f = Fused(net, module).parts(torch.rand(5, *branched_nets.SHAPE))
    assert z.shape == (2, 5, 10) and z_f.shape == (5, 10)


def test_rows_of_two_kinds(few, monkeypatch):
    smoothed, real = [], smoothing_of
    monkeypatch.setattr(
        lesson_alone,
        "smoothing_of",
        lambda net, images: smoothed.append(net) or real(net, images),
    )
    rows = lesson.ffl_kinds(few, 0)
    assert [row["arm"] for row in rows[:10]] == [
        "flat, alone",
        "flat, label smoothing",
        "deep, alone",
        "deep, label smoothing",
        "flat and deep, alone",
        "flat, FFL with flat",
        "flat and flat, FFL",
        "flat, FFL with deep",
        "deep, FFL with flat",
        "flat and deep, FFL",
    ]
    assert len(rows) == 20 and [len(net) for net in smoothed] == [3, 5] * 2
    by = {row["arm"]: row for row in rows[:10]}
    both = by["flat and deep, FFL"]
    members = [
        by[name]["accuracy"] for name in ("flat, FFL with deep", "deep, FFL with flat")
    ]
    assert (
        both["accuracy"] == pytest.approx(np.mean(members), abs=1e-4)
        and both["branch 0"] == members[0]
    )
    assert (
        both["together"] == by["flat, FFL with deep"]["together"]
        and both["diversity"] > 0
    )
    assert by["flat and deep, alone"]["branch 0"] == by["flat, alone"]["accuracy"]


def test_wrong_labels_that_were_learnt_by_heart(few, digits):
    noisy = lesson.digits(digits, 0)
    right = mutual_learning.digits(digits, 0, noise=0).train[1]
    wrong = noisy.train[1] != right
    net = branched_nets.small(0)
    given = net.eval()(noisy.train[0]).argmax(1)
    expected = (given == noisy.train[1])[wrong].float().mean().item()
    assert (
        lesson.by_heart(net, noisy, right) == pytest.approx(expected, abs=1e-6)
        and 0 < expected < 0.5
    )
    rows = lesson.ffl_heart(few, 1)
    parts = [
        f"{arm} ({name})"
        for arm in ("FFL", *tuple(lesson.WITHOUT)[:3])
        for name in ("branch", "average", "fused")
    ]
    assert [row["arm"] for row in rows] == ["alone", *parts] and all(
        0 <= row["by heart"] <= 1 for row in rows
    )
    share, (branches, fused) = (
        {row["arm"]: row["by heart"] for row in rows},
        lesson.learnt("FFL", 1, lesson.digits(few, 1), SHORT),
    )
    images = lesson.digits(few, 1)
    labels = mutual_learning.digits(few, 1, noise=0).train[1]
    each = [lesson.by_heart(net, images, labels) for net in branches]
    assert share["FFL (branch)"] == pytest.approx(sum(each) / 3, abs=1e-4)
    assert share["FFL (fused)"] == pytest.approx(
        lesson.by_heart(fused, images, labels), abs=1e-4
    )
    assert share["FFL (average)"] == pytest.approx(
        lesson.by_heart(nets.Ensemble(branches), images, labels), abs=1e-4
    )


def test_the_bill_by_hand():
    """In thousands. A branch is the net alone; the fused classifier needs the maps of
    all, and no head but its own.
    """
    first = 49 * 9 * 8
    block = 49 * 9 * 8 * 16
    head = 784 * 64 + 640
    module = 49 * 9 * 48 + 49 * 48 * 16 + head
    bill, alone = pictures.costs(), first + block + head
    served = {
        "alone": alone,
        "FFL (branch)": alone,
        "ONE (branch)": alone,
        "DML (branch)": alone,
        "DML (average)": 3 * alone,
        "FFL (average)": first + 3 * (block + head),
        "FFL (fused)": first + 3 * block + module,
        "ONE (gated)": first + 3 * (block + head) + 24,
        "alone, wider": first + 3 * (block + 784 * 64) + 640,
    }
    assert {name: row["an answer"] for name, row in bill.iterrows()} == {
        name: round(n / 1000) for name, n in served.items()
    }
    assert (
        bill.loc["FFL (fused)", "times alone"] == f"{served['FFL (fused)'] / alone:.2f}"
    )
    trained = {
        "alone": 3 * alone - first,
        "DML": 3 * (3 * alone - first),
        "FFL": 2 * first + 9 * (block + head) + 3 * module,
    }
    for name, n in trained.items():
        assert all(
            bill.loc[
                bill.index.str.startswith(name) & (bill.index != "alone, wider"),
                "training",
            ]
            == round(n / 1000)
        ), name


def test_the_fusion_module_has_the_shapes_of_the_page():
    shapes = lesson.shapes(torch.rand(4, *branched_nets.SHAPE))
    assert shapes["side by side"] == (4, 48, 7, 7) == shapes["depthwise 3x3, BN, ReLU"]
    assert shapes["pointwise 1x1, BN, ReLU"] == (4, 16, 7, 7) and shapes[
        "head: z_f"
    ] == shapes["head of a branch: z_k"] == (
        4,
        10,
    )


def test_the_ramp_as_it_is_drawn():
    lines = [np.array(line.y) for line in pictures.ramp().charts["lines"].marks]
    assert lines[0][[0, 4, 6, 8, 30]] == pytest.approx(
        [0.0067, 0.2865, 0.7316, 1, 1], abs=1e-4
    ) and set(lines[1]) == {1.0}


def test_a_recorded_seed_of_ffl_can_be_had_again(digits):
    before = records.recorded("ffl_peers")
    assert before.attrs["data"] == digits.source and before["seed"].nunique() >= 5
    images = lesson.digits(digits, 0)
    branches, together = lesson.learnt("FFL", 0, images, lesson.CHOICES["5 epochs"])
    row = before[
        (before["seed"] == 0)
        & (before["arm"] == "FFL")
        & (before["choice"] == "5 epochs")
    ].iloc[0]
    assert abs(accuracy(branches[0], *images.test) - row["branch 0"]) < 0.02
    assert abs(accuracy(together, *images.test) - row["together"]) < 0.02

"""Notebook 10: an arm is the method that it names, choices are equal, gates are read
and not changed, costs by hand.
"""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from lessons.native_ensemble.given import rows

from kdsurvey import data, nets, records
from kdsurvey.branches import Mixed, branched
from kdsurvey.lessons import alone as lesson_alone
from kdsurvey.lessons import branched_nets, calls
from kdsurvey.lessons import flatness as why
from kdsurvey.lessons.native_ensemble import experiments as lesson
from kdsurvey.lessons.native_ensemble import pictures
from kdsurvey.methods import one, plain
from kdsurvey.pictures import Bars
from kdsurvey.stage import Stage
from kdsurvey.training import accuracy, train

SHORT = replace(branched_nets.CONFIG, epochs=2, device="cpu")


@pytest.fixture(scope="module")
def some() -> data.Data:
    return branched_nets.digits(data.mnist_5k().hold_out(500), 0).fraction(0.1)


def weights(net) -> list[torch.Tensor]:
    return [w.detach().clone() for w in net.parameters()]


def same(a, b, atol: float = 0.0) -> bool:
    return all(
        torch.allclose(v, w, atol=atol, rtol=0) for v, w in zip(weights(a), weights(b))
    )


@pytest.mark.parametrize(
    ("arm", "shared", "own_gate", "weight"),
    [
        ("ONE", 1, True, 1.0),
        ("no distillation", 1, True, 0.0),
        ("no sharing", 0, True, 1.0),
        ("no gate", 1, False, 1.0),
        ("more sharing", 2, True, 1.0),
    ],
)
def test_an_arm_is_the_method_that_it_names(some, arm, shared, own_gate, weight):
    net = branched(branched_nets.small, shared, 3, 4)
    own = branched_nets.gated(net, 4) if own_gate else None
    train(
        one(net, own, T=3.0, weight=weight),
        some,
        replace(SHORT, seed=4),
        progress=False,
    )
    branches, together = lesson.run(arm, some, replace(SHORT, seed=4))
    assert len(branches) == 3 and all(same(branches[k], net[k]) for k in range(3))
    assert (together.gate is None) == (own is None) and (
        own is None or same(together.gate, own)
    )


def test_heads_learn_from_the_sum_of_their_losses(some):
    """Whatever the decay: the mean at three times the rate makes the same steps."""
    config, net = replace(SHORT, seed=2, weight_decay=5e-3), branched_nets.parted(2)
    total = Stage(
        "sum",
        {
            net: lambda batch, progress: {
                "all": sum(F.cross_entropy(z, batch.y) for z in net(batch.x))
            }
        },
    )
    train(iter([total]), some, config, progress=False)
    branches, together = lesson.run("heads, labels", some, config)
    assert (
        all(same(branches[k], net[k], atol=2e-3) for k in range(3))
        and together.gate is None
    )
    assert not same(
        branches[0],
        branched_nets.learn(
            branched_nets.with_heads(1.0), some, config, branched_nets.parted(2)
        )[0][0],
        atol=2e-3,
    )


def test_separate_nets_start_as_the_branches_and_smoothing_is_as_unsure_as_they_are(
    some, monkeypatch
):
    given = []

    def watched(net, smoothing=0.0):
        given.append(smoothing)
        return plain(net, smoothing=smoothing)

    monkeypatch.setattr(lesson_alone, "plain", watched)
    config = replace(SHORT, seed=3)
    alone, together = lesson.run("alone", some, config)
    expected = [branched_nets.small(1000 * k + 3) for k in range(3)]
    for net in expected:
        train(plain(net), some, config, progress=False)
    assert all(same(a, b) for a, b in zip(alone, expected)) and isinstance(
        together, nets.Ensemble
    )
    lesson.run("label smoothing", some, config, (alone, together))
    unsure = [
        1 - net.eval()(some.train[0]).softmax(1).amax(1).mean().item() for net in alone
    ]
    assert given == pytest.approx([0, 0, 0, *(10 / 9 * u for u in unsure)], rel=1e-4)


def test_every_arm_at_every_choice(some, monkeypatch):
    choices = {"15 epochs": SHORT, "5 epochs": replace(SHORT, epochs=1)}
    monkeypatch.setattr(lesson, "CHOICES", choices)
    monkeypatch.setattr(lesson, "digits", lambda images, seed: some)

    def clean(images, seed):
        return some.mislabelled(0.5, seed)  # told from `some`

    monkeypatch.setattr(lesson, "clean_digits", clean)
    monkeypatch.setattr(
        lesson,
        "outcome",
        lambda arm, seed, learnt, images, **more: {"arm": arm, "seed": seed, **more},
    )
    asked, net = [], branched_nets.parted(0)

    def run(arm, images, config, teachers):
        asked.append((arm, config, teachers, images))
        return [], Mixed(
            net, branched_nets.gated(net, 0)
        ) if arm == "ONE" else nets.Ensemble([net[0]])

    monkeypatch.setattr(lesson, "run", run)
    rows = lesson.one_parts(some, 1)
    assert [(row["choice"], row["arm"]) for row in rows] == [
        (c, a) for c in choices for a in lesson.ARMS
    ]
    assert [config for _, config, *_ in asked] == [
        replace(c, seed=1) for c in choices.values() for _ in lesson.ARMS
    ]
    assert (
        asked[0][2] is None
        and asked[8][2] is None
        and asked[1][2] is not None
        and asked[9][2] is not asked[1][2]
    )
    assert [("evenness" in row, "at the floor" in row) for row in rows] == [
        (row["arm"] == "ONE",) * 2 for row in rows
    ]
    assert [
        row["arm"] for row in lesson.compared(some, 0, ["alone", "ONE"], ["5 epochs"])
    ] == ["alone", "ONE"]
    asked.clear()
    assert [(row["arm"], row["choice"]) for row in lesson.one_seeds(some, 1)] == [
        (arm, "15 epochs") for arm in lesson.ARMS
    ]
    asked.clear()
    assert [row["arm"] for row in lesson.one_clean(some, 1)] == 2 * list(
        lesson.CLEAN
    ) and asked[0][3] is not some


def test_how_flat_is_measured_at_equal_training_loss(some, monkeypatch):
    monkeypatch.setattr(lesson, "digits", lambda *_: some)
    monkeypatch.setattr(lesson, "CONFIG", SHORT)
    monkeypatch.setattr(lesson, "SHORTER", (1, 2))
    monkeypatch.setattr(why, "DRAWS", 1)
    monkeypatch.setattr(why, "SLICE", (0.0,))
    targets, real = [], why.nearest
    monkeypatch.setattr(
        why,
        "nearest",
        lambda train, *rest: targets.append(rest[-1]) or real(train, *rest),
    )
    rows = pd.DataFrame(lesson.one_why(some, 0)).set_index("arm")
    assert (
        targets == [pytest.approx(rows.loc["ONE", "loss"], abs=1e-3)]
        and abs(targets[0] - rows.loc["alone", "loss"]) > 1e-3
    )
    assert (
        list(rows.index) == ["alone", "ONE", why.MATCHED]
        and rows.loc["ONE", "epochs"] == 2
    )
    losses = {
        epochs: why.training_loss(
            lesson.run("alone", some, replace(SHORT, seed=0, epochs=epochs))[0], some
        )
        for epochs in (1, 2)
    }
    nearest = min(
        losses, key=lambda epochs: abs(losses[epochs] - rows.loc["ONE", "loss"])
    )
    assert rows.loc[why.MATCHED, "epochs"] == nearest and rows.loc[
        "alone", "loss"
    ] == pytest.approx(losses[2], abs=1e-3)
    assert (rows["agreement"] <= 1).all() and (rows["rise at 0.1"] != 0).all()


def test_agreement_of_several_nets_is_the_mean_over_pairs(some, monkeypatch):
    monkeypatch.setattr(why, "DRAWS", 1)
    several = [branched_nets.small(k) for k in range(3)]
    answers = [net.eval()(some.test[0]).argmax(1) for net in several]
    pairs = [
        (answers[i] == answers[j]).double().mean().item()
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    assert why.why(several, some, 0)["agreement"] == pytest.approx(
        sum(pairs) / 3, abs=1e-4
    )


def test_what_a_gate_says_is_read_and_nothing_changes(some):
    net = branched_nets.parted(0)
    together = Mixed(net, branched_nets.gated(net, 0)).eval()
    before = {k: v.clone() for k, v in together.state_dict().items()}
    x = some.test[0][:40]
    a = lesson.before_softmax(together, x)
    b = lesson.before_softmax(together, x, training=True)
    assert torch.allclose(
        a.softmax(1), together.gate(net.trunk(x)), atol=1e-6
    ) and not torch.allclose(a, b)
    assert all(torch.equal(v, before[k]) for k, v in together.state_dict().items())
    assert not any(part.training for part in together.modules())
    together.train()
    assert torch.allclose(b.softmax(1), together.gate(net.trunk(x)), atol=1e-6)
    assert all(part.training for part in together.modules())
    assert lesson.gating(Mixed(net, None), x) == lesson.gating(net[0], x) == {}
    told = lesson.gating(together, x)
    assert told == dict(
        zip(
            ("evenness", "at the floor"),
            lesson.evenness(lesson.before_softmax(together, x)),
        )
    )


def test_evenness_by_hand():
    assert lesson.evenness(torch.zeros(4, 3)) == (1.0, 1.0)
    even, floor = lesson.evenness(torch.tensor([[0.0, 0.0, 2.0]]))
    g = np.array([1, 1, np.exp(2)]) / (2 + np.exp(2))
    assert even == pytest.approx(
        -(g * np.log(g)).sum() / np.log(3), abs=1e-4
    ) and floor == pytest.approx(2 / 3, abs=1e-4)


def test_watching_changes_nothing(some):
    found = lesson.watch(some, 5, SHORT)
    branches, together = lesson.run("ONE", some, replace(SHORT, seed=5))
    assert same(found.together, together) and same(found.together.net[2], branches[2])
    assert found.before.shape == found.after.shape == (len(some.validation[0]), 3)
    assert (
        len(found.evenness) == len(found.floor) == 1 + SHORT.epochs
        and found.evenness[0] != found.evenness[1]
    )
    x = some.validation[0]
    assert torch.allclose(
        found.after, together.gate.eval()(together.net.trunk.eval()(x)), atol=1e-5
    )
    fresh = branched_nets.parted(5)
    assert torch.allclose(
        found.before, branched_nets.gated(fresh, 5)(fresh.trunk(x)), atol=1e-5
    )  # in train mode


def test_branches_that_start_alike_stay_so_without_a_gate(some):
    copies, together = lesson.alike(some, 0, own_gate=False, config=SHORT)
    x = some.test[0]
    assert (
        same(copies[0], copies[1])
        and same(copies[0], copies[2])
        and not same(copies[0], branched_nets.small(0))
    )
    assert torch.allclose(together.eval()(x), copies[0].eval()(x), atol=1e-6)
    apart, _ = lesson.alike(some, 0, own_gate=True, config=SHORT)
    assert not same(apart[0], apart[1])


def test_what_each_term_reaches(some):
    found = lesson.reach(0, some.train[0][:64], some.train[1][:64])
    assert list(found.columns) == ["trunk", "branch 0", "branch 1", "branch 2", "gate"]
    assert (found.drop(columns="gate") > 0).all(axis=None)
    assert (
        found.loc[["branches", "distil"], "gate"].tolist() == [0, 0]
        and found.loc["ensemble", "gate"] > 0
    )
    assert found.loc["distil, not detached", "gate"] > 0
    net = branched_nets.parted(0)
    loss = sum(F.cross_entropy(z, some.train[1][:64]) for z in net(some.train[0][:64]))
    grads = torch.autograd.grad(loss, list(net.branches[1].parameters()))
    assert found.loc["branches", "branch 1"] == pytest.approx(
        sum(g.square().sum().item() for g in grads) ** 0.5, rel=0.05
    )


def test_costs_by_hand():
    first = 49 * 9 * 8
    second = 49 * 9 * 8 * 16
    rest = 784 * 64 + 640
    found = pictures.costs()
    assert found.loc["alone", "training"] == pytest.approx(
        3 * (3 * (first + second + rest) - first) / 1000, abs=0.06
    )
    assert (found["one net"] == round((first + second + rest) / 1000, 1)).all()
    gate = 8 * 3
    assert found.loc["ONE", "all three"] == pytest.approx(
        (first + 3 * (second + rest) + gate) / 1000, abs=0.06
    )
    assert found.loc["more sharing", "all three"] == pytest.approx(
        (first + second + 3 * rest + 16 * 3) / 1000, abs=0.06
    )
    assert found.loc["no gate", "training"] == pytest.approx(
        (2 * first + 9 * (second + rest)) / 1000, abs=0.06
    )
    assert found.loc["no distillation", "training"] == found.loc["ONE", "training"]
    assert found.loc[
        "alone", ["training, of three nets", "all three, of three nets"]
    ].tolist() == [1, 1]
    shares = found.loc["more sharing", "training"] / found.loc["alone", "training"]
    assert found.loc["more sharing", "training, of three nets"] == round(shares, 2)


def test_pictures_say_what_they_show(some):
    x, y = some.validation[0][:3], torch.tensor([7, 2, 1])
    g = torch.rand(3, 3).softmax(1)
    picture = pictures.gates(x, y, g, g.flip(1))
    assert "digits 7, 2, 1" in picture.about and "3 branches" in picture.about
    heights = [bar.y[0] for bar in picture.charts["before 0"].marks_of(Bars)]
    assert heights == pytest.approx(g[0].tolist()) and len(picture.charts) == 9
    told = pictures.weights(y, g, g.flip(1))
    assert list(told.index) == ["a 7", "a 2", "a 1"]
    assert told.loc["a 7"].tolist() == pytest.approx(
        [*g[0].tolist(), *g[0].flip(0).tolist()], abs=0.006
    )
    assert list(told.columns)[2:4] == ["before, branch 2", "after, branch 0"]
    prices = pd.DataFrame(
        {"one net": [1.0, 2.0], "all three": [3.0, 4.0], "training": [5.0, 6.0]},
        index=["ONE", "alone"],
    )
    first = rows(ONE=[0.6], alone=[0.5])
    twin = pictures.trade(first, prices, ["ONE", "alone"], "Title").about
    assert (
        twin.startswith("Title;")
        and "ONE, one net: 1, 60.1 %" in twin
        and "alone, all three: 4, 55.1 %" in twin
    )


def test_wrong_labels_stand_beside_what_nets_say(some):
    x, y = some.train
    right = y.clone()
    right[[2, 5]] = (y[[2, 5]] + 1) % 10
    nets_ = [branched_nets.small(0), branched_nets.small(1)]
    images, titles = calls.wrongly_labelled(some, right, nets_, n=5)
    assert np.array_equal(images, x[[2, 5], 0].numpy())
    with torch.no_grad():
        said = [net.eval()(x[[2, 5]]).argmax(1).tolist() for net in nets_]
    assert titles[1] == f"{int(y[5])}: {said[0][1]}, {said[1][1]}"


def test_what_is_served_stands_beside_the_readers_nets():
    table = rows(**{"ONE": [0.6], "no sharing": [0.7], "alone": [0.5]})
    table = table.assign(**{"branch 0": table["accuracy"] + 0.1}).query("seed == 0")
    shown = pictures.beside(table).set_index("arm")["accuracy"]
    first = table.set_index("arm")
    assert shown.to_dict() == {
        "ONE": first.loc["ONE", "branch 0"],
        "alone": first.loc["alone", "branch 0"],
        "ONE-E": first.loc["ONE", "together"],
    }


def test_a_recorded_run_can_be_had_again(digits):
    """Seed 0, five epochs: the nets alone and ONE, within what another CPU may change."""
    images, table = digits.hold_out(500), records.recorded("one_parts")
    assert table.attrs["data"] == images.source
    choices = table.attrs["settings"]["choices"]
    assert choices["15 epochs"] == asdict(branched_nets.CONFIG)
    before = table[(table["seed"] == 0) & (table["choice"] == "5 epochs")].set_index(
        "arm"
    )
    few, config = (
        branched_nets.digits(images, 0),
        replace(branched_nets.CHOICES["5 epochs"], seed=0),
    )
    branches, together = lesson.run("ONE", few, config)
    right = sum(accuracy(net, *few.test) for net in branches) / 3
    assert abs(right - before.loc["ONE", "accuracy"]) <= 0.02
    assert abs(accuracy(together, *few.test) - before.loc["ONE", "together"]) <= 0.02
    net = branched_nets.small(0)
    train(plain(net), few, config, progress=False)
    assert abs(accuracy(net, *few.test) - before.loc["alone", "branch 0"]) <= 0.02

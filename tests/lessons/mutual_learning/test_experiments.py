"""The lesson on mutual learning: one slope for two targets, fair arms, what is measured
of two nets and read off rows.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from lessons.favoured import some_rows

from kdsurvey import data, nets, records
from kdsurvey.lessons import alone as lesson_alone
from kdsurvey.lessons import flatness as why
from kdsurvey.lessons.mutual_learning import claims, pictures
from kdsurvey.lessons.mutual_learning import experiments as lesson
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.losses import kl
from kdsurvey.methods import dml, plain
from kdsurvey.stage import Batch
from kdsurvey.training import accuracy, train

SHORT = replace(lesson.CONFIG, epochs=2, device="cpu")


@pytest.fixture(scope="module")
def digits():
    return data.mnist_5k().hold_out(500)


@pytest.fixture
def few(digits, monkeypatch):
    """The experiments in small: 200 images, two short choices, 200 images to test."""
    monkeypatch.setattr(lesson, "IMAGES", 200)
    monkeypatch.setattr(why, "DRAWS", 2)
    choices = {
        "40 epochs": SHORT,
        "20 epochs": SHORT,
        "10 epochs": replace(SHORT, epochs=1),
    }
    for module, name, value in (
        (lesson, "CHOICES", choices),
        (lesson, "BRIEF", ("20 epochs", "10 epochs")),
        (lesson, "CONFIG", SHORT),
        (lesson, "SHORTER", (1, 2)),
    ):
        monkeypatch.setattr(module, name, value)
    return replace(
        digits,
        test=tuple(t[:200] for t in digits.test),
        validation=tuple(t[:100] for t in digits.validation),
    )


def weights(net):
    return [w.detach().clone() for w in net.parameters()]


def same(a, b):
    return all(torch.equal(v, w) for v, w in zip(weights(a), weights(b)))


@pytest.mark.parametrize("T", [1.0, 3.0])
def test_two_targets_have_one_slope_and_two_values(T):
    z, others = (
        3 * torch.randn(*shape, dtype=torch.float64) for shape in ((8, 5), (4, 8, 5))
    )
    found = pictures.two_targets(z, others, T)
    assert torch.allclose(found["mean"].slope, found["ensemble"].slope, atol=1e-12)
    by_hand = ((z / T).softmax(1) - (others / T).softmax(2).mean(0)) / (8 * T)
    assert torch.allclose(found["mean"].slope, by_hand, atol=1e-12)
    assert found["mean"].value == pytest.approx(
        sum(kl(v, z, T).item() for v in others) / 4
    )
    assert found["mean"].value > found["ensemble"].value + 0.1


def test_the_method_has_that_slope_too():
    x = torch.randn(16, 6)
    group = [nets.mlp(6, 8, 4, seed=k) for k in range(3)]
    slopes = {}
    for target in ("mean", "ensemble"):
        stage = next(dml(group, target=target))
        term = stage.learn[group[0]](
            Batch(x, torch.zeros(16, dtype=torch.long), torch.arange(16), x), 0.0
        )["mutual"]
        slopes[target] = torch.autograd.grad(term, list(group[0].parameters()))
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(*slopes.values()))


def test_every_seed_has_images_and_wrong_labels_of_its_own(digits):
    clean = lesson.digits(digits, 3, noise=0)
    noisy = lesson.digits(digits, 3)
    other = lesson.digits(digits, 4)
    assert (
        noisy.train[0].shape[1:] == (1, 14, 14) and abs(len(noisy.train[1]) - 2000) <= 5
    )
    assert torch.equal(clean.train[0], noisy.train[0]) and not torch.equal(
        other.train[0][:9], noisy.train[0][:9]
    )
    wrong, others = (
        lesson.digits(digits, seed, noise=0).train[1] != of.train[1]
        for seed, of in ((3, noisy), (4, other))
    )
    assert (
        0.16 < wrong.float().mean() < 0.2 and (wrong & others).sum() < wrong.sum() / 2
    )
    assert abs(noisy.train[0].mean()) < 1e-4 and abs(noisy.train[0].std() - 1) < 1e-4
    for part in ("test", "validation"):
        images, labels = getattr(noisy, part)
        assert (
            torch.equal(labels, getattr(digits, part)[1])
            and 0.1 < images.std() < 2
            and len(images) == len(labels)
        )
    assert (
        "standardised; " in noisy.source
        and "drawn anew" in noisy.source
        and "drawn anew" not in clean.source
    )


def test_peers_of_a_seed_are_the_first_of_more():
    two, five = lesson.peers(1), lesson.peers(1, 5)
    assert len(five) == 5 and all(same(a, b) for a, b in zip(two, five))
    assert not same(five[0], five[1]) and not any(
        same(net, lesson.peers(2)[0]) for net in five
    )


def test_one_way_makes_the_steps_of_a_peers_loss(digits):
    """H(y, q) + KL(p || q) by hand, with momentum and weight decay."""
    small = lesson.digits(digits, 0).fraction(0.1)
    config = replace(SHORT, weight_decay=5e-3, seed=4)
    teachers = lesson.peers(9)
    pair = lesson.peers(0)
    expected = lesson.peers(0)[0]
    lesson.learn(lesson.ARMS["one-way"], pair, small, config, teachers)
    still = lesson.peers(9)[1]
    mutual = dml([expected, still])
    stage = next(mutual)
    stage.learn = {expected: stage.learn[expected]}
    train((s for s in [stage]), small, config, progress=False)
    assert all(
        torch.allclose(a, b, atol=1e-5)
        for a, b in zip(weights(pair[0]), weights(expected))
    )
    assert same(teachers[1], still)


@pytest.mark.parametrize(
    ("arm", "forward"), [("alone", 2), ("DML", 4), ("DML at once", 2)]
)
def test_passes_of_an_arm(digits, arm, forward):
    small = lesson.digits(digits, 0).fraction(0.03)
    pair = lesson.peers(0)
    seen = []
    for net in pair:
        net.register_forward_hook(lambda net, x, z: seen.append(net.training))
    lesson.learn(lesson.ARMS[arm], pair, small, replace(SHORT, epochs=1))
    assert sum(seen) == forward * -(-len(small.train[0]) // SHORT.batch_size)


def test_label_smoothing_is_as_unsure_as_the_other_net(digits, monkeypatch):
    given = []

    def watched(net, smoothing):
        given.append(smoothing)
        return plain(net, smoothing=smoothing)

    monkeypatch.setattr(lesson_alone, "plain", watched)
    small, teachers = lesson.digits(digits, 0).fraction(0.05), lesson.peers(0)
    lesson.learn(
        lesson.ARMS["label smoothing"], lesson.peers(0), small, SHORT, teachers
    )
    unsure = [
        1 - net(small.train[0]).softmax(1).amax(1).mean().item() for net in teachers
    ]
    assert given == pytest.approx([unsure[1] * 10 / 9, unsure[0] * 10 / 9], rel=1e-4)


def test_rows_of_every_arm_at_every_choice(few):
    peers, clean = lesson.dml_peers(few, 1), lesson.dml_clean(few, 1)
    assert [(row["choice"], row["arm"]) for row in peers] == [
        (c, a) for c in lesson.CHOICES for a in lesson.ARMS
    ]
    assert len(clean) == 12 and all(
        row["seed"] == 1 and 0 <= row["accuracy"] <= 1 for row in peers + clean
    )
    assert len({row["accuracy"] for row in peers[:5]}) > 2
    number = lesson.dml_number(few, 0)
    weight = {row["arm"]: (row["K"], row["weight"]) for row in number}
    assert (
        len(number) == 2 * 11
        and weight["K = 5, sum"] == (5, 4)
        and weight["K = 2, weight 4"] == (2, 4)
    )
    assert weight["K = 1"] == (1, 0) and weight["K = 5, mean"] == (5, 1)
    assert number[0]["accuracy"] == number[0]["ensemble"]
    entropies = {row["arm"]: row["entropy"] for row in number[:11]}
    assert (
        entropies["K = 5, mean"] != entropies["K = 5, sum"]
        and entropies["K = 2, mean"] != entropies["K = 2, weight 4"]
    )


def test_a_big_and_a_small_net_teach_each_other(few, monkeypatch):
    taught, hinton = [], lesson.hinton
    monkeypatch.setattr(
        lesson,
        "hinton",
        lambda net, other, **how: (
            taught.append((net, other)) or hinton(net, other, **how)
        ),
    )
    rows = lesson.dml_unequal(few, 2)
    assert len(rows) == 3 * 8 and [row["arm"] for row in rows[:2]] == [
        "big, alone",
        "small, alone",
    ]
    sizes = [tuple(nets.parameters(net) > 10_000 for net in pair) for pair in taught]
    assert sizes == 3 * [(True, False), (False, True)]
    assert len({row["accuracy"] for row in rows[:8]}) > 4


def test_few_labels_are_all_that_anyone_gets(few, monkeypatch):
    seen, real = [], lesson.train

    def watch(stages, images, config, **more):
        seen.append((images, config))
        return real(stages, images, config, **more)

    monkeypatch.setattr(lesson, "train", watch)
    rows = lesson.dml_semi(few, 0)
    assert [row["arm"] for row in rows[:6]] == list(lesson.SEMI) and len(rows) == 18
    assert {len(images.train[0]) for images, _ in seen} == {20, 200}
    made = [config.epochs * lesson.steps(images, config) for images, config in seen[:9]]
    assert set(made) == {2 * 4}


def test_a_row_is_a_mean_over_nets_and_their_ensemble(digits):
    small = lesson.digits(digits, 0)
    group = lesson.peers(0, 3)
    row = lesson.outcome("three", 7, group, small, choice="none")
    assert row["accuracy"] == pytest.approx(
        sum(accuracy(net, *small.test) for net in group) / 3, abs=1e-5
    )
    assert row["ensemble"] == pytest.approx(
        accuracy(nets.Ensemble(group), *small.test), abs=1e-5
    )
    assert row["validation accuracy"] == pytest.approx(
        sum(accuracy(net, *small.validation) for net in group) / 3, abs=1e-5
    )
    assert 2.2 < row["entropy"] < 2.31 and (row["arm"], row["seed"], row["choice"]) == (
        "three",
        7,
        "none",
    )


def test_noise_on_the_weights_leaves_the_net_alone(digits):
    small = lesson.digits(digits, 0).fraction(0.1)
    net, (x, y) = lesson.peers(0)[0], small.train
    train(plain(net), small, replace(SHORT, epochs=10), progress=False)
    before = weights(net)
    little, much = (why.rise(net, x, y, sigma, seed=0) for sigma in (0.05, 0.1))
    assert 0 < little < much and why.rise(net, x, y, 0.0, seed=0) == 0
    assert (
        0
        < why.rise(net, x, y, 0.5, seed=0, relative=True)
        < why.rise(net, x, y, 0.5, seed=0) / 2
    )
    losses = why.along(net, x, y, seed=0)
    assert (
        losses[10] == pytest.approx(why.loss(net, x, y), abs=1e-4)
        and losses[0] > losses[5] > losses[10]
    )
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters()))


def test_directions_are_as_long_as_the_weights_unit_by_unit():
    w = torch.randn(4, 7) * torch.tensor([[0.1], [1.0], [5.0], [0.0]])
    d = why._like(w, torch.Generator().manual_seed(0))
    assert (
        torch.allclose(d.norm(dim=1), w.norm(dim=1))
        and not why._like(w[0], torch.Generator()).any()
    )


def test_a_net_alone_is_matched_in_training_loss(few):
    rows = {row["arm"]: row for row in lesson.dml_why(few, 0)}
    assert (
        list(rows) == ["alone", "DML", "one-way", lesson.DECAYED, why.MATCHED]
        and rows["alone"]["epochs"] == rows["DML"]["epochs"] == 2
    )
    small = lesson.digits(few.dealt(0), 0)
    one, _ = lesson.matched(small, 0, target=10.0)
    two, pair = lesson.matched(small, 0, target=0.0)
    assert (one, two) == (1, 2) and why.training_loss(pair, small) == pytest.approx(
        rows["alone"]["loss"], abs=2e-4
    )
    assert len(rows["DML"]["slice"]) == 21 and 0 < rows["DML"]["agreement"] <= 1


def test_the_choice_is_that_of_the_validation_images():
    rows = pd.DataFrame(
        {
            "arm": arm,
            "choice": choice,
            "seed": seed,
            "validation accuracy": v,
            "accuracy": t,
        }
        for arm, choice, v, t in (
            ("a", "long", 0.8, 0.9),
            ("a", "short", 0.85, 0.7),
            ("b", "long", 0.8, 0.6),
            ("b", "short", 0.8, 0.9),
        )
        for seed in range(3)
    )
    kept = tuned(rows)
    assert kept.groupby("arm")["choice"].unique().map(list).to_dict() == {
        "a": ["short"],
        "b": ["long"],
    }
    assert claims.above(kept, "a", "b", "tuned").effect == pytest.approx(10)
    assert claims.above(at(rows, choice="long"), "a", "b", "long").line.startswith(
        "P5a  NOT RESOLVED  a - b, long: +30.00 points at every seed"
    )


def test_a_gain_is_over_the_same_seed():
    rows = some_rows(alone=0.8, DML=0.83)
    rows.loc[rows.index[-1], "accuracy"] = 0.9
    found = pictures.gains(rows)
    assert found["gain"].tolist() == pytest.approx([3, 9]) and set(found["arm"]) == {
        "DML"
    }
    assert pictures.gains(rows, over="DML")["gain"].tolist() == pytest.approx([-3, -9])


def test_more_peers_and_more_weight_share_their_beginning():
    sums = {
        "K = 1": 0.1,
        "K = 2, mean": 0.2,
        "K = 3, mean": 0.3,
        "K = 4, mean": 0.4,
        "K = 5, mean": 0.5,
        "K = 3, sum": 0.6,
    }
    sums |= {
        "K = 4, sum": 0.7,
        "K = 5, sum": 0.8,
        "K = 2, weight 2": 0.85,
        "K = 2, weight 3": 0.9,
        "K = 2, weight 4": 0.95,
    }
    found = pictures.by_number(some_rows(**sums))
    assert found["mean"] == pytest.approx(
        np.array([[10, 20, 30, 40, 50], [11, 21, 31, 41, 51]])
    )
    assert found["sum"][0] == pytest.approx([10, 20, 60, 70, 80])
    assert found["2 peers, weight K - 1"][0] == pytest.approx([10, 20, 85, 90, 95])
    counted = some_rows(**sums)
    counted["K"] = [int(arm.split()[2].rstrip(",")) for arm in counted["arm"]]
    free = tuned(claims.any_weight(counted))
    assert (
        set(free["arm"]) == {f"K = {K}" for K in range(1, 6)}
        and free.groupby("arm").size().max() == 2
    )
    assert claims.above(free, "K = 5", "K = 2", "x").effect == pytest.approx(-15)


def test_lines_and_tables_of_several_arms():
    rows = some_rows(alone=0.8, smooth=0.81, DML=0.83)
    judged = claims.above_each(rows, "DML", ["alone", "smooth"], "here", "O7")
    assert [verdict.claim for verdict in judged] == ["O7", "O7"]
    assert "DML - smooth, here: +2.00" in judged[1].line
    table = pictures.tuned_table(
        left_side=rows, right=rows[rows["arm"] != "smooth"].assign(choice="short")
    )
    assert table.loc["DML"].to_dict() == {
        "left side": "83.5 ± 0.7 (20 epochs)",
        "right": "83.5 ± 0.7 (short)",
    }
    assert (
        list(table.index) == ["alone", "smooth", "DML"]
        and table.loc["smooth", "right"] == "not run"
    )
    worse = some_rows(DML=0.9).assign(
        choice="40 epochs", **{"validation accuracy": 0.5}
    )
    assert (
        pictures.tuned_table(left_side=pd.concat([worse, rows])).loc["DML", "left side"]
        == "83.5 ± 0.7 (20 epochs)"
    )


def test_second_opinions_are_on_wrong_labels(digits):
    right, data = lesson.clean_digits(digits, 0), lesson.digits(digits, 0)
    pair = lesson.peers(0)
    images, titles = pictures.second_opinions(pair, data, right, 6)
    assert images.shape == (6, 14, 14) and images.min() == 0 and images.max() == 1
    x, y = data.train
    answers = zip(y, right.train[1], *(net(x).argmax(1) for net in pair))
    expected = [
        f"{label}: {a}, {b}" for label, truth, a, b in answers if label != truth
    ]
    assert titles == expected[:6]


def test_a_slice_is_a_mean_over_seeds():
    rows = some_rows(alone=0.8, DML=0.9)
    rows["slice"] = [[0, 2], [2, 4], [1, 1], [3, 1]]
    assert {arm: line.tolist() for arm, line in pictures.slices(rows).items()} == {
        "alone": [1, 3],
        "DML": [2, 1],
    }


def test_softer_and_flatter_say_what_they_count():
    rows = some_rows(a=0.8, b=0.7).rename(columns={"accuracy": "rise, relative"})
    assert (
        claims.softer(rows, "a", "b", "rise, relative").what
        == "rise of the loss at relative noise, a - b"
    )
    rows = rows.rename(columns={"rise, relative": "rise at 0.05"})
    assert (
        claims.softer(rows, "a", "b", "rise at 0.05").what
        == "rise of the loss at noise 0.05, a - b"
    )
    assert (
        claims.above(some_rows(a=0.8, b=0.7), "a", "b", "long", column="accuracy").what
        == "a - b, long"
    )


@pytest.mark.parametrize("K", [2, 3, 5])
def test_passes_are_counted(K):
    assert (lesson.passes(K, turns=True), lesson.passes(K, turns=False)) == (K * K, K)


def test_a_choice_can_be_run_alone(few):
    small = lesson.digits(few, 1)
    rows = lesson.compared(small, 1, ("alone", "DML"), ["10 epochs"])
    assert [(row["arm"], row["choice"]) for row in rows] == [
        ("alone", "10 epochs"),
        ("DML", "10 epochs"),
    ]
    every = {
        (row["arm"], row["choice"]): row["accuracy"]
        for row in lesson.compared(small, 1, ("alone", "DML"))
    }
    assert all(row["accuracy"] == every[row["arm"], row["choice"]] for row in rows)


def test_the_flatness_of_other_arms_is_of_those_arms(few, monkeypatch):
    asked, real = [], lesson.learn
    monkeypatch.setattr(
        lesson,
        "learn",
        lambda arm, pair, d, c, t=None: (
            asked.append((arm.name, c.weight_decay, t, pair))
            or real(arm, pair, d, c, t)
        ),
    )
    monkeypatch.setattr(why, "why", lambda pair, data, seed: {})
    lesson.dml_why(few, 0)
    assert [(arm, decay) for arm, decay, *_ in asked[:4]] == [
        ("alone", 0),
        ("DML", 0),
        ("one-way", 0),
        ("alone", lesson.DECAY),
    ]
    taught = asked[2][2]
    assert (
        len(taught) == 2
        and not same(taught[0], lesson.peers(0)[0])
        and taught is asked[0][3]
    )


def test_a_recorded_seed_of_mutual_learning_can_be_had_again(digits):
    before = records.recorded("dml_peers")
    pair, small = lesson.peers(0), lesson.digits(digits.dealt(0), 0)
    config = replace(lesson.CHOICES["10 epochs"], seed=0)
    lesson.learn(lesson.ARMS["DML"], pair, small, config)
    row = before[
        (before["seed"] == 0)
        & (before["arm"] == "DML")
        & (before["choice"] == "10 epochs")
    ].iloc[0]
    assert (
        abs(lesson.outcome("DML", 0, pair, small)["accuracy"] - row["accuracy"]) < 0.02
    )

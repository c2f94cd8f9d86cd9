"""The lesson on Net2Net: the controls that its nets are compared with, its rows, and
what is read off them.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from kdsurvey import data, nets, records
from kdsurvey.lessons import alone
from kdsurvey.lessons.net2net import (
    claims,
    copy_tune_distil,
    exactness,
    experiments,
    pictures,
)
from kdsurvey.methods import plain
from kdsurvey.pictures import Frame, Image, Text
from kdsurvey.training import accuracy, train

SHORT = replace(experiments.TEACHER, epochs=2, batch_size=32, device="cpu")


@pytest.fixture
def net(toy):
    """Two channels in, three classes out, and batch norm that has seen images."""
    net = nets.conv(2, *experiments.WIDTHS, classes=3, seed=0)
    train(plain(net), toy, SHORT, progress=False)
    return net.eval()


def weights(net):
    return [v.clone() for v in net.state_dict().values()]


def same(a, b):
    return all(torch.equal(v, w) for v, w in zip(a, b))


def test_padding_keeps_the_old_weights_and_draws_the_new(net):
    before, wide = weights(net), experiments.pad(net, 1, 12, seed=3)
    assert same(weights(net), before)
    (into, norm, _), (out, *_) = wide[1], wide[2]
    assert torch.equal(into.weight[:8], net[1][0].weight) and torch.equal(
        out.weight[:, :8], net[2][0].weight
    )
    assert torch.equal(norm.running_var[:8], net[1][1].running_var) and torch.equal(
        norm.weight[:8], net[1][1].weight
    )
    assert (
        (norm.running_mean[8:] == 0).all()
        and (norm.running_var[8:] == 1).all()
        and (norm.bias[8:] == 0).all()
    )
    for new, fan_in in ((into.weight[8:], 4 * 9), (out.weight[:, 8:], 12 * 9)):
        assert (
            0.9 * fan_in**-0.5 < new.abs().max() <= fan_in**-0.5
            and new.unique().numel() == new.numel()
        )
    assert same(weights(wide), weights(experiments.pad(net, 1, 12, seed=3)))
    assert not same(weights(wide), weights(experiments.pad(net, 1, 12, seed=4)))
    out.weight.data[:, 8:] = 0  # nothing else than the new units is new
    x = torch.rand(5, 2, 8, 8)
    assert torch.allclose(wide.eval()(x), net(x), atol=1e-5)


def test_padding_past_a_flatten_keeps_each_units_rows():
    flat = torch.nn.Sequential(
        *nets.conv(1, 3, seed=0)[:1], torch.nn.Flatten(), torch.nn.Linear(3 * 16, 10)
    ).eval()
    wide = experiments.pad(flat, 0, 5, seed=0)
    wide[-1].weight.data[:, 48:] = 0
    x = torch.rand(4, 1, 4, 4)
    assert torch.allclose(wide(x), flat(x), atol=1e-5)


@pytest.mark.parametrize(
    "small",
    [
        nets.conv(2, 4, 8, seed=1),
        nets.mlp(32, 6, 5, 3, norm=True, seed=1),
        nets.mlp(32, 6, 5, 3, seed=1),
    ],
)
def test_a_random_block_stands_between_the_old_ones(small):
    before, deep = weights(small), experiments.random_block(small.eval(), 1, seed=2)
    assert (
        same(weights(small), before)
        and not deep.training
        and not any(part.training for part in deep.modules())
    )
    assert (
        len(deep) == len(small) + 1
        and same(weights(deep[:2]), weights(small[:2]))
        and same(weights(deep[3:]), weights(small[2:]))
    )
    block, n = deep[2], len(small[1][0].weight)
    assert [type(part) for part in block] == [
        type(part) for part in small[1]
    ] and block[0].weight.shape[:2] == (n, n)
    x = torch.rand(4, 2, 4, 4)
    assert deep[:3](x).shape == small[:2](x).shape
    assert not same(weights(deep), weights(experiments.random_block(small, 1, seed=3)))
    assert {p.data_ptr() for p in deep.parameters()}.isdisjoint(
        p.data_ptr() for p in small.parameters()
    )


@pytest.mark.parametrize("layer", [2, -1, 7])
def test_a_random_block_needs_a_hidden_block_before_it(layer):
    with pytest.raises(
        ValueError, match=r"no hidden block of this net; choose one of \[0, 1\]"
    ):
        experiments.random_block(nets.conv(2, 4, 8, seed=1), layer, seed=0)


def test_deeper_starts(net, toy):
    starts, x = experiments.deeper(net, toy, seed=1), toy.train[0]
    assert {len(start) for start in starts.values()} == {7}
    assert (
        len({tuple(v.shape for v in weights(start)) for start in starts.values()}) == 1
    )
    calibrated, bare = starts["Net2Net"], starts["gamma = 1, beta = 0"]
    assert experiments.difference(net, calibrated, x, train=True) < 1e-3
    assert (
        experiments.difference(net, bare, x, train=False)
        < 1e-3
        < 0.1
        < experiments.difference(net, bare, x, train=True)
    )
    assert torch.equal(starts["random layers"][4][0].weight, net[2][0].weight)
    fresh = starts["from scratch"]
    assert not any(
        torch.equal(a, b)
        for a, b in zip(fresh.parameters(), calibrated.parameters())
        if a.ndim > 1
    )
    assert (fresh[0][1].running_mean == 0).all() and (fresh[0][1].weight == 1).all()


def test_wider_starts_have_the_same_copies_whatever_the_noise(net):
    starts, x = experiments.wider(net, seed=1), torch.rand(6, 2, 8, 8)
    assert [
        len(block[0].weight) for start in starts.values() for block in start[:-1]
    ] == [12, 24, 24] * 4
    equal, noisy = starts["Net2Net, no noise"], starts["Net2Net"]
    assert (
        experiments.difference(net, equal, x, False)
        < 1e-3
        < experiments.difference(net, noisy, x, False)
    )
    assert experiments.twins(equal, equal) == {"gap": 0.0, "cosine": 1.0}
    assert (
        0 < experiments.twins(equal, noisy)["gap"] < 0.5
        and 0.98 < experiments.twins(equal, noisy)["cosine"] < 1
    )


def test_twins_are_measured_where_they_are(net):
    equal = experiments.widened(net, 0, 0.0)
    first = equal[0][0].weight
    copy = next(
        k
        for k in range(4, 12)
        if torch.equal(first[k], first[0]) or torch.equal(first[k], first[1])
    )
    parted = experiments.widened(net, 0, 0.0)
    parted[0][0].weight.data[copy, 0, 0, 0] += 0.25
    assert experiments.twins(equal, parted)["gap"] == pytest.approx(0.25, abs=1e-4)
    assert experiments.twins(equal, parted)["cosine"] < 1


def test_a_row_is_the_run_that_it_says(net, toy):
    before = weights(net)
    row, after = experiments.trained("wide", net, toy, 5, 0.1, SHORT, noise=0.5)
    assert (
        same(weights(net), before)
        and row["arm"] == "wide, 0.1x"
        and (row["seed"], row["noise"]) == (5, 0.5)
    )
    by_hand = experiments.copy.deepcopy(net)
    train(plain(by_hand), toy, replace(SHORT, lr=0.005, seed=5), progress=False)
    assert same(weights(after), weights(by_hand)) and row["accuracy"] == accuracy(
        by_hand, *toy.test
    )
    assert row["accuracies"][0] == accuracy(net, *toy.validation)


def test_every_start_gets_every_rate(toy):
    small = experiments.RATES
    deeper = experiments.net2net_deeper(toy_of_16(toy), 0)
    wider = experiments.net2net_wider(toy_of_16(toy), 0)
    for rows, starts in ((deeper, 6), (wider, 5)):
        table = pd.DataFrame(rows)
        assert (
            len(rows) == starts * len(small) + 2
            and table["arm"].is_unique
            and (table["seed"] == 0).all()
        )
        assert table["target"].nunique() == table["teacher"].nunique() == 1
        first = table[table["start"].isin(["Net2Net, no noise", "teacher continued"])][
            "accuracies"
        ].str[0]
        assert (first == table["target"].iloc[0]).all()
    rows = experiments.net2net_twins(toy_of_16(toy), 0)
    assert [(row["noise"], row["rate"]) for row in rows] == [
        (n, r) for n in experiments.NOISES for r in (0.1, 1.0)
    ]
    assert (
        rows[0]["gap"] < 1e-5 < rows[-1]["gap"]
        and rows[0]["price"] < 1e-3 < rows[-1]["price"]
    )


def toy_of_16(toy):
    """Ten classes, as the lesson's nets have, 16 x 16 pixels."""
    double = {
        part: (torch.nn.functional.interpolate(x, scale_factor=2), y)
        for part, (x, y) in toy._parts().items()
    }
    return replace(toy, **double, classes=tuple("0123456789"))


def rows_of(curves, seeds=4, **columns):
    """Recorded rows in small: {(start, rate): accuracies for each seed}."""
    return pd.DataFrame(
        [
            {
                "arm": f"{start}, {rate:g}x",
                "start": start,
                "rate": rate,
                "seed": seed,
                "target": 0.5,
                "seconds": 2.0,
                **columns,
            }
            | {"accuracies": list(of[seed]), "accuracy": of[seed][-1] - 0.1}
            for (start, rate), of in curves.items()
            for seed in range(seeds)
        ]
    )


def test_steps_and_seconds_to_a_target():
    rows = rows_of(
        {("a", 1.0): [[0.1, 0.51, 0.6], [0.1, 0.2, 0.51], [0.7, 0, 0], [0, 0, 0.509]]}
    )
    assert claims.arrivals(rows)["a", 1.0].tolist() == [
        10,
        20,
        0,
        30,
    ]  # never: one interval after the last
    assert claims.arrivals(rows, cost={"a": 100.0})["a", 1.0].tolist() == [1, 2, 0, 3]
    assert claims.arrivals(rows, points=0)["a", 1.0].tolist() == [10, 20, 0, 20]


def test_a_seeds_rate_is_chosen_by_the_other_seeds():
    at_once = [0.6, 0.6, 0.6]
    fast = [0.1, 0.6, 0.6]
    slow = [0.1, 0.1, 0.6]
    curves = {
        ("a", 0.1): [at_once, slow, slow, slow],
        ("a", 1.0): [slow, slow, slow, fast],
        ("b", 1.0): [slow] * 4,
    }
    verdict = claims.sooner("P4c", rows_of(curves), "a", "b")
    assert (verdict.effect, verdict.n) == (
        0,
        4,
    )  # seed 0 is at once there at 0.1x, but the others send it to 1x
    assert verdict.what == "steps to 1 point above T, b - a, deeper"
    assert claims.sooner("P4c", rows_of(curves), "a", "b", before=5).effect == -5


def test_seconds_count_what_a_step_costs(toy):
    rows = rows_of({("a", 1.0): [[0, 0, 0.6]] * 4, ("b", 1.0): [[0, 0.6, 0.6]] * 4})
    longer = rows.assign(start="not timed")
    verdict = claims.sooner(
        "P4c", pd.concat([rows, longer]), "a", "b", cost={"a": 10, "b": 50.0}
    )
    assert (
        verdict.effect == pytest.approx(0.3)
        and verdict.unit == "seconds"
        and verdict.what.startswith("seconds")
    )
    timed = pd.DataFrame(experiments.net2net_seconds(toy_of_16(toy), 0))
    assert timed["arm"].is_unique and (timed["milliseconds"] > 0).all()
    costs = claims.costs(
        pd.concat([timed, timed.assign(milliseconds=9e9), timed.assign(milliseconds=0)])
    )
    assert costs.loc["Net2Net", "deeper"] == timed["milliseconds"].iloc[0] and set(
        costs
    ) == {"deeper", "wider"}


def test_the_best_rate_is_the_one_that_validation_images_prefer():
    rows = rows_of(
        {
            ("a", 0.1): [[0, 0.7]] * 4,
            ("a", 1.0): [[0, 0.8]] * 4,
            ("b", 1.0): [[0, 0.75]] * 4,
        }
    )
    rows.loc[rows["rate"] == 0.1, "accuracy"] = 1.0  # what test images prefer
    kept = claims.best(rows)
    assert (
        kept.groupby("arm")["rate"].unique().map(list).to_dict()
        == {"a": [1.0], "b": [1.0]}
        and len(kept) == 8
    )
    assert claims.higher("P4d", rows, "a", "b").effect == pytest.approx(5)
    assert (
        claims.best(rows.assign(**{"validation accuracy": rows["accuracy"]}))[
            "rate"
        ].tolist()[:4]
        == [0.1] * 4
    )
    rows.at[rows.index[1], "accuracies"] = [
        0,
        0.9,
    ]  # at one seed the lower rate is better on validation images
    assert claims.best(rows).query("arm == 'a'").sort_values("seed")[
        "rate"
    ].tolist() == [1.0, 0.1, 1.0, 1.0]


def test_per_cent():
    rows = pictures.in_percent(rows_of({("a", 1.0): [[0.1, 0.2, 0.3, 0.4]] * 4}))
    assert rows[pictures.COLUMNS].iloc[0].tolist() == pytest.approx(
        [10, 30, 40]
    ) and rows[pictures.TEST].iloc[0] == pytest.approx(30)
    assert pictures.TEST in pictures.in_percent(rows.drop(columns="accuracies"))


def test_growth_is_exact_for_every_kind_of_net(net):
    x = torch.rand(64, 1, 14, 14)
    kinds = exactness.kinds(nets.conv(1, *experiments.WIDTHS, seed=0), x)
    assert set(kinds) == {"conv", "mlp", "conv, then flatten"}
    for made in kinds.values():
        found = exactness.largest_changes(made, x, 1)
        assert len(found) == 4 and max(found.values()) < 1e-9
        assert (made[1][1].running_mean != 0).any()


def test_pictures_say_what_they_show(net):
    small, wide = exactness.by_hand()
    x = torch.rand(9, 2)
    assert torch.allclose(small(x), wide(x)) and wide[0].weight.shape == (3, 2)
    picture = pictures.matrices(small, wide)
    assert (
        "U (m, q) = [[1.0, -2.0, 1.0], [3.0, 1.0, 3.0]]" in picture.about
        and "[[2.0], [6.0], [2.0]]" in picture.about
    )
    framed = [
        [(frame.x, frame.y) for frame in chart.marks_of(Frame)]
        for chart in picture.charts.values()
    ]
    assert framed == [[], [(-0.5, -0.5), (1.5, -0.5)], [], [(-0.5, -0.5), (-0.5, 1.5)]]
    equal = experiments.widened(nets.conv(1, *experiments.WIDTHS, seed=0), 0, 0.0)
    shown = pictures.kernels({"one": equal, "two": equal}, equal)
    names = [mark.text for mark in shown.charts["images"].marks_of(Text)]
    assert (
        len(names) == 24
        and names == names[:12] * 2
        and sum("copy" in name for name in names) == 16
    )
    drawn = [mark.pixels for mark in shown.charts["images"].marks_of(Image)]
    assert all(
        np.array_equal(drawn[k], drawn[k - 1]) == ("copy" in names[k])
        for k in range(1, 12)
    )
    curves = pictures.curves(
        rows_of({("a", 1.0): [[0.1, 0.2]] * 4}), ["a, 1x"], "Title"
    )
    assert curves.about.startswith("Title") and len(curves.png()) > 1000


def test_students_that_copy_and_students_that_do_not(toy):
    teacher = copy_tune_distil.teach(toy_of_16(toy), 0)
    made = {
        name: copy_tune_distil.student(arm, teacher, 0)
        for name, arm in copy_tune_distil.ARMS.items()
    }
    assert (
        same(weights(made["copied and tuned"]), weights(teacher))
        and made["copied and tuned"] is not teacher
    )
    widths = {
        arm: [len(block[0].weight) for block in net[:-1]] for arm, net in made.items()
    }
    assert widths["copied wider and tuned"] == [16, 32, 32] and widths["distilled"] == [
        8,
        16,
        16,
    ]
    assert widths["small, distilled"] == widths["small, from scratch"] == [4, 8, 8]
    assert same(weights(made["distilled"]), weights(made["label smoothing"]))
    assert not torch.equal(made["distilled"][0][0].weight, teacher[0][0].weight)


def test_copy_tune_distil_rows(toy, monkeypatch):
    seen = []
    monkeypatch.setattr(copy_tune_distil, "FEW", SHORT)
    monkeypatch.setattr(copy_tune_distil, "RATES", (1.0,))
    smoothed = []
    for module in (copy_tune_distil, alone):  # of the teacher, and of the students
        monkeypatch.setattr(
            module,
            "plain",
            lambda net, smoothing=0.0: smoothed.append(smoothing) or plain(net),
        )
    monkeypatch.setattr(
        copy_tune_distil,
        "train",
        lambda stages, images, config, **more: seen.append((next(stages), images)),
    )
    rows = copy_tune_distil.copy_tune_distil(toy_of_16(toy), 1)
    assert [row["start"] for row in rows] == [
        copy_tune_distil.UNTRAINED,
        *copy_tune_distil.ARMS,
    ]
    assert [len(images.train[0]) for _, images in seen] == [96] + [10] * len(
        copy_tune_distil.ARMS
    )
    plainly = [
        arm for arm in ("teacher", *copy_tune_distil.ARMS) if "distilled" not in arm
    ]
    assert [arm for arm, share in zip(plainly, smoothed) if share > 0] == [
        a for a in plainly if "smoothing" in a
    ]
    terms = {row["start"]: stage.name for row, (stage, _) in zip(rows[1:], seen[1:])}
    assert [arm for arm, name in terms.items() if name == "distil"] == [
        a for a in copy_tune_distil.ARMS if "distilled" in a
    ]


def test_a_recorded_seed_of_net2net_can_be_had_again():
    digits = data.mnist_5k().hold_out(500).dealt(0).halved()
    rows = records.recorded("net2net_deeper")
    teacher = experiments.teach(digits, 0)
    row, _ = experiments.trained(
        "Net2Net", experiments.deeper(teacher, digits, 0)["Net2Net"], digits, 0, 0.1
    )
    before = rows[(rows["seed"] == 0) & (rows["arm"] == "Net2Net, 0.1x")].iloc[0]
    assert (
        abs(row["accuracy"] - before["accuracy"]) < 0.02
        and abs(row["accuracies"][0] - before["target"]) < 0.02
    )


def test_deepening_never_costs_a_prediction_of_the_recorded_teachers():
    rows = records.recorded("net2net_deeper")
    grown = rows[
        rows["start"].isin(["Net2Net", "gamma = 1, beta = 0", "teacher continued"])
    ]
    assert (grown["accuracies"].str[0] == grown["target"]).all()
    assert rows["seed"].nunique() >= 5


def test_what_has_just_grown_has_taken_no_step():
    deep, wide = (records.recorded(f"net2net_{grown}") for grown in ("deeper", "wider"))
    rows = pictures.just_grown(deep, wide)
    assert list(dict.fromkeys(rows["arm"])) == list(pictures.GROWN)
    seeds = deep["seed"].unique()
    for arm, name in (
        ("the teacher", "Net2Net"),
        ("deeper, random layers", "random layers"),
    ):
        first = deep[deep["start"] == name].groupby("seed")["accuracies"].first().str[0]
        shown = rows[rows["arm"] == arm].set_index("seed")[pictures.COLUMNS[0]]
        assert len(shown) == len(seeds)
        assert shown[seeds].to_numpy() == pytest.approx(100 * first[seeds].to_numpy())

"""Notebook 09: an arm is the method that it names, steps are counted, and files are as
small as they are said to be.
"""

import copy
import itertools
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch

from kdsurvey import packed, records, surgery
from kdsurvey.lessons.alone import mean_doubt
from kdsurvey.lessons.low_precision import claims, compression, pictures
from kdsurvey.lessons.low_precision import experiments as lesson
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.methods import apprentice, hinton, plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, accuracy, train

CONFIG, STEP = lesson.CONFIG, compression.STEP  # as they were recorded
SHORT = Config(epochs=4, batch_size=32, lr=0.1, schedule="cosine", device="cpu")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(lesson, "CONFIG", SHORT)
    monkeypatch.setattr(compression, "CONFIG", SHORT)
    monkeypatch.setattr(compression, "STEP", replace(SHORT, epochs=2, lr=0.05))


@pytest.fixture(scope="module")
def teacher():
    return mlp(128, 20, 12, 3, norm=True, seed=9)


@pytest.fixture(scope="module")
def first():
    return mlp(128, *[8] * 5, 3, norm=True, seed=7)


def scores(net, data) -> dict:
    return {
        "accuracy": round(accuracy(net, *data.test), 4),
        "validation accuracy": round(accuracy(net, *data.validation), 4),
    }


@pytest.mark.parametrize("arm", lesson.ARMS)
@pytest.mark.parametrize("choice", [0, 2])
def test_an_arm_is_the_method_that_it_names(toy, teacher, first, arm, choice):
    """The steps of all: E epochs; in an arm of 2E twice as many; C has E behind it, in
    full precision.
    """
    low = {"weight_bits": 2, "activation_bits": 8, "top": 4.0}
    tuned = arm.startswith("C")
    knob = lesson.ARMS[arm].tries[choice]
    net = copy.deepcopy(first) if tuned else mlp(128, *[8] * 5, 3, norm=True, seed=1)
    epochs = 8 if arm.endswith("2E") else 4
    config = replace(SHORT, seed=1, epochs=epochs, lr=0.1 if tuned else knob)
    if arm == "C, no teacher":
        surgery.re_estimate(surgery.lower(net, **low), toy.train[0])
        config = replace(config, lr=0.1 * knob)
    elif (
        arm not in ("full precision", "full precision, 2E", "full precision, teacher")
        and "C" not in arm
    ):
        surgery.lower(net, **low)
    doubt = mean_doubt(Teacher(teacher), toy)
    full = {"weight_bits": 32, "activation_bits": 32}
    stages = {
        "full precision, teacher": lambda: apprentice(net, teacher, scheme="B", **full),
        "label smoothing": lambda: plain(net, smoothing=doubt * 3 / 2),
        "A": lambda: apprentice(
            net, mlp(128, *[128] * 4, 3, norm=True, seed=1001), scheme="A", **low
        ),
        "B": lambda: apprentice(net, teacher, scheme="B", **low),
        "B, 2E": lambda: apprentice(net, teacher, scheme="B", **low),
        "C": lambda: apprentice(net, teacher, scheme="C", fine_lr=knob, **low),
    }.get(arm, lambda: plain(net))()
    rows = train(stages, toy, config, progress=False)
    found = lesson.run(arm, toy, teacher, first, 1, choice)
    curve = found.pop("curve")
    expected = {
        "seed": 1,
        "arm": arm,
        "choice": choice,
        "knob": knob,
        "epochs": 8 if "2E" in arm or tuned else 4,
    }
    assert found == expected | scores(net, toy)
    names = "student validation accuracy", "net validation accuracy"
    assert (
        curve == [round(row.get(names[0], row.get(names[1])), 4) for row in rows]
        and len(curve) == epochs
    )


def test_the_rounded_net_is_measured_too_and_the_trained_one_stays(toy):
    rows = lesson.precision_schemes(toy, 0)
    arms = [row["arm"] for row in rows]
    assert arms[:-3] == [arm for arm in lesson.ARMS for _ in range(3)]
    assert arms[-3:] == [lesson.STRAIGHT, lesson.MEASURED, "the teacher"]
    halved = toy.dealt(0).halved()
    net = lesson.first_student(halved, 0)
    before = copy.deepcopy(net.state_dict())
    assert rows[-3]["accuracy"] == round(accuracy(lesson.rounded(net), *halved.test), 4)
    assert all(
        torch.equal(value, before[name]) for name, value in net.state_dict().items()
    )
    assert type(surgery.weighted(net)[1]) is torch.nn.Linear
    assert rows[-2]["accuracy"] == round(
        accuracy(
            surgery.re_estimate(lesson.rounded(net), halved.train[0]), *halved.test
        ),
        4,
    )


def test_every_pair_of_bits_is_trained_and_the_teacher_where_activations_have_8(
    toy, monkeypatch
):
    seen = []
    monkeypatch.setattr(
        lesson,
        "lower",
        lambda net, **bits: seen.append(bits) or surgery.lower(net, **bits),
    )
    rows = pd.DataFrame(lesson.precision_bits(toy, 0))
    alone = rows[rows["arm"] == "no teacher"]
    pairs = [(w, a) for w in (2, 3, 4, 8, 32) for a in (2, 4, 8, 32)]
    assert list(zip(alone["weights"], alone["activations"])) == pairs
    assert seen == [
        {"weight_bits": w, "activation_bits": a, "top": 4.0} for w, a in pairs
    ]
    assert set(rows[rows["arm"] == "B"]["activations"]) == {8} and len(rows) == 25


@pytest.mark.parametrize(
    ("order", "always"), [("DPQ", False), ("QPL", False), ("PDQ", True)]
)
def test_steps_are_taken_in_order(toy, teacher, order, always):
    start = mlp(128, 24, 24, 3, norm=True, seed=2)
    before = copy.deepcopy(start.state_dict())
    made = compression.shrink(order, start, teacher, toy, 5, always)
    net = copy.deepcopy(start)
    for letter in order:
        if letter == "P":
            surgery.prune(net, 0.8)
        if letter == "Q":
            surgery.lower(net, weight_bits=2, activation_bits=8, top=4.0, ends=True)
        surgery.re_estimate(net, toy.train[0])
        stages = (
            hinton(net, teacher, T=1.0, alpha=0.5)
            if always or letter == "D"
            else plain(net)
        )
        train(stages, toy, replace(SHORT, epochs=2, lr=0.05, seed=5), progress=False)
    assert all(
        torch.equal(a, b)
        for a, b in zip(made.state_dict().values(), net.state_dict().values())
    )
    assert all(
        torch.equal(value, before[name]) for name, value in start.state_dict().items()
    )
    assert all(
        1 - surgery.used(layer).count_nonzero() / layer.weight.numel() > 0.78
        for layer in surgery.weighted(made)
    )


def test_in_one_arm_alone_the_teacher_teaches_throughout():
    throughout = [arm.name for arm in compression.ARMS if arm.always]
    assert throughout == ["DPQ, teacher throughout"]


def test_all_orders_have_their_control_and_equal_steps(toy):
    rows = compression.compression_orders(toy, 0)
    arms = {row["arm"]: row for row in rows}
    assert len(arms) == len(rows) == 19 and {len(row["order"]) for row in rows} == {3}
    assert set(compression.ORDERS) == {"DPQ", "DQP", "PDQ", "PQD", "QDP", "QPD"}
    assert {order.replace("D", "L") for order in compression.ORDERS} < set(
        arms
    ) and arms["Q"]["order"] == "LLQ"
    assert (
        arms["DPQ"]["bytes"]
        < arms["DQ"]["bytes"]
        < arms["DP"]["bytes"]
        < arms["D"]["bytes"]
    )


def test_bytes_are_those_of_a_file(toy):
    net = compression.fresh(toy, 0)
    assert compression.bytes_on_disk(net) == packed.expected(net)
    table = compression.sizes(
        net,
        {
            "32": {"weight_bits": 32, "activation_bits": 32},
            "2": {"weight_bits": 2, "ends": True},
        },
    )
    assert (
        list(table["expected bytes"]) == list(table["bytes of the file"])
        and table["smaller"].iloc[0] == "1.0 x"
    )
    assert (
        type(surgery.weighted(net)[1]) is torch.nn.Linear
    )  # the given net stays as it was
    assert compression.same_after_loading(surgery.lower(net, **compression.LOW), toy)


def rows_of(arm: str, *accuracies: float, choice: int = 0, curve=()) -> list[dict]:
    return [
        {
            "arm": arm,
            "seed": k,
            "choice": choice,
            "knob": 0.1,
            "epochs": 4,
            "accuracy": a,
            "validation accuracy": a,
            "curve": curve,
        }
        for k, a in enumerate(accuracies)
    ]


def test_choices_are_made_on_validation_images():
    rows = rows_of("B", 0.8, 0.9) + rows_of("B", 0.7, 0.7, choice=1)
    rows[2] |= {"validation accuracy": 0.99}
    rows[3] |= {"validation accuracy": 0.99}
    table = pd.DataFrame(rows)
    assert list(tuned(table)["choice"]) == [1, 1] and list(
        at(table, choice=0)["accuracy"]
    ) == [0.8, 0.9]
    shown = pictures.table(table)
    assert (
        shown.loc["B", "default (%)"] == "85 ± 7.1"
        and shown.loc["B", "best of three (%)"] == "70 ± 0"
    )


def test_the_readers_run_stands_beside_the_same_rates():
    rows = [rows_of(arm, 0.8, choice=k) for arm in ("B", "C", "A") for k in range(3)]
    table = pd.DataFrame([row for part in rows for row in part])
    shown = pictures.beside(table, ("B", "C"))
    assert list(zip(shown["arm"], shown["choice"])) == [("B", 0), ("C", 2)]


def test_sizes_are_drawn_with_their_accuracies():
    rows = [
        {"arm": arm, "seed": seed, "bytes": size, "accuracy": accuracy + 0.02 * seed}
        for arm, size, accuracy in (("D", 2000, 0.9), ("LLL", 2000, 0.8))
        for seed in (0, 1)
    ]
    picture = pictures.by_size(pd.DataFrame(rows))
    taught, labels = picture.charts["sizes"].marks
    assert list(taught.y) == pytest.approx([91]) and labels.hollow
    assert list(labels.spread) == pytest.approx([2**0.5])
    assert "D: 2000 bytes, 91.0 %; LLL: 2000 bytes, 81.0 %" in picture.about


def test_sooner_counts_epochs():
    curve = [0.5, 0.8, 0.7, 0.9]
    shares = 0.5, 0.75, 0.85, 0.95
    assert [claims.reached(curve, share) for share in shares] == [1, 2, 4, 5]
    a = rows_of("A", 0.9, 0.9, curve=[0.1, 0.6, 0.8])
    b = rows_of("B", 0.9, 0.9, curve=[0.8, 0.8, 0.9])
    assert claims.sooner(pd.DataFrame(b + a)).differences == (2, 2)


def test_bits_are_compared_with_the_other_number_fixed():
    runs = itertools.product(("no teacher", "B"), (1, 0), (2, 4), (2, 8))
    table = pd.DataFrame(runs, columns=["arm", "seed", "weights", "activations"])
    of_bits = 0.01 * table["weights"] * table["activations"]
    table["accuracy"] = of_bits + 0.1 * (table["arm"] == "B")
    assert claims.finer(table, 4, 2).effect == pytest.approx(16) and claims.finer(
        table, 4, 2
    ).what.endswith("activations of 8")
    assert claims.finer(table, 8, 2, "activations", fixed=4).effect == pytest.approx(24)
    assert (
        pictures.grid(table).loc[4, 8] == "32.0 ± 0.0"
        and pictures.grid(table, "B").loc[2, 2] == "14.0 ± 0.0"
    )


def test_a_histogram_counts_every_weight():
    net = mlp(20, 8, 8, 3, seed=0)
    shares, labels = pictures.histogram(net, surgery.lower(copy.deepcopy(net)), layer=2)
    assert {name: part.sum() for name, part in shares.items()} == pytest.approx(
        {"before": 100, "after": 100}
    )
    assert (
        (shares["after"] > 0).sum() == 3
        and len(labels) == len(shares["before"])
        and "0" in labels
    )
    layer = surgery.weighted(net)[1]
    middle = ((layer.weight > -0.125) & (layer.weight < 0.125)).float().mean()
    assert shares["before"][labels.index("0")] == pytest.approx(100 * middle.item())


def test_teachers_are_of_the_precision_and_the_depth_that_they_name(toy, monkeypatch):
    seen, method = [], lesson.apprentice

    def watched(net, teacher, **options):
        layers = surgery.weighted(teacher)
        seen.append((surgery.precision_of(layers[1]).weight_bits, len(layers) - 1))
        return method(net, teacher, **options)

    monkeypatch.setattr(lesson, "apprentice", watched)
    monkeypatch.setattr(lesson, "CONFIG", replace(SHORT, epochs=1))
    rows = lesson.precision_teachers(toy, 3)
    assert seen == [(32, 2), (32, 6), (2, 2), (2, 6)] == list(lesson.TEACHERS.values())
    assert [row["arm"] for row in rows] == list(lesson.TEACHERS) and {
        row["seed"] for row in rows
    } == {3}
    assert all(0 <= row["teacher"] <= 1 for row in rows)


@pytest.mark.parametrize(
    "name",
    [
        "precision_schemes",
        "precision_bits",
        "precision_teachers",
        "compression_orders",
        "precision_clothes",
    ],
)
def test_what_was_recorded_is_what_the_settings_say(name):
    rows = records.recorded(name)
    settings = rows.attrs["settings"]
    assert settings["config"] == json_of(CONFIG)
    assert "step" not in settings or settings["step"] == json_of(STEP)
    assert len(rows.attrs["seconds"]) == rows["seed"].nunique() >= 5
    assert (
        rows["accuracy"].between(0.1, 1).all()
        and not rows.duplicated([c for c in rows if c != "curve"]).any()
    )


def json_of(config: Config) -> dict:
    return asdict(config) | {"seed": config.seed}


def test_a_recorded_seed_can_be_had_again(digits, monkeypatch):
    """The full-precision student and the one that is rounded. Another processor's last
    digit moves a weight over a threshold, which the second student amplifies.
    """
    monkeypatch.setattr(lesson, "CONFIG", CONFIG)
    data = digits.hold_out(500).dealt(0).halved()
    rows = records.recorded("precision_schemes")
    first = lesson.first_student(data, 0)
    again = {lesson.FIRST: accuracy(first, *data.test)}
    again["no teacher"] = lesson.scores(lesson.trained(data, 0), data)["accuracy"]
    near = {lesson.FIRST: 0.02, "no teacher": 0.05}
    for arm, value in again.items():
        (kept,) = rows[
            (rows["arm"] == arm) & (rows["seed"] == 0) & (rows["choice"] == 0)
        ]["accuracy"]
        assert abs(value - kept) < near[arm]
    assert np.isfinite(list(again.values())).all()

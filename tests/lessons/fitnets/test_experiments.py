"""Notebook 04: an arm is the method that it names, choices are made on validation
images, nets that did not train are counted.
"""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch

from kdsurvey import measures, records
from kdsurvey.lessons import alone, arms
from kdsurvey.lessons.alone import mean_doubt
from kdsurvey.lessons.fitnets import claims, experiments, pictures
from kdsurvey.methods import fitnets, joint_hints, plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, accuracy, epochs, train

CONFIG, TEACHER = experiments.CONFIG, experiments.TEACHER  # as they were recorded
SHORT = Config(epochs=5, batch_size=32, lr=0.02, schedule="constant", device="cpu")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(experiments, "CONFIG", SHORT)
    monkeypatch.setattr(
        experiments, "TEACHER", replace(SHORT, optimiser="adam", lr=1e-3)
    )


@pytest.fixture(scope="module")
def teacher():
    return mlp(128, 20, 12, 3, seed=9)


def rows(*accuracies: float, **about) -> list[dict]:
    """One row a seed."""
    known = {"arm": "labels", "depth": 10, "start": "PyTorch's", "choice": 0}
    known |= {"knob": 0.02} | about
    return [
        known | {"seed": k, "accuracy": a, "validation accuracy": a}
        for k, a in enumerate(accuracies)
    ]


@pytest.mark.parametrize("arm", experiments.ARMS)
@pytest.mark.parametrize("choice", [0, 2])
def test_an_arm_is_the_method_that_it_names(toy, teacher, arm, choice, monkeypatch):
    made, thin = [], experiments.thin
    monkeypatch.setattr(
        experiments, "thin", lambda *how: made.append(thin(*how)) or made[-1]
    )
    knob, shared = experiments.ARMS[arm].tries[choice], {"guided": 3, "hint": 2}
    net, config = mlp(128, *[32] * 4, 3, seed=1), replace(SHORT, seed=1)
    stages = {
        "labels": lambda: plain(net),
        "KD": lambda: fitnets(net, teacher, hint_epochs=0.0, **shared),
        "hints, then KD": lambda: fitnets(net, teacher, hint_lr=knob, **shared),
        "both at once": lambda: joint_hints(net, teacher, beta=knob, **shared),
        "hints": lambda: fitnets(net, teacher, hint_lr=knob, lam=(0, 0), **shared),
        "hints and labels at once": lambda: joint_hints(
            net, teacher, beta=knob, lam=(0, 0), **shared
        ),
        "hints of an untrained teacher": lambda: fitnets(
            net, mlp(128, 20, 12, 3, seed=1000), hint_lr=knob, lam=(0, 0), **shared
        ),
        "labels on the lower half": lambda: experiments.labels_first(net, knob / 0.02),
    }[arm]()
    train(
        stages,
        toy,
        replace(config, lr=knob) if arm in ("labels", "KD") else config,
        progress=False,
    )
    found = experiments.run(arm, toy, teacher, 1, 4, choice=choice)
    pairs = zip(made[-1].parameters(), net.parameters())
    assert all(torch.allclose(p, q) for p, q in pairs)
    assert found == {
        "seed": 1,
        "arm": arm,
        "depth": 4,
        "start": "PyTorch's",
        "choice": choice,
        "knob": knob,
        "accuracy": round(accuracy(net, *toy.test), 4),
        "validation accuracy": round(accuracy(net, *toy.validation), 4),
    }


def test_the_untrained_teacher_has_the_shape_of_the_teacher_and_initial_weights(
    toy, teacher, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        experiments, "fitnets", lambda net, v, **_: asked.append(v) or plain(net)
    )
    for arm in ("hints of an untrained teacher", "hints"):
        experiments.run(arm, toy, teacher, 0, 2)
    random = mlp(128, 20, 12, 3, seed=1000).state_dict()
    assert (
        all(torch.equal(w, random[name]) for name, w in asked[0].state_dict().items())
        and asked[1] is teacher
    )


@pytest.fixture
def rates(monkeypatch) -> list[float]:
    """The learning rate of everything that the lesson trains, which then trains nothing."""
    asked = []
    for module in (alone, arms):
        monkeypatch.setattr(
            module, "train", lambda stages, data, config, **_: asked.append(config.lr)
        )
    return asked


def test_a_learning_rate_is_that_of_all_the_training_where_it_is_the_knob(
    toy, teacher, rates
):
    for arm, choice in (
        ("labels", 3),
        ("KD", 2),
        ("hints, then KD", 2),
        ("both at once", 1),
    ):
        experiments.run(arm, toy, teacher, 0, 2, choice=choice)
    assert rates == [0.08, 0.04, 0.02, 0.02]


@pytest.mark.parametrize("best", [0, 1, 2, 3])
def test_smoothing_takes_the_rate_that_suits_the_labels(toy, rates, best, monkeypatch):
    def fake(arm, data, teacher, seed, depth, *, choice):
        right = best if arm == "labels" else (best + 1) % 4
        about = {
            "arm": arm,
            "depth": depth,
            "start": "PyTorch's",
            "choice": choice,
            "knob": experiments.ARMS["labels"].tries[choice],
        }
        return about | {
            "accuracy": (choice + 1) / 10,
            "validation accuracy": 0.9 if choice == right else 0.5,
        }

    monkeypatch.setattr(experiments, "run", fake)
    experiments.fitnets_depths(toy, 0)
    assert rates[1:] == [experiments.ARMS["labels"].tries[best]] * len(
        experiments.DEPTHS
    )  # the first is the teacher's


def test_every_arm_has_as_many_choices_and_as_many_epochs(toy, teacher):
    assert {len(arm.tries) for arm in experiments.ARMS.values()} == {
        len(experiments.RATES)
    }
    for arm in experiments.ARMS.values():
        stages = experiments.method(
            arm, experiments.thin(toy, 4, 0), teacher, arm.tries[0]
        )
        assert len(train(stages, toy, SHORT, progress=False)) == SHORT.epochs


def test_labels_on_the_lower_half_leave_the_upper_half_alone(toy):
    net = experiments.thin(toy, 4, 0)
    before = {name: w.clone() for name, w in net.state_dict().items()}
    stages = experiments.labels_first(net, 2.0)
    first = next(stages)
    assert (first.epochs, first.lr) == (0.4, 2.0)
    train(iter([first]), toy, SHORT, progress=False)
    changed = {
        name.split(".")[0]
        for name, w in net.state_dict().items()
        if not torch.equal(w, before[name])
    }
    assert changed == {"1", "2"}
    second = next(stages)
    assert list(second.learn) == [net] and (second.epochs, second.lr) == (0.6, 1.0)


def test_the_starts_are_one_draw_at_several_sizes(toy):
    usual, he, tiny, norm = (
        experiments.thin(toy, 3, 4, start)
        for start in ("PyTorch's", "He's", "tiny", "batch norm")
    )
    for k, (inputs, of) in enumerate([(128, 0), (32, 0), (32, 0)], 1):
        drawn = usual[k][of].weight
        assert (
            torch.allclose(he[k][of].weight, drawn * 6**0.5)
            and not he[k][of].bias.any()
        )
        assert (
            torch.allclose(tiny[k][of].weight, drawn * 0.005 * inputs**0.5)
            and 0 < tiny[k][of].bias.abs().max() <= 0.005
        )
        assert 0.0049 < tiny[k][of].weight.abs().max() <= 0.005
    assert isinstance(norm[1][1], torch.nn.BatchNorm1d) and not isinstance(
        usual[1][1], torch.nn.BatchNorm1d
    )


def test_he_keeps_the_images_apart_and_pytorch_does_not(digits):
    x = digits.halved().test[0][:200]
    spreads = {
        start: measures.spread(experiments.thin(digits.halved(), 10, 0, start), x)
        for start in ("PyTorch's", "He's", "tiny")
    }
    assert spreads["He's"][10] > 0.2 * spreads["He's"][1]
    assert (
        spreads["PyTorch's"][10] < 1e-3 * spreads["PyTorch's"][1]
        and spreads["tiny"][10] < experiments.FLOOR
    )
    assert spreads["He's"][0] == pytest.approx(
        x.flatten(1).std(0, correction=0).square().mean().sqrt().item(), rel=1e-5
    )


def test_depths_has_every_arm_and_smooths_at_the_rate_that_suits_labels(
    toy, monkeypatch
):
    monkeypatch.setattr(experiments, "DEPTHS", (2, 4))
    found = pd.DataFrame(experiments.fitnets_depths(toy, 2))
    assert found.groupby(["depth", "arm"])["choice"].apply(list).to_dict() == {
        (depth, arm): [*range(len(experiments.RATES))]
        for depth in (2, 4)
        for arm in experiments.MAIN
    } | {
        (depth, "label smoothing"): [best_of(found, depth)["choice"]]
        for depth in (2, 4)
    }
    small, teacher = toy.halved(), experiments.teach(toy.halved(), 2)
    net, best = mlp(32, *[32] * 4, 3, seed=2), best_of(found, 4)
    smoothing = mean_doubt(Teacher(teacher), small) * 10 / 9
    train(
        plain(net, smoothing=smoothing),
        small,
        replace(SHORT, seed=2, lr=best["knob"]),
        progress=False,
    )
    smooth = found[(found["arm"] == "label smoothing") & (found["depth"] == 4)].iloc[0]
    assert (
        smooth["accuracy"] == round(accuracy(net, *small.test), 4)
        and smooth["knob"] == best["knob"]
    )


def best_of(found: pd.DataFrame, depth: int) -> pd.Series:
    labels = found[(found["arm"] == "labels") & (found["depth"] == depth)]
    return labels.loc[labels["validation accuracy"].idxmax()]


def test_the_choice_is_made_on_validation_images():
    two = rows(0.9, 0.8) + rows(0.5, 0.95, choice=1)
    for row, validation in zip(two, (0.3, 0.6, 0.4, 0.6)):
        row["validation accuracy"] = validation
    found = claims.best_of_tries(pd.DataFrame(two)).set_index("seed")
    assert found["choice"].to_dict() == {0: 1, 1: 0} and found[
        "accuracy"
    ].to_dict() == {0: 0.5, 1: 0.8}
    others = rows(0.5, depth=4) + rows(0.5, arm="KD") + rows(0.5, start="He's")
    kept = claims.best_of_tries(
        pd.DataFrame(
            two
            + others
            + [row | {"choice": 1, "validation accuracy": 0.1} for row in others]
        )
    )
    assert kept["choice"].tolist() == [0, 1, 0, 0, 0]  # each for itself


def test_nets_that_did_not_train_are_counted_and_not_averaged():
    found = pd.DataFrame(
        rows(0.1, 0.1)
        + rows(0.9, 0.92, depth=4)
        + rows(0.1, 0.6, arm="KD")
        + rows(0.8, 0.8, arm="KD", depth=4)
    )
    assert claims.table(found).loc["labels"].to_dict() == {
        10: "did not train",
        4: "91.0 ± 1.4",
    }
    assert claims.table(found).loc["KD", 10] == "1 of 2: 60"
    assert (
        claims.table(pd.DataFrame(rows(0.1, 0.3, 0.6))).loc["labels", 10]
        == "2 of 3: 30 to 60"
    )


def test_the_default_is_the_first_choice_of_an_arm_that_has_choices():
    found = pd.DataFrame(
        rows(0.5) + rows(0.6, choice=1) + rows(0.7, arm="label smoothing")
    )
    assert claims.default(found)["accuracy"].tolist() == [0.5]


def test_another_layer_can_be_guided(toy, teacher, monkeypatch):
    asked = []
    monkeypatch.setattr(
        experiments,
        "fitnets",
        lambda net, v, guided, **_: asked.append(guided) or plain(net),
    )
    for guided in (1, 4, None):
        experiments.run("hints, then KD", toy, teacher, 0, 4, guided=guided)
    assert asked == [2, 5, 3]  # blocks: the first is Flatten


def test_the_experiments_at_one_depth_have_every_arm(toy, monkeypatch):
    monkeypatch.setattr(experiments, "DEEP", 2)
    first = pd.DataFrame(experiments.fitnets_first_stages(toy, 0))
    assert first.groupby("arm", sort=False)["choice"].apply(list).to_dict() == {
        arm: [*range(len(experiments.RATES))] for arm in experiments.FIRST
    }
    starts = pd.DataFrame(experiments.fitnets_starts(toy, 0))
    assert starts.groupby(["start", "arm"])["choice"].apply(list).to_dict() == {
        (start, arm): [0]
        for start in experiments.STARTS[1:]
        for arm in experiments.MAIN[:3]
    }
    assert set(first["depth"]) == set(starts["depth"]) == {2} and set(
        first["start"]
    ) == {"PyTorch's"}


def test_the_deepest_net_that_trains():
    found = pd.DataFrame(
        rows(0.1, 0.1, 0.1)
        + rows(0.9, 0.15, 0.9, depth=4)
        + rows(0.8, 0.7, 0.3, arm="KD")
        + rows(0.9, 0.9, 0.9, arm="KD", depth=4)
    )
    assert (
        claims.deepest(found, "labels").tolist() == [4, 0, 4]
        and claims.deepest(found, "KD").tolist() == [10] * 3
    )
    verdict = claims.deeper("P1b", found, "KD", "labels")
    assert verdict.differences == (6, 10, 6) and verdict.effect == 6
    assert verdict.unit == "hidden layers" and verdict.bound == "at least"
    higher = claims.higher("P1b", found, "KD", "labels", 10, "as it comes")
    assert higher.effect == pytest.approx(100 * (1.8 - 0.3) / 3)
    assert higher.what == "KD - labels, 10 hidden layers, as it comes"
    assert np.allclose(pictures.by_depth(found, "labels"), [90, 10])


def test_the_spreads_are_of_the_nets_that_they_name(toy, teacher):
    found = experiments.spreads(toy, teacher, depth=4, seed=1)
    x, config = toy.validation[0], replace(SHORT, seed=1)
    alone, hinted = (mlp(128, *[32] * 4, 3, seed=1) for _ in range(2))
    assert found["before training"] == measures.spread(alone, x)
    train(plain(alone), toy, config, progress=False)
    assert found["labels, at the end"] == measures.spread(alone, x)
    stages = fitnets(hinted, teacher, guided=3, hint=2, hint_lr=experiments.HINT_LR)
    for row in epochs(stages, toy, config):
        if row["stage"] == "hint":
            after = measures.spread(hinted, x)
    assert found["hints, after stage 1"] == after and found[
        "hints, then KD, at the end"
    ] == measures.spread(hinted, x)


def test_a_recorded_run_can_be_had_again(digits, monkeypatch):
    """Seed 0 with four hidden layers: the labels and the hints, within what another
    CPU may change.
    """
    images, table = digits.hold_out(500), records.recorded("fitnets_depths")
    assert table.attrs["data"] == images.source
    settings = table.attrs["settings"]
    assert settings["config"] == asdict(CONFIG)
    assert settings["teacher"] == asdict(TEACHER)
    monkeypatch.setattr(experiments, "CONFIG", CONFIG)
    monkeypatch.setattr(experiments, "TEACHER", TEACHER)
    small = images.dealt(0).halved()
    before = claims.default(
        table[(table["seed"] == 0) & (table["depth"] == 4)]
    ).set_index("arm")["accuracy"]
    teacher = experiments.teach(small, 0)
    for arm in ("labels", "hints, then KD"):
        assert (
            abs(experiments.run(arm, small, teacher, 0, 4)["accuracy"] - before[arm])
            <= 0.02
        )


def test_the_paper_stands_beside_the_deepest_net_here():
    """Median over seeds of the deepest that trained: 10, 10, 4 of three."""
    shallow, deep = (0.9, 0.9, 0.9), (0.9, 0.9, 0.1)
    tried = [
        *rows(*shallow, arm="labels", depth=4),
        *rows(*deep, arm="labels", depth=10),
        *rows(*shallow, arm="KD", depth=4),
        *rows(*shallow, arm="hints, then KD", depth=10),
    ]
    table = pictures.beside_the_paper(pd.DataFrame(tried))
    assert list(table["here: deepest net, median"]) == [10, 4, 10]
    assert list(table["paper: deepest net"]) == [5, 7, 13]
    assert table.loc["KD", "paper: % error on MNIST"] == 0.65

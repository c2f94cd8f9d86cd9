"""Notebook 02's experiments: an arm changes what it says and nothing else."""

from dataclasses import replace

import pytest
import torch
from lessons.kept import check_like_recorded

from kdsurvey.lessons.alone import smoothing_of
from kdsurvey.lessons.distilling_mnist import experiments, softer_labels
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import Config, accuracy

QUICK = Config(epochs=2, batch_size=32, lr=0.05, device="cpu")


@pytest.fixture(scope="module")
def few(digits):
    """64 training images of 28 x 28 pixels, 100 to validate and 100 to test."""
    part = digits.hold_out(500)
    cut = {"train": 64, "validation": 100, "test": 100}
    parts = {
        name: tuple(tensor[:n] for tensor in getattr(part, name))
        for name, n in cut.items()
    }
    return replace(part, **parts)


@pytest.fixture
def narrow(monkeypatch):
    """Big and small nets that train at once."""
    for name, seed in (("big", 1), ("small", 0)):
        monkeypatch.setattr(
            experiments, name, lambda s, k=seed: mlp(784, 12, 10, seed=s + 100 * k)
        )


def test_an_arm_changes_only_what_its_name_says():
    changed = {name: dict(arm.changes) for name, arm in experiments.ARMS.items()}
    assert {name: change for name, change in changed.items() if change} == {
        "hard only, lr 0.3": {"lr": 0.3},
        "hard only, jittered": {"jitter": 2},
    }
    assert set(experiments.FULL) < set(experiments.ARMS)
    methods = [name for name, arm in experiments.ARMS.items() if arm.role == "method"]
    assert methods == ["soft only", "soft + hard"]


@pytest.mark.parametrize("name", experiments.ARMS)
def test_an_arm_is_the_method_that_it_names(few, name):
    net, teacher = mlp(784, 9, 10, seed=0), Teacher(mlp(784, 11, 10, seed=1))
    x, y = few.train
    batch = Batch(x, y, torch.arange(len(x)), x)
    by_hand = {
        "soft only": lambda: hinton(net, teacher, T=20.0, alpha=1.0),
        "soft + hard": lambda: hinton(net, teacher, T=20.0, alpha=0.9),
        "label smoothing": lambda: plain(net, smoothing=smoothing_of(teacher, few)),
    }.get(name, lambda: plain(net))
    (stage,) = experiments.ARMS[name].method(net, teacher, few)
    (wanted,) = by_hand()
    terms, others = (s.learn[net](batch, 0.5) for s in (stage, wanted))
    assert terms.keys() == others.keys()
    assert all(torch.equal(terms[key], others[key]) for key in terms)


def test_students_start_alike_and_keep_the_order_of_their_arms(few, narrow):
    names = ("soft only", "hard only, lr 0.3", "hard only")
    teacher = experiments.big(0)
    rows = experiments.students(few, 3, teacher, names, QUICK)
    assert [row["arm"] for row in rows] == list(names)
    again = experiments.students(few, 3, teacher, names[2:], QUICK)
    assert rows[2] == again[0]
    assert {row["seed"] for row in rows} == {3} and {row["n"] for row in rows} == {100}
    with pytest.raises(ValueError, match="soft onyl"):
        experiments.students(few, 3, teacher, ["soft onyl"], QUICK)


EXPERIMENTS = ("nets_compared", "learning_rates", "few_labels", "transfer_sets")


@pytest.mark.parametrize("name", [*EXPERIMENTS, "ensemble"])
def test_an_experiment_gives_the_rows_that_were_recorded(name, few, narrow):
    check_like_recorded(name, getattr(experiments, name).run(few, 3))


def test_labels_are_made_softer_in_every_way_that_was_recorded(few, monkeypatch):
    small = {"BIG": (12,), "SMALL": (9,), "CONFIG": replace(QUICK, epochs=1)}
    for setting, value in small.items():
        monkeypatch.setattr(softer_labels, setting, value)
    check_like_recorded("softer_labels", softer_labels.softer_labels.run(few, 3))


def test_a_row_counts_errors_on_test_images(few, narrow):
    net = experiments.small(0)
    row = experiments.row("arm", 1, net, few, lr=0.1)
    assert row["errors"] == round(100 * (1 - accuracy(net, *few.test)))
    assert row["train accuracy"] == accuracy(net, *few.train)
    assert row["validation accuracy"] == accuracy(net, *few.validation)
    assert (row["arm"], row["seed"], row["lr"]) == ("arm", 1, 0.1)


def test_the_first_of_the_best_epochs_is_kept(few, monkeypatch):
    net = torch.nn.Linear(1, 1, bias=False)
    scores = iter([0.5, 0.7, 0.7, 0.6])
    monkeypatch.setattr(experiments, "accuracy", lambda net, x, y: next(scores))
    best = experiments.Best(net, few.validation)
    for epoch in range(4):
        net.weight.data.fill_(epoch)
        best({})
    assert best.scores == [0.5, 0.7, 0.7, 0.6]
    assert best.weights["weight"].item() == 1


def test_scrambled_images_have_the_same_patches_in_another_place():
    x = torch.rand(5, 1, 28, 28)
    moved = experiments.scrambled(x, seed=0)
    assert torch.equal(moved, experiments.scrambled(x, seed=0))
    assert not torch.equal(moved, experiments.scrambled(x, seed=1))
    for before, after in zip(x, moved):
        patches = [
            {
                image[0, i : i + 7, j : j + 7].sum().item()
                for i in range(0, 28, 7)
                for j in range(0, 28, 7)
            }
            for image in (before, after)
        ]
        assert patches[0] == patches[1] and not torch.equal(before, after)


def test_one_net_is_alone_and_one_is_at_each_temperature(few, monkeypatch):
    monkeypatch.setattr(experiments, "CONFIG", QUICK)
    teacher = Teacher(mlp(784, 11, 10, seed=1))
    rows = experiments.temperature_by_width(few, 0, 8, teacher)
    names = ["alone", *(f"T = {T:g}" for T in experiments.TEMPERATURES)]
    assert [row["arm"] for row in rows] == names
    assert {row["width"] for row in rows} == {8}


def test_the_images_of_which_a_net_is_least_sure_come_first(digits):
    """A net that is unsure of 4s, and of 7s a little less; sure of all others."""
    x, y = digits.test
    z = 9 * torch.nn.functional.one_hot(y, 10).float()
    z[y == 4, 9] = 9.5
    z[y == 7, 1] = 8.0
    z = z.split(2048)

    class Unsure(torch.nn.Module):
        def forward(self, images):
            return z[0][: len(images)]

    fours = int((y == 4).sum())
    images, titles = experiments.unsure(Unsure(), digits, 4.0, fours + 2)
    assert titles[:fours] == ["4: 9 or 4"] * fours
    assert titles[fours:] == ["7: 7 or 1"] * 2
    wanted = {image.numpy().tobytes() for image in x[y == 4][:, 0]}
    assert {image.tobytes() for image in images[:fours]} == wanted


def test_a_net_that_diverged_has_the_errors_of_one_that_answers_at_random(few):
    net = mlp(784, 4, 10, seed=0)
    for weight in net.parameters():
        weight.data.fill_(float("nan"))
    kept = experiments.row("soft only", 0, net, few)
    assert (kept["errors"], kept["n"]) == (90, 100)
    assert kept["train accuracy"] == kept["validation accuracy"] == 0.1

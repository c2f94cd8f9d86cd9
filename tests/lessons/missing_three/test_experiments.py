"""Notebook 03's experiments: what is removed, and the number that repairs it."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from lessons.kept import check_like_recorded

from kdsurvey.data import Data
from kdsurvey.lessons.missing_three import claims, experiments, pictures
from kdsurvey.losses import cross_entropy, kl
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch
from kdsurvey.training import Config, train

DIGITS = tuple("0123456789")


@pytest.mark.parametrize(
    ("removed", "T", "name"),
    [
        ((3,), 20.0, "no 3, T = 20"),
        ((3,), None, "no 3, hard labels"),
        ((3, 4), 2.5, "no 3, 4, T = 2.5"),
        (experiments.TWO_DIGITS, 20.0, "only 7 and 8, T = 20"),
    ],
)
def test_an_arm_is_called_after_what_is_removed(removed, T, name):
    assert experiments.arm_of(removed, T, DIGITS) == name


def test_an_offset_moves_only_the_classes_removed():
    z = torch.tensor([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]])
    moved = experiments.shifted(z, (1,), 5.0)
    assert moved.tolist() == [[0.0, 6.0, 2.0], [3.0, 5.0, 0.0]]
    assert z[0].tolist() == [0.0, 1.0, 2.0]


def test_of_equal_offsets_the_middle_one_is_taken():
    z = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    y = torch.tensor([1, 1])
    # class 1 wins both images from 1.1 on, up to the largest offset
    assert experiments.best_offset(z, y, (1,)) == pytest.approx(10.6, abs=0.06)
    assert abs(experiments.best_offset(z, y, (1,))) <= experiments.REACH


def test_errors_are_counted_in_all_on_the_removed_and_by_class():
    z = torch.eye(3)[[0, 0, 1, 2, 2]]
    y = torch.tensor([0, 1, 1, 2, 0])
    assert experiments.count(" now", z, y, (1,)) == {
        "errors now": 2,
        "errors on removed now": 1,
        "recall now": [0.5, 0.5, 1.0],
    }


def test_a_student_never_sees_what_is_removed_and_takes_as_many_steps(
    digits, monkeypatch
):
    part = digits.hold_out(500)
    few = replace(part, train=tuple(tensor[:200] for tensor in part.train))
    asked = []
    monkeypatch.setattr(experiments, "small", lambda seed: mlp(784, 8, 10, seed=seed))
    monkeypatch.setattr(
        experiments,
        "train",
        lambda stages, data, config, **hooks: asked.append((data, config)),
    )
    config = Config(epochs=10, batch_size=32, lr=0.1, device="cpu")
    teacher = mlp(784, 9, 10, seed=1)
    row = experiments.without(few, 5, teacher, (3, 4), 20.0, config)
    ((transfer, used),) = asked
    assert not set(transfer.train[1].tolist()) & {3, 4}
    left = len(transfer.train[0])
    assert used.epochs == round(10 * 200 / left) and used.seed == 5
    assert row["arm"] == "no 3, 4, T = 20" and row["n"] == len(few.test[0])
    removed = sum(int(y) in (3, 4) for y in few.test[1])
    assert row["n removed"] == removed
    assert experiments.right(row) == removed - row["errors on removed"]


@pytest.mark.parametrize("T", [20.0, None])
def test_a_student_learns_soft_targets_at_T_alone_or_labels(T, digits, monkeypatch):
    part = digits.hold_out(500)
    few = replace(part, train=tuple(tensor[:200] for tensor in part.train))
    net, teacher = mlp(784, 8, 10, seed=0), mlp(784, 9, 10, seed=1)
    learnt = []
    monkeypatch.setattr(experiments, "small", lambda seed: net)
    monkeypatch.setattr(
        experiments, "train", lambda stages, *_, **hooks: learnt.extend(stages)
    )
    experiments.without(few, 5, teacher, (3,), T)
    (stage,) = learnt
    x, y = few.train
    terms = stage.learn[net](Batch(x, y, torch.arange(200), x), 0.5)
    with torch.no_grad():
        z, v = net(x), teacher(x)
        wanted = cross_entropy(z, y) if T is None else T**2 * kl(v, z, T)
    assert sum(terms.values()).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_every_arm_that_was_recorded_is_run(digits, monkeypatch):
    part = digits.hold_out(500)
    few = replace(part, train=tuple(tensor[:200] for tensor in part.train))
    net = partial(mlp, 784, 8, 10)
    monkeypatch.setattr(experiments, "small", lambda seed: net(seed=seed))
    monkeypatch.setattr(experiments, "teach", lambda data, seed: net(seed=seed))
    monkeypatch.setattr(experiments, "train", lambda *given, **hooks: None)
    check_like_recorded("missing", experiments.missing.run(few, 5))


def test_repairs_are_judged_before_minus_after():
    rows = pd.DataFrame(
        {
            "arm": "no 3, T = 20",
            "seed": seed,
            "n": 100,
            "errors": 30 + seed,
            "errors corrected": 20 + seed,
            "errors corrected on test": 19 + seed,
        }
        for seed in range(3)
    )
    repaired = claims.repaired("P2e", rows, "no 3, T = 20")
    assert repaired.effect == pytest.approx(10)
    assert claims.peeked(rows, "no 3, T = 20").effect == pytest.approx(1)


def test_what_is_lost_of_a_class_goes_with_its_images(few_digits):
    sure = torch.nn.Sequential(torch.nn.Flatten(), Answer(few_digits.train))
    assert experiments.lost(sure, few_digits, 1, 0.01) == pytest.approx(1, abs=1e-3)
    assert experiments.lost(sure, few_digits, 1, 1e6) == pytest.approx(0, abs=1e-3)


class Answer(torch.nn.Module):
    """A net that knows the label of every training image."""

    def __init__(self, train):
        super().__init__()
        self.x, self.y = train[0].flatten(1), train[1]

    def forward(self, x):
        return torch.eye(3)[self.y[torch.cdist(x, self.x).argmin(1)]]


@pytest.fixture
def few_digits():
    """12 images of 3 classes."""
    x, y = torch.rand(12, 1, 3, 3), torch.arange(12) % 3
    return Data((x, y), (x, y), ("a", "b", "c"), "made up")


def test_a_column_by_temperature():
    rows = pd.DataFrame(
        {"arm": f"no 3, T = {T:g}", "seed": seed, "errors": T + seed}
        for T in experiments.TEMPERATURES
        for seed in (1, 0)
    )
    table = pictures.by_temperature(rows, "errors")
    assert table.tolist() == [
        [T + seed for T in experiments.TEMPERATURES] for seed in (0, 1)
    ]


def test_what_the_reader_trains(digits, monkeypatch):
    """Both start from the same weights and see the same images without 3s, in the same
    order; the test images are looked at once both are done.
    """
    runs = []
    quick = Config(epochs=1, batch_size=32, device="cpu")

    def learn(stages, data, config):
        (stage,) = stages
        (net,) = stage.learn
        start = torch.cat([p.flatten() for p in net.parameters()]).clone()
        runs.append((start, data.train, config))
        train(iter([stage]), data, replace(quick, seed=config.seed))

    monkeypatch.setattr(
        experiments, "teach", lambda data, seed: mlp(784, 10, seed=seed)
    )
    monkeypatch.setattr(experiments, "train", learn)
    part = digits.hold_out(500)
    few = replace(part, train=tuple(tensor[:300] for tensor in part.train))
    rows = experiments.never_seen.run(few, 3)
    assert [row["arm"] for row in rows] == ["distilled", "alone"]
    (one, seen, config), (other, also, same) = runs
    assert torch.equal(one, other) and config == same and config.seed == 3
    assert not (seen[1] == 3).any() and torch.equal(seen[1], also[1])
    assert rows[1]["accuracy of 3s"] == 0 < rows[0]["accuracy"]
    assert experiments.never_seen.run(few, 3) == rows


def test_shares_are_of_all_and_of_the_threes(digits):
    y = digits.test[1]
    told = y.where((y != 8) & (torch.arange(len(y)) != (y == 3).nonzero()[0]), 5)
    x = torch.nn.functional.one_hot(told, 10).float()
    shares = experiments.shares(torch.nn.Identity(), SimpleNamespace(test=(x, y)))
    wrong = (y == 8).sum().item() + 1
    threes = (y == 3).sum().item()
    assert shares == {
        "accuracy": round(1 - wrong / len(y), 5),
        "accuracy of 3s": round(1 - 1 / threes, 5),
    }


def test_what_a_net_says_to_the_digits_of_a_class(digits):
    class Always(torch.nn.Module):
        def forward(self, x):
            return torch.eye(10)[[5]].expand(len(x), 10)

    images, titles = experiments.said(Always(), digits, 3, 4)
    x, y = digits.test
    assert images.shape == (4, 28, 28) and titles == ["“5”"] * 4
    assert (torch.as_tensor(images) == x[y == 3][:4, 0]).all()

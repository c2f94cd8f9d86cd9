"""Notebook 00's ten seconds: five pairs that differ in what they learn from."""

from dataclasses import replace

import pytest

from kdsurvey.lessons.start_here import experiments
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.training import Config, accuracy, train


@pytest.fixture(scope="module")
def few(digits):
    part = digits.hold_out(500)
    return replace(
        part,
        train=tuple(tensor[:200] for tensor in part.train),
        test=tuple(tensor[:300] for tensor in part.test),
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    config = Config(epochs=8, batch_size=8, lr=0.1, device="cpu")
    monkeypatch.setattr(experiments, "STUDENT", config)
    monkeypatch.setattr(experiments, "TEACHER", config)


def test_every_seed_learns_once_from_labels_and_once_from_the_teacher(few):
    rows = experiments.ten_seconds(few, mlp(784, 12, 10, seed=0))
    pairs = [(arm, seed) for arm in ("hard", "soft") for seed in experiments.SEEDS]
    assert [(row["arm"], row["seed"]) for row in rows] == pairs
    other = experiments.ten_seconds(few, mlp(784, 12, 10, seed=1))
    same = [a["accuracy"] == b["accuracy"] for a, b in zip(rows, other)]
    assert all(same[:5]) and not all(same[5:])  # hard targets need no teacher

    table = experiments.pairs(rows)
    assert list(table) == ["hard", "soft"] and list(table.index) == [0, 1, 2, 3, 4]
    assert table.loc[0, "hard"] == pytest.approx(100 * rows[0]["accuracy"], abs=0.05)


def test_the_first_pair_differs_in_what_it_learns_from(few):
    rows = experiments.first_pair.run(few, 3)
    assert [(row["arm"], row["seed"]) for row in rows] == [
        ("distilled", 3),
        ("alone", 3),
    ]
    assert all(0 <= row["accuracy"] <= 1 for row in rows)
    assert experiments.first_pair.run(few, 3) == rows
    teacher, images = experiments.taught(few, 3), few.fraction(experiments.SHARE, 3)
    student = mlp(784, *experiments.NARROW, 10, seed=3)
    config = replace(experiments.STUDENT, seed=3)
    train(hinton(student, teacher, T=4.0, alpha=1.0), images, config)
    assert rows[0]["accuracy"] == pytest.approx(accuracy(student, *few.test), abs=1e-4)

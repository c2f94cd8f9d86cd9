"""The grid of students and its map: what trains, from what, on what; and what the map
says about it.
"""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from kdsurvey.data import Data
from kdsurvey.lessons.playground import claims, experiments
from kdsurvey.lessons.playground.experiments import (
    ALPHAS,
    CELLS,
    CONTROLS,
    TEMPERATURES,
    Map,
    Setting,
    arm,
    grid,
    teach,
)
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import mlp
from kdsurvey.training import Config, StopTraining, train


@pytest.fixture(scope="module")
def spots():
    """240 images of 3 classes, each with a spot at its place, half held out in two parts."""
    g = torch.Generator().manual_seed(0)
    y = torch.arange(240) % 3
    x = 0.6 * torch.rand(240, 1, 4, 4, generator=g)
    for k in range(3):
        x[y == k, :, k, k] += 0.5
    parts = [(x[a:b], y[a:b]) for a, b in ((0, 120), (120, 180), (180, 240))]
    return Data(parts[0], parts[1], ("a", "b", "c"), "spots", parts[2])


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(
        experiments, "STUDENT", Config(epochs=2, batch_size=32, lr=0.1, device="cpu")
    )
    monkeypatch.setattr(
        experiments,
        "TEACHER",
        Config(epochs=2, batch_size=32, lr=0.1, jitter=1, device="cpu"),
    )


def test_a_cell_is_the_run_that_it_says(spots):
    teacher = teach(spots, "well trained")
    rows = {
        row["arm"]: row["accuracy"] for row in grid(spots, Setting(width=5), 3, teacher)
    }
    assert list(rows) == [*(arm(*cell) for cell in CELLS), *CONTROLS]
    config = Config(epochs=2, batch_size=32, lr=0.1, seed=3, device="cpu")

    def alone(stages):
        return train(stages, spots, config, progress=False)[-1]

    for T, alpha in ((1.0, 0.25), (8.0, 0.9), (32.0, 1.0)):
        row = alone(hinton(mlp(16, 5, 3, seed=3), teacher, T=T, alpha=alpha))
        assert rows[arm(T, alpha)] == pytest.approx(
            row["student test accuracy"], abs=1.01 / 60
        )  # one image at most
    assert rows["no teacher"] == pytest.approx(
        alone(plain(mlp(16, 5, 3, seed=3)))["net test accuracy"], abs=1.01 / 60
    )
    smooth = alone(plain(mlp(16, 5, 3, seed=3), smoothing=0.1))
    assert rows["label smoothing"] == smooth["net test accuracy"]


def test_the_tuned_control_is_chosen_on_validation_images(spots, monkeypatch):
    found = {
        0.03: (0.7, 0.9),
        0.1: (0.8, 0.2),
        0.3: (0.6, 0.95),
    }  # rate -> validation, test
    asked = []

    def fake(images, setting, config, hooks, **options):
        validation, test = found[config.lr]
        asked.append((config.lr, options))
        return {"net validation accuracy": validation, "net test accuracy": test}

    monkeypatch.setattr(experiments, "_alone", fake)
    rows = experiments._controls(spots, Setting(), Config(seed=4), {})
    assert [row["accuracy"] for row in rows] == [0.2, 0.2] and [
        row["seed"] for row in rows
    ] == [4, 4]
    assert [lr for lr, _ in asked] == [0.03, 0.1, 0.3, 0.1] and asked[-1][1] == {
        "smoothing": 0.1
    }


def test_fewer_images_take_as_many_steps_and_are_drawn_by_the_seed(spots, monkeypatch):
    seen = []
    monkeypatch.setattr(experiments, "_run", _recorder(seen, experiments._run))
    grid(spots, Setting(width=4, share=0.25), 1, teach(spots, "untrained"))
    grid(spots, Setting(width=4, share=0.25), 2, teach(spots, "untrained"))
    (first, config), (second, _) = seen[0], seen[5]
    assert (
        len(first.train[0]) == 30 and config.epochs == 8
    )  # 4 steps x 2 epochs = 1 step x 8
    assert not torch.equal(first.train[0], second.train[0])


def test_a_teacher_that_knows_only_the_students_images_is_trained_on_those(
    spots, monkeypatch
):
    seen = []
    monkeypatch.setattr(experiments, "_run", _recorder(seen, experiments._run))
    given = teach(spots, "untrained")
    grid(
        spots,
        Setting(width=4, share=0.25, teacher="the student's images only"),
        1,
        given,
    )
    assert (
        len(seen) == 6
        and len(seen[0][0].train[0]) == 30
        and seen[0][1].jitter == 1
        and seen[0][1].epochs == 8
    )
    seen.clear()
    grid(spots, Setting(width=4), 1, given)
    assert len(seen) == 5


def _recorder(seen, run):
    def recorded(stages, data, config, **hooks):
        seen.append((data, config))
        return run(stages, data, config, **hooks)

    return recorded


def test_the_kinds_of_teachers_differ(spots):
    x = spots.test[0]
    logits = [
        teach(spots, kind).logits(x)
        for kind in ("well trained", "one epoch", "untrained")
    ]
    assert not torch.equal(logits[0], logits[1]) and not torch.equal(
        logits[1], logits[2]
    )
    with pytest.raises(ValueError, match="'best': choose one of"):
        teach(spots, "best")


def test_a_stopped_grid_has_no_rows(spots):
    def stop(step):
        raise StopTraining

    with pytest.raises(StopTraining):
        grid(spots, Setting(width=4), 0, teach(spots, "untrained"), on_batch=stop)


def rows_of(gains: np.ndarray, control: str = "no teacher") -> list[dict]:
    """Rows of seeds 0, 1, ... whose cells gain so many points (seeds, T, alpha) over 0.5."""
    rows = []
    for seed, points in enumerate(gains):
        shares = 0.5 + points.ravel() / 100
        rows += [
            {"arm": arm(*cell), "seed": seed, "accuracy": a}
            for cell, a in zip(CELLS, shares)
        ]
        rows += [
            {"arm": name, "seed": seed, "accuracy": 0.5 if name == control else 0.1}
            for name in CONTROLS
        ]
    return rows


@pytest.mark.parametrize("control", CONTROLS)
def test_a_map_has_the_mean_gain_over_its_control(control):
    gains = np.random.default_rng(0).normal(size=(5, len(TEMPERATURES), len(ALPHAS)))
    found = Map(rows_of(gains, control), control)
    np.testing.assert_allclose(found.gains, gains, atol=1e-9)
    np.testing.assert_allclose(found.mean, gains.mean(0), atol=1e-9)


def test_marks_are_those_of_the_t_test_before_and_after_bonferroni():
    shift = np.linspace(-3, 3, len(CELLS)).reshape(len(TEMPERATURES), len(ALPHAS))
    gains = np.random.default_rng(1).normal(size=(6, *shift.shape)) + shift
    p = stats.ttest_1samp(gains, 0, axis=0).pvalue
    wanted = np.where(p < 0.05 / len(CELLS), "✱", np.where(p < 0.05, "•", ""))
    assert {"✱", "•", ""} == set(wanted.ravel())
    assert (Map(rows_of(gains)).marks() == wanted).all()
    assert set(Map(rows_of(gains[:1])).marks().ravel()) == {""}


def test_what_chooses_does_not_judge():
    """Pure chance: on the seeds that chose it, the best of 30 cells looks good; on the
    others it does not.
    """
    chance = [
        Map(rows_of(np.random.default_rng(k).normal(size=(10, 6, 5))))
        for k in range(20)
    ]
    judged = [claims.best_elsewhere("O10a", found, "chance") for found in chance]
    assert all(verdict.n == 5 for verdict in judged)
    assert abs(np.mean([verdict.effect for verdict in judged])) < 0.5
    assert np.mean([found.gains[:5].mean(0).max() for found in chance]) > 0.7
    first = np.unravel_index(chance[0].gains[:5].mean(0).argmax(), (6, 5))
    assert judged[0].effect == pytest.approx(chance[0].gains[5:, *first].mean())


def test_two_maps_are_compared_cell_by_cell_and_seed_by_seed():
    gains = np.random.default_rng(2).normal(size=(2, 6, 6, 5))
    rows = [
        {"map": experiments.NAMES[name].name, **row}
        for name, g in zip(("64 units", "4 units"), gains)
        for row in rows_of(g)
    ]
    verdict = claims.compared(
        "O11a", pd.DataFrame(rows), "64 units", "4 units", 4.0, 0.5
    )
    wanted = stats.ttest_rel(gains[0, :, 2, 1], gains[1, :, 2, 1])
    assert verdict.effect == pytest.approx((gains[0] - gains[1])[:, 2, 1].mean())
    assert verdict.low == pytest.approx(wanted.confidence_interval().low)
    assert verdict.what == "gain with 64 units - with 4 units, T = 4, alpha = 0.5"


def test_each_map_has_a_best_cell_of_its_own():
    gains = np.zeros((2, 8, len(TEMPERATURES), len(ALPHAS)))
    gains[0, :, 1, 0] = 3 + np.arange(8) / 10
    gains[1, :, 4, 2] = 1
    ours, theirs = (Map(rows_of(g)) for g in gains)
    verdict = claims.best_gains(ours, theirs, ("ours", "theirs"))
    assert verdict.n == 4 and verdict.effect == pytest.approx(2.55)
    assert verdict.claim == "O11a" and "test images overlap" in verdict.line


def test_no_row_of_the_table_is_answered_by_maps():
    assert not claims.CLAIMS.rows()
    lines = claims.verdicts(*claims.CLAIMS.groups())
    assert {v.claim for v in lines} == {"O11a", "O6a", "O9a", "O7a", "O10a"}


def test_every_recorded_map_is_there_with_ten_seeds():
    from kdsurvey import records

    rows = records.recorded("playground")
    assert set(rows["map"]) == set(experiments.MAPS)
    for _, part in rows.groupby("map"):
        assert Map(part.to_dict("records")).gains.shape == (
            10,
            len(TEMPERATURES),
            len(ALPHAS),
        )

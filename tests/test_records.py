"""Recorded rows: written whole, added to seed by seed, and still what the code does."""

import json

import pytest

from kdsurvey import data, records
from kdsurvey.lessons import EXPERIMENTS, experiments, ledger
from kdsurvey.lessons import pages as summary
from kdsurvey.lessons.distilling_mnist import (
    experiments as distilling_mnist,
)

EVERY = EXPERIMENTS | experiments()


def coin(digits, seed):
    return [{"arm": "heads", "seed": seed, "errors": seed + len(digits.test[0])}]


def die(digits, seed):
    return [{"arm": "six", "seed": seed, "errors": 0}]


def test_rows_come_back_with_what_made_them(toy, tmp_path):
    records.record("coin", coin, toy, [1, 0], tmp_path)
    table = records.recorded("coin", tmp_path)
    assert table[["arm", "seed", "errors"]].to_numpy().tolist() == [
        ["heads", 0, 40],
        ["heads", 1, 41],
    ]
    assert table.attrs["data"] == toy.source and table.attrs["experiment"].endswith(
        "coin"
    )
    assert set(table.attrs["versions"]) >= {"torch", "python", "threads"} and set(
        table.attrs["seconds"]
    ) == {"0", "1"}


def test_a_seed_again_replaces_its_rows_and_keeps_the_others(toy, tmp_path):
    records.record("coin", coin, toy, [0, 1], tmp_path)
    path = records.record("coin", coin, toy, [1, 2], tmp_path)
    assert [row["seed"] for row in json.loads(path.read_text())["rows"]] == [0, 1, 2]
    assert [p.name for p in tmp_path.iterdir()] == ["coin.json"]


def test_rows_of_different_experiments_never_mix(toy, tmp_path):
    records.record("coin", coin, toy, [0], tmp_path)
    with pytest.raises(ValueError, match="delete the file"):
        records.record("coin", die, toy, [1], tmp_path)


def test_a_failing_seed_keeps_what_was_there(toy, tmp_path):
    def fails(digits, seed):
        raise RuntimeError

    fails.__name__ = "coin"
    records.record("coin", coin, toy, [0], tmp_path)
    with pytest.raises(RuntimeError):
        records.record("coin", fails, toy, [1], tmp_path)
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [0]


def test_what_is_not_recorded_says_how_to(tmp_path):
    with pytest.raises(ValueError, match=r"python -m kdsurvey\.lessons missing"):
        records.recorded("missing", tmp_path)


@pytest.mark.parametrize("name", EVERY)
def test_every_experiment_is_recorded_over_seeds(name):
    table = records.recorded(name)
    assert table.attrs["experiment"].endswith(f".{name}")
    assert table["seed"].nunique() >= {"learning_rates": 2, "full_mnist": 3}.get(
        name, 5
    )


def test_a_recorded_seed_can_be_had_again():
    """Seed 0 of the temperature sweep, 30 units: the errors of each arm, within what
    another CPU may change.
    """
    digits = data.mnist_5k().hold_out(500)
    table = records.recorded("widths")
    assert table.attrs["data"] == digits.source
    before = table[(table["seed"] == 0) & (table["width"] == 30)].set_index("arm")[
        "errors"
    ]
    now = {
        row["arm"]: row["errors"]
        for row in distilling_mnist.temperature_by_width(digits, 0, 30)
    }
    assert set(now) == set(before.index)
    assert all(abs(errors - before[arm]) <= 12 for arm, errors in now.items()), (
        now,
        before.to_dict(),
    )


@pytest.mark.parametrize("page", ["README.md", "docs/verdicts.md"])
def test_pages_print_what_is_recorded(page):
    text = (records.FOLDER.parent / page).read_text()
    assert summary.pages()[page] in text, (
        "results changed: python -m kdsurvey.lessons.summary writes the pages anew"
    )


def test_every_verdict_is_counted_once():
    judged = ledger.verdicts()
    counted = summary.counts()
    assert (
        counted[list(summary.WORDS)].to_numpy().sum()
        == sum(map(len, judged.values()))
        > 150
    )
    assert (counted[list(summary.WORDS)].sum(axis=1) > 0).all()
    stems = {
        path.stem for path in (records.FOLDER.parent / "notebooks").glob("*.ipynb")
    }
    assert set(judged) == stems - {"00_start_here", "01_temperature"}

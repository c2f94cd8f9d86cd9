"""Rows in which one arm is the better one, for tests of what is compared and drawn."""

import numpy as np
import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.answers import Verdict

TEST = ["accuracy", "together", "average"]  # what is measured on test images


def some_rows(**accuracies) -> pd.DataFrame:
    """Two seeds, the second a point better; an accuracy an arm."""
    return pd.DataFrame(
        {
            "arm": arm,
            "seed": seed,
            "choice": "20 epochs",
            "accuracy": a + seed / 100,
            "validation accuracy": a,
        }
        for arm, a in accuracies.items()
        for seed in range(2)
    )


def favour(monkeypatch, arm: str, column: str) -> None:
    """Have `records.recorded` give rows with tests of 0.5 or so, an arm's column ten
    points higher; settings, seeds and validation stay as they were recorded.
    """
    recorded = records.recorded

    def made_up(name: str) -> pd.DataFrame:
        rows = recorded(name)
        noise = np.random.default_rng(0).uniform(-0.01, 0.01, (len(rows), len(TEST)))
        rows = rows.assign(**dict(zip(TEST, 0.5 + noise.T)))
        rows.loc[rows["arm"] == arm, column] += 0.1
        return rows

    monkeypatch.setattr(records, "recorded", made_up)


def check_which_is_better(
    monkeypatch, judge, sides: tuple[tuple[str, str], tuple[str, str]], which: int
) -> Verdict:
    """Check that a row holds where the first of its (arm, column) is favoured, and fails
    where the second is, by about ten points; return its verdict.
    """
    favour(monkeypatch, *sides[which])
    verdict = judge()
    assert verdict.word == ("HOLDS", "FAILS")[which]
    assert abs(verdict.effect) == pytest.approx(10, abs=2)
    return verdict

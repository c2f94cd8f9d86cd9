"""Rows in which one arm is the better one, for tests of what is compared and drawn."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.answers import Verdict
from kdsurvey.lessons.judging import Claims

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


def pairs(a: str, b: str, gain: float, choice: str = "20 epochs") -> pd.DataFrame:
    """Make rows in which arm a is better by `gain` at the setting that validation images
    prefer, with right labels and weight 1; everywhere else it is worse by as much.
    """
    rows = []
    for preferred, noise, weight in (
        (True, 0.0, 1.0),
        (False, 0.0, 1.0),
        (True, 0.2, 1.0),
        (True, 0.0, 4.0),
    ):
        here = preferred and not noise and weight == 1
        for seed in range(5):
            better = (gain if here else -gain) + seed / 2000
            for arm, share in ((a, 0.5 + better), (b, 0.5)):
                row = {"arm": arm, "seed": seed, "noise": noise, "weight": weight}
                measured = {"accuracy": share, "two runs agree": share}
                choices = {
                    "choice": choice if preferred else "weight decay",
                    "validation accuracy": 0.9 if preferred else 0.1,
                }
                rows.append(row | measured | choices)
    return pd.DataFrame(rows)


def check_first_is_better(
    claims: Claims,
    id: str,
    arms: tuple[str, str],
    record: Callable[[pd.DataFrame], None],
) -> None:
    """Check that a row holds where the first of its arms is better, at the settings that
    `pairs` speaks of, and fails where it is worse.

    record: lets the record of the row be those rows.
    """
    record(pairs(*arms, gain=0.05))
    answer = claims.answer(id)
    assert answer.word == "HOLDS" and answer.effect == pytest.approx(5.1)
    assert answer.note == ""
    record(pairs(*arms, gain=-0.05))
    assert claims.answer(id).word == "FAILS"

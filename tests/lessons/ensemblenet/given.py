"""Recorded rows of notebook 12 in small, for its tests."""

import pandas as pd

from kdsurvey.lessons.ensemblenet import budgets, experiments


def lambda_rows() -> pd.DataFrame:
    """Recorded rows in small: the third of the rate is the better on validation images,
    three times it the best of all.
    """
    tries = {
        "the rate": (0.8, 0.9),
        "a third of it": (0.85, 0.7),
        "three times it": (0.99, 0.95),
    }
    return pd.DataFrame(
        {
            "arm": experiments.name(lam),
            "seed": seed,
            "rate": rate,
            "validation accuracy": validation,
            "accuracy": test + 0.01 * lam,
            "validation together": 1 - validation,
            "together": test,
            "train accuracy": 0.5,
            "diversity": 0.1 / (1 + lam),
        }
        for rate, (validation, test) in tries.items()
        for lam in experiments.LAMBDAS
        for seed in range(3)
    )


def budget_rows() -> pd.DataFrame:
    """One net, and arms 10 points below it; longer training looks better than it is,
    for all together worse.
    """
    # (budget, setting, epochs): accuracy of one net on validation and on test images,
    # and that of the average
    tries = {
        (6, "as it comes", 6): (0.5, 0.6, 0.9, 0.8),
        (15, "weight decay", 15): (0.6, 0.5, 0.7, 0.6),
        (45, "a third of the rate", 45): (0.7, 0.7, 0.95, 0.9),
    }
    rows = []
    for (budget, setting, epochs), found in tries.items():
        for arm in budgets.ARMS:
            low, cost = (0.0, 1000) if arm == "one net" else (0.1, 3000)
            row = {
                "arm": arm,
                "budget": budget,
                "setting": setting,
                "epochs": epochs,
                "validation accuracy": found[0],
                "accuracy": found[1] - low,
                "validation average": found[2],
                "average": found[3] - low,
                "one answers": 1000,
                "all answer": cost,
                "training": 1e9 * epochs,
            }
            rows += [row | {"seed": seed} for seed in range(3)]
    return pd.DataFrame(rows)

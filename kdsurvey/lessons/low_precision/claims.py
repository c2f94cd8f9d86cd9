"""What notebook 09 reads off its rows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kdsurvey.lessons.low_precision.experiments import BITS, LOW
from kdsurvey.page import means
from kdsurvey.verdicts import Verdict, chosen, judge, judge_rows


def default(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs with the default setting of their arm."""
    return rows[rows["choice"] == 0]


def tuned(rows: pd.DataFrame) -> pd.DataFrame:
    """Of the three settings of every arm the one that is best on validation images, the
    same for all seeds.
    """
    return chosen(rows, "choice")


def above(
    rows: pd.DataFrame,
    a: str,
    b: str,
    *,
    claim: str = "P7",
    where: str = "",
    column: str = "accuracy",
) -> Verdict:
    """The claim that arm a is more accurate than arm b on the test images; `where` ends the line."""
    return judge_rows(
        claim, rows, column, a=a, b=b, what=f"{_said(a)} - {_said(b)}{where}"
    )


def _said(arm: str) -> str:
    return f"scheme {arm}" if arm[0] in "ABC" else arm


def sooner(rows: pd.DataFrame, a: str, b: str, share: float) -> Verdict:
    """P7: arm a needs fewer epochs than arm b until that share of the validation images
    is right, one more than all if never.
    """
    columns = (
        {
            row["seed"]: reached(row["curve"], share)
            for _, row in default(rows[rows["arm"] == arm]).iterrows()
        }
        for arm in (b, a)
    )
    late, early = columns
    seeds = sorted(late.keys() & early.keys())
    what = (
        f"epochs of {_said(b)} - {_said(a)} to {100 * share:g} % of validation images"
    )
    return judge(
        "P7",
        [late[seed] for seed in seeds],
        [early[seed] for seed in seeds],
        what=what,
        unit="epochs",
    )


def reached(curve: list[float], share: float) -> int:
    """The first epoch, from 1, after which `share` was reached; one more than there are
    where it never was.
    """
    return next(
        (epoch for epoch, value in enumerate(curve, 1) if value >= share),
        len(curve) + 1,
    )


def curves(rows: pd.DataFrame, arms: list[str]) -> Mapping[str, np.ndarray]:
    """Arm -> (seeds, epochs), validation accuracy in per cent at the default settings."""
    usual = default(rows)
    return {
        arm: 100 * np.array(usual.loc[usual["arm"] == arm, "curve"].tolist())
        for arm in arms
    }


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """A line an arm: accuracy (%) at its default setting and at the best of three, what
    that is, and the epochs behind it.
    """
    best = tuned(rows)
    parts = {"default (%)": default(rows), "best of three (%)": best}
    columns = {
        name: means(part.assign(p=100 * part["accuracy"]), ["p"])["p"]
        for name, part in parts.items()
    }
    arms = best.groupby("arm", sort=False)
    return pd.DataFrame(
        {
            **columns,
            "setting": arms["knob"].first(),
            "epochs of the student": arms["epochs"].first(),
        }
    )


def finer(
    rows: pd.DataFrame,
    a: int,
    b: int,
    column: str = "weights",
    at: int = LOW["activation_bits"],
) -> Verdict:
    """P7: a bits of weights (or of activations) are better than b; the other of the two
    has `at` bits.
    """
    other = "activations" if column == "weights" else "weights"
    runs = rows[(rows["arm"] == "no teacher") & (rows[other] == at)]
    accuracies = (
        runs[runs[column] == bits].sort_values("seed")["accuracy"] for bits in (a, b)
    )
    return judge("P7", *accuracies, what=f"{column} of {a} - {b} bits, {other} of {at}")


def by_bits(rows: pd.DataFrame) -> Mapping[str, np.ndarray]:
    """Bits of the activations -> (seeds, bits of the weights), accuracy in per cent
    without a teacher.
    """
    alone = (
        rows[rows["arm"] == "no teacher"]
        .groupby(["activations", "seed", "weights"], sort=False)["accuracy"]
        .first()
    )
    cells = 100 * alone.unstack("weights")
    return {
        f"{bits}-bit activations": cells.loc[bits].to_numpy()
        for bits in BITS["activations"]
    }


def grid(rows: pd.DataFrame, arm: str = "no teacher") -> pd.DataFrame:
    """Accuracy in per cent, mean ± s.d. over seeds: bits of the weights down, of the
    activations across.
    """
    cells = rows[rows["arm"] == arm].groupby(["weights", "activations"], sort=False)[
        "accuracy"
    ]
    return cells.apply(
        lambda values: f"{100 * values.mean():.1f} ± {100 * values.std():.1f}"
    ).unstack("activations")

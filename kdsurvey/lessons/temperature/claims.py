"""What notebook 01 answers: what T flattens, how gradients change, and why T^2."""

import pandas as pd
import torch
from torch import Tensor

from kdsurvey import records
from kdsurvey.lessons.judging import Claims, above, primary, primary_values
from kdsurvey.lessons.rows import at, tuned
from kdsurvey.lessons.temperature.experiments import (
    ALPHA,
    CONFIG,
    FORGOTTEN,
    T_PAPER,
    WRONG_RATIO,
    WRONG_STEP,
    at_alpha,
    gradient_of,
    limit_error,
)
from kdsurvey.losses import entropy, kl, soften
from kdsurvey.verdicts import Exact, Verdict, judge

CLAIMS = Claims()
verdicts = CLAIMS.verdicts

MUCH, HALF = at_alpha(ALPHA), at_alpha(0.5)
FAR = 1e6  # a temperature that is large against all logits


def by_temperature(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column of the rows of `softened` by seed (lines) and arm (columns)."""
    return rows.pivot(index="seed", columns="arm", values=column)


def at_one_rate() -> pd.DataFrame:
    """Return the rows of `weights_compared` at the rate that every arm has."""
    return at(records.recorded("weights_compared"), lr=CONFIG.lr)


def at_best_rate() -> pd.DataFrame:
    """Return the rows of each arm at its best rate, chosen on validation images."""
    return tuned(records.recorded("weights_compared"), "lr")


def example(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Draw logits of a teacher and a student, (20, 10) each, in float64."""
    g = torch.Generator().manual_seed(seed)
    v, z = 3 * torch.randn(2, 20, 10, generator=g, dtype=torch.float64)
    return v, z


@CLAIMS.row("O1a")
def _gradients_vary_less() -> Verdict:
    what = "variance of gradients over their mean squared, {a} - {b}"
    rows = records.recorded("softened")
    return primary("O1a", rows, "hard", "T = 4", what, column="noise")


@CLAIMS.row("O2a")
def _flatter() -> Exact:
    what = "the slope of the entropy in T is the variance of the logits / T³, never below 0"
    return Exact("O2a", what, error=slopes_apart(), tolerance=1e-12)


@CLAIMS.row("O2b")
def _alike() -> Verdict:
    found = by_temperature(records.recorded("softened"), "likeness")["T = 4"]
    what = (
        "rank correlation of mass on wrong classes with nearness of mean images, T = 4"
    )
    return primary_values("O2b", found, 0.0, what)


@CLAIMS.row("O2c")
def _logit_matching() -> Exact:
    v, z = example()
    what = "T² times the soft gradient is (z - v) / N, both centred, for T → ∞"
    return Exact("O2c", what, error=limit_error(v, z, FAR), tolerance=1e-4)


@CLAIMS.row("O3a")
def _falls() -> Exact:
    what = "at twice the temperature a quarter of the soft gradient, for T → ∞"
    return Exact("O3a", what, error=fall_error(), tolerance=1e-4)


@CLAIMS.row("O3b")
def _square() -> Verdict:
    what = f"with T² - without, alpha = {ALPHA:g}, T = {T_PAPER:g}, one rate"
    return primary("O3b", at_one_rate(), MUCH, FORGOTTEN, what)


@CLAIMS.row("O3c")
def _labels_weigh_little() -> Verdict:
    what = "{a} - {b}, each at its best rate"
    return primary("O3c", at_best_rate(), MUCH, HALF, what)


def slopes_apart(T: float = 3.0) -> float:
    """Compute how far the slope of the entropy in T is from Var(z) / T^3, the variance
    under softmax(z / T): the largest difference.
    """
    _, z = example()
    temperature = torch.tensor(T, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(entropy(z, temperature).sum(), temperature)
    q = soften(z, T)
    variance = (q * z.square()).sum(-1) - (q * z).sum(-1).square()
    return abs(slope.item() - (variance.sum() / T**3).item())


def fall_error(T: float = FAR) -> float:
    """Compute how far the gradient at 2 T is from a quarter of that at T, relative to it."""
    v, z = example()
    here, hotter = (gradient_of(kl, v, z, t) for t in (T, 2 * T))
    return ((4 * hotter - here).norm() / here.norm()).item()


@CLAIMS.group("alike: mass on the nearest class")
def _mass() -> list[Verdict]:
    rows = records.recorded("softened")
    near, others = (
        by_temperature(rows, f"mass on {which}")["T = 4"]
        for which in ("nearest", "others")
    )
    what = "mass at T = 4 on the class nearest in pixels - on the other wrong classes, mean"
    return [judge("O2b", near, others, what=what)]


@CLAIMS.group("gradients grow with T², T = 1 to 20")
def _grow() -> list[Verdict]:
    rows = records.recorded("softened")
    return [_growth(rows, where) for where in ("in logits", "in weights")]


def _growth(rows: pd.DataFrame, where: str) -> Verdict:
    length = by_temperature(rows, where)
    ratio = length["T = 20"] / length["T = 1"]
    what = f"length of the gradient {where} of T² KL, at T = 20 over T = 1, less 1"
    return judge("O3a", ratio, 0 * ratio + 1, what=what, unit="times")


@CLAIMS.group("T²: ratio and step")
def _ratio_and_step() -> list[Verdict]:
    rows = at_one_rate()
    return [
        above("O3b", rows, MUCH, WRONG_RATIO, "with T² - {b}"),
        above("O3b", rows, MUCH, WRONG_STEP, "with T² - {b}"),
        above("O3b", rows, at_alpha(0), FORGOTTEN, "labels alone - T² forgotten"),
    ]


@CLAIMS.group("T²: best rates")
def _best_rates() -> list[Verdict]:
    what = "with T² - without, each at its best rate"
    return [above("O3b", at_best_rate(), MUCH, WRONG_RATIO, what)]


@CLAIMS.group("weights of the labels")
def _weights() -> list[Verdict]:
    rows = at_best_rate()
    others = at_alpha(0), at_alpha(0.1), at_alpha(1)
    what = "{a} - {b}, each at its best rate"
    return [above("O3c", rows, MUCH, other, what) for other in others]

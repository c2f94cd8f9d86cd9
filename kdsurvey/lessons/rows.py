"""What is kept of finished nets, and how kept rows are looked up."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from torch import nn

from kdsurvey import verdicts
from kdsurvey.data import Data
from kdsurvey.suggest import refuse_unknown, unknown
from kdsurvey.training import NoAnswer, accuracy

MOST = 40  # values of a column that an error names


def accuracies(
    nets: nn.Module | Sequence[nn.Module],
    data: Data,
    parts: Mapping[str, str] | None = None,
    *,
    digits: int | None = 4,
) -> dict[str, float]:
    """Measure a net, or the mean over several, on parts of the data.

    A net that diverged, whose answers are NaN, counts as one that answers at random.
    parts: name -> "train", "validation" or "test"; by default "accuracy" on test and
    "validation accuracy" on validation images. Returns name -> share in [0, 1], rounded
    to so many digits, unless that is None.
    """
    parts = parts or {"accuracy": "test", "validation accuracy": "validation"}
    several = [nets] if isinstance(nets, nn.Module) else list(nets)

    def mean(part: str) -> float:
        shares = [_share(net, data, part) for net in several]
        share = sum(shares) / len(shares)
        return share if digits is None else round(share, digits)

    return {name: mean(part) for name, part in parts.items()}


def _share(net: nn.Module, data: Data, part: str) -> float:
    try:
        return accuracy(net, *getattr(data, part))
    except NoAnswer:
        return 1 / len(data.classes)


def at(rows: pd.DataFrame, **values) -> pd.DataFrame:
    """Return the rows with these values in these columns: at(rows, choice="5 epochs").

    Raises ValueError where there is no such column, or no row has them.
    """
    chosen = rows
    for column, value in values.items():
        columns(rows, column)
        left = chosen[chosen[column] == value]
        if left.empty:
            there = list(dict.fromkeys(map(str, chosen[column])))[:MOST]
            raise ValueError(f"the rows have {unknown(column, value, there)}")
        chosen = left
    return chosen


def columns(rows: pd.DataFrame, *names: str) -> list[str]:
    """Return the names of columns, each of which the rows have; ValueError for another."""
    for name in names:
        refuse_unknown("the rows", "column", name, rows)
    return list(names)


def tuned(
    rows: pd.DataFrame,
    setting: str = "choice",
    *,
    by: str | Sequence[str] = "arm",
    column: str = "validation accuracy",
    least: bool = False,
) -> pd.DataFrame:
    """Return each arm's rows at its best setting, see `verdicts.chosen`.

    by: what chooses for itself. Where "arm" is not among it, the first column of it
    takes its place: a net's start, for rows whose arm names start and setting.
    """
    columns = [by] if isinstance(by, str) else list(by)
    best = verdicts.chosen(rows, setting, by=columns, column=column, least=least)
    return best if "arm" in columns else best.assign(arm=best[columns[0]])


def by_seed(
    rows: pd.DataFrame, arms: Sequence[str], column: str = "accuracy"
) -> np.ndarray:
    """Return (seeds, arms): a column of these arms, one row a seed, for pictures."""
    columns(rows, column)
    table = rows.pivot(index="seed", columns="arm", values=column)
    return table[columns(table, *arms)].to_numpy()


def percent(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return the rows with the shares of those columns as percentages, for tables and
    pictures; a claim is judged on the shares.
    """
    shares = {name: 100 * rows[name] for name in columns(rows, *names)}
    return rows.assign(**shares)


def spread(shares: pd.Series) -> str:
    """Return "97.1 ± 0.3": mean and standard deviation of shares, in per cent."""
    return f"{100 * shares.mean():.1f} ± {100 * shares.std():.1f}"


def table(
    rows: pd.DataFrame, across: str = "choice", column: str = "accuracy"
) -> pd.DataFrame:
    """Return mean ± s.d. over seeds in per cent: an arm a line, a value of `across` a
    column, in the order in which they come.
    """
    columns(rows, across, column)
    cells = rows.groupby(["arm", across], sort=False)[column].agg(spread)
    lines, heads = (list(dict.fromkeys(rows[name])) for name in ("arm", across))
    return cells.unstack(across).loc[lines, heads]

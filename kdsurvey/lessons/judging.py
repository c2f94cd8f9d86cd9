"""How a lesson judges its claims: which arm is above or below which, in groups that a
notebook asks for by name.
"""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from kdsurvey.verdicts import Verdict, judge_rows

Judge = Callable[[], list[Verdict]]


def above(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    what: str = "{a} - {b}",
    *,
    column: str = "accuracy",
    unit: str = "points",
) -> Verdict:
    """Judge the claim that arm a has more of a column than arm b, paired by seed.

    what: what the line says is compared; {a}, {b} and {column} stand for their names.
    """
    sentence = what.format(a=a, b=b, column=column)
    return judge_rows(claim, rows, column, a=a, b=b, what=sentence, unit=unit)


def below(
    claim: str,
    rows: pd.DataFrame,
    a: str,
    b: str,
    what: str = "{column} of {b} - {a}",
    *,
    column: str = "errors",
    unit: str = "errors",
) -> Verdict:
    """Judge the claim that arm a has less of a column than arm b, paired by seed.

    What is judged is b - a: a positive effect means that a has less. what: as `above`.
    """
    sentence = what.format(a=a, b=b, column=column)
    return judge_rows(claim, rows, column, a=b, b=a, what=sentence, unit=unit)


def located(verdict: Verdict, where: str) -> Verdict:
    """Return the verdict with the end of its line saying where it was reached."""
    return replace(verdict, what=f"{verdict.what}, {where}")


class Verdicts(list):
    """Verdicts that show as their lines."""

    def __repr__(self) -> str:
        return "\n".join(verdict.line for verdict in self)


class Claims:
    """A lesson's claims, in groups that are judged from recorded rows when asked for.

    ```python
    CLAIMS = Claims()

    @CLAIMS.group("deeper")
    def _deeper() -> list[Verdict]: ...

    verdicts = CLAIMS.verdicts
    ```
    """

    def __init__(self):
        self._judges: dict[str, Judge] = {}
        self._counted: list[str] = []

    def group(self, name: str, *, counted: bool = True) -> Callable[[Judge], Judge]:
        """Add a function that judges a group of lines. Raises ValueError where a group
        has that name already.

        counted: README and ledger have these lines; others are controls and
        diagnostics, which only the notebook prints.
        """
        if name in self._judges:
            raise ValueError(f"two groups of claims are called {name!r}; rename one")

        def add(judge: Judge) -> Judge:
            self._judges[name] = judge
            if counted:
                self._counted.append(name)
            return judge

        return add

    def groups(self, *, counted: bool | None = None) -> list[str]:
        """Return the names of the groups, of all or of those that are counted or not."""
        names = list(self._judges)
        if counted is None:
            return names
        return [name for name in names if (name in self._counted) == counted]

    def verdicts(self, *groups: str) -> Verdicts:
        """Return the verdicts of these groups in this order, or of all that are counted.

        Raises ValueError for a group that is not there.
        """
        missing = [name for name in groups if name not in self._judges]
        if missing:
            raise ValueError(
                f"no group of claims is called {missing}; "
                f"there are {', '.join(self._judges)}"
            )
        asked = groups or self._counted
        return Verdicts(verdict for name in asked for verdict in self._judges[name]())

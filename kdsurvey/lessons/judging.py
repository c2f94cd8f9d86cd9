"""How a lesson judges: the rows of the table of claims that it answers, and the controls
and diagnostics beside them, which a notebook asks for by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from kdsurvey import claims
from kdsurvey.lessons import ledger
from kdsurvey.suggest import refuse_unknown
from kdsurvey.verdicts import Answer, Values, Verdict, judge, judge_rows

Judge = Callable[[], list[Verdict]]


def primary(
    id: str,
    rows: pd.DataFrame,
    a: Any,
    b: Any,
    what: str = "{a} - {b}",
    *,
    column: str = "accuracy",
    edge: float | None = None,
    note: str = "",
) -> Verdict:
    """Judge a row of the table of claims by arms a and b, paired by seed, with the kind,
    the margin and the unit that the table gives it.

    what: what the line says is compared; {a}, {b} and {column} stand for their names.
    edge, note: as in `verdicts.judge`.
    """
    sentence = what.format(a=a, b=b, column=column)
    options = _options(id, edge, note)
    return judge_rows(id, rows, column, a=a, b=b, what=sentence, **options)


def primary_values(
    id: str,
    a: Values,
    b: Values | float,
    what: str,
    *,
    edge: float | None = None,
    note: str = "",
) -> Verdict:
    """Judge a row of the table of claims as `primary` does, by values paired by seed.

    b: one number is what every value of a is compared with.
    """
    others = [b] * len(a) if isinstance(b, int | float) else b
    return judge(id, a, others, what=what, **_options(id, edge, note))


def _options(id: str, edge: float | None, note: str) -> dict[str, Any]:
    return claims.row(id).options | {"edge": edge, "note": note}


def edge_note(
    rows: pd.DataFrame,
    arms: Sequence[str],
    edges: Mapping[str, str] | Mapping[float, str],
    column: str = "choice",
) -> str:
    """Write which of these arms chose a setting at the edge of those tried, for the note
    of a verdict; "" where none did.

    rows: of each arm at its best. edges: setting -> what it is, "the longest tried".
    column: the one that names settings.
    """
    chosen = {arm: rows[rows["arm"] == arm][column].iloc[0] for arm in arms}
    at_edge = {arm: name for arm, name in chosen.items() if name in edges}
    names = set(at_edge.values())
    if len(at_edge) == len(arms) and len(names) == 1:
        at_edge = {"each": names.pop()}
    return "; ".join(
        f"{arm} chose {name}, {edges[name]}" for arm, name in at_edge.items()
    )


def mostly_at_edges(
    chosen: Mapping[str, Sequence[float]],
    tries: Mapping[str, Sequence[float]],
    written: str = "{:g}",
) -> str:
    """Write which arms have the lowest or the highest value that was tried at half of
    their seeds or more, for the note of a verdict; "" where none has.

    chosen: arm -> the value of each seed. tries: arm -> the values that it chose from;
    one alone is no choice. written: how a value is written.
    """
    said = []
    for arm, values in chosen.items():
        usual = pd.Series(values).median()
        ends = {min(tries[arm]): "lowest", max(tries[arm]): "highest"}
        if usual in ends and len(ends) > 1:
            value = written.format(usual)
            said.append(f"{arm} mostly at {value}, the {ends[usual]} tried")
    return "; ".join(said)


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
    """Judge a control: arm a has more of a column than arm b, paired by seed.

    claim: the row that it stands beside. what: what the line says is compared; {a}, {b}
    and {column} stand for their names.
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
    """What a lesson answers, and what it keeps beside its answers.

    ```python
    CLAIMS = Claims()

    @CLAIMS.row("P5a")
    def _peers_or_alone() -> Verdict: ...

    @CLAIMS.group("peers: controls")
    def _peers_controls() -> list[Verdict]: ...

    verdicts = CLAIMS.verdicts
    ```

    A row is judged by the one comparison that the table of claims names for it. A group
    holds controls and diagnostics; each line has the id of the row that it stands beside.
    Both are judged from recorded rows when asked for.
    """

    def __init__(self) -> None:
        self._rows: dict[str, Callable[[], Answer]] = {}
        self._groups: dict[str, Judge] = {}

    def row(self, id: str) -> Callable[[Callable], Callable]:
        """Add the function that answers a row of the table of claims."""
        return self._adding(self._rows, id)

    def group(self, name: str) -> Callable[[Callable], Callable]:
        """Add a function that judges a group of controls and diagnostics."""
        return self._adding(self._groups, name)

    def rows(self) -> list[str]:
        """Return the ids of the rows that are answered here."""
        return list(self._rows)

    def groups(self) -> list[str]:
        """Return the names of the groups."""
        return list(self._groups)

    def answer(self, id: str) -> Answer:
        """Answer a row, not corrected for the other rows of its claim.

        Raises ValueError for a row that is not answered here, and where the answer is
        one to another row.
        """
        refuse_unknown("claims", "row", id, self._rows)
        found = self._rows[id]()
        if found.claim != id:
            raise ValueError(f"the answer to {id} says that it is one to {found.claim}")
        return found

    def beside(self) -> list[Verdict]:
        """Return the lines of all groups."""
        return [verdict for judge in self._groups.values() for verdict in judge()]

    def verdicts(self, *names: str) -> Verdicts:
        """Return the answers to these rows, corrected within their claims, and the lines
        of these groups, in this order; without names the answers to all rows.

        Raises ValueError for a name that is not there.
        """
        missing = [name for name in names if name not in {*self._rows, *self._groups}]
        if missing:
            raise ValueError(
                f"no row or group of claims is called {missing}; "
                f"there are {', '.join([*self._rows, *self._groups])}"
            )
        lines = [
            [ledger.answer(name)] if name in self._rows else self._groups[name]()
            for name in names or self._rows
        ]
        return Verdicts(line for several in lines for line in several)

    def _adding(self, there: dict[str, Any], name: str) -> Callable[[Any], Any]:
        if name in {*self._rows, *self._groups}:
            raise ValueError(f"two rows or groups are called {name!r}; rename one")

        def add(judge: Any) -> Any:
            there[name] = judge
            return judge

        return add

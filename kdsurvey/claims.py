"""The claims of the survey and the questions that they are taken apart into.

A row of the table `claims.toml` is one question with one primary comparison, named
before it was run. The lessons answer the rows (`lessons.ledger`); README, notebooks and
docs print the answers in the survey's own polarity.
"""

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from kdsurvey.suggest import meant
from kdsurvey.verdicts import Kind, Test


@dataclass(frozen=True)
class Claim:
    """What the survey, or a paper of it, says.

    doubt: it says so as a doubt; HOLDS then means that the doubt is right. regime: data,
    labels, nets and steps of its rows here; limits: what that forbids to conclude.
    """

    id: str
    says: str
    regime: str
    limits: str = ""
    doubt: bool = False


@dataclass(frozen=True)
class Row:
    """One question, with one primary comparison a - b.

    kind: what is claimed of a - b, see `verdicts.judge`, or "exact" for algebra. margin:
    the smallest difference that matters, in `unit`. beside: the controls and diagnostics
    that are shown with it. same: the row that answers this one. missing: why no lesson
    answers it yet.
    """

    id: str
    says: str
    compares: str = ""
    kind: Kind | str = "above"
    margin: float = 0.3
    unit: str = "points"
    test: Test = "t"
    beside: str = ""
    same: str = ""
    missing: str = ""

    @property
    def claim(self) -> str:
        """The id of its claim: "P5" of "P5a"."""
        return claim_of(self.id)

    @property
    def options(self) -> dict[str, Any]:
        """The options of `verdicts.judge` and `judge_rows` by which it is judged.

        Raises ValueError for a row that is algebra.
        """
        if self.kind == "exact":
            raise ValueError(f"{self.id} is algebra; answer it by verdicts.Exact")
        names = "kind", "margin", "unit", "test"
        return {name: getattr(self, name) for name in names}


def claim_of(id: str) -> str:
    """Return the claim that a row belongs to, by their ids: "P5" for "P5a" and "P5"."""
    found = re.match(r"[OP]\d+", id)
    return found.group() if found else id


def row(id: str) -> Row:
    """Return a row of the table. Raises ValueError for an id that is not there."""
    if id not in ROWS:
        advice = meant(id, ROWS)
        raise ValueError(
            f"no row of the claims is called {id!r}{advice and f'; {advice}'}"
        )
    return ROWS[id]


def rows_of(claim: str) -> list[Row]:
    """Return the rows of a claim, in their order."""
    return [row for row in ROWS.values() if row.claim == claim]


def _read() -> tuple[dict[str, Claim], dict[str, Row]]:
    text = (files("kdsurvey") / "claims.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    claims = {id: Claim(id, **entry) for id, entry in tables["claims"].items()}
    rows = {id: Row(id, **entry) for id, entry in tables["rows"].items()}
    return claims, rows


CLAIMS, ROWS = _read()

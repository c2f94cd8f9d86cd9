"""The ledger: the answer to every row of the table of claims, and what stands beside it.

Each lesson answers rows and keeps controls in its `claims.CLAIMS` (`judging.Claims`).
Here they are put together; the words of a claim's rows are corrected for one another,
whichever lessons they come from.
"""

from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from kdsurvey import claims
from kdsurvey.claims import Row
from kdsurvey.lessons import notebooks
from kdsurvey.verdicts import Answer, NotRun, Verdict, corrected


@cache
def lessons() -> dict[str, Any]:
    """Notebook, by its file's name -> the `judging.Claims` of its lesson, where it has any."""
    of_pages = {page: _claims(notebooks.lesson_of(page)) for page in notebooks.stems()}
    return {page: lesson for page, lesson in of_pages.items() if lesson}


@cache
def places() -> dict[str, str]:
    """Row, by its id -> the notebook that answers it.

    Raises ValueError for a row that two lessons answer, and for one that is not in the
    table.
    """
    found: dict[str, str] = {}
    for page, lesson in lessons().items():
        for id in lesson.rows():
            claims.row(id)
            if id in found:
                raise ValueError(f"{found[id]} and {page} both answer {id}; one may")
            found[id] = page
    return found


@cache
def answers(claim: str) -> dict[str, Answer]:
    """Row -> its answer, see `judged`, by the records as they are when first asked."""
    return judged(claim)


def judged(claim: str) -> dict[str, Answer]:
    """Row -> its answer, for the rows of a claim in their order, with words that are
    corrected for one another.
    """
    alone = {row.id: _answer(row) for row in claims.rows_of(claim)}
    judged = {id: a for id, a in alone.items() if isinstance(a, Verdict)}
    return alone | dict(zip(judged, corrected(list(judged.values()))))


def answer(id: str) -> Answer:
    """Return the answer to a row, corrected. Raises ValueError for an id that is not there."""
    row = claims.row(id)
    return answers(row.claim)[id]


def every_answer() -> dict[str, Answer]:
    """Return the answers to all rows, in the order of the table."""
    return {id: a for claim in claims.CLAIMS for id, a in answers(claim).items()}


@cache
def beside() -> dict[str, list[tuple[str, Verdict]]]:
    """Row -> the controls and diagnostics that lessons keep beside it, each with the
    name of its notebook.
    """
    kept: dict[str, list[tuple[str, Verdict]]] = {id: [] for id in claims.ROWS}
    for page, lesson in lessons().items():
        for verdict in lesson.beside():
            kept[claims.row(verdict.claim).id].append((page, verdict))
    return kept


def _answer(row: Row) -> Answer:
    source = row.same or row.id
    if source not in places():
        why = claims.row(source).missing or f"no lesson answers {source} yet"
        return NotRun(row.id, row.compares or row.says, why)
    found = lessons()[places()[source]].answer(source)
    if isinstance(found, Verdict):
        return replace(found, claim=row.id, primary=True)
    return replace(found, claim=row.id)


def _claims(lesson: str) -> Any:
    """Return `claims.CLAIMS` of a lesson, None where it has no claims."""
    module = f"kdsurvey.lessons.{lesson}.claims"
    if find_spec(module) is None:
        return None
    return import_module(module).CLAIMS

"""What the recorded rows say of every claim, notebook by notebook: one verdict line each."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from kdsurvey import records
from kdsurvey.lessons import notebooks
from kdsurvey.lessons.ensemblenet import claims as online_budgets
from kdsurvey.lessons.ensemblenet import experiments as ensemble_heads
from kdsurvey.verdicts import Verdict


def verdicts() -> dict[str, list[Verdict]]:
    """Notebook, by its file's name -> the claims that its recorded rows decide, in the
    order of the page.
    """
    judged = {}
    for page in notebooks.stems():
        lesson = notebooks.lesson_of(page)
        judge = _judge(lesson) or _TO_MOVE.get(lesson)
        if judge:
            judged[page] = judge()
    return judged


def _judge(lesson: str) -> Callable[[], list[Verdict]] | None:
    """Return `claims.verdicts` of a lesson, None where it has no claims."""
    module = f"kdsurvey.lessons.{lesson}.claims"
    if find_spec(module) is None:
        return None
    judge = getattr(import_module(module), "verdicts", None)
    return judge if callable(judge) else None


def _heads() -> list[Verdict]:
    """Notebook 12."""
    names = "ensemble_lambda", "ensemble_thin", "online_compared"
    lambdas, thin, budgets = (records.recorded(name) for name in names)
    return [*ensemble_heads.claims(lambdas, thin), *online_budgets.claims(budgets)]


_TO_MOVE = {  # until each lesson has `claims.verdicts`
    "ensemblenet": _heads,
}

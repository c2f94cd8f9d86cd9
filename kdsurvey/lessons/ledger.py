"""What the recorded rows say of every claim, notebook by notebook: one verdict line each."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from kdsurvey.lessons import notebooks
from kdsurvey.verdicts import Verdict


def verdicts() -> dict[str, list[Verdict]]:
    """Notebook, by its file's name -> the claims that its recorded rows decide, in the
    order of the page.
    """
    judged = {}
    for page in notebooks.stems():
        judge = _judge(notebooks.lesson_of(page))
        if judge:
            judged[page] = judge()
    return judged


def _judge(lesson: str) -> Callable[[], list[Verdict]] | None:
    """Return `claims.verdicts` of a lesson, None where it has no claims."""
    module = f"kdsurvey.lessons.{lesson}.claims"
    if find_spec(module) is None:
        return None
    return import_module(module).verdicts

"""Every exercise: its solution passes, an empty answer and plausible wrong ones do not,
and no answer makes the check raise.
"""

import pytest
import torch

from kdsurvey import exercises
from kdsurvey.exercises import Exercise

ALL = {
    f"{notebook}.{name}": exercise
    for notebook in exercises.NOTEBOOKS
    for name, exercise in vars(getattr(exercises, notebook)).items()
    if isinstance(exercise, Exercise)
}


def test_three_to_a_notebook():
    assert len(ALL) == 3 * len(exercises.NOTEBOOKS)
    assert all(len(exercise.hints) == 3 for exercise in ALL.values())


@pytest.mark.parametrize("name", ALL)
def test_the_solution_passes(name):
    scope = {"torch": torch}
    exec(ALL[name].solution, scope)
    assert ALL[name].check(scope["answer"]).solved, ALL[name].check(scope["answer"])


@pytest.mark.parametrize("name", ALL)
def test_a_wrong_answer_is_told_so(name):
    assert ALL[name].wrong_answers
    for answer in ALL[name].wrong_answers:
        report = ALL[name].check(answer)
        assert not report.solved
        assert (
            any(holds for _, holds, _ in report.held) or name == "missing_three.carries"
        )


@pytest.mark.parametrize("name", ALL)
def test_an_empty_answer_is_no_answer(name):
    def empty(*args, **kwargs):
        raise NotImplementedError

    report = ALL[name].check(empty)
    assert not any(holds for _, holds, _ in report.held)
    assert "nothing written yet" in repr(report)

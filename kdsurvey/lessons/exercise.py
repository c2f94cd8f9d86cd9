"""Exercises: an answer is checked by properties, so that every right one passes
and none is given away.
"""

import html
import inspect
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import torch

Answer = Callable[..., Any]
Holds = Callable[[Answer], bool]  # whether a property is one of the reader's function
Question = tuple[
    str, list[tuple[str, str, bool]]
]  # text, and (option, feedback, right) each


@dataclass
class Exercise:
    """A task for the reader: properties of an answer, hints, a solution, wrong answers.

    A lesson declares one and adds to it with decorators:

        size = Exercise("Bytes of a layer", hints=("...", "...", "..."))

        @size.expects("of 2 bits: a quarter of a byte each")
        def _(answer):
            return answer(1000, 2, 0) == 250

        @size.solved_by
        def _(n, k, zeros): ...

        @size.refuses
        def _(n, k, zeros): ...
    """

    title: str
    hints: tuple[str, str, str]
    properties: list[tuple[str, Holds]] = field(default_factory=list)
    wrong_answers: list[Answer] = field(default_factory=list)
    solution: str = ""  # code that defines `answer`

    def expects(self, what: str) -> Callable[[Holds], Holds]:
        """Add a property: `what` in words, and whether it holds for an answer."""

        def add(holds: Holds) -> Holds:
            self.properties.append((what, holds))
            return holds

        return add

    def solved_by(self, answer: Answer) -> Answer:
        """Take the source of a function as the solution; the reader sees it as `answer`."""
        source = inspect.getsource(answer)
        definition = source[source.index("def ") :]
        self.solution = re.sub(r"def \w+\(", "def answer(", definition, count=1)
        return answer

    def refuses(self, answer: Answer) -> Answer:
        """Add a wrong answer that a reader may well give; the tests hold that it is refused."""
        self.wrong_answers.append(answer)
        return answer

    def check(self, answer: Answer) -> "Report":
        """Try every property on the reader's function; an error of that is part of the report."""
        return Report(
            self,
            tuple((what, *_holds(holds, answer)) for what, holds in self.properties),
        )


@dataclass(frozen=True)
class Report:
    """Which properties hold: a line each, and below them, folded, the hints and the solution."""

    exercise: Exercise
    held: tuple[tuple[str, bool, str], ...]  # (property, holds, what went wrong)

    @property
    def solved(self) -> bool:
        return all(holds for _, holds, _ in self.held)

    def __repr__(self) -> str:
        lines = [f"{self.exercise.title}: {'solved' if self.solved else 'not yet'}"]
        for what, holds, why in self.held:
            lines.append(f"  {'yes' if holds else 'no '}  {what}{why}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include=None, exclude=None):
        hints = enumerate(self.exercise.hints, 1)
        steps = [(f"Hint {k}", html.escape(hint)) for k, hint in hints]
        solution = html.escape(self.exercise.solution.strip())
        steps.append(("Solution", f"<pre>{solution}</pre>"))
        folded = "".join(
            f"<details><summary>{name}</summary>{text}</details>"
            for name, text in steps
        )
        report = html.escape(repr(self))
        return {"text/html": f"<pre>{report}</pre>{folded}", "text/plain": repr(self)}


def _holds(holds: Holds, answer: Answer) -> tuple[bool, str]:
    try:
        return bool(holds(answer)), ""
    except NotImplementedError:
        return False, "  (nothing written yet)"
    except Exception as error:  # the reader's code may do anything
        return False, f"  ({type(error).__name__}: {error})"


def close(a, b, tolerance: float = 1e-5) -> bool:
    """Compare shapes, and values to a relative and absolute tolerance.

    A number is a tensor of no dimension.
    """
    a, b = (torch.as_tensor(t, dtype=torch.float64) for t in (a, b))
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def example(*shape: int, scale: float = 3.0, seed: int = 0) -> torch.Tensor:
    """Draw logits to try an answer on, the same at every call."""
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def read_questions(package: str) -> tuple[Question, ...]:
    """Read the quiz of a lesson from its questions.toml, as `panels.quizzes(*questions)` takes it.

    package: the lesson's, `__package__` inside it. A question has "text" and options of
    "text", "feedback" and, in the one that is right, `right = true`.
    """
    text = files(package).joinpath("questions.toml").read_text(encoding="utf-8")
    return tuple(
        (question["text"], [_option(option) for option in question["option"]])
        for question in tomllib.loads(text)["question"]
    )


def _option(option: dict) -> tuple[str, str, bool]:
    return option["text"], option["feedback"], option.get("right", False)

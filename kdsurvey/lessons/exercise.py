"""Exercises: an answer is checked by properties, so that every right one passes
and none is given away.
"""

import html
import inspect
import re
import secrets
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any

import torch

from kdsurvey.lessons.draw import Draw
from kdsurvey.lessons.trial import (
    Answer,
    Said,
    as_tensors,
    bounded,
    copied,
    guarded,
    in_words,
)

DRAWS = 5  # inputs that are drawn anew at each check
DRAWN = "right on values drawn anew"
Holds = Callable[[Answer], bool]  # whether a property is one of the reader's function
Question = tuple[
    str, list[tuple[str, str, bool]]
]  # text, and (option, feedback, right) each


@dataclass
class Task:
    """What every task for the reader has: three hints, a solution, wrong answers.

    seconds: that a check may take.
    """

    title: str
    hints: tuple[str, str, str]
    wrong_answers: list[Answer] = field(default_factory=list)
    solution: str = ""  # code that defines `answer`
    solve: Answer | None = None  # the solution itself
    seconds: float = 5.0

    def solved_by(self, answer: Answer) -> Answer:
        """Take the source of a function as the solution; the reader sees it as `answer`."""
        source = inspect.getsource(answer)
        definition = source[source.index("def ") :]
        self.solution = re.sub(r"def \w+\(", "def answer(", definition, count=1)
        self.solve = answer
        return answer

    def refuses(self, answer: Answer) -> Answer:
        """Add a wrong answer that a reader may well give; the tests hold that it is refused."""
        self.wrong_answers.append(answer)
        return answer


@dataclass
class Exercise(Task):
    """A task for the reader: properties of an answer, hints, a solution, wrong answers.

    A lesson declares one and adds to it with decorators:

        size = Exercise("Bytes of a layer", hints=("...", "...", "..."))

        @size.expects("of 2 bits: a quarter of a byte each")
        def _(answer):
            return answer(1000, 2, 0) == 250

        @size.tried_on
        def _(draw):
            return draw.whole(100, 999), draw.whole(2, 8), draw.whole(0, 99)

        @size.solved_by
        def _(n, k, zeros): ...

        @size.refuses
        def _(n, k, zeros): ...

    The arguments that are drawn tie the answer to the solution: each must matter.
    """

    properties: list[tuple[str, Holds]] = field(default_factory=list)
    draws: Callable[[Draw], tuple] | None = None  # arguments for an answer
    judge: Answer | None = (
        None  # what of an answer, with its arguments, has to be right
    )

    def expects(self, what: str) -> Callable[[Holds], Holds]:
        """Add a property: `what` in words, and whether it holds for an answer."""

        def add(holds: Holds) -> Holds:
            self.properties.append((what, holds))
            return holds

        return add

    def tried_on(self, draws: Callable[[Draw], tuple]) -> Callable[[Draw], tuple]:
        """Tell how arguments are drawn on which an answer is compared with the solution."""
        self.draws = draws
        return draws

    def judged_by(self, judge: Answer) -> Answer:
        """Where several answers are right: compare `judge(answer, *arguments)` in its place."""
        self.judge = judge
        return judge

    def check(self, answer: Answer, seed: int | None = None) -> "Report":
        """Try every property on the reader's function, then values drawn anew; an error of
        the function is part of the report.

        seed: of a report before, to draw the same values again.
        """
        trial = guarded(answer)
        with torch.enable_grad(), bounded(self.seconds) as clock:
            held = [
                (what, *clock.attempt(partial(holds, trial)))
                for what, holds in self.properties
            ]
            drawn = clock.attempt(partial(self._agrees, trial, seed))
        if not (drawn[0] or _is_told(drawn[1], held)):
            held.append((DRAWN, *drawn))
        return Report(self, tuple(held))

    def _agrees(self, trial: Answer, seed: int | None) -> bool:
        """Compare an answer with the solution on values drawn anew."""
        if self.draws is None or self.solve is None:
            return True
        seed = secrets.randbits(32) if seed is None else seed
        draw = Draw(seed)
        for _ in range(DRAWS):
            arguments = self.draws(draw)
            outcome = _outcome(trial, arguments, self._told(arguments), seed)
            if not _same(
                self._judged(outcome, arguments), self._right_outcome(arguments)
            ):
                raise Said(
                    f"on {self._told(arguments)} it gives {short(outcome)}, which is not "
                    f"what the definition gives; seed {seed}"
                )
        return True

    def _right_outcome(self, arguments: tuple) -> Any:
        assert self.solve is not None
        return self._judged(self.solve(*copied(arguments)), arguments)

    def _judged(self, outcome: Any, arguments: tuple) -> Any:
        return self.judge(outcome, *copied(arguments)) if self.judge else outcome

    def _told(self, arguments: tuple) -> str:
        assert self.solve is not None
        names = inspect.signature(self.solve).parameters
        return _cut(
            ", ".join(f"{name} {short(a)}" for name, a in zip(names, arguments))
        )


@dataclass(frozen=True)
class Report:
    """Which properties hold: a line each, and below them, folded, the hints and the solution."""

    exercise: Task
    held: tuple[tuple[str, bool, str], ...]  # (property, holds, what went wrong)
    where: str = ""  # it was checked, after the title

    @property
    def solved(self) -> bool:
        return all(holds for _, holds, _ in self.held)

    def __repr__(self) -> str:
        word = "solved" if self.solved else "not yet"
        lines = [f"{self.exercise.title}{self.where}: {word}"]
        for what, holds, why in self.held:
            because = f"  ({why})" if why else ""
            lines.append(f"  {'yes' if holds else 'no '}  {what}{because}")
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


def _is_told(why: str, held: list[tuple[str, bool, str]]) -> bool:
    """Does a line above say it already: nothing written, nothing returned?"""
    return any(why == said for _, _, said in held)


def _outcome(trial: Answer, arguments: tuple, told: str, seed: int) -> Any:
    """Call the reader's function; its error says on which arguments it was."""
    try:
        return trial(*arguments)
    except (NotImplementedError, Said):
        raise
    except Exception as error:
        raise Said(f"on {told}: {in_words(error)}; seed {seed}") from None


def _same(a: Any, b: Any) -> bool:
    """Compare an outcome with the right one, part by part; whole numbers exactly."""
    if isinstance(b, (tuple, list)):
        parts = list(a) if isinstance(a, (tuple, list)) or torch.is_tensor(a) else []
        return len(parts) == len(b) and all(map(_same, parts, b))
    return close(a, b, 1e-9 if isinstance(b, int) else 1e-4)


def close(a, b, tolerance: float = 1e-5) -> bool:
    """Compare shapes, and values to a relative and absolute tolerance.

    A number is a tensor of no dimension; arrays and lists of numbers are tensors too.
    """
    a, b = (torch.as_tensor(as_tensors(t), dtype=torch.float64) for t in (a, b))
    return a.shape == b.shape and torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def short(value: Any) -> str:
    """A value in few characters: a tensor's shape and its first numbers."""
    if isinstance(value, torch.Tensor) and value.ndim:
        first = ", ".join(f"{float(x):.3g}" for x in value.flatten()[:3])
        more = ", …" if value.numel() > 3 else ""
        return f"{'×'.join(map(str, value.shape))}: [{first}{more}]"
    if isinstance(value, (list, tuple)):
        more = ", …" if len(value) > 3 else ""
        return _cut(f"({', '.join(map(short, value[:3]))}{more})")
    if isinstance(value, (float, torch.Tensor)):
        return f"{float(value):.4g}"
    return _cut(repr(value))


def _cut(text: str, length: int = 100) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


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

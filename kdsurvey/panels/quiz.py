"""Questions: predict first, then see; quizzes with feedback for every option."""

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from kdsurvey.panels.kit.controls import button
from kdsurvey.panels.kit.panel import Panel


class Question(Panel):
    """A question with options, one of which the reader chooses and commits to. It has
    no picture: its still face is HTML.
    """

    def __init__(self, question: str, options: Sequence[str], commit: str, ready: str):
        super().__init__()
        if len(options) < 2 or len(set(options)) < len(options):
            raise ValueError(
                f"a question needs two or more different options, got {list(options)}"
            )
        self.question, self._options = question, tuple(options)
        self.text = f"(question: {question})"
        self.choice = widgets.RadioButtons(
            options=self._options,
            value=None,
            description="Your choice",
            layout={"width": "auto"},
        )
        self.choice.style.description_width = "90px"
        self.commit = button(commit, style="primary")
        self.answer = widgets.HTMLMath()
        self.click(self.commit, self._commit)
        asked = widgets.HTMLMath(
            f'<div style="line-height:1.45;font-weight:bold">{question}</div>'
        )
        foot = widgets.HBox(
            [self.commit, self.status_line],
            layout={"align_items": "center", "grid_gap": "10px"},
        )
        frame = {
            "border": "1px solid #bdbdbd",
            "padding": "8px 12px",
            "max_width": "928px",
        }
        self.box = widgets.VBox([asked, self.choice, foot, self.answer], layout=frame)
        self.say(ready)

    def _commit(self) -> None:
        if self.choice.value is None:
            self.say("Choose an option first.")
            return
        self.reveal(self._options.index(self.choice.value))

    def reveal(self, chosen: int) -> None:
        """What follows from the choice."""
        raise NotImplementedError

    def face(self) -> dict:
        options = "".join(f"<li>{html.escape(option)}</li>" for option in self._options)
        return {
            "text/html": f"<p><strong>{self.question}</strong></p><ul>{options}</ul>"
        }


def predict(
    question: str, options: Sequence[str], reveal: str | Callable[[str], str]
) -> Panel:
    """Predict first: the reader commits to one of the options, and only then sees what
    `reveal` says.

    question and reveal: text, HTML or LaTeX between dollars; reveal may be a function
    of the chosen option. options: two or more plain texts. Raises ValueError when
    options are fewer or equal.
    """
    return Prediction(question, options, reveal)


class Prediction(Question):
    """See `predict`."""

    def __init__(self, question, options, reveal):
        self._reveal = reveal
        super().__init__(
            question, options, "Commit", "Predict first: choose, then commit."
        )

    def reveal(self, chosen: int) -> None:
        said = (
            self._reveal(self._options[chosen])
            if callable(self._reveal)
            else self._reveal
        )
        self.choice.disabled = self.commit.disabled = True
        self.answer.value = f'<div style="line-height:1.45">{said}</div>'
        self.say(f"You predicted: {self._options[chosen]}")


def quiz(question: str, options: Sequence[tuple[str, str, bool]]) -> Panel:
    """A question with feedback for every option; the reader may try again.

    options: (text, feedback, correct), two or more, exactly one of them correct.
    Feedback may hold HTML and LaTeX. Raises ValueError for any other number.
    """
    return Quiz(question, options)


class Quiz(Question):
    """See `quiz`."""

    def __init__(self, question, options):
        self._feedback = [(feedback, correct) for _, feedback, correct in options]
        if sum(correct for _, correct in self._feedback) != 1:
            raise ValueError(
                f"quiz: exactly one option must be correct; {question!r} has another number"
            )
        super().__init__(
            question,
            [text for text, *_ in options],
            "Check",
            "Choose an answer, then check it.",
        )

    def reveal(self, chosen: int) -> None:
        feedback, correct = self._feedback[chosen]
        mark, colour = (
            ("✔ Right.", "#00664b") if correct else ("✘ Not quite.", "#a63f00")
        )
        self.answer.value = f'<div style="line-height:1.45"><strong style="color:{colour}">{mark}</strong> {feedback}</div>'
        self.say("Right." if correct else "Not quite: read on, then try again.")


def quizzes(*questions: tuple[str, Sequence[tuple[str, str, bool]]]) -> Panel:
    """Several quizzes below one another; each is (question, options) as in `quiz`."""
    return Quizzes([Quiz(*question) for question in questions])


class Quizzes(Panel):
    """See `quizzes`."""

    def __init__(self, parts: Sequence[Quiz]):
        super().__init__()
        self.parts = tuple(parts)
        self.text = (
            f"({len(parts)} questions: {' '.join(part.question for part in parts)})"
        )
        self.box = widgets.VBox(
            [part.box for part in parts], layout={"grid_gap": "8px"}
        )

    def check(self) -> None:
        for part in self.parts:
            part.check()

    def face(self) -> dict:
        return {"text/html": "".join(part.face()["text/html"] for part in self.parts)}

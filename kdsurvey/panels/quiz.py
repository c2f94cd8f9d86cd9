"""Questions: predict first, then see; quizzes with feedback for every option."""

import html
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from kdsurvey.page import Markdown
from kdsurvey.panels.kit.controls import button
from kdsurvey.panels.kit.panel import Panel

LINE = "line-height:1.45"


class Question(Panel):
    """A question with options, one of which the reader chooses and commits to.

    `choice` are the options, `commit` is the button, `answer` shows what follows. It
    has no picture: its still face is HTML. Raises ValueError when options are fewer
    than two or equal.
    """

    def __init__(self, question: str, options: Sequence[str], commit: str, ready: str):
        super().__init__()
        if len(options) < 2 or len(set(options)) < len(options):
            raise ValueError(
                f"a question needs two or more different options, got {list(options)}"
            )
        self.question = question
        self.options = tuple(options)
        self.text = f"(question: {question})"
        self.choice = widgets.RadioButtons(
            options=self.options,
            value=None,
            description="Your choice",
            layout={"width": "auto"},
        )
        self.choice.style.description_width = "90px"
        self.commit = button(commit, style="primary")
        self.answer = widgets.HTMLMath()
        self.click(self.commit, self._commit)
        self.box = self._page()
        self.say(ready)

    def _page(self) -> widgets.VBox:
        style = f"{LINE};font-weight:bold"
        asked = widgets.HTMLMath(f'<div style="{style}">{self.question}</div>')
        foot = widgets.HBox(
            [self.commit, self.status_line],
            layout={"align_items": "center", "grid_gap": "10px"},
        )
        frame = {"border": "1px solid #bdbdbd", "padding": "8px 12px"}
        return widgets.VBox(
            [asked, self.choice, foot, self.answer],
            layout=frame | {"max_width": "928px"},
        )

    def _commit(self) -> None:
        if self.choice.value is None:
            self.say("Choose an option first.")
            return
        self.reveal(self.options.index(self.choice.value))

    def reveal(self, chosen: int) -> None:
        """Show what follows from the choice, the place of an option."""
        raise NotImplementedError

    def face(self) -> dict[str, str]:
        """Return the question and its options, without answers; see Panel.face."""
        items = "".join(f"<li>{html.escape(option)}</li>" for option in self.options)
        return {"text/html": f"<p><strong>{self.question}</strong></p><ul>{items}</ul>"}


LATER = "The page answers this further down, by name."


def predict(
    question: str,
    options: Sequence[str],
    reveal: str | Callable[[str], str] = LATER,
) -> "Prediction":
    """Ask for a prediction: only a reader who has committed to one sees what follows.

    question and reveal: text, HTML or LaTeX between dollars; reveal may be a function
    of the chosen option. options: two or more plain texts. The cell that decides it
    answers it by `answered`. Raises ValueError when options are fewer or equal.
    """
    return Prediction(question, options, reveal)


class Prediction(Question):
    """A question that is answered once; see `predict`."""

    def __init__(
        self,
        question: str,
        options: Sequence[str],
        reveal: str | Callable[[str], str],
    ):
        self._reveal = reveal
        ready = "Predict first: choose, then commit."
        super().__init__(question, options, "Commit", ready)
        self.predicted: str | None = None  # the option that the reader committed to

    def answered(self, option: str, why: str) -> Markdown:
        """Answer the prediction where the page has shown what happens: "You said … It is …".

        option: the right one, as it was offered; why: the sentence that follows. Raises
        ValueError for an option that was not offered.
        """
        if option not in self.options:
            raise ValueError(
                f"answered({option!r}): the options are {', '.join(self.options)}"
            )
        said = f"You said: *{self.predicted}*. It is"
        if self.predicted is None:
            said = f"**{self.question}** It is"
        elif self.predicted == option:
            said = "You said so: it is"
        return Markdown(f"{said} **{option}**. {why}")

    def reveal(self, chosen: int) -> None:
        self.predicted = option = self.options[chosen]
        answer = self._reveal(option) if callable(self._reveal) else self._reveal
        self.choice.disabled = True
        self.commit.disabled = True
        self.answer.value = f'<div style="{LINE}">{answer}</div>'
        self.say(f"You predicted: {option}")


def quiz(question: str, options: Sequence[tuple[str, str, bool]]) -> Panel:
    """Ask a question with feedback for every option; the reader may try again.

    options: (text, feedback, correct), two or more, exactly one of them correct.
    Feedback may hold HTML and LaTeX. Raises ValueError for any other number.
    """
    return Quiz(question, options)


class Quiz(Question):
    """A question with one right option; see `quiz`."""

    def __init__(self, question: str, options: Sequence[tuple[str, str, bool]]):
        self._feedback = [(feedback, correct) for _, feedback, correct in options]
        right = sum(correct for _, correct in self._feedback)
        if right != 1:
            raise ValueError(
                f"quiz: exactly one option must be correct; {question!r} has {right}"
            )
        texts = [text for text, *_ in options]
        super().__init__(question, texts, "Check", "Choose an answer, then check it.")

    def reveal(self, chosen: int) -> None:
        feedback, correct = self._feedback[chosen]
        if correct:
            mark, colour, sentence = "✔ Right.", "#00664b", "Right."
        else:
            mark, colour = "✘ Not quite.", "#a63f00"
            sentence = "Not quite: read on, then try again."
        marked = f'<strong style="color:{colour}">{mark}</strong>'
        self.answer.value = f'<div style="{LINE}">{marked} {feedback}</div>'
        self.say(sentence)


def quizzes(*questions: tuple[str, Sequence[tuple[str, str, bool]]]) -> Panel:
    """Put several quizzes below one another; each is (question, options) as in `quiz`."""
    return Quizzes([Quiz(*question) for question in questions])


class Quizzes(Panel):
    """Several quizzes, `parts`; see `quizzes`."""

    def __init__(self, parts: Sequence[Quiz]):
        super().__init__()
        self.parts = tuple(parts)
        questions = " ".join(part.question for part in parts)
        self.text = f"({len(parts)} questions: {questions})"
        self.box = widgets.VBox(
            [part.box for part in parts], layout={"grid_gap": "8px"}
        )

    def check(self) -> None:
        """Raise what went wrong in a part, if something did."""
        for part in self.parts:
            part.check()

    def close(self) -> None:
        """Close every part, and free the page."""
        for part in self.parts:
            part.close()
        super().close()

    def face(self) -> dict[str, str]:
        """Return the questions without answers; see Panel.face."""
        return {"text/html": "".join(part.face()["text/html"] for part in self.parts)}

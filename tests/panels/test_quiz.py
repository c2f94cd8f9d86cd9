"""Questions keep their answers until they are asked for."""

import pytest
from panels.faces import faces

from kdsurvey.panels import predict, quiz, quizzes

OPTIONS = [
    ("shrinks", "Yes, like $1/T^2$.", True),
    ("grows", "No: look at $(q - p)/T$.", False),
]


def test_a_prediction_is_committed_before_the_answer_shows():
    panel = predict(
        "What does T do?",
        ["flatten", "sharpen"],
        lambda chosen: f"You chose {chosen}; it flattens.",
    )
    panel.commit.click()
    assert panel.status == "Choose an option first." and not panel.answer.value
    panel.choice.value = "sharpen"
    assert not panel.answer.value
    panel.commit.click()
    panel.check()
    assert "You chose sharpen; it flattens." in panel.answer.value
    assert panel.status == "You predicted: sharpen"
    assert panel.choice.disabled


def test_a_prediction_is_answered_by_name():
    panel = predict("What does T do?", ["flatten", "sharpen"])
    assert repr(panel.answered("flatten", "So it does.")) == (
        "**What does T do?** It is **flatten**. So it does."
    )
    panel.choice.value = "sharpen"
    assert "What does" in repr(
        panel.answered("flatten", "")
    )  # chosen, not committed to
    panel.commit.click()
    assert "answers this further down" in panel.answer.value
    assert repr(panel.answered("flatten", "So it does.")) == (
        "You said: *sharpen*. It is **flatten**. So it does."
    )
    assert repr(panel.answered("sharpen", "")).startswith(
        "You said so: it is **sharpen**"
    )
    with pytest.raises(ValueError, match=r"'flat'.*the options are flatten, sharpen"):
        panel.answered("flat", "")


def test_a_quiz_answers_every_option_and_lets_one_try_again():
    panel = quiz("The gradient", OPTIONS)
    panel.choice.value = "grows"
    panel.commit.click()
    assert "(q - p)/T" in panel.answer.value and panel.status.startswith("Not quite")
    panel.choice.value = "shrinks"
    panel.commit.click()
    assert "1/T^2" in panel.answer.value and panel.status == "Right."


def test_the_still_face_asks_and_does_not_answer():
    panel = quiz("The gradient", OPTIONS)
    before = faces(panel)
    panel.choice.value = "shrinks"
    panel.commit.click()
    after = faces(panel)
    assert before == after
    assert before["text/plain"] == "(question: The gradient)"
    assert "shrinks" in before["text/html"] and "1/T" not in before["text/html"]


@pytest.mark.parametrize(
    "options",
    [
        [("a", "", True), ("b", "", True)],
        [("a", "", False), ("b", "", False)],
        [("a", "", True)],
    ],
)
def test_a_quiz_has_one_right_option_among_several(options):
    with pytest.raises(ValueError):
        quiz("?", options)


def test_an_error_in_the_answer_comes_out():
    panel = predict("?", ["a", "b"], lambda chosen: 1 / 0)
    panel.choice.value = "a"
    panel.commit.click()
    assert panel.status == "Failed: division by zero"
    with pytest.raises(ZeroDivisionError):
        panel.check()


def test_several_quizzes_are_one_panel():
    panel = quizzes(("The gradient", OPTIONS), ("The other", OPTIONS))
    panel.parts[1].choice.value = "grows"
    panel.parts[1].commit.click()
    panel.check()
    assert panel.parts[0].status.startswith("Choose") and panel.parts[
        1
    ].status.startswith("Not quite")
    still = faces(panel)
    assert (
        still["text/html"].count("<ul>") == 2
        and still["text/plain"] == "(2 questions: The gradient The other)"
    )
    panel.parts[1].fail(ValueError("broken"))
    with pytest.raises(ValueError, match="broken"):
        panel.check()

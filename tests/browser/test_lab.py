"""Panels in a real JupyterLab: the keyboard moves them, Stop stops them, they have
names, and nothing is asked of the network.
"""

import re

import pytest
from browser.steps import (
    await_new_picture,
    await_still_picture,
    check_widgets,
    panel,
    picture,
    status,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def page(some_panels):
    return some_panels


def test_panels_and_questions_have_names(page, shots):
    check_widgets(page, shots, "panels")


def test_the_keyboard_moves_the_temperature(page, shots):
    found = panel(page, "Temperature")
    old, box = picture(found), found.get_by_label("Temperature T")
    found.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    old = await_new_picture(page, found, old)
    assert box.input_value() == "1.2"
    assert status(found).inner_text().startswith("T = 1.2:")
    box.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("7.5")
    page.keyboard.press("Tab")
    await_new_picture(page, found, old)
    assert status(found).inner_text().startswith("T = 7.5:")
    found.get_by_role("button", name="Show as a table").press("Enter")
    found.get_by_role("table").get_by_text("T = 7.5").wait_for()
    found.screenshot(path=shots / "temperature.png")
    assert page.watch.errors == []


def test_live_training_starts_changes_and_stops(page, shots):
    found = panel(page, "Live distillation")
    old = picture(found)
    found.get_by_role("button", name="Start", exact=True).press("Enter")
    old = await_new_picture(page, found, old)
    box = found.get_by_label("Temperature T")
    box.fill("12")
    box.press("Tab")
    found.get_by_role("button", name="Show as a table").click()
    found.get_by_text("T = 12", exact=True).wait_for()
    found.screenshot(path=shots / "live.png")
    found.get_by_role("button", name="Stop", exact=True).press("Enter")
    found.get_by_text("Stopped after").wait_for()
    stopped = await_still_picture(page, found)
    page.wait_for_timeout(1000)
    assert picture(found) == stopped != old
    assert page.watch.errors == []


def test_questions_answer_to_the_keyboard(page, shots):
    commit = page.get_by_role("button", name="Commit")
    commit.press("Enter")
    page.get_by_text("Choose an option first.").wait_for()
    page.get_by_role("radio", name="It sharpens p").press("Space")
    commit.press("Enter")
    page.get_by_text("You predicted: It sharpens p").wait_for()
    page.get_by_role("radio", name="It keeps the gradient's scale").press("Space")
    page.get_by_role("button", name="Check", exact=True).press("Enter")
    page.get_by_text("✔ Right.").wait_for()
    page.screenshot(path=shots / "questions.png")
    assert page.watch.errors == []


def test_the_forgotten_digits_run(page, shots):
    found = panel(page, "Digits the student never sees")
    old = picture(found)
    found.get_by_role("checkbox", name="7", exact=True).press("Space")
    found.get_by_role("button", name="Run", exact=True).press("Enter")
    await_new_picture(page, found, old)
    found.get_by_text("Left out 3, 7, T = 8").wait_for()
    found.screenshot(path=shots / "forgotten.png")
    assert page.watch.errors == []


def test_a_net_grows_while_it_trains(page, shots):
    """Copied weights change no answer, so the accuracy after is the accuracy before; a
    screen reader hears of it.
    """
    found = panel(page, "A net that grows while it trains")
    old = picture(found)
    found.get_by_label("Noise of copies").fill("0")
    found.get_by_label("Noise of copies").press("Tab")
    found.get_by_role("button", name="Start", exact=True).press("Enter")
    old = await_new_picture(page, found, old)
    found.get_by_role("button", name="Wider", exact=True).press("Enter")
    found.get_by_role("status").get_by_text("Wider at batch").wait_for()
    said = status(found).inner_text()
    before, after = re.search(
        r"accuracy ([\d.]+) % before, ([\d.]+) % after", said
    ).groups()
    assert before == after and "8-8 → 8-16" in said
    found.get_by_role("button", name="Deeper", exact=True).press("Enter")
    found.get_by_role("status").get_by_text("Deeper at batch").wait_for()
    found.get_by_role("button", name="Show as a table").click()
    found.get_by_role("table").get_by_text("8-16 → 8-16-16").wait_for()
    found.get_by_role("button", name="Stop", exact=True).press("Enter")
    found.get_by_role("status").get_by_text("Stopped after").wait_for()
    found.screenshot(path=shots / "growing.png")
    assert page.watch.errors == []

"""Every panel looks as it did when somebody last looked at it: controls, words, picture."""

from pathlib import Path

import pytest
from approved import check
from panels.exhibits import EXHIBITS

from kdsurvey import panels
from kdsurvey.pictures import Canvas

FOLDER = Path(__file__).parent
WITHOUT = {"Panel", "all_panels", "playground", "quiz"}  # of panels, or in quizzes


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    """A picture is data; nobody looks at its pixels here."""
    monkeypatch.setattr(Canvas, "png", lambda canvas, picture: b"")


@pytest.mark.parametrize("name", EXHIBITS)
def test_a_panel_looks_as_it_was_approved(name):
    check(FOLDER, name, EXHIBITS[name]())


def test_every_panel_is_an_exhibit():
    names = {"live_training": "live"}
    wanted = {names.get(name, name) for name in panels.__all__} - WITHOUT
    assert wanted <= set(EXHIBITS)
    kept = {path.stem for path in (FOLDER / "approved").glob("*.json")}
    assert kept == set(EXHIBITS)

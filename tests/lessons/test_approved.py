"""What notebooks draw and list is what somebody last looked at."""

from pathlib import Path

import pytest
from approved import check
from lessons.exhibits import EXHIBITS

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", EXHIBITS)
def test_pictures_and_tables_of_a_lesson_are_as_approved(name):
    check(FOLDER, name, EXHIBITS[name]())


def test_every_lesson_with_pictures_has_exhibits():
    lessons = FOLDER.parents[1] / "kdsurvey" / "lessons"
    assert {path.parent.name for path in lessons.glob("*/pictures.py")} == set(EXHIBITS)

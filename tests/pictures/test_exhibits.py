"""Pictures look as they were approved: their data, and the pixels of their marks.

A picture that was changed on purpose is looked at, then approved anew:
python tests/pictures/exhibits.py
"""

from itertools import zip_longest

import matplotlib
import numpy as np
import pytest
from pictures import exhibits
from pictures.seen import pixels

from kdsurvey.pictures import Picture
from kdsurvey.pictures.marks import KINDS

ANEW = "look at the picture, then write it anew: python tests/pictures/exhibits.py"
FAR = 64  # of 255: what another way to smooth edges does not change
FEW = 20  # pixels that may be further away than that, of half a million
DRAWN_BY = "3.11"  # matplotlib, whose next minor version may set letters otherwise


@pytest.mark.parametrize("name", exhibits.EXHIBITS)
def test_a_picture_holds_what_was_approved(name):
    approved = (exhibits.APPROVED / f"{name}.txt").read_text("utf-8").splitlines()
    lines = exhibits.text_of(exhibits.shown(name)).splitlines()
    pairs = enumerate(zip_longest(approved, lines, fillvalue="nothing"), start=1)
    first = next(((k, *pair) for k, pair in pairs if pair[0] != pair[1]), None)
    assert first is None, "{}.txt, line {}: was\n{}\nis\n{}\n{}".format(
        name, *first, ANEW
    )


@pytest.mark.skipif(
    not matplotlib.__version__.startswith(f"{DRAWN_BY}."),
    reason=f"approved as matplotlib {DRAWN_BY} draws",
)
@pytest.mark.parametrize("name", exhibits.MARKS)
def test_marks_are_drawn_as_they_were_approved(name):
    approved = pixels((exhibits.APPROVED / f"{name}.png").read_bytes())
    drawn = pixels(exhibits.shown(name).png())
    assert drawn.shape == approved.shape
    rows, columns = np.nonzero((abs(drawn - approved) > FAR).any(-1))
    assert len(rows) <= FEW, (
        f"{name}.png: {len(rows)} pixels differ, from x = {columns.min()}, "
        f"y = {rows.min()} to {columns.max()}, {rows.max()}; {ANEW}"
    )


def test_every_kind_of_mark_is_drawn():
    charts = [
        c for name in exhibits.MARKS for c in exhibits.shown(name).charts.values()
    ]
    assert {type(mark) for chart in charts for mark in chart.marks} == set(KINDS)


def test_what_is_approved_is_shown():
    texts = {f"{name}.txt" for name in exhibits.EXHIBITS}
    drawings = {f"{name}.png" for name in exhibits.MARKS}
    assert {path.name for path in exhibits.APPROVED.iterdir()} == texts | drawings


@pytest.mark.parametrize("name", exhibits.EXHIBITS)
def test_a_picture_can_be_read_from_its_json(name):
    picture = exhibits.shown(name)
    assert Picture.of_json(picture.json()).json() == picture.json()

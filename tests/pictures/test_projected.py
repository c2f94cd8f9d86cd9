"""Pictures in parts for a projector: nothing is lost, and all parts are small."""

import numpy as np
import pytest

from kdsurvey import plots
from kdsurvey.pictures import Axis, Bars, Chart, Image, Line, Picture, Text
from kdsurvey.pictures.projected import HEIGHT, WIDTH, projected

BARS = Chart(
    [Bars(range(10), np.linspace(0, 1, 10), words=[f".{k}00" for k in range(10)])],
    Axis("class", ticks=range(10)),
    Axis("probability"),
    title="T = 1",
)


def marks_of(parts) -> list:
    return [m for part in parts for chart in part.charts.values() for m in chart.marks]


def test_a_small_picture_is_itself():
    picture = plots.lines([0, 1], {"a": [0, 1]}, "t", "x", "y", width=4, height=3)
    assert projected(picture) == (picture,)


def test_parts_come_first():
    small = Picture({"a": BARS}, width=300, height=200)
    whole = Picture({"a": BARS, "b": BARS}, width=900, height=300, parts=[small])
    assert projected(whole) == (small,)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_chart_is_in_one_part_and_every_part_is_small(count):
    charts = {f"chart {k}": BARS for k in range(count)}
    picture = Picture(charts, width=900, height=700, title="A long title " * 6)
    parts = projected(picture)
    assert len(marks_of(parts)) == count
    assert all(part.width <= WIDTH and part.height <= HEIGHT for part in parts)
    assert all(part.about == picture.about and part.title for part in parts)
    assert len(parts) == -(-count // 2)
    assert parts[0].png().startswith(b"\x89PNG")


def test_wide_rows_of_images_take_turns():
    rng = np.random.default_rng(0)
    names = [str(k) for k in range(20)]
    picture = plots.images(rng.random((20, 8, 8)), names, title="Digits")
    parts = projected(picture)
    marks = marks_of(parts)
    said = [mark.text for mark in marks if isinstance(mark, Text)]
    assert sorted(said, key=int) == names and len(parts) == 2
    assert sum(isinstance(mark, Image) for mark in marks) == 20
    assert said[:10] == ["0", "1", "2", "3", "4", "10", "11", "12", "13", "14"]


def test_ticks_that_would_touch_are_left_out():
    ticks = np.arange(0, 3000, 100)
    line = Line(ticks, ticks)
    chart = Chart([line], Axis("step", ticks=ticks), Axis("y"), ends="right")
    (part,) = projected(Picture({"a": chart}, width=1200, height=300))
    (shown,) = part.charts.values()
    assert 4 <= len(shown.x.ticks) < 15 and shown.x.limits == chart.x.limits


def test_a_chart_that_shared_an_axis_below_gets_its_names():
    bare = Chart(BARS.marks, Axis(ticks=range(10), names=[""] * 10), BARS.y)
    parts = projected(Picture({"a": bare, "b": BARS}, width=900, height=400))
    charts = [chart for part in parts for chart in part.charts.values()]
    assert [chart.x.label for chart in charts] == ["class", "class"]
    assert charts[0].x.names == charts[1].x.names

"""Marks, charts and sheets refuse what cannot be drawn, and survive JSON."""

import json
import math
import warnings

import numpy as np
import pytest

from kdsurvey.pictures import (
    Arrow,
    Axis,
    Band,
    Bars,
    Cells,
    Chart,
    Frame,
    Image,
    Line,
    Picture,
    Points,
    Rule,
    Table,
    Text,
    epoch_axis,
    image_chart,
    palette,
)

EVERY = [
    Line([1, 2, 3], [1, math.nan, 3], role=4, end="line"),
    Points([1, 2], [3, 4], area=[9, 16], spread=[0.1, 0.2], legend="points"),
    Bars([0, 1], [0.5, -0.5], hatch="//", words=["a", "b"], base=[0, 1]),
    Band([1, 2], [0, 1], [2, 3]),
    Rule([1.5], [2.5], horizontal=True),
    Cells([[1, math.nan], [3, 4]], words=[["1", ""], ["3", "4"]]),
    Image(np.zeros((2, 3))),
    Text(1, 2, "a $b$ <c>", tilt=90, shift=(1, 2)),
    Arrow((0, 0), (1, 1), style="--"),
    Frame(0.5, 0.5),
]


def picture(**entries) -> Picture:
    charts = {"all": Chart(EVERY, title="All"), "image": image_chart([EVERY[6]])}
    tables = [Table("t", ["a"], [[1]])]
    entries = {"about": "all marks", "tables": tables} | entries
    return Picture(charts, **entries)


def test_a_picture_writes_all_its_tables_in_their_order():
    first, second = Table("t", ["a"], [[1]]), Table("u", ["b"], [[2]])
    shown = picture(tables=[first, second])
    assert shown.html() == first.html() + second.html()
    assert shown.text() == f"{first.text()}\n\n{second.text()}"


def test_a_role_decides_colour_marker_and_style():
    line = Line([1], [2], role=1)
    role = palette.COLOURS[1], palette.MARKERS[1], palette.STYLES[1]
    assert (line.colour, line.marker, line.style) == role
    plain = Line([1], [2], role=1, colour="#123456", marker="", style="-")
    assert (plain.colour, plain.marker, plain.style) == ("#123456", "", "-")
    assert Bars([1], [2], role=8).hatch == palette.HATCHES[1]
    assert Points([1], [2], role=2).colour == palette.COLOURS[2]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Line([1, 2], [1]), "Line: x has 2, y has 1 numbers"),
        (lambda: Band([1], [1], [1, 2]), "low has 1, high has 2"),
        (lambda: Points([1], [1], area=[1, 2]), "y has 1, area has 2"),
        (lambda: Bars([1, 2], [1, 2], base=[1]), "base has 1"),
        (lambda: Bars([1, 2], [1, 2], words=["a"]), "2 bars have 1 words"),
        (lambda: Rule([1, 2], [3]), "at has 2, to has 1"),
        (lambda: Cells([[1, 2], [3]]), "unequal length \\[2, 1\\]"),
        (lambda: Cells([[1, 2]], words=[["a"]]), "2 values, words \\[1\\]"),
        (lambda: Cells([[1]], colours="jet"), "got 'jet'"),
        (lambda: Image(np.zeros(3)), "got \\(3,\\)"),
        (lambda: Text(0, 0, "small", size=9), "letters of 9 CSS pixels"),
        (lambda: Line([1], [1], place="nowhere"), "got 'nowhere'"),
        (lambda: Axis("a", (0, 1), log=True), "log axis from"),
        (lambda: Axis("a", ticks=[1, 2], names=["1"]), "1 names for the ticks"),
        (lambda: Chart([3]), "3 is no mark"),
        (lambda: Chart([Bars([1], [3])], y=Axis("", (1, 4))), "from 1 to 4.*0 has no"),
        (lambda: Chart([Bars([1], [3], across=True)], Axis("", (1, 4))), "draw points"),
        (lambda: Chart([Bars([1], [3])], y=Axis("", (1, 9), log=True)), "0 has no"),
        (
            lambda: Chart([Bars([1], [3])], y=Axis(log=True)),
            "bars on a log axis, where 0",
        ),
        (lambda: Axis("a", (0, math.inf)), "a.: limits .0.0, inf.; give two finite"),
        (lambda: Axis("a", (math.nan, 1)), "give two finite numbers, or None"),
        (lambda: Axis("a", (1, 2, 3)), "give two finite numbers, or None"),
        (lambda: Picture({}), "one chart or more, got none"),
        (lambda: picture(width=math.nan), "a picture of nan x 300 CSS pixels"),
        (lambda: picture(height=10**6), "above 0, up to 32,000"),
        (lambda: Chart(legend="left"), "legend is one of"),
        (lambda: Chart(frame="gold"), "frame is one of"),
        (
            lambda: picture(mosaic=[["all", "other"]]),
            "places all, other; .* all, image",
        ),
        (lambda: picture(widths=[1, 2, 3]), "3 widths"),
        (lambda: picture(heights=[1, 2]), "2 heights"),
    ],
)
def test_what_does_not_fit_is_refused_and_named(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Chart([Bars([0, 1], [math.inf, 2], words=["a", "b"])]),
        lambda: Chart([Bars([0, 1], [math.nan, -math.inf])]),
        lambda: Chart([Bars([0, 1], [0, 0])]),
        lambda: Chart([Bars([], [])]),
        lambda: Chart([Line([0, 1], [-1e308, 1e308])]),
        lambda: Chart([Line([0, 1], [1e-300, 1e300])], y=Axis(log=True)),
        lambda: Chart(
            [Line([0, 1], [1, 1])], Axis("", (1, 1)), Axis("", (2, 2), log=True)
        ),
        lambda: Chart([Text(math.nan, 0, "nowhere")]),
    ],
    ids=["infinite", "none", "flat", "empty", "wide", "wide_log", "point", "nowhere"],
)
def test_odd_numbers_are_drawn_without_a_word_and_survive_json(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = Picture({"odd": make()}, width=200, height=150)
        assert Picture.of_json(first.json()).png() == first.png()


def test_there_and_back_through_json():
    first = picture(mosaic=[["all", "image"], ["all", "."]], widths=[2, 1])
    text = first.json()
    again = Picture.of_json(text)
    assert again.json() == text and again.png() == first.png()
    assert again.about == "all marks" and again.tables == first.tables
    assert (
        "NaN" not in text
        and json.loads(text)["charts"]["all"]["marks"][0]["y"][1] is None
    )
    assert again.charts["all"].marks[0].style == palette.STYLES[4]


def test_numpys_numbers_are_numbers():
    """In words of the looks, too, where no array was made of them."""
    low, high = np.array([0.5, 2], np.float32)
    chart = Chart([Cells([[1.0]], low=low, high=high)])
    held = json.loads(Picture({"a": chart}).json())["charts"]["a"]["marks"][0]
    assert (held["low"], held["high"]) == (0.5, 2)


def test_json_of_something_else_is_refused():
    with pytest.raises(ValueError, match="'Song'"):
        Picture.of_json('{"is": "Song"}')


def test_the_data_are_complete():
    """Limits, ticks, their names and all colours are there for a renderer to find."""
    chart = Chart([Line([0, 10], [1, 5]), Points([5], [9], spread=[1])])
    assert chart.x.limits == (-0.5, 10.5) and chart.y.limits == pytest.approx(
        (0.55, 10.45)
    )
    assert chart.x.ticks == (0, 2, 4, 6, 8, 10) and chart.x.names[1] == "2"
    held = json.loads(picture().json())["charts"]["all"]
    assert (
        held["x"]["limits"] and len(held["x"]["names"]) == len(held["x"]["ticks"]) > 1
    )
    colours = [m["colour"] for m in held["marks"] if "colour" in m]
    assert all(colour.startswith("#") for colour in colours)


def test_limits_hold_bars_and_images():
    bars = Chart([Bars([0, 1], [3, 4], width=0.5)])
    assert bars.y.limits == pytest.approx((0, 4.2))
    assert Chart([Bars([0, 1], [3, -4])]).y.limits == pytest.approx((-4.35, 3.35))
    assert bars.x.limits == pytest.approx((-0.325, 1.325))
    lying = Chart([Bars([0, 1], [3, 4], across=True)])
    assert lying.x.limits[1] > 4 and lying.y.limits[1] < 2
    image = Chart([Image(np.zeros((2, 3)))])
    assert image.x.limits == (-0.5, 2.5) and image.y.limits == (1.5, -0.5)
    aside = Chart([Line([0, 1], [0, 1], place="axes"), Rule([7]), Line([2, 3], [4, 5])])
    assert aside.x.limits == pytest.approx((1.95, 3.05))


def test_an_axis_of_epochs_leaves_room_for_names():
    axis = Chart(x=epoch_axis(20)).x
    assert axis.limits == pytest.approx((0, 27.6)) and axis.bounds == (0, 20)
    assert axis.ticks == (0, 5, 10, 15, 20)
    assert epoch_axis(3).ticks == (0, 1, 2, 3) and epoch_axis(7).ticks == (0, 2, 4, 6)


def test_a_name_stands_in_the_legend_once_and_in_order():
    marks = [Line([1], [k], role=k, legend=name) for k, name in enumerate("ba a")]
    assert [mark.legend for mark in Chart(marks).legends()] == ["b", "a", " "]


def test_bars_of_no_length_stand_on_an_axis_from_0_to_1():
    assert Chart([Bars([0, 1], [0, 0])]).y.limits == (0, 1)
    assert Chart([Bars([0, 1], [0, 0], across=True)]).x.limits == (0, 1)
    assert Chart([Bars([0, 1], [0, -2])]).y.limits == (-2.1, 0)


def test_a_sheet_is_as_large_as_matplotlib_can_draw_and_no_larger():
    charts = {"a": Chart()}
    largest = Picture(charts, width=32_000, height=32_000)
    assert (largest.width, largest.height) == (32_000, 32_000)
    for size in ({"width": 32_001}, {"height": 32_001}, {"width": 0}, {"height": 0}):
        with pytest.raises(ValueError, match=r"above 0, up to 32,000$"):
            Picture(charts, **size)

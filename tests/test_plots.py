"""Ready-made pictures: every number that is given stands in a mark, on the right axis."""

import numpy as np
import pandas as pd
import pytest

from kdsurvey import plots
from kdsurvey.pictures import Band, Bars, Cells, Image, Line, Points, Text

NAMES = {"title": "The title", "xlabel": "the x", "ylabel": "the y"}
ROWS = pd.DataFrame(
    {
        "arm": ["a", "a", "a", "b"],
        "seed": [0, 1, 2, 0],
        "errors": [1.0, 2.0, 6.0, -4.0],
    }
)
SERIES = {"before": [1.0, 2.0, 3.0], "after": [3.0, 4.0, 5.0]}


def only(picture):
    """The chart of a picture of one chart."""
    (chart,) = picture.charts.values()
    return chart


def marks(chart, kind) -> list:
    return [mark for mark in chart.marks if isinstance(mark, kind)]


class TestArms:
    picture = plots.arms(ROWS, "errors", "The title", "errors")
    chart = only(picture)

    def test_every_seed_is_a_dot_in_the_row_of_its_arm_and_the_mean_a_bar(self):
        a, b = marks(self.chart, Points)
        assert (a.x, a.y, b.x, b.y) == ((1, 2, 6), (0, 0, 0), (-4,), (1,))
        bars = marks(self.chart, Bars)
        assert [(bar.x, bar.y, bar.across) for bar in bars] == [
            ((0,), (3,), True),
            ((1,), (-4,), True),
        ]
        assert [a.colour, b.colour] == [bar.colour for bar in bars]
        assert bars[0].colour != bars[1].colour
        assert all(0 < bar.width < 1 for bar in bars)  # of a row

    def test_mean_and_spread_stand_right_of_the_furthest_dot(self):
        a, b = marks(self.chart, Text)
        assert (a.x, a.y, a.text) == (6, 0, "3.0 ± 2.6")
        assert (b.x, b.y, b.text) == (-4, 1, "-4.0 ± 0.0")

    def test_the_axes_hold_the_names_from_the_top_and_room_for_the_figures(self):
        assert self.chart.y.names == ("a", "b") and self.chart.y.ticks == (0, 1)
        assert self.chart.y.limits == (1.5, -0.5)
        assert self.chart.x.limits == pytest.approx((-4 - 2.2, 6 + 2.2))
        assert (self.chart.x.label, self.chart.title) == ("errors", "The title")

    def test_bars_begin_at_0_where_nothing_is_below_it(self):
        rows = ROWS[ROWS["arm"] == "a"]
        assert only(plots.arms(rows, "errors", "t", "x")).x.limits == (0, 6 + 0.22 * 6)

    def test_all_0_still_has_an_axis(self):
        rows = ROWS.assign(errors=0.0)
        assert only(plots.arms(rows, "errors", "t", "x")).x.limits == (0, 1)

    def test_words(self):
        about = "The title (errors): a 3.0 ± 2.6 (n = 3); b -4.0 ± 0.0 (n = 1)."
        assert self.picture.about == about

    def test_a_column_and_an_arm_that_are_not_there_are_named(self):
        known = r"^plots.arms: there is no column 'eror'; did you mean errors\?"
        with pytest.raises(ValueError, match=known):
            plots.arms(ROWS, "eror", "t", "x")
        known = "^plots.arms: there is no arm 'c'; there are: a, b$"
        with pytest.raises(ValueError, match=known):
            plots.arms(ROWS, "errors", "t", "x", order=["a", "c"])

    def test_the_order_can_be_given_and_a_papers_figure_is_hollow(self):
        chart = only(
            plots.arms(ROWS, "errors", "t", "x", order=["b", "a"], paper={"a": 16.0})
        )
        assert chart.y.names == ("b", "a")
        hollow = [points for points in marks(chart, Points) if points.hollow]
        assert [(points.x, points.y) for points in hollow] == [((16,), (1,))]
        assert chart.x.limits == pytest.approx((-4 - 4.4, 16 + 4.4))


class TestLines:
    def test_one_series_is_a_line_named_at_its_end(self):
        picture = plots.lines([1, 2, 4], {"one": [1, 2, 3]}, **NAMES)
        ((line,), chart) = only(picture).marks, only(picture)
        assert (line.x, line.y, line.end) == ((1, 2, 4), (1, 2, 3), "one")
        labels = chart.x.label, chart.y.label, chart.title, chart.ends
        assert labels == ("the x", "the y", "The title", "right")
        assert not chart.x.log and not chart.y.log
        words = "The title: the y against the x at 1, 2, 4; lines: one."
        assert picture.about == words

    def test_several_seeds_are_a_mean_in_a_band_of_one_standard_deviation(self):
        chart = only(
            plots.lines([1, 2], {"a": [[0, 5]], "b": [[1, 2], [3, 6]]}, **NAMES)
        )
        a, b = marks(chart, Line)
        (band,) = marks(chart, Band)
        assert (a.y, b.y) == ((0, 5), (2, 4)) and a.colour != b.colour == band.colour
        assert band.low == pytest.approx((2 - 2**0.5, 4 - 8**0.5))
        assert band.high == pytest.approx((2 + 2**0.5, 4 + 8**0.5))

    def test_a_log_axis_has_a_tick_at_every_x(self):
        series = {"a": [1, 2, 3]}
        x = only(plots.lines([0.5, 1, 8], series, **NAMES, logx=True)).x
        assert x.log and x.ticks == (0.5, 1, 8) and x.names == ("0.5", "1", "8")
        y = only(plots.lines([1, 2, 3], series, **NAMES, logy=True, yticks=[1, 3])).y
        assert y.log and y.ticks == (1, 3)

    def test_whole_x_have_whole_ticks(self):
        whole = only(plots.lines([1, 2], {"a": [1, 2]}, **NAMES)).x.ticks
        assert all(float(tick).is_integer() for tick in whole)
        halves = only(plots.lines([1, 1.5], {"a": [1, 2]}, **NAMES)).x.ticks
        assert not all(float(tick).is_integer() for tick in halves)

    def test_many_x_are_not_named_in_words(self):
        few, many = list(range(14)), list(range(15))
        assert " at 0, 1" in plots.lines(few, {"a": few}, **NAMES).about
        assert " at " not in plots.lines(many, {"a": many}, **NAMES).about

    def test_means_are_said_where_asked_for(self):
        series = {"a": [[1, 2], [2, 4]]}
        about = plots.lines([1, 2], series, **NAMES, numbers=True).about
        assert about.endswith("lines: a: 1.5, 3.")

    def test_its_size_is_given_in_inches(self):
        picture = plots.lines([1, 2], {"a": [1, 2]}, **NAMES, width=5, height=2)
        assert (picture.width, picture.height) == (480, 192)
        default = plots.lines([1, 2], {"a": [1, 2]}, **NAMES)
        assert (default.width, default.height) == pytest.approx((614.4, 345.6))


class TestImages:
    pictures = np.arange(3 * 4 * 4).reshape(3, 4, 4) / 48
    picture = plots.images(pictures, ["0", "1", "2"], title="Digits", columns=2)
    chart = only(picture)

    def test_images_stand_in_a_grid_each_under_its_title(self):
        shown, titles = marks(self.chart, Image), marks(self.chart, Text)
        for image, picture in zip(shown, self.pictures):
            assert np.array_equal(image.pixels, picture)
        assert [text.text for text in titles] == ["0", "1", "2"]
        places = [image.extent for image in shown]
        (left, right, bottom, top), second, third = places
        assert right - left == bottom - top == plots.FACE
        assert second == (left + plots.TILE, right + plots.TILE, bottom, top)
        down = plots.FACE + 2 * plots.LETTERS
        assert third == (left, right, bottom + down, top + down)
        assert [text.x for text in titles] == [(a + b) / 2 for a, b, *_ in places]
        assert all(text.y < image.extent[3] for text, image in zip(titles, shown))

    def test_all_of_them_lie_on_the_sheet(self):
        (x, width), (height, y) = self.chart.x.limits, self.chart.y.limits
        assert x == y == 0
        assert (self.picture.width, self.picture.height) == (width, height + plots.HEAD)
        for left, right, bottom, top in (
            image.extent for image in marks(self.chart, Image)
        ):
            assert 0 < left < right < width and 0 < top < bottom < height
        assert not self.chart.x.ticks and not self.chart.y.ticks
        assert self.chart.equal and self.chart.frame == "none"

    def test_words(self):
        assert self.picture.title == "Digits"
        assert self.picture.about == "Digits: 3 images, 0, 1, 2."
        twin = plots.images(self.pictures, "012", title="D", twin="Three digits.")
        assert twin.about == "Three digits."

    def test_ten_stand_in_a_row(self):
        picture = plots.images(np.zeros((11, 2, 2)), "0123456789a", title="D")
        tops = [image.extent[3] for image in marks(only(picture), Image)]
        assert len(set(tops[:10])) == 1 and tops[10] > tops[0]


class TestMatrices:
    grid = tuple(tuple(np.full((2, 2), 10 * i + j) for j in range(2)) for i in range(3))
    picture = plots.matrices(
        grid,
        ["left", "right"],
        [1, 9],
        title="The title",
        labels=("to the side", "below"),
    )

    def test_every_matrix_stands_in_its_place_black_at_its_columns_limit(self):
        assert [list(row) for row in self.picture.mosaic] == [
            ["0,0", "0,1"],
            ["1,0", "1,1"],
            ["2,0", "2,1"],
        ]
        for i, row in enumerate(self.grid):
            for j, matrix in enumerate(row):
                (cells,) = self.picture.charts[f"{i},{j}"].marks
                assert np.array_equal(cells.values, matrix)
                assert (cells.high, cells.colours) == ((1, 9)[j], "gray_r")

    def test_columns_are_named_at_the_top_and_sides_beside_and_below(self):
        charts = self.picture.charts
        named = {place: chart.title for place, chart in charts.items() if chart.title}
        assert named == {"0,0": "left", "0,1": "right"}
        below = {
            place: chart.x.label for place, chart in charts.items() if chart.x.label
        }
        assert below == {"2,1": "below"}
        beside = {place: chart.y.label for place, chart in charts.items()}
        assert [place for place, label in beside.items() if label] == [
            "0,1",
            "1,1",
            "2,1",
        ]
        assert beside["0,1"] == "to the side"
        assert all(chart.equal and chart.frame == "box" for chart in charts.values())
        assert not any(chart.x.ticks or chart.y.ticks for chart in charts.values())

    def test_words_and_size(self):
        assert self.picture.about == "The title: 3 rows; columns: left, right."
        assert self.picture.title == "The title"
        assert self.picture.width == pytest.approx(2 * 168)
        assert self.picture.height == pytest.approx(3 * 153.6 + 67.2)
        twin = plots.matrices(self.grid, ["a", "b"], [1, 9], title="t", twin="As said.")
        assert twin.about == "As said."


class TestGrouped:
    picture = plots.grouped(SERIES, ["x", "y", "z"], **NAMES)

    def test_the_bars_of_a_group_stand_side_by_side_around_its_tick(self):
        before, after = only(self.picture).marks
        assert before.x == pytest.approx((-0.2, 0.8, 1.8)) and before.y == (1, 2, 3)
        assert after.x == pytest.approx((0.2, 1.2, 2.2)) and after.y == (3, 4, 5)
        assert before.width == after.width and 0.3 < before.width < 0.4
        assert (before.legend, after.legend) == ("before", "after")
        assert before.colour != after.colour and before.hatch != after.hatch
        assert not before.spread

    def test_axes_and_legend(self):
        chart = only(self.picture)
        assert chart.x.ticks == (0, 1, 2) and chart.x.names == ("x", "y", "z")
        labels = chart.x.label, chart.y.label, chart.title
        assert labels == ("the x", "the y", "The title")
        assert (chart.legend, chart.columns) == ("below", 2)
        many = plots.grouped({name: [1.0] for name in "abcdef"}, ["x"], **NAMES)
        assert only(many).columns == 4
        size = self.picture.width, self.picture.height
        assert size == pytest.approx((729.6, 307.2))

    def test_a_spread_is_that_of_its_series(self):
        spread = {"before": [0.1, 0.2, 0.3], "after": [0.4, 0.5, 0.6]}
        chart = only(plots.grouped(SERIES, ["x", "y", "z"], **NAMES, spread=spread))
        spreads = [bars.spread for bars in chart.marks]
        assert spreads == [(0.1, 0.2, 0.3), (0.4, 0.5, 0.6)]

    def test_words(self):
        words = "The title: the y for each the x; bars: before; after."
        assert self.picture.about == words
        about = plots.grouped(SERIES, ["x", "y", "z"], **NAMES, numbers=True).about
        assert about.endswith("before: x 1, y 2, z 3; after: x 3, y 4, z 5.")


class TestMaps:
    gains = np.array([[1.04, -2.0], [np.nan, 0.0]])
    stars = (("*", ""), ("", ""))
    tables = dict.fromkeys("abcd", (gains, stars))
    picture = plots.maps(tables, ["up", "down"], ["left", "right"], **NAMES)

    def test_every_map_has_its_gains_marked_and_full_colour_at_the_limit(self):
        for chart in self.picture.charts.values():
            (cells,) = marks(chart, Cells)
            assert np.array_equal(cells.values, self.gains, equal_nan=True)
            assert (cells.low, cells.high) == (-5, 5)
            assert [list(row) for row in cells.words] == [
                ["+1.0*", "−2.0"],
                ["", "+0.0"],
            ]
            assert chart.x.names == ("left", "right") and chart.x.ticks == (0, 1)
            assert chart.y.names == ("up", "down") and chart.y.ticks == (0, 1)
        limited = plots.maps(
            {"a": (self.gains, self.stars)}, "ud", "lr", **NAMES, limit=2
        )
        (cells,) = only(limited).marks
        assert (cells.low, cells.high) == (-2, 2)

    def test_three_stand_in_a_row_named_at_the_left_and_at_the_bottom(self):
        mosaic = [list(row) for row in self.picture.mosaic]
        assert mosaic == [["a", "b", "c"], ["d", ".", "."]]
        charts = self.picture.charts
        assert [name for name in "abcd" if charts[name].x.label] == ["b", "c", "d"]
        assert [name for name in "abcd" if charts[name].y.label] == ["a", "d"]
        assert charts["d"].x.label == "the x" and charts["d"].y.label == "the y"
        assert [charts[name].title for name in "abcd"] == list("abcd")
        assert self.picture.title == "The title"

    def test_the_sheet_grows_with_what_is_on_it(self):
        assert self.picture.width == pytest.approx(96 * (0.6 + 3 * 1.74))
        assert self.picture.height == pytest.approx(96 * (0.6 + 2 * 1.15))

    def test_words(self):
        words = "The title; the y by the x; maps: a; b; c; d."
        assert self.picture.about == words
        tables = {"two\nlines": (self.gains[:1], self.stars[:1])}
        about = plots.maps(tables, ["up"], ["l", "r"], **NAMES, numbers=True).about
        assert about.endswith("two lines: 1 of 2 cells above 0, from -2.0 to +1.0.")


def test_beside_keeps_every_chart_in_its_order():
    pictures = [TestGrouped.picture, TestArms.picture]
    both = plots.beside(pictures, "in words", width=10, height=4, title="Both")
    assert list(both.charts.values()) == [only(picture) for picture in pictures]
    assert (both.width, both.height) == (960, 384)
    assert (both.about, both.title) == ("in words", "Both")

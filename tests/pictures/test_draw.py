"""What is drawn: every mark where its numbers say, and a redraw that equals a fresh drawing."""

import base64
import math
import threading
import tracemalloc
from collections import deque
from dataclasses import replace
from functools import cache

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from pictures.seen import pixels

from kdsurvey.pictures import (
    Arrow,
    Axis,
    Band,
    Bars,
    Canvas,
    Cells,
    Chart,
    Frame,
    Image,
    Line,
    Picture,
    Points,
    Rule,
    Text,
    draw,
    epoch_axis,
    image_chart,
    palette,
)

BLUE, ORANGE, GREEN, *_ = palette.COLOURS
BARE = {"ticks": (), "shown": False}
SIDE = 200  # CSS pixels


def bare(*marks, **entries) -> Picture:
    """A picture of one chart from 0 to 10 without axes."""
    axis = Axis("", (0, 10), **BARE)
    chart = Chart(marks, axis, axis, **entries)
    return Picture({"only": chart}, width=SIDE, height=SIDE)


def where(picture: Picture, colour: str) -> np.ndarray:
    """Where a colour is, (n, 2) in the data coordinates of `bare`, x and y."""
    seen = pixels(picture.png())
    rgb = np.round(255 * np.array(to_rgb(colour)))
    rows, columns = np.nonzero((abs(seen - rgb) <= 2).all(-1))
    edge = _inner()
    height, width = seen.shape[:2]
    x = 10 * ((columns + 0.5) / width - edge) / (1 - 2 * edge)
    y = 10 * (1 - ((rows + 0.5) / height - edge) / (1 - 2 * edge))
    return np.column_stack([x, y])


@cache
def _inner() -> float:
    """The share of a side that is the margin of `bare`: where a filled chart begins."""
    seen = pixels(
        bare(Bars([5], [10], width=10, colour="#010203", edge=False, hatch="")).png()
    )
    columns = np.nonzero((seen == (1, 2, 3)).all(-1).any(0))[0]
    return columns[0] / seen.shape[1]


def box(places: np.ndarray) -> list[float]:
    """Left, right, bottom, top."""
    (left, bottom), (right, top) = places.min(0), places.max(0)
    return [left, right, bottom, top]


PLAIN = {"hatch": "", "edge": False}


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (Line([2, 8], [5, 5], marker="", colour=ORANGE), [2, 8, 5, 5]),
        (Line([0.2, 0.8], [0.5, 0.5], marker="", place="axes"), [2, 8, 5, 5]),
        (Line([2, 8], [0.5, 0.5], marker="", place="x"), [2, 8, 5, 5]),
        (Line([2, math.nan, 8, 9], [5, 5, 5, 5], marker=""), [8, 9, 5, 5]),
        (Points([5], [3], marker="s", size=4), [5, 5, 3, 3]),
        (Points([5], [3], marker="s", area=[9], role=2), [5, 5, 3, 3]),
        (Points([5], [5], spread=[3], size=3), [5, 5, 2, 8]),
        (Points([5], [5], spread=[3], size=3, across=True), [2, 8, 5, 5]),
        (Bars([3], [6], width=2, **PLAIN), [2, 4, 0, 6]),
        (Bars([3], [6], width=2, base=[2], role=1, **PLAIN), [2, 4, 2, 8]),
        (Bars([3], [6], width=2, across=True, **PLAIN), [0, 6, 2, 4]),
        (Bars([3, 7], [6, math.nan], widths=[2, 4], **PLAIN), [2, 4, 0, 6]),
        (Band([2, 8], [3, 3], [5, 5], alpha=1), [2, 8, 3, 5]),
        (Rule([4], style="-", colour=BLUE), [4, 4, 0, 10]),
        (Rule([4], style="-", span=(0.2, 0.7), colour=BLUE), [4, 4, 2, 7]),
        (Rule([4], horizontal=True, style="-", colour=BLUE), [0, 10, 4, 4]),
        (Rule([4], [6], colour=GREEN), [4, 6, 0, 10]),
        (Frame(2, 3, 4, 5, width=2), [2, 6, 3, 8]),
        (Arrow((2, 5), (8, 5), colour=BLUE, filled=True), [2, 8, 4.7, 5.3]),
        (Image(np.ones((2, 2)), extent=(1, 3, 4, 8)), [1, 3, 4, 8]),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, list) else "",
)
def test_a_mark_is_where_its_numbers_say(mark, expected):
    colour = getattr(mark, "colour", "#000000")
    assert box(where(bare(mark), colour)) == pytest.approx(expected, abs=0.35)


def test_a_gap_in_a_band_stays_empty():
    low = [2, 2, math.nan, 2, 2]
    places = where(bare(Band([0, 3, 5, 7, 10], low, [8] * 5, alpha=1)), BLUE)[:, 0]
    assert not ((places > 3.2) & (places < 6.8)).any()
    assert ((places > 7.2).any()) and (places < 2.8).any()


def test_marks_are_drawn_in_their_order():
    under = Bars([5], [10], width=10, role=0, **PLAIN)
    over = Bars([5], [10], width=4, role=1, **PLAIN)
    assert box(where(bare(under, over), ORANGE)) == pytest.approx(
        [3, 7, 0, 10], abs=0.2
    )
    assert not len(where(bare(over, under), ORANGE))


def test_marks_end_where_the_chart_does():
    assert box(where(bare(Line([-5, 20], [5, 5], marker="")), BLUE))[
        :2
    ] == pytest.approx([0, 10], abs=0.2)


def test_a_heat_map_has_its_colours_and_empty_cells_for_gaps():
    axis = Axis("", (-0.5, 1.5), **BARE)
    falling = Axis("", (1.5, -0.5), **BARE)
    cells = Cells([[0, 5], [math.nan, 10]], high=10, colours="gray_r")
    picture = Picture({"c": Chart([cells], axis, falling)}, width=SIDE, height=SIDE)
    seen = pixels(picture.png())
    quarter = seen.shape[0] // 4
    corners = seen[quarter :: 2 * quarter, quarter :: 2 * quarter, 0][:2, :2]
    assert corners[0, 0] == 255 and corners[1, 0] == 255 and corners[1, 1] == 0
    assert 100 < corners[0, 1] < 160


def test_words_in_cells_can_be_read():
    cells = Cells([[0, 10]], high=10, colours="gray_r", words=[["MM", "WW"]], size=30)
    seen = pixels(Picture({"c": Chart([cells])}, width=SIDE, height=SIDE).png())[60:340]
    left, right = seen[:, 60:190], seen[:, 230:]
    assert (left == 0).any() and (right == 255).any()


def test_words_are_where_they_are_put():
    text = Text(0.5, 0.5, "HHHH", ha="center", colour=BLUE, size=20, place="axes")
    assert where(bare(text), BLUE).mean(0) == pytest.approx([5, 5], abs=0.3)
    moved = Text(5, 5, "HHHH", ha="center", colour=BLUE, size=20, shift=(40, 20))
    assert where(bare(moved), BLUE).mean(0) == pytest.approx([7, 6], abs=0.5)


def test_words_at_the_ends_of_bars_and_lines():
    bars = Bars([2, 6], [4, 0], words=["HH", ""], colour=BLUE, **PLAIN)
    assert where(bare(bars), palette.INK).mean(0) == pytest.approx([2, 4.4], abs=0.4)
    ends = [Line([0, 4], [5, 5], role=k, marker="", end="HHH") for k in range(3)]
    names = [where(bare(*ends[:k], ends[k]), ends[k].colour) for k in range(3)]
    assert all(len(name[name[:, 0] > 4.2]) for name in names)


def test_names_at_line_ends_do_not_cover_each_other():
    lines = [
        Line([0, 4], [5, 5], role=k, marker="", end="HHH", style="-") for k in range(3)
    ]
    heights = []
    for line in lines:
        places = where(bare(*lines), line.colour)
        names = places[places[:, 0] > 5.2]
        heights.append(names[:, 1])
    orders = sorted(heights, key=np.mean)
    assert all(low.max() < high.min() for low, high in zip(orders, orders[1:]))


def test_names_right_of_a_chart_have_room():
    line = Line([0, 10], [5, 5], marker="", end="a long name")
    seen = pixels(bare(line, ends="right").png())
    blue = (abs(seen - np.round(255 * np.array(to_rgb(BLUE)))) <= 2).all(-1)
    assert blue[:, 300:].any() and not blue[:, -3:].any()


def frames():
    """Pictures with other numbers, then other words, then other limits, then other marks."""
    for k in range(8):
        y = np.linspace(0, 5 + k % 3, 6 + k)
        low = 0 if k < 6 else -5
        marks = [Line(range(len(y)), y, role=1, end=f"{y[-1]:.1f}"), Rule([k])]
        bars = Bars(range(4), np.arange(4) * k / 9, words=range(4), legend="a bar")
        image = image_chart([Image(np.eye(8) * k / 8)], "", f"image {k}\nlabel g")
        lines = Chart(
            marks[: 1 + k // 5], epoch_axis(20), Axis("y", (low, 8)), title=f"T{k} p"
        )
        charts = {"l": lines, "b": Chart([bars], y=Axis("y", (0, 3))), "i": image}
        yield Picture(charts, width=500, height=220, title=f"Number {k}")


def test_a_redraw_is_a_fresh_drawing():
    canvas = Canvas()
    for picture in frames():
        assert canvas.png(picture) == draw(picture)
    for picture in frames():
        assert canvas.png(picture) == draw(picture)


@pytest.mark.parametrize(
    "changes",
    [
        {"legend": "other"},
        {"colour": "#D55E00"},
        {"style": "--"},
        {"marker": "s"},
        {"alpha": 0.5},
        {"size": 9.0},
    ],
    ids=str,
)
def test_a_legend_follows_every_look_of_its_line(changes):
    canvas = Canvas()
    line = Line([0, 1], [0, 1], legend="a", marker="o", style="-", colour=BLUE)
    canvas.png(bare(line))
    assert canvas.png(bare(replace(line, **changes))) == draw(
        bare(replace(line, **changes))
    )


@pytest.mark.parametrize("changes", [{"hatch": "xx"}, {"colour": "#D55E00"}], ids=str)
def test_a_legend_follows_every_look_of_its_bars(changes):
    canvas = Canvas()
    bars = Bars([0, 1], [1, 2], legend="a", hatch="//", colour=BLUE)
    canvas.png(bare(bars))
    changed = bare(replace(bars, **changes))
    assert canvas.png(changed) == draw(changed)


def test_a_legend_follows_whether_its_points_are_hollow():
    canvas = Canvas()
    points = Points([0, 1], [1, 2], legend="a")
    canvas.png(bare(points))
    changed = bare(replace(points, hollow=True))
    assert canvas.png(changed) == draw(changed)


@pytest.mark.parametrize("across", [False, True])
def test_error_bars_move_with_their_bars(across):
    canvas = Canvas()
    for length, spread in ((3, 1), (6, 2), (4, 3)):
        bars = Bars([5], [length], spread=[spread], across=across, width=2)
        picture = bare(bars)
        assert canvas.png(picture) == draw(picture)


def test_what_stays_is_kept():
    canvas = Canvas()
    backgrounds = []
    for picture in frames():
        canvas.png(picture)
        backgrounds.append(canvas._background)
    assert len({id(background) for background in backgrounds}) == 2


def test_canvases_take_backgrounds_from_one_shelf_and_draw_their_own_words():
    shelf = deque(maxlen=2)
    canvases = Canvas(shelf), Canvas(shelf)
    lefts, rights = (
        [replace(bare(Line([0, k], [0, 5])), title=f"{word} {k}") for k in (7, 8)]
        for word in ("left", "right")
    )
    for pair in zip(lefts, rights):
        for canvas, picture in zip(canvases, pair):
            assert canvas.png(picture) == draw(picture)
    (kept,) = shelf
    others = [replace(lefts[0], height=height) for height in (210, 220, 230)]
    for other in (others[0], lefts[0], others[1]):
        canvases[0].png(other)
    assert shelf[0] is kept and len(shelf) == 2  # the one that was used last stays


def test_it_is_twice_its_css_size():
    assert pixels(bare().png()).shape == (2 * SIDE, 2 * SIDE, 3)
    shown, about = bare()._repr_mimebundle_()
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert (about["image/png"]["width"], about["image/png"]["height"]) == (SIDE, SIDE)


def test_its_faces_are_words():
    picture = Picture({"a": Chart()}, about="one empty chart")
    shown, about = picture._repr_mimebundle_()
    assert (
        repr(picture)
        == shown["text/plain"]
        == about["image/png"]["alt"]
        == "one empty chart"
    )


def test_the_readers_settings_change_nothing():
    picture = next(frames())
    plain = picture.png()
    mine = {
        "font.size": 25,
        "axes.facecolor": "black",
        "text.usetex": True,
        "lines.linewidth": 9,
    }
    with matplotlib.rc_context(mine):
        assert picture.png() == plain
        assert (
            matplotlib.rcParams["font.size"] == 25
            and matplotlib.rcParams["text.usetex"]
        )
    with matplotlib.rc_context(
        {"figure.dpi": 30, "savefig.dpi": 30, "axes.unicode_minus": False}
    ):
        assert picture.png() == plain


def test_names_are_never_mathematics():
    """A name that mathtext would refuse, in every place that words have."""
    odd = r"$\frac{1$_^"
    marks = [
        Line([0, 1], [0, 1], end=odd, legend=odd),
        Bars([0], [1], words=[odd]),
        Text(0, 0, odd),
        Points([0], [0], legend="$a$"),
    ]
    axis = Axis(odd, ticks=[0], names=[odd])
    cells = Chart([Cells([[1]], words=[[odd]])])
    chart = Chart(marks, axis, axis, title=odd, heading=odd)
    right = Chart(marks, title=odd, ends="right")
    picture = Picture({"a": chart, "b": cells, "c": right}, title=odd)
    assert picture.png().startswith(b"\x89PNG")


def test_many_threads_draw_what_one_draws():
    expected = [draw(picture) for picture in frames()]
    drawn = {}

    def work(k: int) -> None:
        canvas = Canvas()
        drawn[k] = [canvas.png(picture) for picture in frames()]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(drawn[k] == expected for k in range(3))


def test_a_legend_stands_where_it_is_told():
    for place in ("upper right", "lower left", "above", "right", "below"):
        mark = Bars([5], [3], width=0.5, legend="HH", **PLAIN)
        bar = where(bare(Bars([5], [3], width=0.5, **PLAIN)), BLUE)
        assert len(where(bare(mark, legend=place), BLUE)) != len(bar)


def test_ticks_and_frames_are_drawn_where_they_are_wanted():
    def ink(**entries) -> int:
        return int(
            (
                pixels(Picture({"a": Chart(**entries)}, width=200, height=200).png())
                < 90
            ).sum()
        )

    assert ink(frame="none") == 0 < ink()
    assert ink(x=Axis("", (0, 1), ticks=())) < ink(x=Axis("", (0, 1)))
    assert ink(x=Axis("", (0, 10), bounds=(0, 2))) < ink(
        x=Axis("", (0, 10), bounds=(0, 10))
    )


@pytest.mark.parametrize("frame", ["open", "box"])  # the second has another layout
def test_a_redraw_takes_no_new_memory_for_its_pixels(frame):
    canvas, large = Canvas(), {"width": 900, "height": 600}
    size = pixels(canvas.png(replace(bare(Line([0, 9], [0, 9])), **large))).size
    tracemalloc.start()
    try:
        canvas.png(replace(bare(Line([0, 9], [9, 0]), frame=frame), **large))
        assert tracemalloc.get_traced_memory()[1] < size / 5
    finally:
        tracemalloc.stop()

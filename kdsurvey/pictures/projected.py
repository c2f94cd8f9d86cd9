"""Pictures for a projector: the same in parts, so small that their letters can be large.

A page shows a picture 900 CSS pixels wide with letters of 11. On a slide it must be
shown more than twice as large to be read from the last row, so a part is at most WIDTH x
HEIGHT: charts are laid out anew, a few to a part, and rows of images take turns.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap

from kdsurvey.pictures.chart import Axis, Chart
from kdsurvey.pictures.marks import Bars, Cells, Image, Line, Mark, Text
from kdsurvey.pictures.picture import Picture
from kdsurvey.pictures.sheet import EMPTY

WIDTH, HEIGHT = 458, 314  # CSS pixels of a part, letters being 11 and more
COLUMNS = 6  # of the mosaic on which the charts of a part are laid out
LETTER = 6.6  # CSS pixels that a letter of 11 takes
LINE = 17  # of a line of a title
LEAST = 140  # CSS pixels: a chart with axes is as high
SMALL = 140  # and a chart without ticks as wide


def projected(picture: Picture) -> tuple[Picture, ...]:
    """Return a picture in parts for slides, itself where it is small enough.

    A picture that has `parts` is shown as them.
    """
    if picture.parts:
        return tuple(picture.parts)
    if picture.width <= WIDTH and picture.height <= HEIGHT:
        return (picture,)
    charts = [part for chart in _named(_in_order(picture)) for part in _turns(chart)]
    sheets = list(_sheets(charts, bool(picture.title)))
    return tuple(_part(picture, rows) for rows in sheets)


def _in_order(picture: Picture) -> list[Chart]:
    """Return the charts as a page shows them, row by row."""
    names = dict.fromkeys(name for row in picture.mosaic for name in row)
    return [picture.charts[name] for name in names if name != EMPTY]


def _named(charts: Sequence[Chart]) -> Iterator[Chart]:
    """Yield charts that stood above another with the names of the axis that they shared."""
    known = {chart.x.ticks: chart.x for chart in charts if any(chart.x.names or ())}
    for chart in charts:
        if chart.x.ticks and not any(chart.x.names or ()) and chart.x.ticks in known:
            below = known[chart.x.ticks]
            chart = replace(
                chart, x=replace(chart.x, names=below.names, label=below.label)
            )
        yield chart


def _turns(chart: Chart) -> Iterator[Chart]:
    """Yield a wide row of images in parts as wide as a slide, any other chart whole."""
    left, right = chart.x.limits or (0.0, 0.0)
    images = chart.marks_of(Image)
    if len(images) < 3 or abs(right - left) <= WIDTH:
        yield chart
        return
    each = max(image.extent[1] - image.extent[0] for image in images if image.extent)
    step = _pitch(images) or each
    count = max(1, int(WIDTH // step))
    for k in range(math.ceil(round((right - left) / step) / count)):
        low, high = left + k * count * step, left + (k + 1) * count * step
        marks = [mark for mark in chart.marks if low <= _middle(mark) < high]
        x = replace(chart.x, limits=(low, high))
        if marks:
            yield replace(chart, marks=marks, x=x)


def _pitch(images: Sequence[Image]) -> float:
    """Return how far neighbouring images lie apart."""
    lefts = sorted({image.extent[0] for image in images if image.extent})
    return min((b - a for a, b in zip(lefts, lefts[1:])), default=0.0)


def _middle(mark: Mark) -> float:
    if isinstance(mark, Image) and mark.extent:
        return (mark.extent[0] + mark.extent[1]) / 2
    return getattr(mark, "x", 0.0)


def _sheets(charts: Sequence[Chart], titled: bool) -> Iterator[list[list[Chart]]]:
    """Yield rows of charts, as many as a part holds."""
    room = HEIGHT - (LINE + 8 if titled else 0)
    rows: list[list[Chart]] = []
    for row in _rows(charts):
        if rows and sum(map(_high, [*rows, row])) > room:
            yield rows
            rows = []
        rows.append(row)
    yield rows


def _rows(charts: Sequence[Chart]) -> Iterator[list[Chart]]:
    row: list[Chart] = []
    for chart in charts:
        if row and sum(map(_wide, [*row, chart])) > WIDTH:
            yield row
            row = []
        row.append(chart)
    yield row


def _part(picture: Picture, rows: list[list[Chart]]) -> Picture:
    """Lay out rows of charts; a chart is as wide as its share of its row."""
    charts: dict[str, Chart] = {}
    mosaic = []
    for row in rows:
        total = sum(map(_wide, row))
        line: list[str] = []
        for k, chart in enumerate(row):
            share = _wide(chart) / total
            name = str(len(charts))
            end = COLUMNS if k == len(row) - 1 else len(line) + round(COLUMNS * share)
            line += [name] * (end - len(line))
            charts[name] = _fitted(chart, WIDTH * share)
        mosaic.append(line)
    heights = [_high(row) for row in rows]
    title = _wrapped(picture.title, WIDTH, 8.0)
    head = (LINE * (title.count("\n") + 1) + 8) if title else 0
    tall = sum(heights) + head
    alone = len(charts) == 1 and not charts["0"].equal
    if alone:
        tall = max(tall, picture.height)
    return Picture(
        charts,
        width=WIDTH,
        height=min(HEIGHT, tall),
        mosaic=mosaic,
        heights=heights,
        title=title,
        about=picture.about,
    )


def _fitted(chart: Chart, width: float) -> Chart:
    """Return a chart whose title and axes have room in so many CSS pixels."""
    names = [len(str(name)) for name in chart.y.names or ()]
    beside = 30 + LETTER * max(names, default=0)
    chart = replace(chart, x=_roomy(chart, width - beside))
    x = replace(chart.x, label=_wrapped(chart.x.label, width - beside, 6.9))
    return replace(
        chart,
        title=_wrapped(chart.title, width - beside, 8.0),
        x=_thinned(x, width),
        y=replace(chart.y, label=_wrapped(chart.y.label, _high([chart]) - 30, 6.9)),
    )


def _roomy(chart: Chart, inner: float) -> Axis:
    """Return an x-axis that leaves room for words beside its last values."""
    low, high = chart.x.limits or (0.0, 1.0)
    if chart.x.log or not chart.x.ticks or low > high:
        return chart.x
    for mark in chart.marks_of(Text):
        needed = mark.shift[0] + LETTER * max(map(len, mark.text.split("\n")))
        if mark.ha == "left" and mark.place == "data" and needed < 0.6 * inner:
            room = (inner * mark.x - needed * low) / (inner - needed)
            high = max(high, room)
    return replace(chart.x, limits=(low, high))


def _wrapped(text: str, width: float, letter: float) -> str:
    lines = text.split("\n")
    return "\n".join(
        part for line in lines for part in (wrap(line, int(width / letter)) or [""])
    )


def _thinned(axis: Axis, width: float) -> Axis:
    """Leave out ticks of numbers that would touch each other."""
    names, ticks = list(axis.names or ()), list(axis.ticks or ())
    step = 1
    while step < len(names) and _letters(names[::step]) > width - 60:
        step += 1
    return replace(axis, ticks=ticks[::step], names=names[::step]) if step > 1 else axis


def _letters(names: Sequence[object]) -> float:
    return sum(LETTER * len(str(name)) + 7 for name in names)


def _wide(chart: Chart) -> float:
    """Return how wide a chart must be, in CSS pixels."""
    if not chart.x.ticks and not chart.y.ticks:
        left, right = chart.x.limits or (0, 0)
        many = len(chart.marks_of(Image)) >= 3
        return min(WIDTH, abs(right - left)) if many else SMALL
    words = [
        word for bars in chart.marks_of(Bars) if not bars.across for word in bars.words
    ]
    cells = [row for cells in chart.marks_of(Cells) for row in cells.words[:1]]
    needed = 48.0 + sum(LETTER * len(word) + 3 for word in words)
    needed = max(needed, 48.0 + sum(_letters(row) for row in cells))
    named = any(line.end for line in chart.marks_of(Line))
    if _has_words(chart.y) or _has_words(chart.x) or named:
        needed = WIDTH
    if chart.legend in ("right", "below") and chart.legends():
        needed = WIDTH
    if any(isinstance(mark, Text) and len(mark.text) > 12 for mark in chart.marks):
        needed = WIDTH
    return min(WIDTH, max(225.0, needed))


def _has_words(axis: Axis) -> bool:
    return any(len(str(name)) > 5 for name in axis.names or ())


def _high(row: Sequence[Chart]) -> float:
    """Return how high a row of charts must be, in CSS pixels."""
    return max(map(_height, row))


def _height(chart: Chart) -> float:
    if not chart.x.ticks and not chart.y.ticks:
        (left, right), (low, high) = chart.x.limits or (0, 1), chart.y.limits or (0, 1)
        if len(chart.marks_of(Image)) >= 3 and right != left:
            return 30 + WIDTH * abs(high - low) / abs(right - left)
        return SMALL
    lines = len(chart.y.ticks or ()) if _has_words(chart.y) else 0
    return max(LEAST, 62.0 + 24 * lines)

"""Pictures that together show all that a picture can hold, as they were approved.

`approved/` holds each one's data and tables, the same laid out for a projector, and of
those of MARKS what is drawn. Whoever changes how pictures look on purpose writes these
files anew, and looks at what has changed:

    python tests/pictures/exhibits.py
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from kdsurvey import claims, plots, yours
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
    between_rows,
    epoch_axis,
    image_chart,
    plain,
    row_axis,
)
from kdsurvey.pictures.projected import projected
from kdsurvey.verdicts import Exact, NotRun, Verdict, corrected, judge

APPROVED = Path(__file__).with_name("approved")
SIZE = {"width": 480, "height": 300}
NAN = float("nan")
EPOCHS = np.arange(1, 9)
SHADES = np.linspace(0, 1, 64).reshape(8, 8)
AXES = {"title": "The title", "xlabel": "the x", "ylabel": "the y"}


def lines() -> Picture:
    """Lines, bands and rules; names at ends that must move, beside and inside a chart."""
    falls = [100 / k**1.5 for k in EPOCHS]
    marks = [
        Rule([3, 5.5]),
        Rule([6.5], [7.5], colour="#E69F00", alpha=0.3, span=(0.2, 0.9)),
        Rule([20], horizontal=True, style="-", width=2.5, span=(0, 0.7)),
        Rule([1], [2], horizontal=True, role=3, colour="#009E73", alpha=0.4),
        Band(EPOCHS, [y / 2 for y in falls], [2 * y for y in falls], role=0),
        *(
            Line(EPOCHS, [y * 1.05**role for y in falls], role=role, end=f"line {role}")
            for role in range(4)
        ),
        Line([1, 2, 3, 4, NAN], [3, 9, NAN, 9, 3], role=4, every=2, size=9, end="gap"),
        Line([1, 9], [500, 0.01], colour="#D55E00", marker="", width=4, alpha=0.5),
    ]
    inside = [
        *(Line([0, 6], [k, k + 3], role=k + 4, end=f"end {k}") for k in range(3)),
        Line([0.1, 0.9], [0.9, 0.95], role=1, place="axes", marker="X"),
        Line([1, 2], [0.1, 0.2], role=2, place="x", style="-", legend="in x"),
        Line([0.6, 0.9], [1, 0], role=3, place="y", legend="in y"),
        Band([0, 1, 2, 3, 4], [4, 4, NAN, 4, 4], [5, 6, 6, 5, 6], colour="#CC79A7"),
    ]
    return Picture(
        {
            "right": Chart(
                marks,
                epoch_axis(8),
                Axis("loss (nats)", log=True, bounds=(0.1, 100)),
                title="Right of it",
                ends="right",
            ),
            "line": Chart(
                inside,
                epoch_axis(6, "step", room=1.6),
                Axis(ticks=(), shown=False),
                title="At their ends",
                legend="upper left",
            ),
        },
        **SIZE,
        widths=(1.4, 1),
        title="Lines $x_1$",
        about="Lines, bands and rules.",
        tables=[Table("Ends", ["line", "y"], [["a", "1"], ["b & c", "22"]])],
    )


def points() -> Picture:
    """Markers of all kinds, with error bars, and some beyond the limits."""
    marks = [
        Points([1, 2, 3], [1, 2, 3], role=0, legend="plain"),
        Points([1, 2, 3], [2, 3, 4], role=1, hollow=True, size=11, legend="hollow"),
        Points([1, 2, 3], [3, 4, 5], role=2, area=[20, 80, 200], legend="areas"),
        Points([3.5], [1], role=5, area=[150], hollow=True),
        Points([1, 2], [5.5, 5], role=3, spread=[0.3, 0.5], legend="spread", size=8),
        Points([4, 5], [2, 3], role=6, spread=[0.4, 0.8], across=True, alpha=0.6),
        Points([0, 6, 6], [6, 6, 0], role=4, size=14),
        Points([7, 1], [3, 7], role=0, size=14),
        Points([0.5], [0.1], role=1, place="axes", size=9),
        Points([4.5], [0.9], role=2, place="x", area=[90]),
        Points([0.9], [5], role=3, place="y", colour="#000000", marker="P"),
    ]
    log = [Points([1, 10, 100], [1, 2, 1], role=1), Points([1000], [3], marker="X")]
    return Picture(
        {
            "marks": Chart(
                marks,
                Axis("x", (0, 6)),
                Axis("y", (0, 6)),
                legend="above",
                columns=2,
                heading="Kinds",
                frame="box",
            ),
            "log": Chart(
                log, Axis("log", log=True, tilt=30), Axis(), title="Found", frame="open"
            ),
        },
        **SIZE,
        mosaic=[["marks", "marks", "log"], ["marks", "marks", "."]],
        heights=(2, 1),
        about="Markers.",
    )


def bars() -> Picture:
    """Upright and lying bars, on each other, beneath 0, with words at their ends."""
    upright = [
        Bars([0, 1, 2, 3], [2, 1, NAN, -1.5], words=["2", "1", "", "−1.5"], role=0),
        Bars([0, 1], [1, 2], base=[2, 1], role=1, spread=[0.5, 0.2], words="ab"),
        Bars([4, 5], [3, 2], widths=[0.4, 1.0], role=3, edge=False, legend="widths"),
        Bars([6], [1.5], role=2, alpha=0.4, legend="dots"),
        Bars([2], [1], role=4, hatch="xx", legend="crosses"),
    ]
    lying = [
        Bars([0, 1, 2], [5, -3, 2], across=True, words=["five", "−3", "2"], width=0.5),
        Bars([3], [4], across=True, role=2, spread=[1], words=["4"]),
        Bars([3], [-2], across=True, role=1, hatch="", spread=[0.5]),
        *between_rows(4),
    ]
    names = ["first", "second", "third", "fourth"]
    return Picture(
        {
            "upright": Chart(
                upright,
                Axis("class", ticks=range(7), names=list("abcdefg")),
                Axis("points", (-2, 4)),
                legend="below",
                columns=3,
            ),
            "lying": Chart(
                lying, Axis("gain", (-6, 9)), row_axis(names), title="Lying"
            ),
        },
        **SIZE,
        about="Bars.",
    )


def cells() -> Picture:
    """Heat maps, frames around cells, and images."""
    gains = np.array([[-5, -2.5, 0], [2.5, 5, NAN]])
    said = [["−5", "", "0"], ["2.5", "5", ""]]
    heat = [
        Cells(gains, low=-5, high=5, words=said, size=13),
        Frame(-0.5, -0.5),
        Frame(0.5, 0.5, 2, 1, role=1, width=4),
    ]
    grey = [
        Image(SHADES, extent=(0, 8, 8, 0), low=0.2, high=0.8),
        Image(np.stack([SHADES, SHADES.T, 1 - SHADES], -1), extent=(10, 18, 8, 0)),
        Frame(0, 0, 8, 8, colour="#D55E00"),
    ]
    power = Cells([[0, 0.1], [0.5, 1]], power=0.3, colours="Blues")
    return Picture(
        {
            "heat": Chart(heat, Axis("j"), Axis("i"), title="Gains", frame="box"),
            "power": Chart([power], equal=True, anchor="NE", title="Power"),
            "images": image_chart(grey, "Images", "grey\nand in colour"),
            "own": image_chart([Image(SHADES[:4])], caption="4 × 8"),
        },
        **SIZE,
        mosaic=[["heat", "power"], ["images", "own"]],
        widths=[1.5, 1],
        about="Cells.",
    )


def words() -> Picture:
    """Words in every place and posture, and arrows between them."""
    marks = [
        Text(1, 9, "data"),
        Text(5, 0.05, "x", place="x", colour="#0072B2", bold=True),
        Text(0.98, 5, "y", place="y", ha="right"),
        Text(0.5, 0.95, "axes", place="axes", ha="center", va="top", size=15),
        Text(1, 7, "boxed\ntwice", boxed=True, va="bottom"),
        Text(1, 5.5, "bare", bare=True, va="bottom"),
        Text(2, 2, "tilted", tilt=45, ha="center"),
        Text(6, 2, "along", tilt=45, along=True, va="baseline"),
        Text(4, 5, "shifted", shift=(10, -20)),
        Rule([7], [8], alpha=0.2),
        Line([6, 8], [2, 4], marker=""),
        Arrow((1, 4), (3.8, 4)),
        Arrow((4, 9), (8, 6), filled=True, role=1, colour="#D55E00", width=2.5),
        Arrow((8, 9), (5, 6), style="--"),
    ]
    falls = Chart(
        [Text(0.5, 5, "no axes", ha="center"), Rule([5], horizontal=True)],
        Axis(limits=(0, 1), ticks=()),
        Axis(limits=(10, 0), ticks=()),
        frame="none",
        title="Two lines\nof a title",
        title_colour="#009E73",
    )
    bare = Chart(
        [
            Line([0, 1], [0, 1], legend="one"),
            Line([0, 1], [1, 0], role=1, legend="two"),
        ],
        Axis("hidden", shown=False),
        Axis("y", shown=False),
        legend="right",
    )
    return Picture(
        {
            "words": Chart(marks, Axis("x", (0, 10)), Axis("y", (0, 10))),
            "falls": falls,
            "bare": bare,
        },
        **SIZE,
        mosaic=[["words", "falls"], ["words", "bare"]],
        widths=[1.6, 1],
        about="Words.",
    )


def arms() -> Picture:
    rows = pd.DataFrame(
        {
            "arm": ["distilled", "distilled", "my own", "alone", "alone", "alone"],
            "seed": [0, 1, 0, 0, 1, 2],
            "gain": [3.0, 5.0, -2.0, 1.0, 2.0, 6.0],
        }
    )
    order = ["alone", "distilled", "my own"]
    paper = {"alone": 8.0, "another": 20.0}
    return plots.arms(rows, "gain", "Arms", "points", order=order, paper=paper)


def curves() -> Picture:
    """Of plots.lines: seeds with their spread on log axes, beside plain ones."""
    seeds = [[1, 10, 90], [2, 12, 130]]
    logs = plots.lines(
        [1, 8, 64], {"a": seeds, "b": [3, 3, 3]}, **AXES, logx=True, logy=True
    )
    ticks = [0, 0.5, 1]
    plain = plots.lines(
        [0.5, 1, 2], {"alone": ticks}, **AXES, numbers=True, yticks=ticks
    )
    return plots.beside([logs, plain], plain.about, width=10, height=4, title="Both")


def gallery() -> Picture:
    """Of plots.images: more than a slide is wide, in two rows."""
    shades = [np.roll(SHADES, k) for k in range(9)]
    return plots.images(shades, "abcdefghi", title="Digits", columns=7)


def matrices() -> Picture:
    grid = [[SHADES, SHADES[:3, :3], SHADES[:2]] for _ in range(2)]
    names = ["image", "flow", "other"]
    return plots.matrices(
        grid, names, [1, 0.5, 2], title="Flows", labels=("from", "to")
    )


def groups() -> Picture:
    """Of plots.grouped, with its spread, so wide that a slide holds half of it."""
    series = {
        "alone": [1.0, 2.5, -1.0],
        "KD": [2.0, 3.0, 0.5],
        "other": [0.0, 1.0, 2.0],
    }
    spread = {name: [0.1, 0.2, 0.3] for name in series}
    names = ["few labels", "many labels", "noise"]
    return plots.grouped(series, names, **AXES, spread=spread, numbers=True)


def maps() -> Picture:
    gains = np.array([[1.0, -2.0, NAN], [0.0, 6.0, -0.04]])
    stars = [["", "*", ""], ["", "*", ""]]
    tables = {f"map {k}": (gains - k, stars) for k in range(4)}
    return plots.maps(tables, ["up", "down"], ["l", "m", "r"], **AXES, limit=4)


def run() -> Picture:
    rows = pd.DataFrame(
        {"arm": ["KD"] * 4 + ["alone"] * 2, "errors": [3, 4, 5, 4, 8, 9]}
    )
    own = {"alone": 7.04, "KD": 9.0, "new": 2.0}
    return yours.among(own, rows, "errors", "Your run", most=100)


def verdict(
    effect: float, claim: str = "P5a", unit: str = "points", **options
) -> Verdict:
    scale = 100 if unit == "points" else 1
    differences = (effect + np.array([0.1, -0.1, 0.2, 0.0, -0.2])) / scale
    return judge(claim, differences, np.zeros(5), unit=unit, **options)


def forest() -> Picture:
    """Every word and kind, units of their own, notes, a control, a word that was lost."""
    first, lost, *_ = corrected(
        [
            verdict(1.0, what="peers - alone", margin=0.3),
            verdict(
                0.24, "P5b", what="peers - smoothing", margin=0.2, note="by 8 nets"
            ),
            *[verdict(0.0, what="x")] * 4,
        ]
    )
    few = judge("P5d", [0.2, 0.3], [0.1, 0.1], what="two seeds")
    long = "a net that learns from another net, tuned, with a fifth of the labels - one"
    rows = [
        replace(first, primary=True),
        replace(lost, primary=True),
        verdict(-1.0, "P5b", what=long, kind="not below", margin=0.3, note=long),
        verdict(3.0, "P3a", unit="steps", what="steps", kind="equal", margin=4.0),
        verdict(2.0, "P3b", unit="", what="ratio", note="of means"),
        Exact("P5e", "one slope", 1e-15, 1e-12),
        NotRun("O15a", "ten images", "no experiment yet"),
        few,
    ]
    return plots.forest(rows, "Peers")


def alike() -> Picture:
    """A forest in one unit with one margin, without a title."""
    return plots.forest([verdict(1.0, what=f"a{k} - b", margin=0.3) for k in range(8)])


def ledger() -> Picture:
    answers = {
        id: NotRun(id, "x", "no experiment yet")
        for id, row in claims.ROWS.items()
        if row.claim in ("O1", "O2", "P5")
    }
    answers["P5a"] = verdict(1.0, what="a - b")
    answers["P5b"] = verdict(0.01, "P5b", what="a - b")
    answers["P5d"] = verdict(-1.0, "P5d", what="a - b")
    answers["O2a"] = Exact("O2a", "it rises", 0.0, 1e-12)
    return plots.ledger(answers, "All")


def dense() -> Picture:
    """What a projector has no room for: long names, many ticks, shared axes, a legend."""
    ticks = np.arange(0, 3000, 100)
    steps = Axis("step", ticks=ticks)
    classes = ["a class with a long name", "another", "the third"]
    bars = Bars(range(3), [1, 2, 3], words=["one", "two", "three"], legend="bars")
    bare = Axis(ticks=range(3), names=[""] * 3)
    remark = Text(2900, 2000, "said beside", shift=(8, 0))
    long = "A title of a chart that is too long for one line of a slide, by far"
    return Picture(
        {
            "steps": Chart([Line(ticks, ticks), remark], steps, Axis("y"), title=long),
            "ends": Chart([Line(ticks, ticks, end="name")], steps, Axis("y" * 60)),
            "above": Chart([bars], bare, Axis("points")),
            "below": Chart([bars], Axis("of it", ticks=range(3), names=classes)),
            "rows": Chart([Points([1, 2, 3], range(3))], Axis("x"), row_axis(classes)),
            "legend": Chart([Line([0, 1], [0, 1], legend="a")], legend="right"),
            "small": image_chart([Image(SHADES)], caption="8"),
            "heat": Chart([Cells([[0.1, 0.2]], words=[["0.1", "0.2"]])]),
        },
        height=700,
        mosaic=[
            ["steps", "steps", "ends", "ends"],
            ["above", "rows", "legend", "legend"],
            ["below", "rows", "small", "heat"],
        ],
        title="A title of all charts that is too long for one line of a slide, by far",
        about="Many charts.",
    )


MARKS = {make.__name__: make for make in (lines, points, bars, cells, words)}
EXHIBITS: dict[str, Callable[[], Picture]] = MARKS | {
    make.__name__: make
    for make in (
        *(arms, curves, gallery, matrices, groups, maps, run),
        *(forest, alike, ledger, dense),
    )
}


@cache
def shown(name: str) -> Picture:
    return EXHIBITS[name]()


def text_of(picture: Picture) -> str:
    """Write all that a picture holds, a mark a line, and its parts for a projector."""
    slides = projected(picture)
    whole = {"picture": replace(picture, parts=())}
    if slides != (picture,):
        whole["slides"] = slides
    data = "\n".join(_lines(_rounded(plain.to_plain(whole))))
    return f"{data}\n{picture.text()}\n{picture.html()}\n{picture!r}\n"


def _rounded(value):
    """Round numbers to 5 digits, on which all machines agree."""
    if isinstance(value, dict):
        return {name: _rounded(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    return float(f"{value:.5g}") + 0.0 if isinstance(value, float) else value


def _lines(value, indent: str = "", name: str = "") -> Iterator[str]:
    """Write plain data as lines: a mark and an axis are one each."""
    if _depth(value) <= 2:
        yield f"{indent}{name}{json.dumps(value, ensure_ascii=False)}"
        return
    yield f"{indent}{name}"
    for key, entry in _entries(value).items():
        yield from _lines(entry, f"{indent}  ", f"{key}: ")


def _depth(value) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max(map(_depth, _entries(value).values()), default=0)


def _entries(value: dict | list) -> dict:
    return value if isinstance(value, dict) else dict(enumerate(value))


def approve() -> None:
    """Write all approved files anew."""
    for path in APPROVED.iterdir():
        path.unlink()
    for name in EXHIBITS:
        (APPROVED / f"{name}.txt").write_text(text_of(shown(name)), "utf-8")
    for name in MARKS:
        (APPROVED / f"{name}.png").write_bytes(shown(name).png())


if __name__ == "__main__":
    approve()

"""The picture of the hints panel: accuracies, and the spread at every hidden layer."""

from typing import NamedTuple

from kdsurvey.panels.race.arm import Arms
from kdsurvey.pictures import Axis, Chart, Line, Picture, Rule, Table, Text, limits
from kdsurvey.pictures.palette import GREY, roles

NAMES = ("labels", "KD", "hints, then KD", "both at once")
FLOOR = 1e-8  # of the spreads: what is below is drawn on it


class Spreads(NamedTuple):
    """The standard deviation over the images, the images' own first, then layer by layer."""

    before: list[float]  # the run
    now: list[float]


def picture(accuracies: Chart, arms: Arms, depth: int, guided: int) -> Picture:
    """Return the accuracies, and beside them the spreads of all arms.

    depth: hidden layers of the student; guided: which of them is guided.
    """
    charts = {"accuracy": accuracies, "spread": spread_chart(arms, depth, guided)}
    tables = [spread_table(arms)]
    return Picture(charts, height=330, widths=(1.15, 1), tables=tables)


def spread_chart(arms: Arms, depth: int, guided: int) -> Chart:
    """Return a line per arm with its name at its end, and where all of them began."""
    marks = [
        Rule([guided]),
        Text(guided, 0.99, "guided", place="x", tilt=90, ha="right", va="top"),
    ]
    if arms:
        before = [max(value, FLOOR) for value in arms[0].measured.before]
        line = Line(
            range(len(before)),
            before,
            colour=GREY,
            style="-",
            marker="",
            end="before training",
        )
        marks.append(line)
    for role, arm in zip(roles([arm.name for arm in arms]), arms):
        now = [max(value, FLOOR) for value in arm.measured.now]
        marks.append(Line(range(len(now)), now, role=role, end=arm.name, size=4))
    apart = 1 if depth < 10 else 2
    layers = Axis(
        "hidden layer (0: the images)",
        (-0.2, 1.45 * depth),
        ticks=range(0, depth + 1, apart),
        bounds=(-0.2, depth),
    )
    spreads = Axis("s.d. over images, r.m.s. over units", _decades(arms), log=True)
    return Chart(marks, layers, spreads, title="What is left of the images")


def _decades(arms: Arms) -> limits.Limits:
    """Return the whole decades around all spreads, at least 0.01 to 1."""
    values = [v for arm in arms for part in arm.measured for v in part]
    shown = [max(value, FLOOR) for value in values] or [1e-3, 1]
    return limits.decades(shown, lowest=-8, bottom=-2, top=0)


def spread_table(arms: Arms) -> Table:
    """Return the spreads, a row per layer, a column per arm."""
    before = arms[0].measured.before if arms else []
    columns = zip(before, *(arm.measured.now for arm in arms))
    rows = []
    for layer, values in enumerate(columns):
        name = f"layer {layer}" if layer else "the images"
        rows.append([name, *(f"{value:.3g}" for value in values)])
    head = ["", "before training", *(arm.name for arm in arms)]
    caption = "Standard deviation over the images, r.m.s. over units"
    return Table(caption, head, rows)

"""The accuracy of several arms over the epochs: a line each with its name at its end,
bars for stages that score nothing.
"""

import math
from collections.abc import Sequence

from kdsurvey.panels.race.arm import Arms
from kdsurvey.pictures import Axis, Chart, Line, Table, Text, epoch_axis
from kdsurvey.pictures.palette import colour_of, roles

LAST = 50  # epochs that have a row in the table
MARKED = 60  # epochs with a marker each; of more, every second, every third, and so on
HEAD = 1.12  # of the axis from its bottom to 100 %: above that are the bars
ROOM = 1.55  # of the width that the epochs take; what is left holds the names


def chart(arms: Arms, names: Sequence[str], epochs: int) -> Chart:
    """Return the validation accuracies of so many epochs.

    names: of all lines that any arm can have, in the order of their roles.
    """
    every = -(-epochs // MARKED)
    marks = _silent_bars(arms, names, epochs)
    for arm in arms:
        for name, (x, y) in arm.lines.items():
            end = f"{name}  {y[-1]:.1f}"
            role = role_of(name, names)
            marks.append(Line(x, y, role=role, every=every, end=end, size=4))
    low = _lowest(arms)
    limits = low, low + HEAD * (100 - low)
    return Chart(
        marks,
        epoch_axis(epochs, "epoch, all stages counted", ROOM),
        Axis("% of images right", limits, whole=True, bounds=(low, 100)),
        title="Validation accuracy",
    )


def role_of(name: str, names: Sequence[str]) -> int:
    """Return the role of a line. Raises ValueError where nobody announced the line."""
    if name not in names:
        raise ValueError(
            f"the arms score {name!r}, a line that is not among those of this race: "
            f"{', '.join(names)}"
        )
    return roles(names)[list(names).index(name)]


def _lowest(arms: Arms) -> float:
    """Return where the axis begins: a whole ten below the late accuracies."""
    late = [share for arm in arms for share in arm.late]
    lowest = 10 * math.floor(min(late, default=0) / 10 - 0.2)
    return min(80, max(0, lowest))


def _silent_bars(arms: Arms, names: Sequence[str], epochs: int) -> list[Line | Text]:
    """Return a bar per stage that scores nothing, under the top of the axis."""
    silent = [
        (arm.name, stage, span) for arm in arms for stage, span in arm.silent.items()
    ]
    marks: list[Line | Text] = []
    for k, (name, stage, (first, last)) in enumerate(silent):
        y = 0.97 - 0.07 * k
        colour = colour_of(role_of(name, names))
        line = Line(
            [first - 1, last],
            [y, y],
            place="x",
            colour=colour,
            style="-",
            marker="",
            width=6,
            alpha=0.45,
        )
        marks.append(line)
        words = f"{stage} stage of “{name}”: nothing to score yet"
        right = last + 0.015 * ROOM * epochs
        marks.append(Text(right, y, words, colour=colour, place="x"))
    return marks


def table(arms: Arms, settings: str) -> Table:
    """Return the accuracies: on test images at the end, and epoch by epoch.

    settings: how they came about, for the caption.
    """
    lines = {
        name: dict(zip(x, y)) for arm in arms for name, (x, y) in arm.lines.items()
    }
    tested = {name: share for arm in arms for name, share in arm.tested.items()}
    silent = {arm.name: last for arm in arms for _, last in arm.silent.values()}
    done = max((arm.epochs for arm in arms), default=0)
    rows = []
    if tested:
        cells = [_share(tested.get(name)) for name in lines]
        rows.append(["on test images, at the end", *cells])
    for epoch in range(max(1, done - LAST + 1), done + 1):
        cells = [_share(line.get(epoch)) for line in lines.values()]
        rows.append([f"epoch {epoch}", *cells])
    later = "".join(
        f"; “{name}” has nothing to score up to epoch {epoch}"
        for name, epoch in silent.items()
    )
    caption = f"% of validation images right, {settings}{later}"
    return Table(caption, ["", *lines], rows)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.1f}"

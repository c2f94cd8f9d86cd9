"""The one picture of verdicts: a forest plot.

A row is a comparison: its name, a dot with two intervals, and what it amounts to. A word
has a colour and a shape of its own, and is written out.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby, pairwise
from textwrap import wrap

from kdsurvey.pictures import Axis, Chart, Line, Picture, Points, Rule, Table, Text
from kdsurvey.pictures import projected as slide
from kdsurvey.pictures.palette import COLOURS, GREY, INK
from kdsurvey.verdicts import Answer, Exact, Verdict

MOST = 8  # comparisons in a picture
COLUMNS = (1.5, 1.2, 1.2)  # of the sheet: names, intervals, figures
WIDTH = 860  # CSS pixels
LINE = 17  # of a line of words
GAP = 9  # between two rows
FOOT = 46  # for the axis below a group
LETTERS = 46  # in a line of a name
LOST = "too many looks, "  # a word that holds before correction alone
BARE = "numbers"  # such as a correlation, which has no unit
LOOKS = {  # word -> colour, marker, hollow
    "HOLDS": (COLOURS[0], "o", False),
    "FAILS": (COLOURS[1], "X", False),
    "NOT RESOLVED": (GREY, "D", True),
    "EXACT": (INK, "s", False),
    "NOT RUN": (GREY, "", True),
}


def forest(answers: Sequence[Answer], title: str = "") -> Picture:
    """Draw verdicts as a forest plot, one row a comparison, in their order.

    Answers to rows of the table of claims stand in bold, with the row's id; under "beside"
    follow controls and diagnostics. Thick lines are 95 % intervals, thin ones are corrected
    for the other rows of a claim; a grey band is the margin of the rows beside it.
    Comparisons in different units have axes of their own. The words of the picture are
    the verdicts' lines. Raises ValueError for no verdict, and for more than eight.
    """
    answers = list(answers)
    if not 0 < len(answers) <= MOST:
        raise ValueError(
            f"a forest has one to {MOST} rows, got {len(answers)}; draw several, or "
            "leave controls to docs/verdicts.md"
        )
    groups = [
        _Group(list(group), unit) for unit, group in groupby(_sorted(answers), _unit)
    ]
    charts: dict[str, Chart] = {}
    mosaic = []
    for k, group in enumerate(groups):
        names = f"names {k}", f"intervals {k}", f"figures {k}"
        charts |= dict(zip(names, group.charts()))
        mosaic.append(names)
    heights = [group.height for group in groups]
    lines = "\n".join(answer.line for answer in answers)
    return Picture(
        charts,
        width=WIDTH,
        height=sum(heights) + (30 if title else 6),
        mosaic=mosaic,
        widths=COLUMNS,
        heights=heights,
        title=title,
        about=f"{title}\n{lines}" if title else lines,
        tables=[_table(answers, title)],
        parts=_parts(groups, title),
    )


def _parts(groups: Sequence["_Group"], title: str) -> list[Picture]:
    """Return the forest for a projector: few rows at a time, on the same axes."""
    room = slide.HEIGHT - 26
    sheets: list[list[_Strips]] = [[]]
    for group in groups:
        rest = group.answers
        while rest:
            strips = _Strips(rest, group.unit, group.limits())
            taken = strips.within(room - sum(part.height for part in sheets[-1]))
            taken = taken or int(not sheets[-1])  # a row that is too high stands alone
            if taken:
                sheets[-1].append(_Strips(rest[:taken], group.unit, group.limits()))
                rest = rest[taken:]
            if rest:
                sheets.append([])
    n = len(sheets)
    counts = [f" ({k} of {n})" if n > 1 else "" for k in range(1, n + 1)]
    return [_part(sheet, title + count) for sheet, count in zip(sheets, counts)]


def _part(sheet: Sequence["_Strips"], title: str) -> Picture:
    names = [(f"intervals {k}", f"figures {k}") for k in range(len(sheet))]
    pairs = zip(names, (strips.charts() for strips in sheet))
    return Picture(
        {name: chart for both in pairs for name, chart in zip(*both)},
        width=slide.WIDTH,
        height=26 + sum(strips.height for strips in sheet),
        mosaic=names,
        widths=(1, 1.1),
        heights=[strips.height for strips in sheet],
        title=title,
    )


class _Group:
    """The rows of one unit: they share an axis."""

    letters = LETTERS

    def __init__(self, answers: list[Answer], unit: str):
        self.answers = answers
        self.unit = unit
        self.names = [wrap(_name(answer), self.letters) for answer in answers]
        self.notes = [wrap(self.note(answer), self.letters + 6) for answer in answers]
        self.at: list[float] = []  # the middle of each row, in pixels from the top
        self.headings: list[tuple[float, str]] = []
        self._lay_out()

    def _lay_out(self) -> None:
        top = GAP / 2
        heading = ""
        for answer, name, note in zip(self.answers, self.names, self.notes):
            said = "" if _is_primary(answer) else f"beside {answer.claim}"
            if said and said != heading:
                self.headings.append((top + LINE / 2, said))
                top += LINE + 2
            heading = said
            height = LINE * max(len(name) + len(note), 2)
            self.at.append(top + height / 2)
            top += height + GAP
        self.bottom = top
        self.height = top + (FOOT if self.unit else 4)

    def charts(self) -> tuple[Chart, ...]:
        return self._names(), self._intervals(), self._figures()

    def note(self, answer: Answer) -> str:
        """Return what stands below an answer's name."""
        return _note(answer)

    def remark(self, answer: Answer) -> str:
        """Return what stands right of an answer's word."""
        return _remark(answer)

    def _y(self) -> Axis:
        return Axis(limits=(self.bottom, 0), ticks=(), shown=False)

    def _words(self, marks: list) -> Chart:
        x = Axis(limits=(0, 1), ticks=(), shown=False)
        return Chart(marks, x, self._y(), frame="none")

    def _names(self) -> Chart:
        marks = [Text(0, y, text, colour=GREY, size=11.5) for y, text in self.headings]
        rows = zip(self.answers, self.names, self.notes, self.at)
        for answer, name, note, y in rows:
            bold = _is_primary(answer)
            up = LINE * len(note) / 2
            marks.append(Text(0, y - up, "\n".join(name), bold=bold, size=12))
            if note:
                below = y + LINE * len(name) / 2
                marks.append(Text(0, below, "\n".join(note), colour=GREY))
        return self._words(marks)

    def _intervals(self) -> Chart:
        if not self.unit:
            return self._words([])
        marks = [*self._margins(), Rule([0], colour=INK, style="-", width=1)]
        for answer, y in zip(self.answers, self.at):
            if isinstance(answer, Verdict):
                marks += _dot(answer, y)
        label = "a − b" + f", {self.unit}" * (self.unit != BARE)
        x = Axis(label, self.limits(), most=5)
        return Chart(marks, x, self._y())

    def _margins(self) -> Iterator[Rule]:
        """Yield a band for each margin, as high as the rows that have it."""
        between = [(y + below) / 2 for y, below in pairwise(self.at)]
        edges = [1 - y / self.bottom for y in (0, *between, self.bottom)]
        margins = [getattr(answer, "margin", 0.0) for answer in self.answers]
        for margin, group in groupby(enumerate(margins), lambda row: row[1]):
            rows = [k for k, _ in group]
            span = edges[rows[-1] + 1], edges[rows[0]]
            if margin:
                yield Rule([-margin], [margin], span=span, colour=GREY, alpha=0.13)

    def limits(self) -> tuple[float, float]:
        ends = [0.0]
        for verdict in self._verdicts():
            ends += [verdict.effect, verdict.low, verdict.high, *verdict.wide]
        ends = [end for end in ends if not math.isnan(end)]
        room = 0.06 * (max(ends) - min(ends)) or 1.0
        return min(ends) - room, max(ends) + room

    def _verdicts(self) -> list[Verdict]:
        return [answer for answer in self.answers if isinstance(answer, Verdict)]

    def _figures(self) -> Chart:
        marks = []
        for answer, y in zip(self.answers, self.at):
            colour = LOOKS[answer.word][0]
            bold = _is_primary(answer)
            word = Text(0, y - LINE / 2, answer.word, bold=bold, colour=colour, size=12)
            remark = Text(1, y - LINE / 2, self.remark(answer), ha="right", size=11)
            figures = Text(0, y + LINE / 2, _figures(answer), size=11.5)
            marks += [word, remark, figures]
        return self._words(marks)


class _Strips(_Group):
    """Rows for a projector: a comparison's name stands over its interval and figures.

    reach: the limits of the axis, which all parts of a group share.
    """

    letters = 54

    def __init__(self, answers: list[Answer], unit: str, reach: tuple[float, float]):
        self._reach = reach
        self.ends: list[float] = []  # where each row ends, in pixels from the top
        super().__init__(answers, unit)

    def _lay_out(self) -> None:
        top = GAP / 2
        for name, note in zip(self.names, self.notes):
            top += LINE * (len(name) + len(note))
            self.at.append(top + LINE)
            top += 2 * LINE + GAP
            self.ends.append(top)
        self.bottom = top
        self.height = top + (FOOT if self.unit else 4)

    def note(self, answer: Answer) -> str:
        """Return what a row stands beside, the note, and whether the word was lost to
        many looks.
        """
        beside = "" if _is_primary(answer) else f"beside {answer.claim}"
        lost = LOST.rstrip(", ") if _remark(answer).startswith(LOST) else ""
        return "; ".join(filter(None, [beside, _note(answer), lost]))

    def remark(self, answer: Answer) -> str:
        """Return the seeds; what was lost to many looks stands with the notes."""
        return _remark(answer).removeprefix(LOST)

    def within(self, room: float) -> int:
        """Return how many of the rows fit into so many pixels."""
        return sum(end + self.height - self.bottom <= room for end in self.ends)

    def limits(self) -> tuple[float, float]:
        return self._reach

    def charts(self) -> tuple[Chart, ...]:
        intervals = self._intervals()
        marks = [*intervals.marks, *self._titles()]
        return replace(intervals, marks=marks), self._figures()

    def _titles(self) -> list[Text]:
        """Return the names of the rows, which reach over both charts."""
        words = partial(Text, 0, place="y", bare=True)
        titles = []
        for answer, name, note, y in zip(self.answers, self.names, self.notes, self.at):
            below = y - LINE * (1 + len(note) / 2)
            above = y - LINE * (1 + len(note) + len(name) / 2)
            bold = _is_primary(answer)
            titles.append(words(above, "\n".join(name), bold=bold, size=12))
            if note:
                titles.append(words(below, "\n".join(note), colour=GREY))
        return titles


def _dot(verdict: Verdict, y: float) -> list:
    colour, marker, hollow = LOOKS[verdict.word]
    line = partial(Line, colour=colour, marker="", style="-")
    marks: list = []
    if not math.isnan(verdict.wide[0]):
        marks.append(line(verdict.wide, [y, y], width=1))
    if not math.isnan(verdict.low):
        marks.append(line([verdict.low, verdict.high], [y, y], width=3))
    dot = Points(
        [verdict.effect], [y], colour=colour, marker=marker, hollow=hollow, size=8
    )
    return [*marks, dot]


def _sorted(answers: list[Answer]) -> list[Answer]:
    """Return them with those of one unit together, units in the order they first come."""
    units = list(dict.fromkeys(map(_unit, answers)))
    return sorted(answers, key=lambda answer: units.index(_unit(answer)))


def _unit(answer: Answer) -> str:
    """Return the unit of its axis, "" for an answer without one."""
    return (answer.unit or BARE) if isinstance(answer, Verdict) else ""


def _is_primary(answer: Answer) -> bool:
    return not isinstance(answer, Verdict) or answer.primary


def _name(answer: Answer) -> str:
    return f"{answer.claim}  {answer.what}" if _is_primary(answer) else answer.what


def _note(answer: Answer) -> str:
    """Return what is claimed, where it is not that a lies above b, and the note."""
    if not isinstance(answer, Verdict):
        return ""
    claimed = "" if answer.kind == "above" else f"claimed: {answer.kind}"
    return "; ".join(filter(None, [claimed, answer.note]))


def _figures(answer: Answer) -> str:
    if isinstance(answer, Exact):
        return f"to within {answer.tolerance:g}"
    return answer.figures if isinstance(answer, Verdict) else ""


def _remark(answer: Answer) -> str:
    if not isinstance(answer, Verdict):
        return ""
    lost = LOST if answer.word != answer.word_alone else ""
    return f"{lost}n = {answer.n}"


def _table(answers: Sequence[Answer], title: str) -> Table:
    rows = [
        [_name(answer), answer.word, _figures(answer), _remark(answer), _kind(answer)]
        for answer in answers
    ]
    head = "comparison a - b", "word", "effect and 95 % interval", "seeds", "claimed"
    return Table(title or "Verdicts", head, rows)


def _kind(answer: Answer) -> str:
    if not isinstance(answer, Verdict):
        return ""
    margin = f", margin {answer.margin:g}" if answer.margin else ""
    return f"{answer.kind}{margin}"

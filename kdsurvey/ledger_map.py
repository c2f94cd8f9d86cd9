"""A map of the whole ledger: the words of all questions, a line a claim."""

from collections.abc import Mapping

from kdsurvey.claims import CLAIMS, claim_of, rows_of
from kdsurvey.forest import LOOKS
from kdsurvey.pictures import Axis, Chart, Picture, Points, Text
from kdsurvey.verdicts import Answer


def ledger(answers: Mapping[str, Answer], title: str = "") -> Picture:
    """Draw the words of all rows: a line a claim, a mark a row, with its letter.

    answers: row -> its answer, as `lessons.ledger.every_answer` gives them.
    """
    claims = list(dict.fromkeys(map(claim_of, answers)))
    most = max(len(rows_of(claim)) for claim in claims)
    marks: list = []
    for y, claim in enumerate(claims):
        for x, row in enumerate(rows_of(claim)):
            marks += _cell(x, y, row.id.removeprefix(claim), answers[row.id].word)
    marks += _key(most, len(claims))
    down = Axis(limits=(len(claims) + 1.8, -0.7), ticks=(), shown=False)
    names = [
        Text(0, k, f"{claim}  {CLAIMS[claim].says}", size=11.5)
        for k, claim in enumerate(claims)
    ]
    charts = {
        "claims": Chart(
            names, Axis(limits=(0, 1), ticks=(), shown=False), down, frame="none"
        ),
        "words": Chart(
            marks,
            Axis(limits=(-0.6, most - 0.2), ticks=(), shown=False),
            down,
            frame="none",
        ),
    }
    words: list[str] = [answer.word for answer in answers.values()]
    counts = ", ".join(f"{words.count(word)} {word}" for word in LOOKS)
    lines = "\n".join(answer.band for answer in answers.values())
    return Picture(
        charts,
        width=980,
        height=23 * len(claims) + 60,
        widths=(1.45, 1),
        title=title,
        about=f"{title}: {counts}\n{lines}",
    )


def _cell(x: float, y: float, letter: str, word: str) -> list:
    colour, marker, hollow = LOOKS[word]
    marks: list = [Text(x, y, letter, shift=(12, 0), size=11, colour=colour)]
    if marker:
        points = Points([x], [y], colour=colour, marker=marker, hollow=hollow, size=10)
        marks.insert(0, points)
    else:
        marks.insert(0, Text(x, y, "–", colour=colour, ha="center", size=13))
    return marks


def _key(columns: int, lines: int) -> list:
    """Return what the shapes mean, in two lines below."""
    step = columns / 3
    marks: list = []
    for k, word in enumerate(LOOKS):
        marks += _cell(k % 3 * step, lines + 0.3 + k // 3, word, word)
    return marks

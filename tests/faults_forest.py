"""Planted faults that `test_forest.py` must notice."""

from mutate import Fault

FAULTS = [
    Fault(
        "the thick line is the corrected interval",
        "forest.py",
        "line([verdict.low, verdict.high], [y, y], width=3",
        "line(verdict.wide, [y, y], width=3",
    ),
    Fault(
        "the thin line is the plain interval",
        "forest.py",
        "line(verdict.wide, [y, y], width=1",
        "line([verdict.low, verdict.high], [y, y], width=1",
    ),
    Fault(
        "controls are bold",
        "forest.py",
        "return not isinstance(answer, Verdict) or answer.primary",
        "return True",
    ),
    Fault(
        "one axis for all units",
        "forest.py",
        "(answer.unit or BARE) if isinstance",
        '"points" if isinstance',
    ),
    Fault(
        "corrected intervals leave the axis",
        "forest.py",
        "ends += [verdict.effect, verdict.low, verdict.high, *verdict.wide]",
        "ends += [verdict.effect, verdict.low, verdict.high]",
    ),
    Fault(
        "a margin of some is the margin of all",
        "forest.py",
        "span = edges[rows[-1] + 1], edges[rows[0]]",
        "span = 0, 1",
    ),
    Fault(
        "a mark of the ledger in the wrong line",
        "ledger_map.py",
        "answers[row.id].word)",
        'answers.get(f"{claim}a").word)',
    ),
    Fault(
        "the picture says nothing",
        "forest.py",
        'about=f"{title}\\n{lines}" if title else lines',
        "about=title",
    ),
]

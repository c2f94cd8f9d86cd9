"""The forest plot: what it shows is what the verdicts say, and it is readable."""

import math
from dataclasses import replace

import numpy as np
import pytest

from kdsurvey import claims, plots
from kdsurvey.forest import LOOKS, MOST
from kdsurvey.pictures import Line, Points, Rule, Text
from kdsurvey.verdicts import WORDS, Exact, NotRun, corrected, judge

SEEDS = np.array([0.1, -0.1, 0.2, 0.0, -0.2])


def verdict(effect, claim="P5a", what="peers - alone", unit="points", **options):
    scale = 100 if unit == "points" else 1
    a = (effect + SEEDS) / scale
    return judge(claim, a, np.zeros(5), what=what, unit=unit, **options)


def three():
    """HOLDS; lost by the correction; a control beside them that FAILS."""
    one, other = corrected([verdict(1.0, margin=0.3), verdict(0.21, "P5b", margin=0.3)])
    rows = [replace(v, primary=True) for v in (one, other)]
    return [*rows, verdict(-1.0, "P5b", "peers - smoothing")]


def marks(picture, name, kind):
    return picture.charts[name].marks_of(kind)


def words(picture, name):
    return [text.text for text in marks(picture, name, Text)]


def test_dots_and_intervals_are_those_of_the_verdicts():
    rows = three()
    picture = plots.forest(rows, "Peers")
    dots = marks(picture, "intervals 0", Points)
    assert [dot.x[0] for dot in dots] == pytest.approx([v.effect for v in rows])
    lines = marks(picture, "intervals 0", Line)
    thick = [line.x for line in lines if line.width == 3]
    thin = [line.x for line in lines if line.width == 1]
    assert thick == [pytest.approx((v.low, v.high)) for v in rows]
    assert thin == [pytest.approx(v.wide) for v in rows]
    assert [dot.y for dot in dots] == [line.y[:1] for line in lines if line.width == 3]
    low, high = picture.charts["intervals 0"].x.limits
    assert low < min(v.wide[0] for v in rows) and high > max(v.wide[1] for v in rows)
    assert low < 0 < high


def test_the_axis_holds_the_corrected_intervals_too():
    looks = [verdict(k / 10, f"P5{letter}") for k, letter in enumerate("abcdef")]
    rows = [replace(v, primary=True) for v in corrected(looks)]
    _, high = plots.forest(rows).charts["intervals 0"].x.limits
    plain, wide = rows[-1].high, rows[-1].wide[1]
    assert plain == max(v.high for v in rows) and wide > plain + 0.1
    assert high > wide


def test_a_word_has_a_colour_and_a_shape_and_is_written():
    picture = plots.forest(three())
    for dot, word in zip(
        marks(picture, "intervals 0", Points), ("HOLDS", "NOT RESOLVED", "FAILS")
    ):
        assert (dot.colour, dot.marker, dot.hollow) == LOOKS[word]
    said = words(picture, "figures 0")
    assert [text for text in said if text in WORDS] == [
        "HOLDS",
        "NOT RESOLVED",
        "FAILS",
    ]
    assert set(LOOKS) == set(WORDS)
    shapes = [marker for _, marker, _ in LOOKS.values()]
    assert len(set(shapes)) == len(shapes)


def test_answers_are_bold_with_their_id_and_controls_stand_under_a_heading():
    names = marks(plots.forest(three()), "names 0", Text)
    assert [(text.text, text.bold) for text in names] == [
        ("beside P5b", False),
        ("P5a  peers - alone", True),
        ("P5b  peers - alone", True),
        ("peers - smoothing", False),
    ]
    heading, *_, last, control = (text.y for text in names)
    assert last < heading < control


def test_what_the_correction_takes_is_said():
    many = corrected([verdict(0.24, "P5a"), *[verdict(0.0, "P5b")] * 5])[0]
    assert (many.word_alone, many.word) == ("HOLDS", "NOT RESOLVED")
    assert "too many looks, n = 5" in words(plots.forest([many]), "figures 0")
    assert "n = 5" in words(plots.forest([verdict(1.0)]), "figures 0")


def test_the_margin_is_a_band_beside_the_rows_that_have_it():
    (band, zero) = marks(plots.forest([verdict(1.0, margin=0.3)]), "intervals 0", Rule)
    assert (band.at, band.to, zero.at) == ((-0.3,), (0.3,), (0.0,))
    assert band.span == (0.0, 1.0)
    mixed = [verdict(1.0, margin=0.3), verdict(1.0), verdict(1.0, margin=0.5)]
    first, last, zero = marks(plots.forest(mixed), "intervals 0", Rule)
    assert (first.at, last.at, zero.span) == ((-0.3,), (-0.5,), (0.0, 1.0))
    assert 0 == last.span[0] < last.span[1] < first.span[0] < first.span[1] == 1


def test_units_have_axes_of_their_own_and_algebra_has_none():
    rows = [
        verdict(1.0),
        verdict(3.0, "P3a", "steps", unit="steps"),
        Exact("P5e", "one slope", 1e-15, 1e-12),
        verdict(2.0, "P5b"),
        NotRun("O15a", "ten images", "no experiment yet"),
    ]
    picture = plots.forest(rows)
    labels = [picture.charts[f"intervals {k}"].x.label for k in range(3)]
    assert labels == ["a − b, points", "a − b, steps", ""]
    dots = [len(marks(picture, f"intervals {k}", Points)) for k in range(3)]
    assert dots == [2, 1, 0]
    assert "EXACT" in words(picture, "figures 2")
    assert "NOT RUN" in words(picture, "figures 2")
    assert "to within 1e-12" in words(picture, "figures 2")


def test_the_words_of_the_picture_are_the_lines():
    rows = three()
    picture = plots.forest(rows, "Peers")
    assert picture.about == "\n".join(["Peers", *(v.line for v in rows)])
    assert repr(picture) == picture.about
    (table,) = picture.tables
    assert [row[1] for row in table.rows] == [v.word for v in rows]
    assert [row[2] for row in table.rows] == [v.figures for v in rows]


def test_without_an_interval_there_is_a_dot_alone():
    few = judge("P5a", [0.2, 0.3], [0.1, 0.1], what="a - b")
    picture = plots.forest([few])
    assert len(marks(picture, "intervals 0", Points)) == 1
    assert marks(picture, "intervals 0", Line) == []
    assert all(math.isfinite(end) for end in picture.charts["intervals 0"].x.limits)
    picture.png()


@pytest.mark.parametrize("n", [0, MOST + 1])
def test_one_to_eight_rows(n):
    with pytest.raises(ValueError, match=f"one to 8 rows, got {n}"):
        plots.forest([verdict(1.0)] * n)


def test_long_names_are_broken_and_nothing_overlaps():
    long = (
        "a net that learns from another net, tuned, a fifth of the labels redrawn - one"
    )
    rows = [verdict(0.5, what=f"{long} {k}") for k in range(MOST)]
    picture = plots.forest(rows)
    names = marks(picture, "names 0", Text)
    assert all(len(line) <= 46 for text in names for line in text.text.split("\n"))
    at = [text.y for text in names if text.text.startswith("a net")]
    lines = [
        text.text.count("\n") + 1 for text in names if text.text.startswith("a net")
    ]
    for (y, one), (below, other) in zip(zip(at, lines), zip(at[1:], lines[1:])):
        assert below - y >= 17 * (one + other) / 2
    picture.png()


def test_the_ledger_has_a_mark_for_every_row():
    answers = {
        id: NotRun(id, "x", "no experiment yet")
        for id, row in claims.ROWS.items()
        if row.claim in ("O1", "P5")
    }
    answers["P5a"] = verdict(1.0)
    answers["P5e"] = Exact("P5e", "one slope", 1.0, 1e-12)
    picture = plots.ledger(answers, "All")
    drawn = marks(picture, "words", Points)
    # two rows with words, and four of the five shapes in the key
    assert [dot.marker for dot in drawn[:2]] == ["o", "X"]
    assert len(drawn) == 2 + 4
    assert [text.split()[0] for text in words(picture, "claims")] == ["O1", "P5"]
    first, *lines = picture.about.splitlines()
    assert first == "All: 1 HOLDS, 1 FAILS, 0 NOT RESOLVED, 0 EXACT, 5 NOT RUN"
    assert lines == [answer.band for answer in answers.values()]


def test_a_projector_gets_every_row_once_on_one_axis():
    """Few rows to a part; names stand over intervals, with the words of the page."""
    rows = [Exact("P4a", "no logit changes", 1e-9, True), *three(), *three()[:2]]
    picture = plots.forest(rows, "Peers")
    parts = picture.parts
    assert len(parts) >= 2 and all(p.width <= 458 and p.height <= 314 for p in parts)
    assert parts[0].title == f"Peers (1 of {len(parts)})"
    charts = [(name, chart) for part in parts for name, chart in part.charts.items()]
    said = [
        text.text
        for name, chart in charts
        if name.startswith("figures")
        for text in chart.marks_of(Text)
    ]
    assert [text for text in said if text in WORDS] == [row.word for row in rows]
    named = " ".join(
        text.text.replace("\n", " ")
        for name, chart in charts
        if name.startswith("intervals")
        for text in chart.marks_of(Text)
    )
    assert named.count("peers - smoothing") == 1 and "P4a  no logit changes" in named
    axes = {chart.x.limits for _, chart in charts if chart.x.label.startswith("a −")}
    assert axes == {picture.charts["intervals 1"].x.limits}


def test_a_row_that_is_higher_than_a_slide_stands_alone():
    long = replace(verdict(1.0), what="a very long name " * 80)
    assert len(plots.forest([long, verdict(1.0)]).parts) == 2

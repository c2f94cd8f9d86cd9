"""The ledger: every row of the table has one answer, every line beside one has a row."""

import re

import pytest
from lessons.test_judging import ROWS, only_lesson

from kdsurvey import claims
from kdsurvey.lessons import ledger
from kdsurvey.lessons.judging import Claims, above, primary
from kdsurvey.verdicts import WORDS, Exact, NotRun, Verdict, judge


@pytest.fixture
def forgotten():
    yield
    for cached in (ledger.places, ledger.answers, ledger.beside):
        cached.cache_clear()


def test_every_row_has_an_answer_with_a_word():
    answers = ledger.every_answer()
    assert list(answers) == list(claims.ROWS)
    assert all(answer.claim == id for id, answer in answers.items())
    assert {answer.word for answer in answers.values()} <= set(WORDS)


def test_a_row_that_nobody_answers_says_what_it_needs():
    for id, answer in ledger.every_answer().items():
        row = claims.ROWS[id]
        if isinstance(answer, NotRun):
            assert not row.same or row.same not in ledger.places()
            assert row.missing or claims.ROWS[row.same].missing, f"{id}: why?"
        else:
            assert not row.missing, f"{id} is answered: it lacks nothing"


def test_an_answer_is_of_the_kind_that_the_table_names():
    for id, answer in ledger.every_answer().items():
        row = claims.ROWS[claims.ROWS[id].same or id]
        assert isinstance(answer, Exact) == (row.kind == "exact" and not row.missing), (
            id
        )
        if isinstance(answer, Verdict):
            table = {"kind", "margin", "unit", "test"}
            assert {name: getattr(answer, name) for name in table} == row.options, id
            assert answer.primary and answer.n >= 3


def test_every_line_beside_an_answer_is_a_control_of_a_row():
    kept = ledger.beside()
    assert list(kept) == list(claims.ROWS)
    lines = [verdict for several in kept.values() for _, verdict in several]
    assert len(lines) > 100
    assert not any(verdict.primary for verdict in lines)
    answers = {(a.claim, a.what) for a in ledger.every_answer().values()}
    twice = [v.line for v in lines if (v.claim, v.what) in answers]
    assert twice == []


def test_words_of_a_claim_are_corrected_across_lessons(monkeypatch, forgotten):
    """Two lessons answer a row each of O10: both count."""
    lessons = {"02_one": Claims(), "07_other": Claims()}
    lessons["02_one"].row("O10a")(lambda: primary("O10a", ROWS, "soft", "hard"))
    lessons["07_other"].row("O10c")(lambda: primary("O10c", ROWS, "soft", "twin"))
    only_lesson(monkeypatch, lessons)
    answers = ledger.answers("O10")
    assert answers["O10a"].tries == pytest.approx(2)
    assert answers["O10b"].word == "NOT RUN"
    assert ledger.answer("O10c").tries == pytest.approx(1)
    assert ledger.places() == {"O10a": "02_one", "O10c": "07_other"}


def test_a_row_may_be_answered_by_another(monkeypatch, forgotten):
    """P3d is the question O8c, counted among those of P3 too."""
    lesson = Claims()
    lesson.row("O8c")(lambda: primary("O8c", ROWS, "soft", "hard"))
    only_lesson(monkeypatch, {"05_made_up": lesson})
    one, other = ledger.answer("O8c"), ledger.answer("P3d")
    assert (one.claim, other.claim) == ("O8c", "P3d")
    assert one.differences == other.differences and other.primary


def test_one_lesson_may_answer_a_row(monkeypatch, forgotten):
    lessons = {"02_one": Claims(), "07_other": Claims()}
    for lesson in lessons.values():
        lesson.row("P2a")(lambda: primary("P2a", ROWS, "soft", "hard"))
    only_lesson(monkeypatch, lessons)
    with pytest.raises(ValueError, match="02_one and 07_other both answer P2a"):
        ledger.places()


def test_ids_outside_the_table_are_refused(monkeypatch, forgotten):
    with pytest.raises(ValueError, match="'P5z'; did you mean P5"):
        ledger.answer("P5z")
    lesson = Claims()
    lesson.group("old")(lambda: [above("P5", ROWS, "soft", "hard")])
    lesson.row("X1a")(lambda: judge("X1a", [1, 2, 3], [1, 1, 1], what="x", unit="nats"))
    only_lesson(monkeypatch, {"02_one": lesson})
    with pytest.raises(ValueError, match="no row of the claims is called 'P5'"):
        ledger.beside()
    with pytest.raises(ValueError, match="no row of the claims is called 'X1a'"):
        ledger.places()


def test_the_table_is_whole():
    """26 claims; every row belongs to one, and says what it compares or why it is exact."""
    assert len(claims.CLAIMS) == 26
    assert {row.claim for row in claims.ROWS.values()} == set(claims.CLAIMS)
    doubts = {claim.id for claim in claims.CLAIMS.values() if claim.doubt}
    assert doubts == {"O7", "O9", "O10", "O11"}
    for row in claims.ROWS.values():
        assert re.fullmatch(r"[OP]\d+[a-g]", row.id) and row.says
        assert row.kind in ("above", "equal", "not below", "exact")
        assert (
            row.same in claims.ROWS if row.same else row.compares or row.kind == "exact"
        )
        assert row.kind != "equal" or row.margin > 0
    assert claims.row("O5a").margin == 0.5 and claims.row("O13a").margin == 0.05
    assert claims.row("P1a").test == "sign"


def test_rows_of_letters_without_gaps():
    for claim in claims.CLAIMS:
        letters = [row.id.removeprefix(claim) for row in claims.rows_of(claim)]
        assert letters == [*"abcdefg"[: len(letters)]]

"""Notebook 06's answers: the comparison that a row names, the right way round."""

from itertools import chain, repeat

import pytest

from kdsurvey.lessons.net2net import claims, exactness

SEEDS = 8
RATES = (0.1, 1.0)
DEEP = ("Net2Net", "random layers", "from scratch", "teacher prediction layers")
COMPARED = {  # row -> the start that it is for, and the other
    "P4b": ("Net2Net", "random layers"),
    "P4d": ("Net2Net", "from scratch"),
    "O14a": ("copied and tuned", "distilled"),
}


def grown(best: str, starts=DEEP, worst_rate: float = 1.0) -> list[dict]:
    """One start is better than the others from the first look on; at one of its rates
    every start is worse, early more than late.
    """
    rows = []
    for k, start in enumerate(starts):
        for rate in RATES:
            for seed in range(SEEDS):
                level = 0.1 * (start == best) + 0.0004 * (seed * (k + 2) % 5)
                dip = 0.3 + 0.01 * (seed % 3) if rate == worst_rate else 0.0
                early, late = 0.6 + level - dip, 0.8 + level - dip / 3
                shares = [0.85, *[early] * 5, *[late] * 4]
                about = {"arm": f"{start}, {rate:g}x", "start": start, "rate": rate}
                teacher = {"target": 0.7, "seed": seed}
                rows.append(
                    {**about, **teacher, "accuracies": shares, "accuracy": late}
                )
    return rows


def test_every_row_is_answered():
    others = ["P4a", "P4c", "P4e", "P4f"]
    assert sorted(claims.CLAIMS.rows()) == sorted([*COMPARED, *others])


@pytest.mark.parametrize("id", COMPARED)
def test_a_row_holds_where_its_start_is_better_and_fails_where_the_other_is(
    id, recorded
):
    words = []
    starts = COMPARED["O14a"] if id == "O14a" else DEEP
    for best in COMPARED[id]:
        recorded(grown(best, starts))
        words.append(claims.CLAIMS.answer(id).word)
    assert words == ["HOLDS", "FAILS"]


def test_the_start_is_judged_at_the_rate_that_is_best_then(recorded):
    rows = grown("none")
    for row in rows:
        if row["start"] == "Net2Net" and row["rate"] == 0.1:
            row["accuracies"] = [share + 0.2 for share in row["accuracies"]]
        elif row["start"] == "Net2Net":
            row["accuracies"] = [share - 0.2 for share in row["accuracies"]]
    recorded(rows)
    assert claims.CLAIMS.answer("P4b").effect == pytest.approx(20, abs=1)


@pytest.mark.parametrize("worst, word", [(1.0, "HOLDS"), (0.1, "FAILS")])
def test_a_tenth_of_the_rate_is_judged_by_the_worst_of_the_first_steps(
    recorded, worst, word
):
    recorded(grown("none", worst_rate=worst))
    kept = claims.CLAIMS.answer("P4e")
    assert kept.word == word and abs(kept.effect) == pytest.approx(31, abs=1)


@pytest.mark.parametrize(
    "late, word", [("from scratch", "HOLDS"), ("Net2Net", "FAILS")]
)
def test_sooner_is_better(recorded, late, word):
    rows = grown("none")
    for row in rows:
        before = 2 + row["seed"] % 3 if row["start"] == late else 0
        row["accuracies"] = [0.1] * before + [0.9] * 4
    recorded(rows)
    assert claims.CLAIMS.answer("P4c").word == word


@pytest.mark.parametrize(
    "best, word",
    [("none", "HOLDS"), ("teacher prediction layers", "FAILS"), (DEEP[2], "FAILS")],
)
def test_little_is_neither_more_nor_less(recorded, best, word):
    recorded(grown(best))
    assert claims.CLAIMS.answer("P4f").word == word


def test_the_same_function_is_measured(monkeypatch):
    assert 0 < exactness.largest_change() < claims.TOLERANCE
    assert claims.CLAIMS.answer("P4a").word == "EXACT"
    changes = chain([0.1], repeat(0.0))  # one of them is enough
    monkeypatch.setattr(exactness, "difference", lambda *_: next(changes))
    assert claims.CLAIMS.answer("P4a").word == "FAILS"


def test_a_rate_at_the_edge_is_said_where_most_seeds_have_it():
    lowest, *_, inner, highest = claims.RATES
    rates = {
        "low": [lowest, lowest, inner],
        "inside": [lowest, inner, inner],
        "high": [highest, highest, highest],
    }
    assert claims.at_edges(rates) == (
        f"low mostly at {lowest:g}x, the lowest tried; "
        f"high mostly at {highest:g}x, the highest tried"
    )


def test_a_row_says_which_of_its_arms_are_at_an_edge():
    copied = claims.CLAIMS.answer("O14a").note
    assert copied == "copied and tuned mostly at 0.1x, the lowest tried"
    few = {line.what: line.note for line in claims.verdicts("distilled")}
    high = "from scratch mostly at 30x, the highest tried"
    assert few["distilled - from scratch, best rate each"] == high

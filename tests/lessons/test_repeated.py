"""The survey's questions run again with other seeds: which ones, from which rows, and
whether their words agree.
"""

import pandas as pd
import pytest
from lessons.test_judging import only_lesson

from kdsurvey import cli, records
from kdsurvey.lessons import ledger, repeated
from kdsurvey.lessons.judging import Claims, primary

IDS = ["P5a", "P5b", "P5c", "P5d", "P6a", "P6b"]


@pytest.fixture
def coin(toy, monkeypatch):
    """The only experiment: heads are above tails with seeds below 100, and below else."""

    @records.experiment(settings={"sides": 2}, data=lambda: toy)
    def coin(data, seed):
        sign = 1 if seed < 100 else -1
        shares = {"heads": 0.5 + sign * (0.1 + seed % 3 / 1000), "tails": 0.5}
        return [
            {"arm": arm, "seed": seed, "accuracy": share}
            for arm, share in shares.items()
        ]

    monkeypatch.setattr(repeated, "experiments", lambda: {"coin": coin})
    return coin


@pytest.fixture
def survey(coin, toy, tmp_path, monkeypatch):
    """A lesson whose rows are answered by the coin, recorded with four seeds."""
    lesson = Claims()
    for id in IDS:
        lesson.row(id)(
            lambda id=id: primary(id, records.recorded("coin"), "heads", "tails")
        )
    records.record("coin", coin, toy, range(4), tmp_path / "shipped")
    monkeypatch.setattr(records, "SHIPPED", tmp_path / "shipped")
    only_lesson(monkeypatch, {"07_made_up": lesson})
    yield lesson
    for cached in (ledger.places, ledger.answers, ledger.beside):
        cached.cache_clear()


def test_a_third_is_drawn_and_the_draw_decides_which(survey):
    ids = repeated.drawn()
    assert len(ids) == 2 and ids == sorted(ids) and set(ids) < set(IDS)
    assert repeated.drawn() == ids
    assert len({tuple(repeated.drawn(draw=draw)) for draw in range(9)}) > 1
    assert repeated.drawn(part=1) == IDS


def test_a_question_names_the_experiments_that_answer_it(survey):
    assert repeated.sources("P5a") == ["coin"]
    assert repeated.needed(["P5a", "P6b"]) == ["coin"]
    with records.read_from() as asked:
        survey.answer("P5a")
        survey.answer("P5a")
    assert asked == ["coin", "coin"]


def test_hours_are_those_of_the_recorded_seeds(monkeypatch):
    table = pd.DataFrame()
    table.attrs["seconds"] = {"0": 900.0, "1": 2700.0}
    monkeypatch.setattr(records, "recorded", lambda name: table)
    assert repeated.hours(["coin", "die"], range(100, 108)) == 8.0


def test_a_run_that_was_stopped_goes_on(survey, tmp_path, monkeypatch):
    repeated.run(["coin"], [100], tmp_path / "again")
    asked = []
    record = records.record
    monkeypatch.setattr(
        records,
        "record",
        lambda *given: asked.append(given[3]) or record(*given),
    )
    repeated.run(["coin"], range(100, 103), tmp_path / "again")
    repeated.run(["coin"], range(100, 103), tmp_path / "again")
    assert asked == [[101, 102]]
    seeds = records.recorded("coin", tmp_path / "again")["seed"].unique()
    assert seeds.tolist() == [100, 101, 102]


def test_words_of_both_runs_stand_side_by_side(survey, tmp_path):
    again = tmp_path / "again"
    with pytest.raises(ValueError, match="has no rows of coin; record them"):
        repeated.words(["P5a"], again)
    repeated.run(["coin"], range(100, 104), again)
    table = repeated.words(["P5a", "P6b"], again)
    assert table.loc["P5a"].tolist() == ["HOLDS", "FAILS", False]
    assert ledger.answer("P5a").word == "HOLDS"  # what is recorded has not changed
    assert records.recorded("coin")["seed"].max() == 3
    assert repeated.summary(table) == "0 of 2 words agree; other words: P5a, P6b"


def test_a_word_agrees_with_itself_and_with_an_open_question(survey, tmp_path):
    again = tmp_path / "again"
    repeated.run(["coin"], range(50, 54), again)
    table = repeated.words(["P5a"], again)
    assert table["agrees"].all() and repeated.summary(table) == "1 of 1 words agree"
    repeated.run(["coin"], range(98, 102), tmp_path / "open")  # two above, two below
    table = repeated.words(["P5a"], tmp_path / "open")
    assert table.loc["P5a"].tolist() == ["HOLDS", "NOT RESOLVED", True]


def test_words_are_corrected_within_their_claims(survey, tmp_path):
    again = tmp_path / "again"
    repeated.run(["coin"], range(100, 104), again)
    with records.read_from(again):
        judged = ledger.judged("P5")
    assert judged["P5a"].tries > 1 and judged["P5a"].primary


def test_the_command_lists_runs_and_compares(survey, tmp_path, capsys):
    words = ["repeat", "--seeds", "100-103", "--folder", str(tmp_path / "again")]
    assert cli.main([*words, "--list"]) == 0
    listed = capsys.readouterr().out
    assert listed.startswith("2 questions: P") and "1 experiments" in listed
    assert not (tmp_path / "again").exists()
    assert cli.main(words) == 0
    assert "0 of 2 words agree; other words: P" in capsys.readouterr().out

"""Notebook 13: accuracies and prices, what was tried, and tables."""

import numpy as np
import pandas as pd
import pytest
from lessons.ensemblenet.given import budget_rows

from kdsurvey import records
from kdsurvey.intervals import of_mean
from kdsurvey.lessons.ensemblenet import budgets, claims
from kdsurvey.lessons.what_would_you_pick import pictures, served
from kdsurvey.pictures import Points


def test_tables_and_the_picture_of_budgets():
    rows = budget_rows()
    assert pictures.table(rows).loc["ONE"].tolist() == [
        "50.0 ± 0.0",
        "40.0 ± 0.0",
        "60.0 ± 0.0",
        1,
        "a third of the rate, 45 epochs",
    ]
    joint = pictures.table(rows[rows["budget"] <= 15], joint=True)
    assert joint.loc["ONE"].tolist() == [
        "70.0 ± 0.0",
        "70.0 ± 0.0",
        3,
        "as it comes, 6 epochs",
    ]
    assert joint.loc["one net"].tolist()[:3] == ["80.0 ± 0.0", "80.0 ± 0.0", 1]
    equal = pictures.table_of_equal_steps(rows)
    assert equal.loc["ONE"].tolist() == ["40.0 ± 0.0", "50.0 ± 0.0", "15.0"]
    assert list(equal.index) == list(budgets.ARMS)
    shown = pictures.over_budgets(rows)
    assert "ONE 50.0, 40.0, 60.0" in shown.about
    assert "one net 60.0, 50.0, 70.0" in shown.about
    assert len(shown.png()) > 1000
    prices = pictures.prices()
    assert prices.loc["one net", "of one net"] == "1.00"
    assert prices.loc["three nets"].tolist()[1:3] == ["3.00", "2 epochs"]


def test_each_budget_has_the_best_try_within_it():
    one, together = (
        pictures.by_budget(budget_rows(), joint)["ONE"] for joint in (False, True)
    )
    assert one.shape == (3, 3)
    assert one[0].tolist() == pytest.approx([50, 40, 60])
    assert together[0].tolist() == pytest.approx([70, 70, 80])


def test_after_equal_epochs_every_seed_is_a_dot():
    rows = records.recorded("online_compared")
    picture = pictures.equal(rows)
    dots = picture.charts["equal"].marks_of(Points)
    runs = claims.equal_steps(rows)
    for arm, mark in zip(budgets.ARMS, dots, strict=True):
        values = 100 * runs.loc[runs["arm"] == arm, "accuracy"]
        assert sorted(mark.x) == pytest.approx(sorted(values))
        assert f"{arm} {values.mean():.1f}" in picture.about


@pytest.fixture
def timed(monkeypatch):
    """A machine on which a net takes a tenth of a millisecond for each layer."""
    asked = []

    def latency(net, images):
        asked.append(images)
        return 0.1 * sum(not [*part.children()] for part in net.modules())

    monkeypatch.setattr(pictures, "latency", latency)
    return asked


def test_accuracy_stands_beside_every_price(timed):
    rows = records.recorded("online_compared")
    picture = pictures.priced(rows, 15, images=7)
    assert list(picture.charts) == [
        "accuracy",
        "multiply-adds (1000s)",
        "kilobytes",
        "ms for 7, here",
    ]
    answers = served.answers()
    assert timed == [7] * len(answers)
    found = pictures.accuracies_of(pictures.best_tries(rows, 15), answers)
    (table,) = picture.tables
    accuracy, adds = (picture.charts[name] for name in list(picture.charts)[:2])
    for k, answer in enumerate(answers):
        values = found[answer.name]
        runs = claims.best(rows, 15, answer.joint)
        column = "average" if answer.joint else "accuracy"
        expected = 100 * runs.loc[runs["arm"] == answer.arm, column]
        assert sorted(values) == pytest.approx(sorted(expected))
        dot, price = accuracy.marks_of(Points)[k], adds.marks_of(Points)[k]
        low, high = of_mean(values, 0.95)
        assert [*dot.x, *dot.spread] == pytest.approx([values.mean(), (high - low) / 2])
        assert dot.hollow is answer.joint and price.x == (answer.adds / 1e3,)
        assert table.rows[k][:3] == (
            answer.name,
            f"{values.mean():.1f}",
            f"{answer.adds:,}",
        )
    assert "took 1.0" in picture.about or "took 0." in picture.about
    assert len(picture.png()) > 1000


def test_runs_of_a_budget_and_a_setting_are_those_that_were_recorded():
    rows = records.recorded("online_compared")
    arms = ("one net", "DML", "DML, together")
    runs = pictures.tried(rows, 15, 0.05, 5e-3, arms)
    same = rows[(rows["budget"] == 15) & (rows["setting"] == "weight decay")]
    peers = same[same["arm"] == "DML"]
    assert list(dict.fromkeys(runs["arm"])) == list(arms)
    for arm, column in (("DML", "branch 0"), ("DML, together", "average")):
        shown = runs.loc[runs["arm"] == arm, "accuracy"]
        np.testing.assert_allclose(shown, peers[column])
    slow = pictures.tried(rows, 6, 0.05 / 3, 0.0, ("one net",))
    assert set(slow["setting"]) == {"a third of the rate"}
    assert pictures.tried(rows, 15, 0.07, 0.0, arms) is None
    assert pictures.tried(rows, 7, 0.05, 0.0, arms) is None


def test_what_is_too_dear_is_faint(timed):
    answers = served.answers()
    accuracies = {a.name: np.array([90.0, 91.0, 92.0]) for a in answers}
    within = [a.adds < 150_000 for a in answers]
    chart = pictures.accuracy_chart(answers, accuracies, within)
    faint = [mark.colour == pictures.FAINT for mark in chart.marks_of(Points)]
    assert faint == [not may for may in within]


def test_an_arm_has_one_look_everywhere():
    assert isinstance(records.recorded("online_compared"), pd.DataFrame)
    looks = {answer.name: pictures._look(answer) for answer in served.answers()}
    for name, look in looks.items():
        if name.endswith(", together"):
            single = looks[name.removesuffix(", together")]
            assert {**look, "hollow": False} == single
    seen = [(look["colour"], look["marker"]) for look in looks.values()]
    assert len(set(seen)) == len(budgets.ARMS)

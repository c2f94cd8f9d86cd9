"""A run of one's own: its number beside the recorded seeds, and where it lies."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from kdsurvey import intervals, nets, page, sweeps
from kdsurvey.pictures import Points, Text
from kdsurvey.yours import among

SEEDS = [94.0, 95.0, 96.0]
ROWS = pd.DataFrame({"arm": ["a"] * 3 + ["b"], "score": [*SEEDS, 90.0]})


def drawn(yours: dict, rows=ROWS):
    picture = among(yours, rows, "score", "Mine")
    (chart,) = picture.charts.values()
    return picture, chart


def test_a_further_value_lies_inside_as_often_as_is_said():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (4000, 6))
    ends = [intervals.of_next(row[:5], 0.9) for row in draws]
    inside = [low <= row[5] <= high for (low, high), row in zip(ends, draws)]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.015)


def test_its_ends_are_those_of_the_textbook():
    half = stats.t.ppf(0.995, 2) * np.std(SEEDS, ddof=1) * math.sqrt(1 + 1 / 3)
    assert intervals.of_next(SEEDS, 0.99) == pytest.approx((95 - half, 95 + half))
    for few in ([], [1.0], [1.0, 2.0], [1.0, 1.0, 1.0]):
        assert all(math.isnan(end) for end in intervals.of_next(few, 0.99))


def test_yours_stands_with_its_number_in_the_row_of_its_arm():
    _, chart = drawn({"b": 91.26, "c": 80.0})
    assert chart.y.names == ("a (3 seeds)", "b (1 seed)", "c")
    recorded = [mark for mark in chart.marks_of(Points) if mark.marker == "o"]
    assert [mark.x for mark in recorded] == [tuple(SEEDS), (90.0,), ()]
    mine = [mark for mark in chart.marks_of(Points) if mark.marker == "D"]
    assert [(mark.x, mark.y) for mark in mine] == [
        ((91.26,), (1.0,)),
        ((80.0,), (2.0,)),
    ]
    assert [text.text for text in chart.marks_of(Text)] == ["91.3", "80"]
    low, high = chart.x.limits
    assert low < 80 and high > 96


@pytest.mark.parametrize(
    ("number", "where"), [(80.0, "below "), (95.0, ""), (110.0, "above ")]
)
def test_the_words_say_where_it_lies(number, where):
    picture, _ = drawn({"a": number})
    assert picture.about == (
        f"Mine (score): a: yours {number:g}, {where}where a further seed may lie (83.5 to 106.5)."
    )


def test_no_further_seed_is_right_on_more_than_all_images():
    wide = pd.DataFrame({"arm": ["a"] * 3, "score": [20.0, 50.0, 80.0]})
    picture = among({"a": 100.0}, wide, "score", "Mine", most=100)
    assert picture.about.endswith(
        "yours 100, where a further seed may lie (0.0 to 100.0)."
    )


def test_too_few_seeds_are_no_limits():
    assert drawn({"b": 9.0})[0].about == "Mine (score): b: yours 9."
    assert drawn({"b": 9.0}, None)[0].about == "Mine (score): b: yours 9."


class TestLive:
    """`toy`: 60 images in three classes."""

    def net(self, toy, right: int):
        """A net that gives the first `right` test images their label, the others none."""
        x, y = toy.test
        answers = torch.nn.functional.one_hot(y, 3).float()
        answers[right:] = answers[right:].roll(1, -1)
        known = {row.numpy().tobytes(): k for k, row in enumerate(x)}

        class Knows(torch.nn.Module):
            def forward(self, images):
                return torch.stack(
                    [answers[known[i.numpy().tobytes()]] for i in images]
                )

        return Knows()

    def test_it_is_measured_on_the_test_images(self, toy):
        n = len(toy.test[0])
        shown = page.live({"a": self.net(toy, n - 1)}, toy)
        share = round(100 * (n - 1) / n, 1)
        assert f"(test accuracy, %): a: yours {share:g}." in shown.about

    def test_accuracies_become_per_cent(self, toy):
        rows = pd.DataFrame({"arm": ["a"] * 3, "accuracy": [0.94, 0.95, 0.96]})
        shown = page.live({"a": self.net(toy, 0)}, toy, beside=rows)
        assert (
            "yours 0, below where a further seed may lie (83.5 to 100.0)" in shown.about
        )
        assert list(rows) == ["arm", "accuracy"]

    def test_errors_are_counted_as_the_rows_count_them(self, toy):
        rows = pd.DataFrame({"arm": ["a"] * 3, "errors": [1, 2, 3]})
        n = len(toy.test[0])
        shown = page.live(
            {"a": self.net(toy, n - 2)}, toy, beside=rows, column="errors"
        )
        assert "(errors): a: yours 2, where a further seed may lie" in shown.about

    def test_one_class_alone(self, toy):
        x, y = toy.test
        last = int(y[-1])
        share = round(100 - 100 / (y == last).sum().item(), 1)
        net = self.net(toy, len(x) - 1)
        rows = pd.DataFrame({"arm": ["a"] * 3, "few": [0.01, 0.02, 0.03]})
        shown = page.live({"a": net}, toy, beside=rows, column="few", label=last)
        assert f"(test {last}s right, %): a: yours {share:g}, above" in shown.about
        with pytest.raises(ValueError, match=r"label=7.*no test image"):
            page.live({"a": net}, toy, label=7)

    def test_nothing_to_measure_is_refused(self, toy):
        with pytest.raises(ValueError, match="no net to measure"):
            page.live({}, toy)
        rows = pd.DataFrame({"arm": ["a"], "loss": [1.0]})
        net = nets.mlp(toy.train[0][0].numel(), 3)
        with pytest.raises(ValueError, match="'a' is a stack of 2 nets"):
            page.live({"a": sweeps.stack([net, net])}, toy)
        with pytest.raises(
            ValueError, match="rows have no column 'accuracy'; there are: arm, loss"
        ):
            page.live({"a": net}, toy, beside=rows)


@pytest.mark.parametrize("yours", [{}, {"a": math.nan}, {"a": math.inf}, {"a": "x"}])
def test_a_run_without_a_number_is_refused(yours):
    with pytest.raises(ValueError, match="give a finite number for each arm"):
        among(yours, None, "accuracy", "Yours")


def test_rows_without_the_column_are_refused():
    rows = pd.DataFrame({"arm": ["a"], "accuracy": [0.5]})
    with pytest.raises(
        ValueError, match=r"^recorded rows: there is no column 'acuracy'; did"
    ):
        among({"a": 0.5}, rows, "acuracy", "Yours")

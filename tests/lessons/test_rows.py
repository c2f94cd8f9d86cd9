"""What is kept of nets, and how rows are looked up."""

import pandas as pd
import pytest

from kdsurvey.lessons.rows import accuracies, at, by_seed, percent, spread, table, tuned
from kdsurvey.nets import mlp
from kdsurvey.training import accuracy

ROWS = pd.DataFrame(
    {
        "arm": f"{start}, {rate:g}",
        "start": start,
        "rate": rate,
        "seed": seed,
        "accuracy": share + seed / 100,
        "validation accuracy": share,
    }
    for start, rate, share in (
        ("plain", 0.1, 0.5),
        ("plain", 0.2, 0.6),
        ("grown", 0.1, 0.9),
        ("grown", 0.2, 0.8),
    )
    for seed in (1, 0)
)


def test_accuracies_of_one_net_and_the_mean_over_two(toy):
    one, other = (mlp(128, 8, 3, seed=seed) for seed in (0, 1))
    kept = accuracies(one, toy)
    assert kept == {
        "accuracy": round(accuracy(one, *toy.test), 4),
        "validation accuracy": round(accuracy(one, *toy.validation), 4),
    }
    (fit,) = accuracies([one, other], toy, {"fit": "train"}, digits=None).values()
    each = [accuracy(net, *toy.train) for net in (one, other)]
    assert fit == sum(each) / 2 and each[0] != each[1]


def test_rows_at_a_setting_and_none_that_is_missing():
    assert set(at(ROWS, rate=0.1, start="plain")["arm"]) == {"plain, 0.1"}
    with pytest.raises(ValueError, match=r"0\.3"):
        at(ROWS, rate=0.3)


def test_a_start_is_judged_at_its_best_rate_under_its_own_name():
    best = tuned(ROWS, "rate", by="start")
    assert best["arm"].tolist() == ["plain", "plain", "grown", "grown"]
    assert best["rate"].tolist() == [0.2, 0.2, 0.1, 0.1]
    assert set(tuned(ROWS, "rate", by=["seed", "arm"])["arm"]) == set(ROWS["arm"])


def test_shares_become_percentages_in_the_order_of_the_rows():
    assert spread(pd.Series([0.5, 0.52])) == "51.0 ± 1.4"
    assert percent(ROWS, "accuracy")["accuracy"].tolist()[0] == 51
    cells = table(ROWS.assign(arm=ROWS["start"]), "rate")
    assert list(cells.index) == ["plain", "grown"] and list(cells) == [0.1, 0.2]
    assert cells.loc["grown", 0.2] == "80.5 ± 0.7"
    by_arm = by_seed(ROWS, ["plain, 0.1", "grown, 0.1"])
    assert by_arm.tolist() == [[0.5, 0.9], [0.51, 0.91]]


def test_a_net_that_diverged_counts_as_one_that_answers_at_random(toy):
    broken, sound = mlp(128, 8, 3, seed=0), mlp(128, 8, 3, seed=1)
    for weight in broken.parameters():
        weight.data.fill_(float("nan"))
    assert accuracies(broken, toy, digits=None)["accuracy"] == pytest.approx(1 / 3)
    alone = accuracies(sound, toy, digits=None)["accuracy"]
    both = accuracies([broken, sound], toy, digits=None)["accuracy"]
    assert both == pytest.approx((1 / 3 + alone) / 2)

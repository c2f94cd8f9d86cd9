"""The interval against an independent computation, its coverage by simulation, the
three words and the refusals.
"""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kdsurvey.verdicts import KINDS, chosen, corrected, judge, judge_rows, summary

T_975 = {
    3: 4.3026527,
    5: 2.7764451,
    10: 2.2621572,
}  # from printed tables: n -> t(0.975, n - 1)
VALUES = st.lists(
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=12
)


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def loss(a, b, **options):
    return judge("X1", a, b, what="a - b", unit="nats", **options)


@pytest.mark.parametrize("n", T_975)
def test_interval_by_hand(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(1, 1, n), rng.normal(0, 1, n)
    mean = sum(x - y for x, y in zip(a, b)) / n
    variance = sum((x - y - mean) ** 2 for x, y in zip(a, b)) / (n - 1)
    half = T_975[n] * math.sqrt(variance / n)
    verdict = loss(a, b)
    assert (verdict.effect, verdict.low, verdict.high) == pytest.approx(
        (mean, mean - half, mean + half), rel=1e-7
    )
    assert verdict.n == n


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_interval_agrees_with_the_paired_t_test(confidence):
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.3, 1, 7), rng.normal(0, 1, 7)
    expected = stats.ttest_rel(a, b).confidence_interval(confidence)
    verdict = loss(a, b, confidence=confidence)
    assert (verdict.low, verdict.high) == pytest.approx(
        (expected.low, expected.high), rel=1e-9
    )


@pytest.mark.parametrize("effect", [0.0, 0.8])
def test_coverage_and_false_words(effect):
    """4,000 experiments of five seeds that share a large seed effect: the interval must
    hold the truth 95 times in 100.
    """
    runs, rng = 4_000, np.random.default_rng(1)
    shared = rng.normal(0, 5, (runs, 5))
    a = shared + effect + rng.normal(0, 1, (runs, 5))
    b = shared + rng.normal(0, 1, (runs, 5))
    verdicts = [loss(x, y) for x, y in zip(a, b)]
    words = pd.Series([v.word for v in verdicts]).value_counts()
    covered = sum(v.low <= effect <= v.high for v in verdicts)
    assert abs(covered / runs - 0.95) <= 3 * math.sqrt(0.95 * 0.05 / runs)
    tail = 0.025 + 3 * math.sqrt(0.025 * 0.975 / runs)
    assert words.get("FAILS", 0) / runs <= tail
    if effect == 0:
        assert words.get("HOLDS", 0) / runs <= tail
        assert (
            min(words.get("FAILS", 0), words.get("HOLDS", 0)) > 0.01 * runs
        )  # both tails are there
    else:  # power of the two-sided paired t-test, from the non-central t
        power = stats.nct.sf(T_975[5], 4, effect / math.sqrt(2 / 5))
        assert words["HOLDS"] / runs == pytest.approx(
            power, abs=3 * math.sqrt(power * (1 - power) / runs)
        )


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@given(VALUES)
def test_swapping_the_arms_mirrors_the_verdict(pairs):
    a, b = zip(*pairs)
    one, other = loss(a, b), loss(b, a)
    assert one.effect == -other.effect
    assert same(one.low, -other.high) and same(one.high, -other.low)
    assert {"HOLDS": "FAILS", "FAILS": "HOLDS", "NOT RESOLVED": "NOT RESOLVED"}[
        one.word
    ] == other.word
    assert math.isnan(one.low) or one.low <= one.effect <= one.high


def by_the_table(verdict, low, high) -> str:
    """The word, from the interval by the definitions of the three kinds."""
    m = verdict.margin
    holds, fails = {
        "above": (low > 0 and verdict.effect >= m, high < 0),
        "equal": (-m < low and high < m, high < -m or low > m),
        "not below": (low > -m, high < -m),
    }[verdict.kind]
    return "HOLDS" if holds else "FAILS" if fails else "NOT RESOLVED"


@given(VALUES, st.floats(1e-3, 500), st.floats(0.5, 0.999), st.sampled_from(KINDS))
def test_the_word_follows_from_the_interval(pairs, margin, confidence, kind):
    a, b = zip(*pairs)
    verdict = loss(a, b, margin=margin, confidence=confidence, kind=kind)
    ends = verdict.low, verdict.high
    near = [abs(end - m) < 1e-6 for end in ends for m in (0, margin, -margin)]
    assert any(near) or verdict.word == by_the_table(verdict, *ends)
    wider = loss(a, b, confidence=min(0.9999, confidence + 0.0005))
    assert math.isnan(verdict.low) or (
        wider.low <= verdict.low and verdict.high <= wider.high
    )


@pytest.mark.parametrize(
    ("kind", "margin", "word", "opposite"),
    [
        ("above", 0.0, "HOLDS", "FAILS"),
        ("above", 1.0, "HOLDS", "FAILS"),
        ("above", 1.1, "NOT RESOLVED", "FAILS"),
        ("equal", 0.7, "FAILS", "FAILS"),
        ("equal", 1.0, "NOT RESOLVED", "NOT RESOLVED"),
        ("equal", 1.3, "HOLDS", "HOLDS"),
        ("not below", 0.0, "HOLDS", "FAILS"),
        ("not below", 0.7, "HOLDS", "FAILS"),
        ("not below", 1.0, "HOLDS", "NOT RESOLVED"),
        ("not below", 1.3, "HOLDS", "HOLDS"),
    ],
)
def test_kinds_and_margins(kind, margin, word, opposite):
    """The differences 0.9, 1.0, 1.1 have the interval [0.75, 1.25]."""
    a, b = [11.0, 22.0, 33.0], [10.1, 21.0, 31.9]
    assert loss(a, b, margin=margin, kind=kind).word == word
    assert loss(b, a, margin=margin, kind=kind).word == opposite


def test_pairing_is_used():
    """Far apart seeds, equal gaps: paired the effect is plain, shuffled it is lost."""
    b = np.array([10.0, 20, 30, 40, 50])
    a = b + np.array([0.9, 1.0, 1.1, 1.0, 0.95])
    assert loss(a, b).word == "HOLDS"
    assert loss(np.roll(a, 1), b).word == "NOT RESOLVED"


@pytest.mark.parametrize("gap", [0.0, 0.5, -0.5, 0.1])
def test_no_spread_is_no_interval(gap):
    verdict = loss([1 + gap, 2 + gap, 3 + gap], [1, 2, 3])
    assert math.isnan(verdict.low) and math.isnan(verdict.high)
    assert verdict.effect == pytest.approx(gap) and verdict.word == "NOT RESOLVED"
    assert verdict.line.endswith(
        f"{gap:+z.4g} nats at every seed: no spread, no interval, n = 3 seeds"
    )


def test_equal_counts_have_no_interval_but_a_sign():
    verdict = loss([6.0] * 8, [4.0] * 8, test="sign")
    assert math.isnan(verdict.low) and verdict.word == "HOLDS"
    assert "+2 nats at every seed: no spread, no interval, n = 8 seeds" in verdict.line


def test_two_seeds_are_no_interval():
    verdict = loss([1.0, 2.0], [0.5, 1.4])
    assert math.isnan(verdict.low) and verdict.word == "NOT RESOLVED"
    assert verdict.line.endswith(
        "+0.55 nats (too few seeds for an interval), n = 2 seeds"
    )


DEPTHS = {  # deepest net of each seed in two arms -> p-value by counting by hand
    "all above": ([10, 10, 8, 10, 6, 8], [6, 6, 6, 6, 4, 6], 2 / 64),
    "one tie": ([10, 10, 8, 10, 6, 8], [6, 6, 6, 6, 4, 8], 2 / 32),
    "one below": ([10, 10, 8, 10, 6, 4], [6, 6, 6, 6, 4, 6], 14 / 64),
    "all equal": ([6, 6, 6], [6, 6, 6], 1.0),
}


@pytest.mark.parametrize("name", DEPTHS)
def test_the_sign_test_counts(name):
    a, b, p = DEPTHS[name]
    verdict = loss(a, b, test="sign", edge=10)
    assert verdict.p == pytest.approx(p)
    assert verdict.word == ("HOLDS" if p < 0.05 else "NOT RESOLVED")
    assert loss(b, a, test="sign").word == ("FAILS" if p < 0.05 else "NOT RESOLVED")
    assert verdict.effect == np.median(np.subtract(a, b))
    assert verdict.bound == ("at least" if 10 in a else "")
    assert (": at least " in verdict.line) == (10 in a)
    other = loss(b, a, test="sign", edge=10)
    assert other.bound == ("at most" if 10 in a else "")
    assert loss(a, a, test="sign", edge=10).bound == ("about" if 10 in a else "")


@pytest.mark.parametrize("n", [3, 6, 8, 15, 40])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_of_a_median_holds_it_often_enough(n, confidence):
    rng = np.random.default_rng(n)
    draws = rng.exponential(1, (1_000, n)) - math.log(2)  # the median is 0
    ends = [
        loss(d, np.zeros(n), test="sign", confidence=confidence).interval(confidence)
        for d in draws
    ]
    if 2 * 0.5**n > 1 - confidence:
        assert np.isnan(ends).all()
        return
    covered = np.mean([low <= 0 <= high for low, high in ends])
    assert covered >= confidence - 3 * math.sqrt(confidence * (1 - confidence) / 1000)
    assert covered < 0.999  # not simply everything


def drawn(rng, seeds: int, effects, kinds, margin: float = 1.0) -> list:
    return [
        judge(
            "X1",
            effect + rng.normal(0, 1, seeds),
            np.zeros(seeds),
            what="a - b",
            unit="nats",
            kind=kind,
            margin=margin,
        )
        for effect, kind in zip(effects, kinds)
    ]


@pytest.mark.parametrize("seeds", [5, 8])
def test_a_claim_of_many_rows_seldom_gets_a_wrong_word(seeds):
    """2,000 claims of six rows, each exactly where its word would be wrong: the family-wise
    error of a claim.
    """
    rng, runs = np.random.default_rng(seeds), 2_000
    kinds = ["above", "above", "equal", "equal", "not below", "not below"]
    effects = [0, 0, 1, -1, -1, -1]
    alone, together = 0, 0
    for _ in range(runs):
        verdicts = drawn(rng, seeds, effects, kinds)
        alone += any(v.word_alone != "NOT RESOLVED" for v in verdicts)
        words = [v.word for v in corrected(verdicts)]
        together += any(word != "NOT RESOLVED" for word in words)
    assert together / runs <= 0.06
    assert together / runs > 0.02  # not by never saying anything
    assert alone / runs > 0.15  # what the correction is there for


def test_equal_seldom_holds_at_twice_the_margin():
    rng, runs = np.random.default_rng(0), 2_000
    verdicts = drawn(rng, 8, [2.0, -2.0] * (runs // 2), ["equal"] * runs)
    words = pd.Series([v.word for v in verdicts]).value_counts(normalize=True)
    assert words.get("HOLDS", 0) <= 0.05 and words["FAILS"] > 0.5
    none = drawn(rng, 30, [0.0] * 200, ["equal"] * 200)
    assert np.mean([v.word == "HOLDS" for v in none]) > 0.95


def test_holm_by_hand():
    """p-values in order 0.004, 0.02, 0.04, 0.3: times 4, 3, 2, 1, never less than before."""
    from scipy.stats import t

    n, targets = 6, [0.04, 0.3, 0.004, 0.02]
    base = np.array([-1.0, -0.5, 0.0, 0.0, 0.5, 1.0])
    base /= base.std(ddof=1) / math.sqrt(n)  # so that t is the mean
    before = [loss(t.isf(p / 2, n - 1) + base, np.zeros(n)) for p in targets]
    assert [v.p for v in before] == pytest.approx(targets)
    after = corrected(before)
    assert [v.p * v.tries for v in after] == pytest.approx([0.08, 0.3, 0.016, 0.06])
    assert [v.word for v in after] == ["NOT RESOLVED"] * 2 + ["HOLDS", "NOT RESOLVED"]
    assert [v.word_alone for v in after] == ["HOLDS", "NOT RESOLVED", "HOLDS", "HOLDS"]
    assert "HOLDS before correction for many looks" in after[0].line
    low, high = after[3].wide
    assert low < 0 < after[3].low and high > after[3].high
    assert corrected([]) == []
    assert corrected(before[:1]) == before[:1]


def test_a_correction_never_makes_a_word():
    rng = np.random.default_rng(3)
    for _ in range(100):
        verdicts = drawn(rng, 5, rng.normal(0, 1, 5), ["above"] * 5, margin=0.0)
        for before, after in zip(verdicts, corrected(verdicts)):
            assert after.word in (before.word, "NOT RESOLVED")
            assert after.wide[0] <= before.low and before.high <= after.wide[1]


def test_the_seeds_that_would_resolve_a_margin_do():
    rng = np.random.default_rng(5)
    verdict = loss(rng.normal(0, 2, 6), np.zeros(6), margin=0.5)
    d = np.asarray(verdict.differences)
    half = [
        stats.t.ppf(0.975, n - 1) * d.std(ddof=1) / math.sqrt(n)
        for n in (verdict.needed - 1, verdict.needed)
    ]
    assert half[1] <= 0.5 < half[0]
    assert f"about {verdict.needed} seeds would resolve the margin" in verdict.line
    # a count that does not change with what else is looked at
    assert corrected([verdict] * 4)[0].needed == verdict.needed
    wild = loss(1e4 * d, np.zeros(6), margin=0.5)
    assert "over 1000 seeds would resolve the margin" in wild.line
    assert loss(d, np.zeros(6)).needed is None  # no margin was named
    assert loss(d[:2], np.zeros(2), margin=0.5).needed is None  # no interval
    assert loss([1.0] * 5, np.zeros(5), margin=0.5).needed is None  # no spread


def test_line():
    a = [0.9, 0.91, 0.93, 0.92, 0.95]
    b = [0.88, 0.89, 0.915, 0.9, 0.94]
    verdict = judge("O10", a, b, what="distilled - alone")
    line = "O10  HOLDS  distilled - alone: +1.70 points [+1.14, +2.26], 95 % CI, n = 5 seeds"
    assert verdict.line == str(verdict) == repr(verdict) == line
    assert judge("O10", a, b, what="x", margin=2).line == (
        "O10  NOT RESOLVED  x: +1.70 points [+1.14, +2.26], 95 % CI, n = 5 seeds; "
        "margin 2; above 0, but by less than the margin"
    )
    assert judge(
        "P2",
        [146, 150, 148],
        [74, 70, 72],
        what="alone - distilled",
        unit="errors",
        confidence=0.5,
    ).line == (
        "P2  HOLDS  alone - distilled: +76 errors [+74.11, +77.89], 50 % CI, n = 3 seeds"
    )
    line = judge("O1", [0.5] * 3, [0.5, 0.5 + 1e-7, 0.5], what="tiny").line
    assert "tiny: +0.00 points [+0.00, +0.00]" in line
    equal = judge("P6c", a, b, what="c - a", margin=3, kind="equal")
    assert equal.line.endswith("n = 5 seeds; equal, margin 3")
    with pytest.raises(AttributeError):
        verdict.word = "HOLDS"


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        ([1.0], [0.5], {}, "1 seed gives no interval.*two seeds"),
        ([], [], {}, "0 seed"),
        ([1, 2, 3], [1, 2], {}, r"one length; got \(3,\) and \(2,\)"),
        ([[1, 2]], [[1, 2]], {}, "one length"),
        ([1, math.nan, 3], [1, 2, 3], {}, r"positions \[1\] are not finite"),
        ([1, 2, 3], [1, 2, math.inf], {}, r"positions \[2\] are not finite"),
        ([1, 2], [1, 2], {"margin": -1}, "margin >= 0"),
        ([1, 2], [1, 2], {"kind": "below"}, "kind 'below'.*'not below'"),
        ([1, 2], [1, 2], {"test": "z"}, "test 'z'.*'sign'"),
        ([1, 2], [1, 2], {"kind": "equal"}, "nothing is equal within a margin of 0"),
        (
            [1, 2],
            [1, 2],
            {"kind": "not below", "test": "sign"},
            "sign test judges 'above'",
        ),
        ([1, 2], [1, 2], {"margin": math.nan}, "margin >= 0"),
        ([1, 2], [1, 2], {"confidence": 95}, "confidence between 0 and 1"),
        ([1, 2], [1, 2], {"confidence": 0}, "confidence between 0 and 1"),
        (
            [97.1, 97.3],
            [95.0, 95.5],
            {"unit": "points"},
            r"shares in \[0, 1\].*97.3.*divide percentages by 100",
        ),
    ],
)
def test_refusals(a, b, options, message):
    with pytest.raises(ValueError, match=f"X1: .*{message}"):
        judge("X1", a, b, **({"what": "a - b", "unit": "nats"} | options))


def rows(
    values: dict[str, dict[int, float]], column: str = "net test accuracy"
) -> list[dict]:
    """What training gives: an earlier epoch without the column, then the last one with it."""
    found = []
    for arm, of_seed in values.items():
        for seed, value in of_seed.items():
            found += [
                {"arm": arm, "seed": seed, "epoch": 1},
                {"arm": arm, "seed": seed, "epoch": 2, column: value},
            ]
    return found


ARMS = {
    "distilled": {0: 0.90, 1: 0.91, 2: 0.95},
    "alone": {2: 0.93, 0: 0.88, 1: 0.895},
    "other": {0: 0.1},
}


@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_rows_are_paired_by_seed_whatever_their_order(kind):
    verdict = judge_rows(
        "O10",
        kind(rows(ARMS)),
        "net test accuracy",
        a="distilled",
        b="alone",
        margin=0.5,
    )
    expected = judge(
        "O10",
        [0.90, 0.91, 0.95],
        [0.88, 0.895, 0.93],
        what="distilled - alone",
        margin=0.5,
    )
    assert verdict == expected


def test_rows_paired_by_another_column():
    table = pd.DataFrame(rows(ARMS)).rename(columns={"seed": "fold"})
    verdict = judge_rows(
        "O10",
        table,
        "net test accuracy",
        a="distilled",
        b="alone",
        by="fold",
        what="gain",
    )
    assert verdict.n == 3 and verdict.what == "gain"


def test_rows_refused():
    def judged(values, a="distilled", b="alone", column="net test accuracy"):
        return judge_rows("O10", rows(values), column, a=a, b=b)

    with pytest.raises(
        ValueError, match=r"seed \[1, 2\] has no value in both 'distilled' and 'other'"
    ):
        judged(ARMS, b="other")
    with pytest.raises(
        ValueError,
        match=r"no arm 'nobody' in the rows; there are.*'alone', 'distilled'",
    ):
        judged(ARMS, b="nobody")
    with pytest.raises(ValueError, match=r"no column.*'loss'.*there are.*'arm'"):
        judged(ARMS, column="loss")
    with pytest.raises(
        ValueError, match=r"needs one 'net test accuracy' for each seed.*\{1: 0\}"
    ):
        judged({"distilled": {0: 0.9, 1: math.nan}, "alone": {0: 0.9, 1: math.nan}})
    twice = rows(ARMS) + rows({"alone": {2: 0.5}})
    with pytest.raises(
        ValueError, match=r"arm 'alone' needs one .* for each seed.*\{2: 2\}"
    ):
        judge_rows("O10", twice, "net test accuracy", a="distilled", b="alone")


def settings(
    values: dict[tuple, list[float]], column: str = "validation accuracy"
) -> pd.DataFrame:
    """(arm, rate) -> the value of each seed; "accuracy" on test images prefers the opposite."""
    kept = [
        {"arm": arm, "rate": rate, "seed": seed, column: value, "accuracy": -value}
        for (arm, rate), found in values.items()
        for seed, value in enumerate(found)
    ]
    return pd.DataFrame(kept, index=range(10, 10 + len(kept)))


THREE = {
    ("a", 1): [0.2, 0.9],
    ("a", 2): [0.6, 0.6],
    ("b", 2): [0.1, 0.1],
    ("a", 0): [0.7, 0.3],
    ("b", 1): [0.4, 0.4],
}


def test_the_setting_of_an_arm_has_the_best_mean_on_validation_images():
    rows = settings(THREE)
    kept = chosen(rows, "rate")
    assert kept[["arm", "rate", "seed"]].to_numpy().tolist() == [
        ["a", 2, 0],
        ["a", 2, 1],
        ["b", 1, 0],
        ["b", 1, 1],
    ]
    assert list(kept) == list(rows) and kept.index.tolist() == [
        12,
        13,
        18,
        19,
    ]  # as they were
    pd.testing.assert_frame_equal(
        chosen(rows.to_dict("records"), "rate").set_axis(kept.index), kept
    )
    rows.attrs["data"] = "made up"
    assert chosen(rows, "rate").attrs == {
        "data": "made up"
    }  # what made the rows goes with them


def test_each_seed_may_choose_for_itself():
    kept = chosen(settings(THREE), "rate", by=["arm", "seed"])
    assert kept.set_index(["arm", "seed"])["rate"].to_dict() == {
        ("a", 0): 0,
        ("a", 1): 1,
        ("b", 0): 1,
        ("b", 1): 1,
    }


def test_the_least_is_chosen_where_less_is_better():
    rows = settings(THREE, "perplexity")
    kept = (
        chosen(rows, "rate", column="perplexity", least=True)
        .groupby("arm")["rate"]
        .unique()
        .map(list)
    )
    assert kept.to_dict() == {"a": [0], "b": [2]}


@pytest.mark.parametrize("least", [False, True])
def test_of_equal_settings_the_first_is_chosen(least):
    values = {
        ("a", 0.3): [0.5, 0.5],
        ("a", 0.1): [0.5, 0.5],
        ("b", 0.1): [0.5, 0.5],
        ("b", 0.3): [0.5, 0.5],
    }
    kept = chosen(settings(values), "rate", least=least)
    assert kept.groupby("arm")["rate"].unique().map(list).to_dict() == {
        "a": [0.3],
        "b": [0.1],
    }


def test_epochs_without_a_value_do_not_count_in_a_choice():
    rows = settings(
        {
            ("a", 1): [0.9, math.nan],
            ("a", 2): [math.nan, 0.8],
            ("a", 3): [math.nan, math.nan],
        }
    )
    assert chosen(rows, "rate")["rate"].tolist() == [1, 1]
    with pytest.raises(
        ValueError,
        match=r"\[\{'arm': 'a'\}\] have no 'validation accuracy' to choose a 'rate' by",
    ):
        chosen(rows[rows["rate"] == 3], "rate")
    with pytest.raises(ValueError, match=r"no column \['loss'\]"):
        chosen(rows, "rate", column="loss")


def test_summary():
    table = summary(rows(ARMS), "net test accuracy")
    assert list(table.index) == ["distilled", "alone", "other"] and list(table) == [
        "mean",
        "sd",
        "n",
    ]
    values = [0.88, 0.895, 0.93]
    assert table.loc["alone", "mean"] == pytest.approx(np.mean(values))
    assert table.loc["alone", "sd"] == pytest.approx(
        np.sqrt(np.sum((values - np.mean(values)) ** 2) / 2)
    )
    assert table.loc["alone", "n"] == 3
    assert table.loc["other", "n"] == 1 and math.isnan(table.loc["other", "sd"])
    assert (
        summary(rows(ARMS), "net test accuracy", by=["arm", "seed"]).loc[
            ("alone", 1), "mean"
        ]
        == 0.895
    )
    with pytest.raises(ValueError, match="no column"):
        summary(rows(ARMS), "loss")

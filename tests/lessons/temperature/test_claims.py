"""Notebook 01: every row of the claims is answered by the arms that it names, in the sign
that it has.
"""

import pandas as pd
import pytest

from kdsurvey import records
from kdsurvey.lessons.temperature import claims
from kdsurvey.lessons.temperature.claims import CLAIMS
from kdsurvey.losses import entropy, kl, soften


def softened(sign: int) -> pd.DataFrame:
    """Make rows in which T = 4 is as the claims have it, or (-1) the other way round."""
    return pd.DataFrame(
        {
            "arm": arm,
            "seed": seed,
            "noise": 50 - sign * soft * (10 + seed),
            "likeness": soft * sign * (0.5 + seed / 100),
        }
        for arm, soft in (("hard", 0), ("T = 4", 1), ("T = 1", -1))
        for seed in range(4)
    )


def weights(gain: float) -> pd.DataFrame:
    """Make rows in which alpha = 0.9 is ahead by `gain` at the one rate and the best."""
    best = {"validation accuracy": 0.9}
    rows = []
    for seed in range(4):
        chance = seed / 100
        for lr in (0.03, 0.1, 0.3):
            ahead = gain + chance / 10 if lr == 0.1 else -gain
            validation = best["validation accuracy"] - abs(lr - 0.1)
            for arm, more in (("alpha = 0.9", ahead), ("alpha = 0.5", 0)):
                row = {"arm": arm, "lr": lr, "seed": seed}
                measured = {
                    "accuracy": 0.5 + chance + more,
                    "validation accuracy": validation,
                }
                rows.append(row | measured)
        forgotten = {"arm": "T² forgotten", "lr": 0.1, "seed": seed}
        rows.append(forgotten | best | {"accuracy": 0.5 + chance})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("id", ["O1a", "O2b"])
def test_an_answer_or_a_gradient_has_the_sign_of_its_row(id, monkeypatch):
    for sign, word in ((1, "HOLDS"), (-1, "FAILS")):
        monkeypatch.setattr(records, "recorded", lambda name, sign=sign: softened(sign))
        assert CLAIMS.answer(id).word == word


@pytest.mark.parametrize("id", ["O3b", "O3c"])
def test_a_weight_holds_where_it_is_better(id, monkeypatch):
    for gain, word in ((0.05, "HOLDS"), (-0.05, "FAILS")):
        monkeypatch.setattr(records, "recorded", lambda name, gain=gain: weights(gain))
        answer = CLAIMS.answer(id)
        assert answer.word == word
        assert answer.effect == pytest.approx(100 * gain + 0.15)


@pytest.mark.parametrize("id", ["O2a", "O2c", "O3a"])
def test_algebra_is_exact(id):
    assert CLAIMS.answer(id).word == "EXACT"


@pytest.mark.parametrize(
    "id, name, wrong",
    [
        ("O2a", "entropy", lambda z, T: entropy(z, T) / 2),
        ("O2a", "soften", lambda z, T: soften(z, 1.01 * T)),
        ("O3a", "kl", lambda v, z, T: T * kl(v, z, T)),
    ],
)
def test_algebra_that_is_wrong_fails(id, name, wrong, monkeypatch):
    monkeypatch.setattr(claims, name, wrong)
    assert CLAIMS.answer(id).word == "FAILS"


def test_every_recorded_line_stands_beside_a_row_of_its_claims():
    lines = [line for group in CLAIMS.groups() for line in CLAIMS.verdicts(group)]
    assert {line.claim for line in lines} == {"O2b", "O3a", "O3b", "O3c"}
    assert all(line.n >= 8 for line in lines)

"""What the lessons on branches share: equal starts, rows as they say, costs by hand."""

from dataclasses import replace

import pytest
import torch

from kdsurvey import data, nets
from kdsurvey.branches import Fused, Mixed
from kdsurvey.lessons import branched_nets
from kdsurvey.methods import plain
from kdsurvey.training import accuracy

SHORT = replace(branched_nets.CONFIG, epochs=1)


@pytest.fixture(scope="module")
def some() -> data.Data:
    return branched_nets.digits(data.mnist_5k().hold_out(500), 0).fraction(0.1)


@pytest.mark.parametrize("shared", [1, 0, 2])
def test_branch_0_starts_as_the_net_alone(shared):
    net, alone = branched_nets.parted(3, shared=shared), branched_nets.small(3)
    assert (
        all(torch.equal(a, b) for a, b in zip(net[0].parameters(), alone.parameters()))
        and len(net) == 3
    )
    assert len(net.trunk) == shared and torch.equal(
        net[1][1][0].weight, alone[1][0].weight
    ) == (shared == 2)
    assert torch.equal(net[1][0][0].weight, alone[0][0].weight) == (shared > 0)
    g = branched_nets.gated(net, 0)(net.trunk(torch.rand(5, *branched_nets.SHAPE)))
    assert torch.allclose(g.sum(1), torch.ones(5))


@pytest.mark.parametrize(
    ("stages", "kind", "scores"),
    [
        (branched_nets.with_one(0), Mixed, "branch"),
        (branched_nets.with_one(0, own_gate=False, weight=0.0), Mixed, "branch"),
        (branched_nets.with_ffl(0, to_fused=0.0), Fused, "branch"),
        (branched_nets.with_heads(0.5), Mixed, "head"),
    ],
)
def test_an_arm_trains_all_branches_and_says_who_answers(some, stages, kind, scores):
    net, before = branched_nets.parted(0), branched_nets.parted(0)
    branches, together = branched_nets.learn(stages, some, SHORT, net)
    assert isinstance(together, kind) and together.net is net and len(branches) == 3
    assert all(
        not torch.equal(a, b) for a, b in zip(net.parameters(), before.parameters())
    )
    (stage,) = stages(branched_nets.parted(0))[0]
    assert f"{scores} 2" in stage.score


def test_a_row_is_what_it_says(some):
    net = branched_nets.parted(1)
    own = branched_nets.gated(net, 1)
    together = Mixed(net, own)
    row = branched_nets.outcome(
        "ONE", 7, ([net[k] for k in range(3)], together), some, choice="none"
    )
    single = [accuracy(net[k], *some.test) for k in range(3)]
    assert row["accuracy"] == pytest.approx(sum(single) / 3, abs=1e-5) and row[
        "branch 0"
    ] == pytest.approx(single[0], abs=1e-5)
    for name in ("validation", "train"):
        shares = [accuracy(net[k], *getattr(some, name)) for k in range(3)]
        assert row[f"{name} accuracy"] == pytest.approx(sum(shares) / 3, abs=1e-5)
    assert row["together"] == pytest.approx(accuracy(together, *some.test), abs=1e-5)
    assert row["average"] == pytest.approx(
        accuracy(nets.Ensemble([net[k] for k in range(3)]), *some.test), abs=1e-5
    )
    assert row["validation together"] == pytest.approx(
        accuracy(together, *some.validation), abs=1e-5
    )
    assert row["diversity"] > 0 and (row["arm"], row["seed"], row["choice"]) == (
        "ONE",
        7,
        "none",
    )
    alone = branched_nets.outcome("alone", 0, ([net[0]], net[0]), some)
    assert (
        alone["diversity"] == 0
        and alone["accuracy"]
        == alone["together"]
        == alone["average"]
        == alone["branch 0"]
    )


def test_costs_by_hand():
    """7 x 7 x 9 filters of the first block, 16 of 8 maps of the second, the flat map,
    the logits; three times that to train.
    """
    first, rest = 49 * 9 * 8, 49 * 9 * 8 * 16 + 784 * 64 + 640
    assert (
        branched_nets.serving_cost(branched_nets.small(0))
        == branched_nets.serving_cost(branched_nets.parted(0)[2])
        == first + rest
    )
    (stage,) = plain(branched_nets.small(0))
    assert (
        branched_nets.training_cost(stage) == 3 * (first + rest) - first
    )  # no slope in the images
    (stage,) = branched_nets.with_heads(1.0)(branched_nets.parted(0))[0]
    assert branched_nets.training_cost(stage) == 2 * first + 3 * 3 * rest
    assert (
        branched_nets.serving_cost(Mixed(branched_nets.parted(0), None))
        == first + 3 * rest
    )

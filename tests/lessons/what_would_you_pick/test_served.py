"""Notebook 13: what is served, what an answer costs, and how long it takes."""

import pytest
import torch
from torch import nn

from kdsurvey.branches import Mixed
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.ensemblenet import budgets, experiments
from kdsurvey.lessons.what_would_you_pick import served
from kdsurvey.measures import multiply_adds
from kdsurvey.nets import parameters


def test_everything_that_can_be_served_is_listed_the_cheapest_first():
    names = [answer.name for answer in served.answers()]
    several = [arm for arm in budgets.ARMS if arm not in ("one net", "label smoothing")]
    assert sorted(names) == sorted(
        [*budgets.ARMS, *(f"{a}, together" for a in several)]
    )
    adds = [answer.adds for answer in served.answers()]
    assert adds == sorted(adds) and names[0] == "thin heads"


@pytest.mark.parametrize("arm", ["one net", "DML", "FFL", "ONE", "EnsembleNet"])
def test_one_net_of_an_arm_is_as_large_as_one_net(arm):
    one = served.net_of(arm)
    assert parameters(one) == parameters(branched_nets.small(0))


@pytest.mark.parametrize("arm", ["FFL", "ONE", "EnsembleNet"])
def test_together_is_the_mean_of_the_logits_without_gate_or_fusion(arm):
    net, x = served.net_of(arm, joint=True), torch.rand(3, *branched_nets.SHAPE)
    assert isinstance(net, Mixed) and net.gate is None
    branches = budgets.ARMS[arm].untrained(0)[0]
    with torch.no_grad():
        mean = torch.stack([branch.eval()(x) for branch in branches]).mean(0)
        assert torch.allclose(net.eval()(x), mean, atol=1e-6)


def test_prices_are_those_of_the_recorded_runs():
    """The rows have multiply-adds of their own, counted on the trained nets."""
    from kdsurvey import records

    rows = records.recorded("online_compared").drop_duplicates("arm").set_index("arm")
    for answer in served.answers():
        column = "all answer" if answer.joint else "one answers"
        assert answer.adds == rows.loc[answer.arm, column], answer.name


def test_bytes_are_those_of_weights_and_statistics():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert served.size(net) == 4 * (3 * 4 + 4 + 4 + 4 + 4 + 4) + 8
    thin = Mixed(experiments.thin(0), None)
    once = sum(p.numel() for p in thin.parameters())
    assert served.size(thin) >= 4 * once
    twice = nn.ModuleList([thin.net[0], thin.net[1]])  # a trunk that two nets share
    assert served.size(twice) < served.size(thin.net[0]) + served.size(thin.net[1])


def test_the_median_time_is_measured_and_the_first_answers_do_not_count():
    asked = []

    class Net(nn.Module):
        def forward(self, x):
            assert not self.training and not torch.is_grad_enabled()
            asked.append(len(x))
            return x

    ticks = iter(
        [0.0, 0.001, 1.0, 1.003, 2.0, 2.002, *[9.0, 99.0] * 2, *[5.0, 5.004] * 5]
    )
    net = Net().train()
    found = served.latency(net, images=4, runs=10, clock=lambda: next(ticks))
    assert found == pytest.approx(4.0)
    assert asked == [4] * 11 and net.training
    for options in ({"images": 0}, {"runs": 0}):
        with pytest.raises(ValueError, match="give 1 or more"):
            served.latency(net, **options)


def test_fewer_multiply_adds_need_not_be_fewer_layers():
    """Why the thin heads together are late on a machine that starts layer after layer."""
    thin, one = served.net_of("thin heads", joint=True), served.net_of("one net")
    x = torch.rand(1, *branched_nets.SHAPE)
    adds = [multiply_adds(lambda net=net: net.eval()(x)) for net in (thin, one)]
    layers = [sum(not [*m.children()] for m in net.modules()) for net in (thin, one)]
    assert adds[0] < adds[1] and layers[0] > 2 * layers[1] - 4

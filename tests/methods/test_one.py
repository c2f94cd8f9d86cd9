"""Lan et al. 2018: the loss against NumPy, what each term reaches, gates, and branches
that beat a net alone.
"""

import numpy as np
import pytest
import torch
from methods.branching import Y, batch, given, hard, kl, reached, softmax
from methods.contract import Case, Example, small_net
from methods.given import draw
from patterns import small
from torch import nn

from kdsurvey.branches import Branches, Mixed, branched, gate
from kdsurvey.losses import ramp_up
from kdsurvey.methods import one
from kdsurvey.nets import conv


def gated(with_gate: bool = True, **options) -> Example:
    net = branched(small_net, 1, 3)
    if not with_gate:
        return Example(one(net, None, **options), [net])
    weights = gate(6, 3, seed=0)
    return Example(one(net, weights, **options), [net, weights])


CONTRACT = {
    "one": Case(gated),
    "one, no gate": Case(lambda: gated(with_gate=False)),
    "one, faded in": Case(lambda: gated(ramp=0.5)),
    "one, no distillation": Case(lambda: gated(weight=0.0)),
}
DEFAULTS = {
    "one": {"T": 3.0, "ramp": 0.0, "weight": 1.0},
}
REFUSED = {
    "weight below 0": lambda: gated(weight=-1.0),
    "ramp above 1": lambda: gated(ramp=2.0),
    "T = 0": lambda: gated(T=0.0),
    "a net without branches": lambda: one(small(), None),
    "weight that is no number": lambda: gated(weight="1"),
}


class Fixed(nn.Module):
    """A gate that says what it was given."""

    def __init__(self, g: np.ndarray):
        super().__init__()
        self.raw = nn.Parameter(torch.tensor(np.log(g)))

    def forward(self, shared: torch.Tensor) -> torch.Tensor:
        return self.raw.softmax(1)


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize(("T", "weight"), [(3.0, 1.0), (1.0, 0.5), (20.0, 2.0)])
def test_the_loss_against_numpy(T, weight, gated):
    z = 2 * draw(0, 3, 4, 5)  # (m, n, c)
    g = softmax(draw(1, 4, 3)) if gated else np.full((4, 3), 1 / 3)  # (n, m)
    z_e = np.einsum("nm,mnc->nc", g, z)
    (stage,) = one(given(*z), Fixed(g) if gated else None, T=T, weight=weight)
    ((_, loss),) = stage.learn.items()
    terms = {name: term.item() for name, term in loss(batch(), 0.0).items()}
    expected = {
        "branches": sum(hard(z_i) for z_i in z),
        "ensemble": hard(z_e),
        "distil": weight * T**2 * sum(kl(z_e, z_i, T) for z_i in z),
    }
    assert terms == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("gated", [True, False])
def test_the_slope_in_each_branch_against_numpy(gated):
    """q_i - y of its own, g_i (q_e - y) through the ensemble, T (q_i - p_e) from the
    teacher, which is detached.
    """
    z, T = 2 * draw(0, 3, 4, 5), 3.0
    g = softmax(draw(1, 4, 3)) if gated else np.full((4, 3), 1 / 3)
    z_e, onehot = np.einsum("nm,mnc->nc", g, z), np.eye(5)[Y]
    net = given(*z)
    (stage,) = one(net, Fixed(g) if gated else None, T=T)
    ((_, loss),) = stage.learn.items()
    sum(loss(batch(), 0.0).values()).backward()
    for i, branch in enumerate(net.branches):
        own, shared = softmax(z[i]) - onehot, g[:, i : i + 1] * (softmax(z_e) - onehot)
        slope = (own + shared + T * (softmax(z[i], T) - softmax(z_e, T))) / 4
        np.testing.assert_allclose(
            branch[0].features.grad, slope, rtol=1e-9, atol=1e-12
        )


def parts() -> tuple[Branches, nn.Module, dict]:
    net = branched(lambda seed: conv(2, 6, 8, classes=3, seed=seed), 1, 3)
    own = gate(6, 3, seed=0)
    (stage,) = one(net, own)
    ((_, loss),) = stage.learn.items()
    return net, own, loss(batch(torch.rand(4, 2, 8, 8)), 1.0)


def test_what_each_term_reaches():
    """The gate learns from the labels alone, and a branch from its own loss, the
    ensemble's and the teacher's.
    """
    net, own, terms = parts()
    modules = {"trunk": net.trunk, "gate": own} | {
        f"branch {i}": branch for i, branch in enumerate(net.branches)
    }
    branches = {"trunk", "branch 0", "branch 1", "branch 2"}
    assert reached(terms["branches"], **modules) == branches
    assert reached(terms["distil"], **modules) == branches
    assert reached(terms["ensemble"], **modules) == branches | {"gate"}


def test_without_distillation_the_term_is_not_there():
    (stage,) = one(given(*draw(0, 2, 4, 3)), None, weight=0.0)
    ((_, loss),) = stage.learn.items()
    assert set(loss(batch(), 1.0)) == {"branches", "ensemble"}


@pytest.mark.parametrize(
    ("progress", "w"),
    [(0.0, np.exp(-5)), (0.25, np.exp(-5 / 4)), (0.5, 1.0), (0.9, 1.0)],
)
def test_the_teacher_fades_in(progress, w):
    z = draw(0, 2, 4, 3)
    (stage,) = one(given(*z), None, ramp=0.5)
    ((_, loss),) = stage.learn.items()
    full = 9 * sum(kl(z.mean(0), z_i, 3.0) for z_i in z)
    assert loss(batch(), progress)["distil"].item() == pytest.approx(w * full, rel=1e-9)
    assert ramp_up(progress, 0.5) == pytest.approx(w) and ramp_up(progress, 0.0) == 1


def test_the_ramp_as_the_paper_has_it():
    """80 of 300 epochs: 0.007 at the start, 0.29 half way, 0.73 at three quarters."""
    assert [round(ramp_up(t / 300, 80 / 300), 3) for t in (0, 40, 60, 80, 300)] == [
        0.007,
        0.287,
        0.732,
        1,
        1,
    ]
    with pytest.raises(ValueError, match=r"1\.5"):
        ramp_up(0.0, 1.5)


def test_gates_sum_to_one_and_have_a_floor():
    own, maps = gate(6, 4, seed=0), 5 * torch.randn(32, 6, 5, 5)
    g = own(maps)
    assert (
        g.shape == (32, 4)
        and torch.allclose(g.sum(1), torch.ones(32))
        and (g > 0).all()
    )
    before_relu = own[:4](maps)
    for row, said in zip(g, before_relu):
        assert (
            row[said <= 0] == row.min()
        ).all()  # where the ReLU gives 0, a branch has the least weight there is
    assert (before_relu <= 0).any()


def test_a_gate_reads_the_mean_of_each_channel():
    own = gate(6, 3, seed=0).eval()
    maps = torch.randn(8, 6, 5, 5)
    mixed_up = maps.flatten(2)[:, :, torch.randperm(25)].view_as(maps)
    assert torch.allclose(own(maps), own(mixed_up), atol=1e-6)
    finer = gate(6, 3, size=2, seed=0).eval()
    assert finer[2].in_features == 24 and not torch.allclose(
        finer(maps), finer(mixed_up), atol=1e-3
    )


def test_one_e_is_the_gated_sum_and_a_branch_is_a_net():
    net, own, _ = parts()
    mixed, x = Mixed(net, own).eval(), torch.rand(5, 2, 8, 8)
    g, z = own(net.trunk(x)), torch.stack([net[i].eval()(x) for i in range(3)])
    assert torch.allclose(mixed(x), (g.T[:, :, None] * z).sum(0), atol=1e-6)
    assert torch.allclose(net(x), z, atol=1e-6)
    assert torch.allclose(Mixed(net, None)(x), z.mean(0), atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda net: one(net, None, weight=-1.0), "weight"),
        (lambda net: one(net, None, ramp=2.0), "2.0"),
        (lambda net: one(net, gate(6, 4)), r"\(4, 4\).*\(3, 4, 3\)"),
        (lambda net: one(net, None, T=0.0), "temperature"),
    ],
)
def test_bad_input_is_named(wrong, message):
    net = branched(lambda seed: conv(2, 6, 8, classes=3, seed=seed), 1, 3)
    with pytest.raises(ValueError, match=message):
        (stage,) = wrong(net)
        ((_, loss),) = stage.learn.items()
        loss(batch(torch.rand(4, 2, 8, 8)), 0.5)


def test_the_trunk_runs_once_and_a_net_alone_is_branch_0():
    net = branched(lambda seed: conv(2, 6, 8, classes=3, seed=seed), 1, 3, seed=4)
    ran = []
    net.trunk.register_forward_hook(lambda *_: ran.append(1))
    net(torch.rand(4, 2, 8, 8))
    assert len(ran) == 1
    alone = conv(2, 6, 8, classes=3, seed=4)
    assert all(
        torch.equal(a, b) for a, b in zip(alone.parameters(), net[0].parameters())
    )
    for k in (1, 2):  # the same trunk, heads of their own
        weights = list(zip(alone.parameters(), net[k].parameters()))
        assert [torch.equal(a, b) for a, b in weights if a.ndim > 1] == [
            True,
            False,
            False,
        ]

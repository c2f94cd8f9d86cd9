"""Kim et al. 2020: the loss against NumPy, the two arrows, the fusion module, and
sub-networks of different kinds.
"""

import numpy as np
import pytest
import torch
from methods.branching import Y, batch, hard, kl, reached, softmax
from methods.contract import Case, Example, small_net
from methods.given import Given, draw
from patterns import small
from torch import nn

from kdsurvey.branches import Branches, Fused, branched, fusion
from kdsurvey.methods import ffl
from kdsurvey.nets import conv, residual


def fused(different: bool = False, **options) -> Example:
    if different:
        nets = [small_net(0), conv(2, 5, 8, 8, classes=3, seed=1)]
        net = Branches(nn.Sequential(), nets)
    else:
        net = branched(small_net, 1, 3)
    module = fusion(*[8] * len(net), width=8, head=small_net(9)[-1], seed=0)
    return Example(ffl(net, module, **options), [net, module])


CONTRACT = {
    "ffl": Case(fused),
    "ffl, two kinds of nets": Case(lambda: fused(different=True)),
    "ffl, one arrow": Case(lambda: fused(to_branches=0.0)),
}
DEFAULTS = {
    "ffl": {"T": 3.0, "ramp": 80 / 300, "to_fused": 1.0, "to_branches": 1.0},
}
REFUSED = {
    "to_fused below 0": lambda: fused(to_fused=-1.0),
    "to_branches below 0": lambda: fused(to_branches=-1.0),
    "ramp above 1": lambda: fused(ramp=2.0),
    "T = 0": lambda: fused(T=0.0),
    "a net without branches": lambda: ffl(small(), small()),
    "to_fused of infinity": lambda: fused(to_fused=float("inf")),
}


class Flat(nn.Module):
    """A head whose logits are the first c values of its map's mean, so that logits are
    weights of the block before it.
    """

    def forward(self, m: torch.Tensor) -> torch.Tensor:
        return m.mean((2, 3))


def given(*logits: np.ndarray) -> Branches:
    """A branch for each of the logits (n, c), held by maps (n, c, 1, 1)."""
    return Branches(
        nn.Sequential(),
        [nn.Sequential(Given(z[:, :, None, None]), Flat()) for z in logits],
    )


@pytest.mark.parametrize(
    ("T", "progress", "w"),
    [(3.0, 1.0, 1.0), (1.0, 0.25, np.exp(-5 / 4)), (5.0, 0.0, np.exp(-5))],
)
@pytest.mark.parametrize(("to_fused", "to_branches"), [(1.0, 1.0), (0.5, 2.0)])
def test_the_loss_against_numpy(T, progress, w, to_fused, to_branches):
    z, z_f = 2 * draw(0, 3, 4, 5), 2 * draw(1, 4, 5)
    (stage,) = ffl(
        given(*z), Given(z_f), T=T, ramp=0.5, to_fused=to_fused, to_branches=to_branches
    )
    ((_, loss),) = stage.learn.items()
    expected = {
        "branches": sum(hard(z_k) for z_k in z),
        "fused": hard(z_f),
        "to fused": w * to_fused * T**2 * kl(z.mean(0), z_f, T),
        "to branches": w * to_branches * T**2 * sum(kl(z_f, z_k, T) for z_k in z),
    }
    assert {
        name: term.item() for name, term in loss(batch(), progress).items()
    } == pytest.approx(expected, rel=1e-10)


def test_slopes_against_numpy():
    """z_f: q_f - y and T (q_f - p_e); z_k: q_k - y and T (q_k - p_f). No slope through a target."""
    z = 2 * draw(0, 2, 4, 5)
    z_f = 2 * draw(1, 4, 5)
    T = 3.0
    net, fused = given(*z), Given(z_f)
    (stage,) = ffl(net, fused, T=T)
    ((_, loss),) = stage.learn.items()
    sum(loss(batch(), 1.0).values()).backward()
    onehot = np.eye(5)[Y]
    slope = softmax(z_f) - onehot + T * (softmax(z_f, T) - softmax(z.mean(0), T))
    np.testing.assert_allclose(fused.features.grad, slope / 4, rtol=1e-9, atol=1e-12)
    for z_k, branch in zip(z, net.branches):
        slope = softmax(z_k) - onehot + T * (softmax(z_k, T) - softmax(z_f, T))
        np.testing.assert_allclose(
            branch[0].features.grad[:, :, 0, 0], slope / 4, rtol=1e-9, atol=1e-12
        )


def head(classes: int = 3, width: int = 8) -> nn.Module:
    return conv(2, width, classes=classes, seed=9)[-1]


def parts(**options) -> tuple[Branches, nn.Module, dict]:
    net = branched(lambda seed: conv(2, 6, 8, classes=3, seed=seed), 1, 2)
    fused = fusion(8, 8, width=8, head=head(), seed=0)
    (stage,) = ffl(net, fused, **options)
    ((_, loss),) = stage.learn.items()
    return net, fused, loss(batch(torch.rand(4, 2, 8, 8)), 1.0)


def test_what_each_arrow_reaches():
    """The ensemble teaches the fusion and the maps it reads, not the heads; the fused
    classifier teaches the branches only.
    """
    net, fused, terms = parts()
    modules = {"trunk": net.trunk, "fusion": fused}
    for k, branch in enumerate(net.branches):
        modules |= {f"maps {k}": branch[:-1], f"head {k}": branch[-1]}
    maps, heads = {"trunk", "maps 0", "maps 1"}, {"head 0", "head 1"}
    assert (
        reached(terms["to fused"], **modules)
        == maps | {"fusion"}
        == reached(terms["fused"], **modules)
    )
    assert (
        reached(terms["to branches"], **modules)
        == maps | heads
        == reached(terms["branches"], **modules)
    )


@pytest.mark.parametrize("arrow", ["to_fused", "to_branches"])
def test_each_arrow_can_be_taken_away(arrow):
    _, _, terms = parts(**{arrow: 0.0})
    assert set(terms) == {"branches", "fused", "to fused", "to branches"} - {
        arrow.replace("_", " ")
    }


def test_the_fusion_module_against_numpy():
    """Depthwise 3x3 (a filter a channel), batch norm, ReLU, pointwise, batch norm,
    ReLU, mean over the map, linear.
    """
    module = (
        fusion(2, 3, width=4, head=head(classes=3, width=4), seed=0).double().eval()
    )
    for norm in (module[1], module[4]):
        norm.running_mean.copy_(torch.randn(norm.num_features))
        norm.running_var.copy_(torch.rand(norm.num_features) + 0.5)
    x = draw(0, 2, 5, 4, 6)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    deep = module[0].weight.detach().numpy()
    assert (
        deep.shape == (5, 1, 3, 3) and module[0].bias is None and module[3].bias is None
    )
    out = np.zeros_like(x)
    for i in range(3):
        for j in range(3):
            out += (
                deep[None, :, 0, i, j, None, None] * padded[:, :, i : i + 4, j : j + 6]
            )
    out = np.maximum(normed(out, module[1]), 0)
    out = np.einsum("nchw,dc->ndhw", out, module[3].weight.detach().numpy()[:, :, 0, 0])
    pooled = np.maximum(normed(out, module[4]), 0).mean((2, 3))
    linear = module[-1][-1]
    expected = pooled @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
    np.testing.assert_allclose(
        module(torch.tensor(x)).detach(), expected, rtol=1e-9, atol=1e-12
    )


def normed(x: np.ndarray, norm: nn.BatchNorm2d) -> np.ndarray:
    mean, var = (
        t.numpy()[None, :, None, None] for t in (norm.running_mean, norm.running_var)
    )
    return (x - mean) / np.sqrt(var + norm.eps)


def test_sub_networks_of_different_kinds():
    """Other channel counts, other depths, other map sizes: the larger map is averaged
    to the smaller one's size.
    """
    nets = [conv(2, 6, 8, classes=3, seed=0), residual(2, 5, 7, 9, classes=3, seed=1)]
    net = Branches(nn.Sequential(), nets)
    fused = Fused(net, fusion(8, 9, width=6, head=head(width=6), seed=0))
    x = torch.rand(4, 2, 8, 8)
    seen = []
    fused.fusion.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    z, z_f = fused.eval().parts(x)
    assert (
        z.shape == (2, 4, 3) and z_f.shape == (4, 3) and seen[0].shape == (4, 17, 2, 2)
    )
    small = nets[0][:-1](x)  # (4, 8, 4, 4)
    assert torch.allclose(
        seen[0][:, :8],
        small.unflatten(2, (2, 2)).unflatten(4, (2, 2)).mean((3, 5)),
        atol=1e-6,
    )
    assert torch.allclose(seen[0][:, 8:], nets[1][:-1](x), atol=1e-6)
    assert torch.allclose(z[1], nets[1](x), atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda net: ffl(net, fusion(8, 8, width=8, head=head()), to_fused=-1.0),
            "to_fused",
        ),
        (
            lambda net: ffl(
                Branches(net.trunk, [b[:1] for b in net.branches]), nn.Identity()
            ),
            None,
        ),
        (
            lambda net: ffl(
                Branches(net[0], [nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 3))] * 2),
                nn.Identity(),
            ),
            r"maps",
        ),
        (lambda net: fusion(8, 0, width=8, head=head()), r"\(8, 0\)"),
        (lambda net: Branches(net.trunk, net.branches[:1]), "1 branches"),
        (lambda net: Branches(net.trunk, [nn.Linear(2, 3)] * 2), "Sequential"),
        (lambda net: branched(lambda seed: conv(2, 6, seed=seed), 2, 2), "at = 2"),
    ],
)
def test_bad_input_is_named(wrong, message):
    net = branched(lambda seed: conv(2, 6, 8, classes=3, seed=seed), 1, 2)
    with pytest.raises(ValueError if message else Exception, match=message):
        (stage,) = wrong(net)
        ((_, loss),) = stage.learn.items()
        loss(batch(torch.rand(4, 2, 8, 8)), 0.5)

"""Quantisers against NumPy float64, their levels and slopes, and layers that compute with
few bits.
"""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, strategies
from torch import nn
from torch.nn.utils import prune

from kdsurvey import surgery
from kdsurvey.nets import conv, mlp, residual
from kdsurvey.surgery import (
    LowConv2d,
    LowLinear,
    Precision,
    lower,
    quantise_activations,
    quantise_weights,
    re_estimate,
    ternarise,
)
from kdsurvey.training import accuracy

BITS = strategies.integers(2, 12)
WIDE = torch.linspace(-1.5, 1.5, 40_001, dtype=torch.float64)


def drawn(*shape: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(
        *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


@given(BITS)
def test_weights_have_2_to_the_k_less_1_levels(k):
    """Three for two bits, 15 for four, 255 for eight; equally far apart, 0 and both
    ends among them.
    """
    levels = quantise_weights(WIDE, k).unique()
    n = 2 ** (k - 1) - 1
    assert len(levels) == 2**k - 1
    torch.testing.assert_close(levels, torch.arange(-n, n + 1, dtype=torch.float64) / n)


@given(strategies.integers(1, 12))
def test_activations_have_2_to_the_k_levels(k):
    levels = quantise_activations(WIDE, k).unique()
    torch.testing.assert_close(
        levels, torch.arange(2**k, dtype=torch.float64) / (2**k - 1)
    )


@given(BITS, strategies.integers(0, 1000))
def test_the_formulas(k, seed):
    w = np.random.default_rng(seed).normal(size=200)
    for quantise, n, low in (
        (quantise_weights, 2 ** (k - 1) - 1, -1.0),
        (quantise_activations, 2**k - 1, 0.0),
    ):
        expected = np.round(n * np.clip(w, low, 1.0)) / n
        np.testing.assert_allclose(
            quantise(torch.from_numpy(w), k).numpy(), expected, atol=1e-15
        )


@given(strategies.integers(1, 8), strategies.floats(0.5, 6))
def test_activations_to_another_top(k, top):
    torch.testing.assert_close(
        quantise_activations(WIDE, k, top=top),
        top * quantise_activations(WIDE / top, k),
    )


@pytest.mark.parametrize("quantise", [quantise_weights, quantise_activations])
def test_32_bits_are_left_as_they_are(quantise):
    w = drawn(50, scale=3.0).requires_grad_()
    assert torch.equal(quantise(w, 32), w)
    assert torch.equal(
        torch.autograd.grad(quantise(w, 32).sum(), w)[0],
        torch.ones(50, dtype=torch.float64),
    )


@pytest.mark.parametrize(
    ("quantise", "low"), [(quantise_weights, -1), (quantise_activations, 0)]
)
@pytest.mark.parametrize("bits", [2, 5])
def test_the_gradient_is_1_inside_the_clipping_range_and_0_outside(quantise, low, bits):
    w = torch.cat(
        [WIDE, torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)]
    ).requires_grad_()  # the ends count as inside
    pull = drawn(len(w))
    (slope,) = torch.autograd.grad((pull * quantise(w, bits)).sum(), w)
    assert torch.equal(slope, pull * ((w >= low) & (w <= 1)))
    assert 0 < (slope == 0).sum() < len(w)


@given(
    strategies.integers(0, 1000),
    strategies.sampled_from(["mean", "max"]),
    strategies.floats(0, 0.9),
)
def test_ternary_weights(seed, of, threshold):
    w = np.random.default_rng(seed).normal(size=(20, 7))
    size = np.abs(w)
    D = threshold * (size.mean() if of == "mean" else size.max())
    s = size[size > D].mean()
    found = ternarise(torch.from_numpy(w), threshold=threshold, of=of).numpy()
    np.testing.assert_allclose(found, s * np.sign(w) * (size > D), atol=1e-15)


def test_ternary_weights_by_hand_and_their_gradient():
    """Mean |w| = 0.5 puts D at 0.35; two weights are above it, 0.8 on average."""
    w = torch.tensor([0.9, -0.7, 0.1, -0.3], requires_grad=True)
    q = ternarise(w)
    torch.testing.assert_close(q, torch.tensor([0.8, -0.8, 0.0, 0.0]))
    assert torch.equal(torch.autograd.grad(q.sum(), w)[0], torch.ones(4))
    assert not ternarise(torch.zeros(5)).any()


def test_the_scale_that_the_paper_names_is_the_best_for_its_threshold():
    w = drawn(1000)
    q = ternarise(w)
    at = [(w - q * factor).square().sum() for factor in (0.97, 1.0, 1.03)]
    assert at[1] < at[0] and at[1] < at[2]


@pytest.mark.parametrize("bits", [2, 3, 8])
def test_a_scale_for_the_layer_is_the_formula_on_another_unit(bits):
    w = drawn(30, 30, scale=0.05)
    s, precision = w.abs().max(), Precision(bits, threshold=None)
    torch.testing.assert_close(precision.weights(w), s * quantise_weights(w / s, bits))
    v = w.clone().requires_grad_()
    assert torch.equal(
        torch.autograd.grad(precision.weights(v).sum(), v)[0], torch.ones_like(w)
    )
    assert (
        len(Precision(bits, threshold=None, scaled=False).weights(w).unique())
        < 2**bits - 1
    )
    assert not Precision(bits).weights(torch.zeros(3)).any()


def test_few_weights_reach_a_level_of_the_bare_formula():
    """Weights of a fresh layer are below 0.5: at two bits all of them become 0."""
    net = lower(mlp(64, 16, 16, 4, seed=0), threshold=None, scaled=False)
    assert not surgery.used(net[2][0]).any() and surgery.used(lower(net)[2][0]).any()


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_codes_are_whole_and_say_all(bits):
    w = drawn(40, 40).float()
    precision = Precision(bits)
    c, s = precision.codes(w)
    assert (
        s.ndim == 0 and torch.equal(c, c.round()) and c.abs().max() == precision.levels
    )
    assert torch.equal(c / precision.levels * s, precision.weights(w))


@pytest.mark.parametrize(
    "make",
    [
        lambda: mlp(18, 6, 5, 4, 3, norm=True, seed=0),
        lambda: residual(2, 4, 6, classes=3, seed=0),
    ],
)
def test_a_low_layer_computes_with_quantised_weights_and_inputs(make):
    net = make().double().eval()
    low = lower(copy.deepcopy(net), weight_bits=3, activation_bits=2, top=2.0)
    kinds = [type(part) for part in surgery.weighted(low)]
    assert kinds[0] in (nn.Linear, nn.Conv2d) and kinds[-1] is nn.Linear
    assert set(kinds[1:-1]) <= {LowLinear, LowConv2d} and len(kinds) > 2
    for part in surgery.weighted(net)[1:-1]:
        part.weight.data = Precision(3).weights(part.weight.data)
        part.register_forward_pre_hook(
            lambda _, x: (quantise_activations(x[0], 2, top=2.0),)
        )
    x = drawn(7, 2, 3, 3)
    torch.testing.assert_close(low(x), net(x))


def test_nothing_but_the_class_changes():
    net = conv(2, 4, 5, 6, classes=3, seed=0)
    before = {
        name: (value.data_ptr(), value.clone())
        for name, value in net.state_dict().items()
    }
    assert lower(net) is net
    assert {name: value.data_ptr() for name, value in net.state_dict().items()} == {
        n: at for n, (at, _) in before.items()
    }
    assert all(
        torch.equal(value, before[name][1]) for name, value in net.state_dict().items()
    )
    assert (
        len(
            {p.data_ptr() for p in net.parameters()}
            & {p.data_ptr() for p in copy.deepcopy(net).parameters()}
        )
        == 0
    )
    again = pickle.loads(pickle.dumps(net))
    x = torch.randn(3, 2, 8, 8)
    assert torch.equal(net(x), again(x)) and torch.equal(net(x), copy.deepcopy(net)(x))


def test_full_precision_comes_back():
    net = mlp(18, 6, 5, 3, seed=0)
    x = torch.randn(4, 2, 3, 3)
    before, low = net(x), lower(net)(x)
    assert not torch.equal(before, low)
    lower(net, weight_bits=32, activation_bits=32)
    assert torch.equal(net(x), before) and not any(
        isinstance(part, LowLinear) for part in net.modules()
    )


def test_all_layers_and_the_first_reads_its_input_as_it_is():
    net = lower(mlp(18, 6, 3, seed=0), ends=True, activation_bits=3)
    assert [layer.precision.activation_bits for layer in surgery.weighted(net)] == [
        32,
        3,
    ]
    x = -torch.rand(4, 2, 3, 3)
    assert torch.equal(
        net[:2](x),
        torch.relu(
            nn.functional.linear(x.flatten(1), surgery.used(net[1][0]), net[1][0].bias)
        ),
    )


def test_masks_of_pruning_stay_and_pruned_weights_stay_0():
    net = mlp(18, 8, 8, 3, seed=0)
    layer = net[2][0]
    prune.l1_unstructured(layer, "weight", 0.5)
    lower(net)
    net(torch.randn(4, 2, 3, 3))
    used = surgery.used(layer)
    assert torch.equal(
        used, layer.precision.weights(layer.weight_orig * layer.weight_mask).detach()
    )
    assert not used[layer.weight_mask == 0].any() and used[layer.weight_mask == 1].any()


@pytest.mark.parametrize(
    "net", [mlp(18, 6, 3), conv(2, 4, classes=3)], ids=["mlp", "conv"]
)
def test_a_net_without_inner_layers_is_refused(net):
    with pytest.raises(ValueError, match="ends=True"):
        lower(net)


@pytest.mark.parametrize(
    "options",
    [{"weight_bits": b} for b in (1, 17, 2.0, True)]
    + [{"activation_bits": b} for b in (0, 24)]
    + [
        {"threshold": 1.0},
        {"threshold": -0.1},
        {"of": "sum"},
        {"top": 0},
        {"top": float("inf")},
    ],
)
def test_what_is_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} = "):
        Precision(**options)


def test_the_public_functions_refuse_too():
    for wrong in (
        lambda: quantise_weights(WIDE, 1),
        lambda: quantise_activations(WIDE, 0),
        lambda: quantise_activations(WIDE, 2, top=-1),
        lambda: ternarise(WIDE, threshold=1.5),
    ):
        with pytest.raises(ValueError, match="low precision"):
            wrong()


def test_batch_norm_is_measured_anew():
    """Mean and unbiased variance of what comes in, at every depth; modes, momenta and
    all weights as before.
    """
    net, x = conv(2, 4, 5, 6, classes=3, seed=0).double(), drawn(40, 2, 8, 8)
    net[1].eval()
    before = copy.deepcopy(net)
    assert re_estimate(lower(net), x) is net
    with torch.no_grad():
        first = net[0][0](x)
        torch.testing.assert_close(net[0][1].running_mean, first.mean((0, 2, 3)))
        torch.testing.assert_close(net[0][1].running_var, first.var((0, 2, 3)))
        z = (first - first.mean((0, 2, 3), keepdim=True)) / (
            first.var((0, 2, 3), correction=0, keepdim=True) + 1e-5
        ).sqrt()
        second = net[1][0](z.relu())
    torch.testing.assert_close(net[1][1].running_mean, second.mean((0, 2, 3)))
    torch.testing.assert_close(net[1][1].running_var, second.var((0, 2, 3)))
    assert [part.training for part in net.modules()] == [
        part.training for part in before.modules()
    ]
    assert {
        part.momentum for part in net.modules() if isinstance(part, nn.BatchNorm2d)
    } == {0.1}
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), before.parameters()))
    with pytest.raises(ValueError, match="two inputs"):
        re_estimate(net, x[:1])


def test_dropout_is_off_while_batch_norm_is_measured():
    net = mlp(8, 6, 6, 3, norm=True, dropout=0.9, seed=0)
    x = torch.randn(50, 8)
    assert torch.equal(
        re_estimate(copy.deepcopy(net), x)[2][1].running_mean,
        re_estimate(net, x)[2][1].running_mean,
    )


def test_measuring_repairs_a_lowered_net(digits):
    """Straight ternarisation breaks a net; new statistics alone bring some of it back."""
    from kdsurvey.methods import plain
    from kdsurvey.training import Config, train

    few = digits.halved()
    net = mlp(196, 16, 16, 16, 16, 10, norm=True, seed=0)
    train(
        plain(net), few, Config(epochs=4, batch_size=64, device="cpu"), progress=False
    )
    full = accuracy(net, *few.test)
    straight = accuracy(lower(net, top=4.0), *few.test)
    measured = accuracy(re_estimate(net, few.train[0]), *few.test)
    assert straight < measured < full

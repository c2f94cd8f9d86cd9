"""Shapes, sizes, slices and seeds of the networks."""

import threading

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from kdsurvey import nets
from kdsurvey.losses import soften


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(
        torch.equal(p, q)
        for p, q in zip(a.state_dict().values(), b.state_dict().values())
    )


@pytest.mark.parametrize(
    ("widths", "size"),
    [
        ((784, 1200, 1200, 10), 2_395_210),
        ((784, 800, 800, 10), 1_276_810),
        ((784, 10), 7_850),
    ],
)
def test_mlp_size(widths, size):
    assert (
        nets.parameters(nets.mlp(*widths))
        == size
        == sum(m * n + n for m, n in zip(widths, widths[1:]))
    )


@pytest.mark.parametrize("shape", [(5, 784), (5, 1, 28, 28)])
def test_mlp_maps_images_and_vectors_to_logits(shape):
    assert nets.mlp(784, 30, 20, 10)(torch.zeros(shape)).shape == (5, 10)


def test_conv_halves_the_map_from_the_second_block_on():
    net, x = nets.conv(3, 4, 6, 8, classes=7), torch.rand(2, 3, 16, 16)
    shapes = [tuple(net[:k](x).shape) for k in range(1, 5)]
    assert shapes == [(2, 4, 16, 16), (2, 6, 8, 8), (2, 8, 4, 4), (2, 7)]
    assert (
        nets.parameters(net)
        == 9 * (3 * 4 + 4 * 6 + 6 * 8) + 2 * (4 + 6 + 8) + 8 * 7 + 7
    )


def test_conv_mlp_halves_the_map_once_and_keeps_it_flat():
    net = nets.conv_mlp((1, 15, 14), 8, 16, hidden=64, classes=7)
    x = torch.rand(2, 1, 15, 14)
    assert [tuple(net[:k](x).shape) for k in range(1, 4)] == [
        (2, 8, 8, 7),
        (2, 16, 8, 7),
        (2, 7),
    ]
    assert (
        nets.parameters(net)
        == 9 * (8 + 8 * 16) + 2 * (8 + 16) + 64 * (16 * 56 + 1) + 7 * 65
    )


@pytest.mark.parametrize(
    "net",
    [
        nets.mlp(12, 8, 6, 4, seed=0),
        nets.conv(3, 4, 6, classes=4, seed=0),
        nets.conv_mlp((3, 2, 2), 4, classes=4, seed=0),
    ],
    ids=["mlp", "conv", "conv_mlp"],
)
def test_a_net_is_a_sequential_of_blocks(net):
    x = torch.rand(5, 3, 2, 2)
    net.eval()
    assert isinstance(net, torch.nn.Sequential)
    for k in range(1, len(net)):
        lower, upper = net[:k], net[k:]
        torch.testing.assert_close(upper(lower(x)), net(x))
        assert all(
            any(p is q for q in net.parameters()) for p in lower.parameters()
        )  # a slice shares the weights


@pytest.mark.parametrize(
    "make",
    [lambda s: nets.mlp(9, 5, 3, seed=s), lambda s: nets.conv(1, 4, seed=s)],
    ids=["mlp", "conv"],
)
def test_a_seed_fixes_the_weights_and_nothing_else(make):
    before = torch.random.get_rng_state()
    first = make(3)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(7)
    assert same(first, make(3)) and not same(first, make(4))
    assert not same(make(None), make(None))


def test_an_unseeded_net_draws_from_the_global_generator():
    torch.manual_seed(5)
    first = nets.mlp(9, 5, 3)
    torch.manual_seed(5)
    assert same(first, nets.mlp(9, 5, 3))


def test_dropout_drops_hidden_units_while_training_only():
    net = nets.mlp(20, 400, 10, dropout=0.5, seed=0)
    x = torch.rand(50, 20)
    assert not torch.equal(net(x), net(x))
    hidden, kept = net[:2], net[1][0](x).relu()
    share = ((hidden(x) == 0) & (kept > 0)).sum() / (kept > 0).sum()
    assert share.item() == pytest.approx(0.5, abs=0.03)
    net.eval()
    assert torch.equal(net(x), net(x))
    torch.testing.assert_close(net[:2](x), kept)


def test_ensemble_is_the_mean_of_logits():
    members = [nets.mlp(6, 5, 4, seed=s) for s in range(3)]
    x = torch.rand(7, 6)
    z = nets.Ensemble(members)(x)
    torch.testing.assert_close(z, (members[0](x) + members[1](x) + members[2](x)) / 3)
    geometric = torch.stack([soften(m(x)) for m in members]).log().mean(0).exp()
    torch.testing.assert_close(soften(z), geometric / geometric.sum(1, keepdim=True))
    assert nets.parameters(nets.Ensemble(members)) == 3 * nets.parameters(members[0])


def test_members_of_an_ensemble_may_live_on_several_devices():
    """One still trains on a GPU, the others are back at home; a FakeTensor raises where
    two devices meet.
    """
    with FakeTensorMode():
        at_home = nets.mlp(4, 3, 2)
        with torch.device("cuda"):
            away = torch.nn.Linear(4, 2)
        for x in (torch.rand(5, 4), torch.rand(5, 4, device="cuda")):
            z = nets.Ensemble([at_home, away])(x)
            assert z.device == x.device and z.shape == (5, 2)


def test_nets_on_two_devices_are_compared_on_one(monkeypatch):
    """A Teacher that served a training on a GPU stays there; a new student is on the CPU."""
    compared = []
    monkeypatch.setattr(
        torch, "equal", lambda a, b: compared.append((a.device.type, b.device.type))
    )
    with FakeTensorMode():
        with torch.device("cuda"):
            teacher = nets.mlp(8, 4, 3, seed=0)
        nets.distinct([teacher, nets.mlp(8, 4, 3, seed=1)])
    assert compared and all(pair == ("cuda", "cuda") for pair in compared)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nets.mlp(784), "input size"),
        (lambda: nets.mlp(784, 0, 10), "at least 1"),
        (lambda: nets.mlp(4, 3, dropout=1.0), r"\[0, 1\), got 1"),
        (lambda: nets.mlp(4, 3, dropout=-0.1), r"\[0, 1\)"),
        (lambda: nets.conv(1), "widths"),
        (lambda: nets.conv(1, 4, 0), "at least 1"),
        (lambda: nets.conv(1, 4, classes=0), "at least 1"),
        (lambda: nets.Ensemble([]), "at least one net"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_other_threads_cannot_reach_into_the_drawing_of_a_net():
    """A run in another thread seeds torch's global generator at every epoch."""
    wanted, over = nets.mlp(20, 30, 5, seed=3), threading.Event()

    def disturb():
        while not over.is_set():
            torch.manual_seed(1)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        assert all(same(nets.mlp(20, 30, 5, seed=3), wanted) for _ in range(300))
    finally:
        over.set()
        thread.join()


def test_the_weights_are_those_that_torch_draws():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first, last = torch.nn.Linear(20, 30), torch.nn.Linear(30, 5)
    net = nets.mlp(20, 30, 5, seed=3)
    assert torch.equal(net[1][0].weight, first.weight) and torch.equal(
        net[1][0].bias, first.bias
    )
    assert torch.equal(net[2].weight, last.weight) and torch.equal(
        net[2].bias, last.bias
    )


def test_a_residual_net_adds_what_it_learns_to_what_comes_in():
    """A section's stem and blocks, in NumPy; and where the sections of a net begin and end."""
    block = nets.residual(2, 3, blocks=1, seed=0).eval()[1]
    x = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    for part in block.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(generator=torch.Generator().manual_seed(1))
            part.running_var.uniform_(
                0.5, 2, generator=torch.Generator().manual_seed(2)
            )

    def conv(a, w):
        padded = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
        return np.einsum("nchwij,dcij->ndhw", windows, w.detach().double().numpy())

    def norm(a, n):
        mean, var = (
            v.double().numpy()[:, None, None] for v in (n.running_mean, n.running_var)
        )
        return (a - mean) / np.sqrt(var + n.eps)

    a = x.double().numpy()
    inner = np.maximum(norm(conv(a, block.first[0].weight), block.first[1]), 0)
    wanted = np.maximum(
        a + norm(conv(inner, block.second[0].weight), block.second[1]), 0
    )
    np.testing.assert_allclose(block(x).detach(), wanted, atol=1e-5)

    net = nets.residual(1, 4, 6, 8, blocks=2, classes=5, seed=0)
    shapes = [
        tuple(net[:k](torch.zeros(2, 1, 16, 16)).shape) for k in range(1, len(net) + 1)
    ]
    assert shapes == [(2, 4, 16, 16)] * 3 + [(2, 6, 8, 8)] * 3 + [(2, 8, 4, 4)] * 3 + [
        (2, 5)
    ]
    assert nets.sections(net) == [(1, 3), (4, 6), (7, 9)]
    with pytest.raises(ValueError, match="blocks >= 1 in each section, got 0"):
        nets.residual(1, 4, blocks=0)


def test_an_mlp_has_batch_norm_where_it_is_asked_for():
    net = nets.mlp(4, 6, 5, 3, norm=True, seed=0)
    assert [type(layer).__name__ for layer in net[1]] == [
        "Linear",
        "BatchNorm1d",
        "ReLU",
    ]
    assert sum(isinstance(m, torch.nn.BatchNorm1d) for m in net.modules()) == 2
    assert torch.equal(
        net[1][0].weight, nets.mlp(4, 6, 5, 3, seed=0)[1][0].weight
    )  # the same seed, the same weights

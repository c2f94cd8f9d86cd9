"""Net2Net: the function is kept, the weights are those of the equation, copies come
apart only with noise.
"""

import copy

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from kdsurvey import methods, nets
from kdsurvey.data import Data
from kdsurvey.surgery import deepen, widen
from kdsurvey.training import Config, train

SEEDS = st.integers(0, 2**16)


def flat(seed: int) -> nn.Sequential:
    """Blocks with maps, then vectors: conv, batch norm, ReLU, pooling; Flatten, Linear,
    ReLU; Linear.
    """
    maps = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2)
    )
    return nn.Sequential(
        maps, nn.Sequential(nn.Flatten(), nn.Linear(48, 7), nn.ReLU()), nn.Linear(7, 4)
    )


def bare(seed: int) -> nn.Sequential:
    """Layers with no blocks around them, and a batch norm on either side of the Flatten."""
    maps = [
        nn.Conv2d(2, 3, 5, stride=2, padding=2),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.BatchNorm1d(12),
    ]
    return nn.Sequential(
        *maps, nn.Linear(12, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 4)
    )


MAKERS = {  # name -> (seed -> net for inputs (n, 2, 8, 8) and four classes, its hidden layers)
    "one": (lambda s: nets.mlp(128, 6, 4, seed=s), [1]),
    "two": (lambda s: nets.mlp(128, 6, 5, 4, seed=s), [1, 2]),
    "three": (lambda s: nets.mlp(128, 6, 5, 7, 4, seed=s), [1, 2, 3]),
    "conv": (lambda s: nets.conv(2, 3, 5, 4, classes=4, seed=s), [0, 1, 2]),
    "flat": (flat, [0, 1]),
    "bare": (bare, [0, 6]),
}
PLACES = [(name, layer) for name, (_, layers) in MAKERS.items() for layer in layers]
ANYWHERE = pytest.mark.parametrize(("name", "layer"), PLACES)


def made(name: str, seed: int = 0) -> nn.Sequential:
    """A net as after some training: no two units alike, no batch-norm vector at its
    start, everywhere a live unit.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = MAKERS[name][0](seed)
        for part in net.modules():
            if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
                for vector in (part.weight, part.running_var):
                    nn.init.uniform_(vector, 0.5, 1.5)
                for vector in (part.bias, part.running_mean):
                    nn.init.uniform_(vector, 0.0, 0.5)
    return net


def images(n: int = 12, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, 2, 8, 8, generator=torch.Generator().manual_seed(seed))


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def logits(net: nn.Module, x: torch.Tensor, train: bool) -> torch.Tensor:
    """The logits in a mode, from a copy, so that no running statistic moves."""
    with torch.no_grad(), torch.random.fork_rng():
        return copy.deepcopy(net).train(train)(x)


def gap(a: nn.Module, b: nn.Module, x: torch.Tensor, train: bool) -> float:
    return (logits(a, x, train) - logits(b, x, train)).abs().max().item()


def layers_of(net: nn.Sequential) -> list[nn.Module]:
    return [m for m in net.modules() if not isinstance(m, nn.Sequential)]


def around(
    net: nn.Sequential, layer: int
) -> tuple[nn.Module, list[nn.Module], nn.Module]:
    """The layer with the weights of block `layer`, the batch norms after it and the
    next layer with weights.
    """
    parts = layers_of(net)
    start = next(
        i
        for i, m in enumerate(parts)
        if any(m is own for own in net[layer].modules()) and hasattr(m, "weight")
    )
    end = next(
        i
        for i in range(start + 1, len(parts))
        if isinstance(parts[i], (nn.Linear, nn.Conv2d))
    )
    return (
        parts[start],
        [
            m
            for m in parts[start:end]
            if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))
        ],
        parts[end],
    )


def width_of(net: nn.Sequential, layer: int) -> int:
    return len(around(net, layer)[0].weight)


def f64(t: torch.Tensor) -> np.ndarray:
    return t.detach().numpy().astype(np.float64)


def found_g(narrow: np.ndarray, wide: np.ndarray) -> list[int]:
    """g, read off the weights into the units (rows, as torch stores them): each row of
    `wide` is one row of `narrow`.
    """
    g = []
    for row in wide:
        alike = [k for k, own in enumerate(narrow) if np.array_equal(own, row)]
        assert len(alike) == 1, (
            "a unit that copies none, or a test net with equal units"
        )
        g += alike
    return g


def same_state(a: nn.Module, b: nn.Module) -> bool:
    return all(
        torch.equal(p, q)
        for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


class TestFunctionPreserved:
    @settings(max_examples=60)
    @given(st.sampled_from(PLACES), st.floats(0, 1), SEEDS, st.booleans())
    def test_widen(self, place, share, seed, train):
        name, layer = place
        net, x = made(name, seed % 17), images(seed=seed)
        assume(
            logits(net, x, train).std(0).max() > 1e-4
        )  # the net has a function to keep
        n = width_of(net, layer)
        width = n + 1 + round(share * (3 * n - 1))  # n + 1 to 4 n
        wide = widen(net, layer, width, generator=seeded(seed))
        assert width_of(wide, layer) == width
        assert gap(net, wide, x, train) < 1e-5

    @settings(max_examples=60)
    @given(st.sampled_from(PLACES), SEEDS, st.booleans(), st.booleans())
    def test_deepen(self, place, seed, train, given_in_train_mode):
        """In train mode on the batch that was measured, in eval mode on others,
        whatever mode the net came in.
        """
        name, layer = place
        net, x = made(name, seed % 17).train(given_in_train_mode), images(seed=seed)
        deep = deepen(net, layer, data=x)
        assert len(deep) == len(net) + 1
        assert gap(net, deep, x if train else images(5, seed + 1), train) < 1e-5

    @ANYWHERE
    def test_in_double_precision_far_closer(self, name, layer):
        net, x = made(name).double(), images().double()
        for grown in (
            widen(net, layer, 3 * width_of(net, layer)),
            deepen(net, layer, data=x),
        ):
            assert max(gap(net, grown, x, True), gap(net, grown, x, False)) < 1e-13

    @given(SEEDS)
    @settings(max_examples=10)
    def test_operations_compose(self, seed):
        net, x = made("conv", seed), images(seed=seed)
        grown = widen(
            widen(net, 1, 8, generator=seeded(seed)), 1, 13, generator=seeded(seed + 1)
        )
        grown = deepen(deepen(grown, 1, data=x), 2, data=x)
        grown = widen(
            widen(grown, 2, 14, generator=seeded(seed)), 0, 4, generator=seeded(seed)
        )
        grown = deepen(grown, 0, data=x)
        widths = [m.out_channels for m in grown.modules() if isinstance(m, nn.Conv2d)]
        assert widths == [4, 4, 13, 14, 13, 4]
        assert gap(net, grown, x, True) < 1e-5 and gap(net, grown, x, False) < 1e-5

    def test_running_statistics_go_on_alike(self):
        """After a step in train mode eval mode still agrees: running means and
        variances were copied and move together.
        """
        net, x = made("conv"), images()
        wide = widen(net, 1, 11, generator=seeded(3))
        net(x), wide(x)
        assert gap(net, wide, images(seed=1), False) < 1e-5

    @pytest.mark.parametrize(
        "activation",
        [nn.Sigmoid(), nn.Tanh(), nn.GELU(), nn.LeakyReLU(), nn.Softplus()],
    )
    def test_widen_works_for_any_elementwise_activation(self, activation):
        net = nn.Sequential(
            nn.Flatten(), nn.Linear(128, 6), activation, nn.Linear(6, 4)
        )
        assert gap(net, widen(net, 1, 17), images(), False) < 1e-5

    def test_with_dropout_the_next_layer_gets_the_same_on_average(self):
        net, x = nets.mlp(128, 6, 4, dropout=0.5, seed=0), images(2)
        wide = widen(net, 1, 15, generator=seeded(0))
        assert gap(net, wide, x, False) < 1e-5
        many = x.repeat_interleave(20_000, 0)
        with torch.no_grad():
            means = [grown(many).unflatten(0, (2, -1)).mean(1) for grown in (wide, net)]
        torch.testing.assert_close(*means, atol=0.02, rtol=0)


class TestWider:
    @ANYWHERE
    def test_weights_are_those_of_the_equation(self, name, layer):
        """Written from the equation in float64, index by index; g is read off the
        weights, not off the generator.
        """
        net = made(name)
        n = width_of(net, layer)
        wide = widen(net, layer, 3 * n + 1, generator=seeded(5))
        (a, norms_a, b), (u, norms_u, v) = around(net, layer), around(wide, layer)
        g = found_g(f64(a.weight), f64(u.weight))
        assert g[:n] == list(range(n)) and len(g) == 3 * n + 1
        if a.bias is not None:
            np.testing.assert_array_equal(f64(u.bias), f64(a.bias)[g])
        for old, new in zip(norms_a, norms_u, strict=True):
            hw = len(old.weight) // n
            entries = [k * hw + s for k in g for s in range(hw)]
            for vector in ("weight", "bias", "running_mean", "running_var"):
                np.testing.assert_array_equal(
                    f64(getattr(new, vector)), f64(getattr(old, vector))[entries]
                )
        W, U = f64(b.weight), f64(v.weight)  # (p, n h w, ...), (p, q h w, ...)
        hw = W.shape[1] // n
        assert U.shape == (len(W), len(g) * hw, *W.shape[2:])
        for j, k in enumerate(g):
            for s in range(hw):
                np.testing.assert_allclose(
                    U[:, j * hw + s], W[:, k * hw + s] / g.count(k), rtol=1e-6
                )
        touched = [id(part) for part in (a, *norms_a, b)]
        for old, new in zip(layers_of(net), layers_of(wide), strict=True):
            assert id(old) in touched or same_state(old, new)

    def test_every_copy_is_divided_the_original_too(self):
        net = nets.mlp(3, 2, 2, seed=0)
        wide = widen(net, 1, 7, generator=seeded(1))
        g = found_g(f64(net[1][0].weight), f64(wide[1][0].weight))
        assert sorted({g.count(0), g.count(1)}) != [1, 6]  # both have copies here
        for k in (0, 1):
            outgoing = wide[2].weight[:, [j for j in range(7) if g[j] == k]]
            torch.testing.assert_close(
                outgoing,
                (net[2].weight[:, k] / g.count(k))[:, None].expand_as(outgoing),
            )
        torch.testing.assert_close(wide[2].bias, net[2].bias, rtol=0, atol=0)

    def test_new_units_are_drawn_uniformly_and_the_first_stay(self):
        net = nets.mlp(2, 5, 2, seed=0)
        g = found_g(
            f64(net[1][0].weight),
            f64(widen(net, 1, 10_005, generator=seeded(0))[1][0].weight),
        )
        drawn = np.bincount(g[5:], minlength=5)
        assert g[:5] == [0, 1, 2, 3, 4] and np.all(
            np.abs(drawn - 2000) < 5 * 40
        )  # s.d. 40

    def test_the_layers_say_how_wide_they_are(self):
        maps = widen(made("bare"), 0, 10)
        assert (
            maps[0].out_channels,
            maps[1].num_features,
            maps[5].num_features,
            maps[6].in_features,
        ) == (10, 10, 40, 40)
        assert (maps[0].in_channels, maps[6].out_features, maps[7].num_features) == (
            2,
            5,
            5,
        )
        conv, dense = widen(made("conv"), 0, 10), widen(made("two"), 1, 10)
        assert (
            conv[0][0].out_channels,
            conv[1][0].in_channels,
            conv[1][0].out_channels,
        ) == (10, 10, 5)
        assert (
            dense[1][0].out_features,
            dense[2][0].in_features,
            dense[2][0].out_features,
        ) == (10, 10, 5)

    @ANYWHERE
    def test_gradients_of_copies_add_up(self, name, layer):
        """dL/dW_k = sum of dL/dU_j over the copies j of k, and dL/dU'_j = dL/dW'_g(j):
        every new weight learns.
        """
        net, x = made(name).double(), images().double()
        wide = widen(net, layer, 3 * width_of(net, layer), generator=seeded(2))
        for grown in (net, wide):
            grown(x).square().sum().backward()
        (a, _, b), (u, _, v) = around(net, layer), around(wide, layer)
        g = found_g(f64(a.weight), f64(u.weight))
        total = torch.zeros_like(a.weight).index_add(0, torch.tensor(g), u.weight.grad)
        torch.testing.assert_close(total, a.weight.grad)
        n = len(a.weight)
        torch.testing.assert_close(
            v.weight.grad.unflatten(1, (len(g), -1)),
            b.weight.grad.unflatten(1, (n, -1))[:, g],
        )
        assert all(
            w.grad is not None and w.grad.abs().max() > 0 for w in wide.parameters()
        )

    def test_a_seed_fixes_the_net_and_leaves_the_global_generator(self):
        net, before = made("conv"), torch.random.get_rng_state()
        first, second = (
            widen(net, 1, 20, noise=0.1, generator=seeded(4)) for _ in range(2)
        )
        assert same_state(first, second) and torch.equal(
            torch.random.get_rng_state(), before
        )
        assert not same_state(first, widen(net, 1, 20, noise=0.1, generator=seeded(5)))
        torch.manual_seed(4)
        assert same_state(
            first, widen(net, 1, 20, noise=0.1)
        )  # None: the global generator


class TestNoise:
    def test_it_goes_to_the_weights_into_the_copies_only(self):
        net = made("conv")
        noisy, plain = (
            widen(net, 1, 400, noise=noise, generator=seeded(0)) for noise in (0.1, 0.0)
        )
        drawn = noisy[1][0].weight - plain[1][0].weight  # (400, 3, 3, 3)
        assert (
            torch.equal(noisy[1][0].weight[:5], net[1][0].weight)
            and drawn[5:].ne(0).all()
        )
        rms = net[1][0].weight.square().mean().sqrt()
        assert (drawn[5:].std() / rms).item() == pytest.approx(0.1, rel=0.05) and abs(
            drawn[5:].mean()
        ) < 0.01 * rms
        noisy[1][0].weight = plain[1][0].weight
        assert same_state(noisy, plain)  # nothing else differs

    def test_the_function_is_kept_approximately(self):
        net, x = made("three"), images()
        gaps = [
            gap(net, widen(net, 2, 15, noise=noise, generator=seeded(0)), x, False)
            for noise in (1e-3, 0.05, 1.0)
        ]
        assert (
            1e-6 < gaps[0] < gaps[1] < gaps[2]
            and gaps[1] < 0.1 * logits(net, x, False).std()
        )

    @pytest.mark.parametrize(
        "make",
        [
            lambda: nets.mlp(128, 6, 3, seed=0),
            lambda: nets.conv(2, 4, 6, classes=3, seed=0),
        ],
    )
    def test_twins_learn_alike_for_ever_without_it(self, make, toy):
        config = Config(
            epochs=3, batch_size=16, lr=0.05, seed=0, device="cpu", weight_decay=1e-3
        )
        narrow = make()
        layer = 1 if isinstance(narrow[0], nn.Flatten) else 0
        between = {}
        for noise in (0.0, 0.05):
            wide = widen(narrow, layer, 12, noise=noise, generator=seeded(0))
            start = widen(narrow, layer, 12, generator=seeded(0))[layer][0].weight
            g = found_g(f64(narrow[layer][0].weight), f64(start))
            train(methods.plain(wide), toy, config, progress=False)
            w = wide[layer][0].weight
            assert (w - start).abs().max() > 0.01  # it has learnt
            between[noise] = max(
                (w[j] - w[k]).abs().max().item() for j, k in enumerate(g)
            )
        assert between[0.0] < 1e-6 and between[0.05] > 1e-3


class TestDeeper:
    @pytest.mark.parametrize(
        ("name", "layer", "at"),
        [("two", 1, 2), ("conv", 1, 2), ("flat", 0, 1), ("bare", 0, 3), ("bare", 6, 9)],
    )
    def test_the_new_block_is_the_identity_of_the_same_width(self, name, layer, at):
        net = made(name)
        deep = deepen(net, layer, data=images())
        old, (new, *rest) = around(net, layer)[0], deep[at]
        n = len(old.weight)
        expected = np.zeros((n, n, *old.weight.shape[2:]))
        for i in range(n):
            expected[(i, i, *(size // 2 for size in old.weight.shape[2:]))] = 1
        np.testing.assert_array_equal(f64(new.weight), expected)
        assert (new.bias is None) == (old.bias is None) and (
            new.bias is None or not new.bias.any()
        )
        assert isinstance(rest[-1], nn.ReLU) and len(rest) == (
            1 if name == "two" else 2
        )
        others = [block for k, block in enumerate(deep) if k != at]
        assert same_state(nn.Sequential(*others), nn.Sequential(*net))

    @pytest.mark.parametrize(
        ("kernel", "new"), [(1, 1), (2, 3), (4, 5), ((3, 5), (3, 5))]
    )
    def test_any_kernel(self, kernel, new):
        net = nn.Sequential(
            nn.Conv2d(2, 3, kernel, stride=2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(3, 4),
        )
        deep = deepen(net, 0)
        assert deep[2][0].kernel_size == (
            new if isinstance(new, tuple) else (new, new)
        ) and deep[2][0].stride == (1, 1)
        assert gap(net, deep, images(), True) < 1e-6

    def test_batch_norm_undoes_its_normalisation(self):
        """gamma = sqrt(var + eps), beta = mu, written out in float64 from the features
        in train mode.
        """
        net, x = made("conv"), images(30)
        new = deepen(net.eval(), 1, data=x)[2][1]
        a = (
            f64(logits(net[:2], x, True)).transpose(1, 0, 2, 3).reshape(5, -1)
        )  # (units, examples and places)
        mu, var = a.mean(1), ((a - a.mean(1, keepdims=True)) ** 2).mean(1)
        for vector, expected in zip(
            (new.weight, new.bias, new.running_mean, new.running_var),
            (np.sqrt(var + 1e-5), mu, mu, var),
        ):
            np.testing.assert_allclose(f64(vector), expected, rtol=1e-4, atol=1e-6)
        assert new.num_batches_tracked == 1

    @pytest.mark.parametrize("layer", [0, 1])
    def test_batch_norms_own_rounding_is_undone_too(self, layer, digits):
        """On maps in channels-last order, as convolutions of one channel give them,
        torch's batch norm is good to 1e-3 only.
        """
        net, x = nets.conv(1, 8, 16, seed=0), digits.train[0][:512]
        assert gap(net, deepen(net, layer, data=x), x, True) < 1e-5

    def test_on_other_batches_in_train_mode_it_is_close(self):
        net, x = made("conv"), images(500)
        deep, naive = deepen(net, 1, data=x), deepen(net, 1, data=x)
        with torch.no_grad():
            naive[2][1].weight.fill_(1), naive[2][1].bias.zero_()
        other = images(500, seed=1)
        assert 1e-5 < gap(net, deep, other, True) < 0.1 * gap(net, naive, other, True)

    @pytest.mark.parametrize(
        "changed",
        [
            {"eps": 1e-2},
            {"momentum": None},
            {"affine": False},
            {"track_running_stats": False},
        ],
    )
    def test_settings_of_batch_norm_carry_over(self, changed):
        maps = nn.Sequential(
            nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3, **changed), nn.ReLU()
        )
        net = nn.Sequential(
            maps,
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4)),
        )
        x = images()
        deep = deepen(net, 0, data=x)
        for grown in (deep, widen(deep, 0, 7)):
            assert gap(net, grown, x, True) < 1e-5 and (
                gap(net, grown, x, False) < 1e-5
            )
        old, new = net[0][1], deep[1][1]
        assert (old.eps, old.momentum, old.track_running_stats) == (
            new.eps,
            new.momentum,
            new.track_running_stats,
        )

    def test_it_measures_without_dropout_and_draws_nothing(self):
        maps = nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5)
        )
        net, x = nn.Sequential(maps, nn.Flatten(), nn.Linear(108, 4)), images()
        before = torch.random.get_rng_state()
        assert same_state(deepen(net, 0, data=x), deepen(net, 0, data=x))
        assert torch.equal(torch.random.get_rng_state(), before)
        assert gap(net, deepen(net, 0, data=x), x, False) < 1e-5

    def test_with_dropout_the_same_masks_give_the_same_logits(self):
        net, x = nets.mlp(128, 6, 5, 4, dropout=0.5, seed=0), images()
        deep = deepen(net, 1)
        outputs = []
        for grown in (net, deep):
            torch.manual_seed(0)
            outputs.append(grown(x))
        torch.testing.assert_close(*outputs)
        assert len(deep[2]) == 2

    def test_every_new_weight_learns(self):
        net, x = made("conv"), images()
        deep = deepen(net, 0, data=x)
        deep(x).square().sum().backward()
        assert all(
            w.grad is not None and w.grad.abs().max() > 0 for w in deep.parameters()
        )
        assert (deep[1][0].weight.grad != 0).float().mean() > 0.9


def grown(net: nn.Sequential, layer: int) -> list[nn.Sequential]:
    return [
        widen(net, layer, 2 * width_of(net, layer), noise=0.1),
        deepen(net, layer, data=images()),
    ]


class TestWhatCarriesOver:
    @ANYWHERE
    def test_the_given_net_is_untouched_and_shares_nothing(self, name, layer):
        net, x = made(name), images()
        net(x).sum().backward()
        kept = copy.deepcopy(net)
        modes = [m.training for m in net.modules()]
        grads = [w.grad.clone() for w in net.parameters()]
        held = {
            t.untyped_storage().data_ptr() for t in (*net.parameters(), *net.buffers())
        }
        for new in grown(net, layer):
            assert not held & {
                t.untyped_storage().data_ptr()
                for t in (*new.parameters(), *new.buffers())
            }
            assert all(w.grad is None for w in new.parameters())
            train(
                methods.plain(new),
                _four_classes(),
                Config(epochs=1, device="cpu", seed=0),
                progress=False,
            )
        assert same_state(net, kept) and [m.training for m in net.modules()] == modes
        assert all(
            torch.equal(w.grad, grad)
            for w, grad in zip(net.parameters(), grads, strict=True)
        )

    @pytest.mark.parametrize("mode", [True, False])
    def test_mode_and_dtype(self, mode):
        net = made("conv").double().train(mode)
        for new in (widen(net, 1, 9), deepen(net, 1, data=images())):
            assert all(m.training == mode for m in new.modules())
            assert all(
                t.dtype == torch.float64
                for t in new.state_dict().values()
                if t.is_floating_point()
            )

    def test_each_part_keeps_its_own_mode_and_requires_grad(self):
        net = made("conv")
        net[1].eval().requires_grad_(False)
        wide, deep = grown(net, 1)
        assert [block.training for block in wide] == [
            True,
            False,
            True,
            True,
        ] and wide.training
        assert [w.requires_grad for w in wide.parameters()] == [
            w.requires_grad for w in net.parameters()
        ]
        assert [block.training for block in deep] == [True, False, False, True, True]
        assert not any(w.requires_grad for w in deep[1:3].parameters()) and all(
            w.requires_grad for w in deep[3:].parameters()
        )

    @pytest.mark.filterwarnings(
        "ignore:Accessing the data pointer of FakeTensor"
    )  # by deepcopy
    @ANYWHERE
    def test_on_a_gpu_nothing_is_left_behind_or_read_back(self, name, layer):
        with NoValues(), torch.device("cuda"):
            net = MAKERS[name][0](0)
            for new in (
                widen(net, layer, 20, noise=0.1),
                deepen(net, layer, data=torch.rand(6, 2, 8, 8, device="cpu")),
            ):
                assert {t.device.type for t in new.state_dict().values()} == {"cuda"}
                assert new(torch.rand(6, 2, 8, 8)).shape == (6, 4)


def _four_classes() -> Data:
    y = torch.arange(12) % 4
    return Data((images(), y), (images(seed=1), y), tuple("abcd"), "made up")


class NoValues(FakeTensorMode):
    """Tensors with a device and a shape but no values: reading one, or mixing two
    devices, raises an error.
    """

    def __deepcopy__(self, memo):  # a copied net stays in the same mode
        return self


class Odd(nn.Module):
    """A block that surgery cannot know."""

    def forward(self, x):
        return x + x.roll(1, 1)


def of_blocks(*between: nn.Module) -> nn.Sequential:
    """Linear 128 -> 6, something, Linear 6 -> 4."""
    return nn.Sequential(
        nn.Flatten(), nn.Sequential(nn.Linear(128, 6), *between), nn.Linear(6, 4)
    )


def convs(**groups) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, groups=groups.get("first", 1)),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, groups=groups.get("next", 1)),
    )


TWICE = nn.Linear(6, 6)
DATA = {"data": torch.zeros(4, 2, 8, 8)}


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: widen(nets.mlp(8, 6, 4), 3, 9),
            "widen: layer 3 is none of the net's blocks 0 to 2",
        ),
        (lambda: widen(nets.mlp(8, 6, 4), -1, 9), "layer -1"),
        (
            lambda: deepen(nets.mlp(8, 6, 4), 5),
            "deepen: layer 5 is none of the net's blocks 0 to 2",
        ),
        (
            lambda: widen(nets.mlp(8, 6, 5, 4), 0, 9),
            r"block 0 has 0 Linear or Conv2d layers, not one.*\[1, 2\]",
        ),
        (
            lambda: widen(nn.Sequential(nets.mlp(8, 6, 4), nn.Linear(4, 4)), 0, 9),
            "block 0 has 2 Linear",
        ),
        (
            lambda: widen(nets.mlp(8, 6, 4), 2, 9),
            r"block 2, weights \(4, 6\), is the output layer.*hidden",
        ),
        (lambda: deepen(nets.mlp(8, 6, 4), 2), "output layer"),
        (lambda: widen(nets.conv(1, 4, 6), 2, 9), "output layer"),
        (
            lambda: widen(nets.mlp(8, 6, 4), 1, 6),
            r"6 units \(weights \(6, 8\), then \(4, 6\)\).* above 6, got 6",
        ),
        (lambda: widen(nets.mlp(8, 6, 4), 1, 5), "above 6, got 5"),
        (lambda: widen(nets.mlp(8, 6, 4), 1, 12.0), "integer above 6, got 12.0"),
        (lambda: widen(nets.mlp(8, 6, 4), 1, 9, noise=-0.1), "noise.*got -0.1"),
        (lambda: widen(nets.mlp(8, 6, 4), 1, 9, noise=float("nan")), "noise.*got nan"),
        (
            lambda: widen(nn.Linear(3, 4), 0, 9),
            "widen: the net must be an nn.Sequential of blocks, got Linear",
        ),
        (
            lambda: deepen(nets.Ensemble([nets.mlp(8, 6, 4)]), 0),
            "deepen: .* got Ensemble",
        ),
        (
            lambda: widen(of_blocks(nn.ReLU(), Odd()), 1, 9),
            r"block 1, weights \(6, 128\), is followed by Odd",
        ),
        (lambda: widen(of_blocks(nn.LayerNorm(6)), 1, 9), "LayerNorm"),
        (lambda: deepen(of_blocks(nn.ReLU(), Odd()), 1), "deepen: block 1.*Odd"),
        (
            lambda: widen(convs(first=2), 0, 9),
            r"\(4, 1, 3, 3\), then \(4, 4, 3, 3\).*only groups=1",
        ),
        (lambda: widen(convs(next=4), 0, 9), "only groups=1"),
        (
            lambda: widen(
                nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Linear(8, 4)), 0, 9
            ),
            r"which weights.*\(4, 8\)",
        ),
        (
            lambda: widen(
                nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(2), nn.Linear(4, 4)), 0, 9
            ),
            "which weights",
        ),
        (
            lambda: widen(
                nn.Sequential(nn.Linear(2, 4), nn.Flatten(), nn.Linear(12, 4)), 0, 9
            ),
            "which weights",
        ),
        (
            lambda: widen(
                nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.Linear(9, 4)), 0, 9
            ),
            "which weights",
        ),
        (lambda: widen(nn.Sequential(nn.Linear(8, 6), TWICE, TWICE), 0, 9), "twice"),
        (
            lambda: deepen(nets.conv(1, 4, 6), 0),
            "block 0 has batch norm.*got None; pass",
        ),
        (
            lambda: deepen(nets.conv(1, 4, 6), 0, data=torch.zeros(1, 1, 8, 8)),
            r"two or more.*got \(1, 1, 8, 8\)",
        ),
        (
            lambda: deepen(nets.conv(1, 4, 6), 0, data=torch.zeros(4, 3, 8, 8)),
            r"\(4, 3, 8, 8\) is no batch of inputs.*pass",
        ),
        *(
            (
                lambda phi=phi: deepen(of_blocks(phi), 1, **DATA),
                rf"phi\(phi\(v\)\) = phi\(v\).*followed by {type(phi).__name__}",
            )
            for phi in (nn.Sigmoid(), nn.Tanh(), nn.GELU(), nn.LeakyReLU())
        ),
        (lambda: deepen(of_blocks(), 1), "followed by Linear"),
        (
            lambda: deepen(of_blocks(nn.ReLU(), nn.BatchNorm1d(6)), 1, **DATA),
            "only pooling and dropout",
        ),
        (
            lambda: deepen(of_blocks(nn.ReLU(), nn.Tanh()), 1),
            "only pooling and dropout",
        ),
        (
            lambda: deepen(
                nn.Sequential(
                    nn.Linear(8, 6), nn.Sequential(nn.ReLU(), nn.Linear(6, 4))
                ),
                0,
            ),
            "followed by ReLU, Linear",
        ),
    ],
)
def test_errors(act, message):
    with pytest.raises(ValueError, match=message):
        act()


def test_a_net_that_grows_between_stages_gets_an_optimiser_of_its_own(toy):
    """The old momentum belongs to the old weights: the grown net trains as it would
    from a standing start.
    """
    config = Config(
        epochs=3,
        batch_size=len(toy.train[0]),
        lr=0.1,
        schedule="constant",
        device="cpu",
    )
    net, kept = nets.mlp(128, 6, 3, seed=0), []

    def growing():
        yield from methods.plain(net)
        wide = widen(net, 1, 9, generator=torch.Generator().manual_seed(0))
        kept.extend([wide, copy.deepcopy(wide)])
        yield from methods.plain(wide)

    train(growing(), toy, config, progress=False)
    grown, start = kept
    train(methods.plain(start), toy, config, progress=False)
    for a, b in zip(grown.parameters(), start.parameters()):
        torch.testing.assert_close(
            a, b, rtol=1e-4, atol=1e-6
        )  # the order of one whole batch is all that differs


def test_two_images_are_enough_to_undo_batch_norm_and_one_is_not():
    net = nets.mlp(8, 6, 4, norm=True, seed=0)
    x = torch.rand(2, 8, generator=torch.Generator().manual_seed(0))
    assert len(deepen(net, 1, data=x)) == len(net) + 1
    with pytest.raises(ValueError, match=r"a batch of two or more .* got \(1, 8\)"):
        deepen(net, 1, data=x[:1])

"""Each formula against NumPy float64 written from the equation, its limits, and its refusals."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdsurvey import losses

TEMPERATURES = st.floats(0.5, 20)
SEEDS = st.integers(0, 2**16)


def logits(
    *shape: int, seed: int = 0, scale: float = 3.0, dtype=torch.float64
) -> torch.Tensor:
    return (
        scale
        * torch.randn(
            *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
        )
    ).to(dtype)


def np_soften(z, T: float = 1.0) -> np.ndarray:
    e = np.exp(np.asarray(z, dtype=np.float64) / T)
    return e / e.sum(-1, keepdims=True)


def np_kl(v, z, T: float = 1.0) -> float:
    """sum_i p_i log(p_i / q_i), example by example, then the mean."""
    p, q = np_soften(v, T), np_soften(z, T)
    return float(
        np.mean(
            [
                sum(a * np.log(a / b) for a, b in zip(row_p, row_q))
                for row_p, row_q in zip(p, q)
            ]
        )
    )


def np_soft_cross_entropy(v, z, T: float = 1.0) -> float:
    p, q = np_soften(v, T), np_soften(z, T)
    return float(-(p * np.log(q)).sum(1).mean())


class TestOracle:
    @given(SEEDS, TEMPERATURES)
    def test_soften(self, seed, T):
        z = logits(5, 7, seed=seed)
        np.testing.assert_allclose(losses.soften(z, T), np_soften(z, T), rtol=1e-12)
        np.testing.assert_allclose(
            losses.soften(z[0], T), np_soften(z[0], T), rtol=1e-12
        )

    @given(SEEDS, TEMPERATURES)
    def test_entropy(self, seed, T):
        z = logits(5, 7, seed=seed)
        q = np_soften(z, T)
        np.testing.assert_allclose(
            losses.entropy(z, T), -(q * np.log(q)).sum(1), rtol=1e-10, atol=1e-14
        )

    @given(SEEDS)
    def test_cross_entropy(self, seed):
        z = logits(6, 4, seed=seed)
        y = torch.randint(0, 4, (6,), generator=torch.Generator().manual_seed(seed))
        q = np_soften(z)
        expected = -np.mean([np.log(q[k, c]) for k, c in enumerate(y.tolist())])
        assert losses.cross_entropy(z, y).item() == pytest.approx(expected, rel=1e-12)

    @given(SEEDS, TEMPERATURES)
    def test_soft_cross_entropy(self, seed, T):
        v, z = logits(6, 4, seed=seed), logits(6, 4, seed=seed + 1)
        assert losses.soft_cross_entropy(v, z, T).item() == pytest.approx(
            np_soft_cross_entropy(v, z, T), rel=1e-11
        )

    @given(SEEDS, TEMPERATURES)
    def test_kl(self, seed, T):
        v, z = logits(6, 4, seed=seed), logits(6, 4, seed=seed + 1)
        assert losses.kl(v, z, T).item() == pytest.approx(
            np_kl(v, z, T), rel=1e-9, abs=1e-12
        )

    def test_by_hand(self):
        """Two classes, p = (3/4, 1/4) and q = (1/2, 1/2), worked on paper."""
        v = torch.tensor([[np.log(3.0), 0.0]])
        z = torch.zeros(1, 2, dtype=torch.float64)
        assert losses.kl(v, z).item() == pytest.approx(
            0.75 * np.log(1.5) + 0.25 * np.log(0.5), rel=1e-6
        )
        assert losses.soft_cross_entropy(v, z).item() == pytest.approx(
            np.log(2), rel=1e-6
        )
        assert losses.cross_entropy(v, torch.tensor([1])).item() == pytest.approx(
            np.log(4), rel=1e-6
        )

    @pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5, 2)])
    def test_half_mse(self, shape):
        t, f = logits(*shape, seed=1), logits(*shape, seed=2)
        expected = np.mean(
            [0.5 * np.sum((a - b) ** 2) for a, b in zip(t.numpy(), f.numpy())]
        )
        assert losses.half_mse(t, f).item() == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize(
        ("hw_a", "hw_b"),
        [((4, 4), (4, 4)), ((8, 8), (4, 4)), ((4, 4), (8, 8)), ((8, 4), (4, 8))],
    )
    def test_fsp_matrix(self, hw_a, hw_b):
        a, b = logits(2, 3, *hw_a, seed=1), logits(2, 5, *hw_b, seed=2)
        pooled_a, pooled_b = np_max_pool(a.numpy(), 4, 4), np_max_pool(b.numpy(), 4, 4)
        expected = np.zeros((2, 3, 5))
        for n, i, j, s, t in np.ndindex(2, 3, 5, 4, 4):
            expected[n, i, j] += pooled_a[n, i, s, t] * pooled_b[n, j, s, t] / (4 * 4)
        np.testing.assert_allclose(losses.fsp_matrix(a, b), expected, rtol=1e-10)

    def test_fsp_loss(self):
        g_t, g_s = logits(4, 3, 5, seed=1), logits(4, 3, 5, seed=2)
        expected = np.mean(
            [
                np.linalg.norm(a - b, "fro") ** 2
                for a, b in zip(g_t.numpy(), g_s.numpy())
            ]
        )
        assert losses.fsp_loss(g_t, g_s).item() == pytest.approx(expected, rel=1e-12)


def np_max_pool(x: np.ndarray, h: int, w: int) -> np.ndarray:
    n, c, big_h, big_w = x.shape
    return x.reshape(n, c, h, big_h // h, w, big_w // w).max((3, 5))


class TestStack:
    """Leading dimensions: each member's number is the one it would have alone."""

    T = torch.tensor([[1.0, 2.0, 7.5], [0.5, 4.0, 20.0]], dtype=torch.float64)

    @pytest.mark.parametrize("name", ["kl", "soft_cross_entropy"])
    def test_pairs_with_their_temperatures(self, name):
        v, z = logits(2, 3, 5, 4, seed=1), logits(2, 3, 5, 4, seed=2)
        oracle = {"kl": np_kl, "soft_cross_entropy": np_soft_cross_entropy}[name]
        expected = [
            [oracle(v[i, j], z[i, j], self.T[i, j].item()) for j in range(3)]
            for i in range(2)
        ]
        np.testing.assert_allclose(
            getattr(losses, name)(v, z, self.T), expected, rtol=1e-9
        )

    @pytest.mark.parametrize("name", ["kl", "soft_cross_entropy"])
    def test_one_target_for_all(self, name):
        v = logits(5, 4, seed=1)
        z = logits(3, 5, 4, seed=2)
        T = self.T[0]
        oracle = {"kl": np_kl, "soft_cross_entropy": np_soft_cross_entropy}[name]
        expected = [oracle(v, z[k], T[k].item()) for k in range(3)]
        np.testing.assert_allclose(getattr(losses, name)(v, z, T), expected, rtol=1e-9)

    def test_soften_and_entropy(self):
        z = logits(2, 3, 5, 4)
        for i, j in np.ndindex(2, 3):
            expected = np_soften(z[i, j], self.T[i, j].item())
            np.testing.assert_allclose(
                losses.soften(z, self.T)[i, j], expected, rtol=1e-10
            )
            np.testing.assert_allclose(
                losses.entropy(z, self.T)[i, j],
                -(expected * np.log(expected)).sum(1),
                rtol=1e-9,
            )

    def test_cross_entropy_with_own_and_with_shared_labels(self):
        z, own = logits(3, 5, 4), torch.arange(15).reshape(3, 5) % 4
        expected = [
            -np.log(np_soften(z[k])[np.arange(5), own[k]]).mean() for k in range(3)
        ]
        np.testing.assert_allclose(losses.cross_entropy(z, own), expected, rtol=1e-10)
        shared = [
            -np.log(np_soften(z[k])[np.arange(5), own[0]]).mean() for k in range(3)
        ]
        np.testing.assert_allclose(losses.cross_entropy(z, own[0]), shared, rtol=1e-10)

    def test_number_and_tensor_of_no_dimension_agree(self):
        v, z = logits(5, 4, seed=1), logits(5, 4, seed=2)
        assert losses.kl(v, z, torch.tensor(3.0)) == losses.kl(v, z, 3.0)


def gradient(loss, z: torch.Tensor) -> torch.Tensor:
    z = z.clone().requires_grad_()
    return torch.autograd.grad(loss(z), z)[0]


class TestLimits:
    @given(SEEDS, TEMPERATURES)
    def test_gradient_is_that_of_kl_divergence_with_batchmean(self, seed, T):
        v, z = logits(6, 10, seed=seed), logits(6, 10, seed=seed + 1)
        ours = gradient(lambda z: T**2 * losses.kl(v, z, T), z)
        reference = torch.nn.KLDivLoss(reduction="batchmean")
        theirs = gradient(
            lambda z: (
                T**2 * reference(torch.log_softmax(z / T, 1), torch.softmax(v / T, 1))
            ),
            z,
        )
        cosine = torch.nn.functional.cosine_similarity(
            ours.flatten(), theirs.flatten(), dim=0
        )
        assert (ours.norm() / theirs.norm()).item() == pytest.approx(1, rel=1e-9)
        assert cosine.item() == pytest.approx(1, rel=1e-9)

    @given(SEEDS, TEMPERATURES)
    def test_gradient_by_hand_and_shared_with_soft_cross_entropy(self, seed, T):
        """dC/dz_i = (q_i - p_i) / T, equation 2 of Hinton et al., over n examples."""
        v, z = logits(6, 10, seed=seed), logits(6, 10, seed=seed + 1)
        expected = (np_soften(z, T) - np_soften(v, T)) / T / 6
        for loss in (losses.kl, losses.soft_cross_entropy):
            np.testing.assert_allclose(
                gradient(lambda z, f=loss: f(v, z, T), z), expected, atol=1e-12
            )

    def test_hot_gradient_matches_centred_logits(self):
        """T -> infinity: T^2 dC/dz -> (z - v, centred) / N per example."""
        v, z = logits(6, 10, seed=1), logits(6, 10, seed=2)
        limit = ((z - z.mean(1, keepdim=True)) - (v - v.mean(1, keepdim=True))) / 10 / 6
        error = {
            T: (
                (T**2 * gradient(lambda z, T=T: losses.kl(v, z, T), z) - limit).norm()
                / limit.norm()
            ).item()
            for T in (1.0, 100.0, 10_000.0)
        }
        assert error[1.0] > 0.3 > 0.05 > error[100.0] > 1e-3 > error[10_000.0]

    @given(SEEDS, TEMPERATURES)
    def test_kl_of_equals_is_zero_and_otherwise_positive(self, seed, T):
        v = logits(6, 4, seed=seed)
        assert abs(losses.kl(v, v, T).item()) < 1e-14
        assert losses.kl(v, logits(6, 4, seed=seed + 1), T).item() > 0
        assert gradient(lambda z: losses.kl(v, z, T), v).abs().max() < 1e-15

    @given(SEEDS, TEMPERATURES, st.floats(-100, 100))
    def test_a_constant_on_the_logits_changes_nothing(self, seed, T, constant):
        v, z = logits(6, 4, seed=seed), logits(6, 4, seed=seed + 1)
        for loss in (losses.kl, losses.soft_cross_entropy):
            assert loss(v + constant, z - constant, T).item() == pytest.approx(
                loss(v, z, T).item(), rel=1e-9, abs=1e-11
            )
        np.testing.assert_allclose(
            losses.soften(z + constant, T), losses.soften(z, T), rtol=1e-9
        )

    def test_temperature_matters(self):
        v, z = logits(6, 4, seed=1), logits(6, 4, seed=2)
        for loss in (losses.kl, losses.soft_cross_entropy):
            assert (
                len({round(loss(v, z, T).item(), 6) for T in (0.5, 1, 2, 4, 20)}) == 5
            )

    @pytest.mark.parametrize("T", [0.5, 1.0, 20.0])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
    def test_wide_logit_gaps_stay_finite(self, T, dtype):
        v = torch.tensor([[1000.0, 0.0, 0.0]], dtype=dtype)
        z = torch.tensor([[0.0, 1000.0, 0.0]], dtype=dtype).requires_grad_()
        terms = [
            losses.kl(v, z, T),
            losses.soft_cross_entropy(v, z, T),
            losses.cross_entropy(z, torch.tensor([0])),
        ]
        sum(terms).backward()
        assert all(term.isfinite() for term in terms) and z.grad.isfinite().all()
        assert losses.kl(v, z, T).item() == pytest.approx(1000 / T, rel=1e-3)
        assert losses.entropy(z, T).isfinite().all()

    def test_entropy_from_zero_to_log_c(self):
        assert losses.entropy(torch.zeros(2, 8), 1.0).tolist() == pytest.approx(
            [np.log(8)] * 2, rel=1e-6
        )
        assert losses.entropy(torch.tensor([[1000.0, 0.0]])).item() == 0
        z = logits(4, 8)
        rising = torch.stack([losses.entropy(z, T) for T in (0.5, 1, 2, 4, 20)])
        assert (rising.diff(dim=0) > 0).all()

    def test_soften_at_extremes(self):
        z = logits(3, 5)
        torch.testing.assert_close(losses.soften(z, 1e9), torch.full_like(z, 0.2))
        torch.testing.assert_close(losses.soften(z, 1e-3).argmax(1), z.argmax(1))

    def test_fsp_and_half_mse_vanish_on_equal_features(self):
        a = logits(2, 3, 4, 4)
        assert losses.half_mse(a, a).item() == 0
        assert (
            losses.fsp_loss(losses.fsp_matrix(a, a), losses.fsp_matrix(a, a)).item()
            == 0
        )


class TestPrecisionAndGradient:
    def test_half_precision_logits_are_widened(self):
        v, z = logits(64, 10, seed=1), logits(64, 10, seed=2)
        low_v = v.bfloat16()
        low_z = z.bfloat16()
        y = torch.arange(64) % 10
        for T in (1.0, torch.tensor(4.0)):
            assert losses.kl(low_v, low_z, T).dtype == torch.float32
            assert losses.soften(low_z, T).dtype == torch.float32
            assert losses.kl(low_v, low_z, T).item() == pytest.approx(
                np_kl(low_v.double(), low_z.double(), float(T)), rel=1e-5
            )
        expected = losses.cross_entropy(low_z.double(), y).item()
        assert losses.cross_entropy(low_z, y).item() == pytest.approx(
            expected, rel=1e-5
        )
        assert losses.cross_entropy(low_z[None], y).item() == pytest.approx(
            expected, rel=1e-5
        )

    def test_targets_are_detached(self):
        v = logits(6, 4, seed=1).requires_grad_()
        z = logits(6, 4, seed=2).requires_grad_()
        a = logits(2, 3, 4, 4, seed=3).requires_grad_()
        b = logits(2, 3, 4, 4, seed=4).requires_grad_()
        total = (
            losses.kl(v, z, 2.0)
            + losses.soft_cross_entropy(v, z, 2.0)
            + losses.half_mse(a, b)
        )
        total = total + losses.fsp_loss(
            losses.fsp_matrix(a, a), losses.fsp_matrix(b, b)
        )
        total.backward()
        assert v.grad is None and a.grad is None
        assert z.grad.abs().sum() > 0 and b.grad.abs().sum() > 0

    def test_both_maps_of_a_flow_learn(self):
        a, b = logits(2, 3, 8, 8).requires_grad_(), logits(2, 3, 4, 4).requires_grad_()
        losses.fsp_matrix(a, b).square().sum().backward()
        assert a.grad.abs().sum() > 0 and b.grad.abs().sum() > 0


def test_at_the_hottest_t_the_divergence_is_still_there():
    """Its limit, with T^2, is half the variance of v - z over the classes."""
    v, z = logits(64, 10), logits(64, 10, seed=1)
    limit = ((v - z).var(-1, unbiased=False) / 2).mean()
    hottest = losses.kl(v, z, losses.HOTTEST) * losses.HOTTEST**2
    assert hottest == pytest.approx(float(limit), rel=0.02)
    hotter = losses.kl(v.double(), z.double(), 1e5) * 1e10
    assert hotter == pytest.approx(float(limit), rel=0.001)


Z, Y = torch.zeros(4, 3), torch.zeros(4, dtype=torch.long)
REFUSED = {
    "labels of another length": (
        lambda: losses.cross_entropy(Z, Y[:2]),
        r"\(4, 3\).*\(4,\).*\(2,\).*soft_cross_entropy",
    ),
    "soft labels": (
        lambda: losses.cross_entropy(Z, torch.zeros(4)),
        r"integer labels.*soft_cross_entropy",
    ),
    "classes differ, kl": (
        lambda: losses.kl(Z, torch.zeros(4, 5)),
        r"\(4, 3\).*\(4, 5\).*same classes",
    ),
    "classes differ, soft": (
        lambda: losses.soft_cross_entropy(Z, torch.zeros(4, 5)),
        r"\(4, 3\).*\(4, 5\)",
    ),
    "batches differ": (lambda: losses.kl(Z[:1], Z), r"\(1, 3\).*\(4, 3\).*batch"),
    "T = 0": (lambda: losses.soften(Z, 0.0), "positive finite number, got T = 0"),
    "T < 0": (lambda: losses.kl(Z, Z, -1.0), "positive finite number, got T = -1"),
    "T infinite": (
        lambda: losses.kl(Z, Z, float("inf")),
        "positive finite number, got T = inf",
    ),
    "T too hot": (lambda: losses.kl(Z, Z, 10_001), "T = 10001 is above .*half_mse"),
    "T far too hot": (lambda: losses.kl(Z, Z, 1e30), r"T = 1e\+30 is above .*half_mse"),
    "T not a number": (
        lambda: losses.entropy(Z, float("nan")),
        "positive finite number, got T = nan",
    ),
    "stack of T": (
        lambda: losses.soften(Z[None], torch.ones(2)),
        r"temperatures \(2,\).*\(1, 4, 3\)",
    ),
    "features differ": (
        lambda: losses.half_mse(Z, torch.zeros(4, 5)),
        r"\(4, 3\).*\(4, 5\).*regressor",
    ),
    "flat maps": (lambda: losses.fsp_matrix(Z, Z), r"\(n, c, h, w\).*\(4, 3\)"),
    "maps of two batches": (
        lambda: losses.fsp_matrix(torch.zeros(2, 1, 3, 3), torch.zeros(3, 1, 3, 3)),
        "one batch",
    ),
    "matrices differ": (
        lambda: losses.fsp_loss(torch.zeros(2, 3, 4), torch.zeros(2, 4, 3)),
        r"\(2, 3, 4\).*equal channels",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_errors_give_shapes_and_remedy(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()


# What readers hand in


def test_masked_classes_count_for_nothing():
    """A logit of -inf, in the teacher, the learner or both."""
    inf = float("inf")
    v = torch.tensor([[1.0, 2.0, -inf], [0.0, -1.0, 3.0]])
    z = torch.tensor([[0.5, 0.1, 0.2], [1.0, 0.0, -1.0]], requires_grad=True)
    assert losses.kl(v[:1], z[:1]).item() == pytest.approx(0.5903, abs=1e-4)
    losses.kl(v, z, 2.0).backward()
    assert z.grad.isfinite().all() and z.grad.abs().sum() > 0
    both = torch.tensor([[0.3, -0.2, -inf]], requires_grad=True)
    two, narrow = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.3, -0.2]])
    for loss in (losses.kl, losses.soft_cross_entropy):
        found = loss(v[:1], both, 3.0)
        assert found.item() == pytest.approx(loss(two, narrow, 3.0).item(), rel=1e-5)
        (grad,) = torch.autograd.grad(found, both)
        assert grad.isfinite().all() and grad[0, 2] == 0
    assert losses.entropy(v[:1]).item() == pytest.approx(losses.entropy(two).item())
    assert losses.kl(z.detach(), both.expand(2, 3)).item() == inf  # p there, q not
    assert losses.kl(torch.full((1, 3), float("nan")), both).isnan()

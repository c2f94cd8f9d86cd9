"""Confusion, calibration and agreement against oracles in NumPy float64, written from
the definitions.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdsurvey.losses import soften
from kdsurvey.measures import (
    calibration_error,
    confusion,
    multiply_adds,
    predictive_kl,
    reliability,
    spread,
    top1_agreement,
)
from kdsurvey.nets import mlp


def case(seed, stack=(), n=40, c=4):
    """Logits (*stack, n, c) and labels that they often fit."""
    g = torch.Generator().manual_seed(seed)
    z = 3 * torch.randn(*stack, n, c, generator=g)
    guess = z.reshape(-1, n, c)[0].argmax(-1)
    y = torch.where(
        torch.rand(n, generator=g) < 0.6, guess, torch.randint(0, c, (n,), generator=g)
    )
    return z, y


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def bins_of(p, y, bins):
    """For each bin: mean confidence, accuracy, count; image by image, as section 2 of
    Guo et al. says.
    """
    kept = [[] for _ in range(bins)]
    for row, label in zip(p, y):
        confidence = row.max()
        for k in range(bins):
            if k / bins < confidence <= (k + 1) / bins:
                kept[k].append((confidence, float(row.argmax() == label)))
    means = [np.mean(inside, axis=0) if inside else (np.nan, np.nan) for inside in kept]
    return (
        [m[0] for m in means],
        [m[1] for m in means],
        [len(inside) for inside in kept],
    )


@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), c=st.integers(2, 7))
def test_confusion_counts_label_by_answer(seed, n, c):
    z, y = case(seed, n=n, c=c)
    counts = np.zeros((c, c), dtype=int)
    for row, label in zip(z.numpy(), y.numpy()):
        counts[label, row.argmax()] += 1
    assert np.array_equal(confusion(z, y, c), counts)
    assert np.array_equal(confusion(z.argmax(-1), y, c), counts)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), bins=st.integers(1, 20))
def test_reliability_and_its_error(seed, n, bins):
    z, y = case(seed, n=n)
    p = softmax(z.double().numpy())
    confidence, accuracy, count = bins_of(p, y.numpy(), bins)
    found = reliability(torch.from_numpy(p), y, bins)
    for values, wanted in zip(found, (confidence, accuracy, count)):
        assert np.allclose(values.numpy(), wanted, equal_nan=True)
    assert found.count.sum() == n and found.count.dtype == torch.int64
    error = sum(k / n * abs(a - b) for a, b, k in zip(accuracy, confidence, count) if k)
    assert calibration_error(torch.from_numpy(p), y, bins).item() == pytest.approx(
        error
    )


def test_an_edge_belongs_to_the_bin_below_it():
    p = torch.tensor(
        [[0.5, 0.5, 0.0, 0.0], [1.0, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]],
        dtype=torch.float64,
    )
    assert reliability(p, torch.zeros(3, dtype=torch.int64), 4).count.tolist() == [
        1,
        1,
        0,
        1,
    ]


def test_a_perfectly_calibrated_net_has_no_error_and_a_sure_and_wrong_one_has_all():
    p = torch.tensor([[0.75, 0.25]] * 4)
    assert calibration_error(p, torch.tensor([0, 0, 0, 1])).item() == pytest.approx(0)
    assert (
        calibration_error(
            torch.tensor([[1.0, 0.0]] * 3), torch.tensor([1, 1, 1])
        ).item()
        == 1
    )


@given(seed=st.integers(0, 10**6), n=st.integers(1, 60))
def test_agreement_and_divergence(seed, n):
    z, v = case(seed, n=n)[0].double(), case(seed + 1, n=n)[0].double()
    same = np.mean([a.argmax() == b.argmax() for a, b in zip(z.numpy(), v.numpy())])
    assert top1_agreement(z, v).item() == pytest.approx(same)
    p, q = softmax(v.numpy()), softmax(z.numpy())
    assert predictive_kl(z, v).item() == pytest.approx(
        (p * np.log(p / q)).sum(-1).mean()
    )
    assert top1_agreement(z, z + 7).item() == 1 and predictive_kl(
        z, z
    ).item() == pytest.approx(0, abs=1e-12)


def test_a_stack_is_measured_member_by_member():
    (z, y), v = case(0, stack=(2, 3)), case(9)[0]
    p = soften(z.double())
    measured = [
        lambda k: confusion(z[k], y, 4),
        lambda k: confusion(z[k].argmax(-1), y, 4),
        lambda k: calibration_error(p[k], y),
        lambda k: top1_agreement(z[k], v),
        lambda k: top1_agreement(z[k], z[k].flip(-1)),
        lambda k: predictive_kl(z[k], v),
    ]
    for measure in measured:
        whole = measure(...)
        assert all(
            torch.allclose(whole[a, b], measure((a, b)))
            for a in range(2)
            for b in range(3)
        )
    whole = reliability(p, y)
    assert all(
        torch.allclose(a[1, 2], b, equal_nan=True)
        for a, b in zip(whole, reliability(p[1, 2], y))
    )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_probabilities_of_half_precision_are_probabilities(dtype):
    z = 4 * torch.randn(200, 10)
    y = torch.randint(0, 10, (200,))
    p = z.softmax(-1).to(dtype)
    close = calibration_error(z.softmax(-1), y)
    assert abs(calibration_error(z.to(dtype).softmax(-1), y) - close) < 0.02
    with pytest.raises(ValueError, match="must be probabilities"):
        calibration_error(1.1 * p, y)


def test_a_class_that_is_left_out_is_an_answer_like_any():
    z = torch.tensor([[1.0, 2.0, -math.inf], [3.0, 2.0, -math.inf]])
    assert top1_agreement(z, z) == 1
    assert confusion(z, torch.tensor([1, 1]), 3)[1].tolist() == [1, 1, 0]


Z, Y = torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64)
P = torch.full((5, 3), 1 / 3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: confusion(Z, Y, 4), r"^confusion: .*\(5, 3\) have not the 4 classes"),
        (lambda: confusion(Z, Y[:4], 3), r"^confusion: .*as many labels"),
        (lambda: confusion(Y, Y + 3, 3), r"^confusion: .*3 classes are 0 to 2"),
        (
            lambda: confusion(Y + 3, Y, 3),
            r"^confusion: .*answers from 3 to 3; 3 classes are 0 to 2",
        ),
        (lambda: confusion(Y, Y - 1, 3), r"^confusion: .*labels from -1"),
        (lambda: reliability(P, Y, 0), r"^reliability: .*at least one bin"),
        (lambda: reliability(P, Y.float()), r"^reliability: .*class indices"),
        (lambda: reliability(P[:3], Y), r"^reliability: .*as many labels"),
        (lambda: reliability(2 * P, Y), r"^reliability: .*must be probabilities"),
        (lambda: calibration_error(Z, Y), r"^reliability: .*for logits give soften"),
        (
            lambda: calibration_error(P[:0], Y[:0]),
            r"^reliability: .*at least one image",
        ),
        (
            lambda: top1_agreement(Z, Z[:, :2]),
            r"^top1_agreement: .*\(5, 3\) and \(5, 2\) do not fit",
        ),
        (lambda: top1_agreement(Z[:0], Z[:0]), r"^top1_agreement: .*at least one"),
        (
            lambda: predictive_kl(torch.zeros(2, 5, 3), torch.zeros(3, 5, 3)),
            r"^predictive_kl: .*do not fit",
        ),
        (
            lambda: confusion(Z * math.nan, Y, 3),
            r"^confusion: .*\(5, 3\) hold NaN; train .* anew",
        ),
        (lambda: top1_agreement(Z, Z * math.nan), r"^top1_agreement: .*hold NaN"),
        (lambda: predictive_kl(Z * math.nan, Z), r"^predictive_kl: .*hold NaN"),
        (
            lambda: reliability(torch.tensor([[1.0005, 0.0, 0.0]]), Y[:1]),
            r"^reliability: .*must be probabilities",
        ),
        (
            lambda: reliability(P * math.nan, Y),
            r"^reliability: .*must be probabilities",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_what_is_left_of_the_images():
    net = mlp(36, 8, 6, 5, norm=True, seed=0)
    x = torch.rand(50, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        net(3 * x)  # statistics that differ from those of the images
        found = spread(net, x)
        assert net.training and net[1].training
        net.eval()
        outputs = [x.flatten(1), net[:2](x), net[:3](x)]
    assert found == pytest.approx(
        [out.double().numpy().var(0).mean() ** 0.5 for out in outputs]
    )


@pytest.mark.parametrize(
    ("layer", "shape", "once"),
    [
        (torch.nn.Linear(12, 7), (5, 12), 5 * 12 * 7),
        (torch.nn.Conv2d(3, 4, 3, stride=2, padding=1), (5, 3, 8, 8), 5 * 4 * 16 * 27),
        (torch.nn.Conv2d(3, 3, 3, groups=3), (5, 3, 8, 8), 5 * 3 * 36 * 9),
        (torch.nn.ReLU(), (5, 12), 0),
    ],
    ids=["linear", "conv", "depthwise", "relu"],
)
def test_multiply_adds_of_layers_by_hand(layer, shape, once):
    """A linear layer: n m k; a convolution: a filter's weights for each value that it
    writes; the way back costs twice that.
    """
    x = torch.rand(shape, requires_grad=True)
    assert multiply_adds(lambda: layer(x)) == once
    assert multiply_adds(lambda: layer(x).sum().backward()) == 3 * once


@pytest.mark.parametrize("bins", [0, 2.5, "ten", True])
def test_bins_are_whole(bins):
    p = torch.full((2, 4), 0.25)
    with pytest.raises(ValueError, match="at least one bin is needed"):
        calibration_error(p, torch.tensor([0, 1]), bins)


def test_a_label_that_is_no_class_is_refused():
    p = torch.full((2, 4), 0.25)
    with pytest.raises(ValueError, match="labels from 0 to 4; 4 classes are 0 to 3"):
        calibration_error(p, torch.tensor([0, 4]))

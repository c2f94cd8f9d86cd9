"""Other libraries as oracles: where they are right, the values are the same.

torchmetrics and SciPy come with the tests; torchdistill by `pip install -e '.[peers]'`.
"""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from patterns import small
from scipy import stats
from torch import nn

from kdsurvey import intervals, losses, measures
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Batch
from kdsurvey.verdicts import judge

seeds = st.integers(0, 10**6)
temperatures = st.floats(0.5, 20)


def logits(seed: int, n: int = 30, classes: int = 5) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(n, classes, generator=g, dtype=torch.float64)


def labels(seed: int, n: int = 30, classes: int = 5) -> torch.Tensor:
    return torch.randint(classes, (n,), generator=torch.Generator().manual_seed(seed))


def close(a, b) -> bool:
    return torch.allclose(torch.as_tensor(a).double(), torch.as_tensor(b).double())


@given(seeds, st.integers(1, 20))
def test_the_calibration_error_is_that_of_torchmetrics(seed, bins):
    peer = pytest.importorskip("torchmetrics.functional.classification")
    p, y = logits(seed).softmax(-1), labels(seed)
    theirs = peer.multiclass_calibration_error(p, y, 5, n_bins=bins, norm="l1")
    ours = measures.calibration_error(p, y, bins)
    assert abs(float(ours) - float(theirs)) < 1e-6


@given(seeds)
def test_the_confusion_is_that_of_torchmetrics(seed):
    peer = pytest.importorskip("torchmetrics.functional.classification")
    z, y = logits(seed), labels(seed)
    theirs = peer.multiclass_confusion_matrix(z, y, 5)
    assert torch.equal(measures.confusion(z, y, 5), theirs)


values = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=10)


@given(values, st.sampled_from([0.8, 0.95, 0.99]))
def test_a_verdicts_interval_is_that_of_scipys_paired_t_test(pairs, confidence):
    a, b = zip(*pairs)
    if intervals.spread([x - y for x, y in pairs]) == 0:
        return  # nothing but rounding: we say that there is no interval
    verdict = judge("claim", a, b, what="a - b", unit="", confidence=confidence)
    theirs = stats.ttest_rel(a, b).confidence_interval(confidence)
    ends = verdict.low, verdict.high
    assert ends == pytest.approx((theirs.low, theirs.high), rel=1e-6, abs=1e-9)


class Fixed(nn.Module):
    """A net whose logits are its weights."""

    def __init__(self, z: torch.Tensor):
        super().__init__()
        self.z = nn.Parameter(z.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.z[: len(x)]


def batch_of(y: torch.Tensor) -> Batch:
    x = torch.zeros(len(y), 1, dtype=torch.float64)
    return Batch(x, y, torch.arange(len(y)), x, False)


def terms(method, net: nn.Module, y: torch.Tensor) -> dict[str, torch.Tensor]:
    (stage,) = method
    return stage.learn[net](batch_of(y), 0.0)


@given(seeds, st.floats(0, 0.95))
def test_smoothed_labels_are_torchs(seed, smoothing):
    net, y = Fixed(logits(seed)), labels(seed)
    (ours,) = terms(plain(net, smoothing=smoothing), net, y).values()
    assert close(ours, F.cross_entropy(net.z, y, label_smoothing=smoothing))


@given(seeds, temperatures)
def test_the_divergence_is_torchs(seed, T):
    z, v = logits(seed), logits(seed + 1)
    log_p, log_q = ((x / T).log_softmax(-1) for x in (v, z))
    theirs = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    assert close(losses.kl(v, z, T), theirs)
    p = (v / T).softmax(-1)
    assert close(losses.soft_cross_entropy(v, z, T), F.cross_entropy(z / T, p))
    assert close(losses.entropy(v, T), stats.entropy(p, axis=-1))


@given(seeds, temperatures, st.floats(0.01, 1))
def test_hintons_loss_is_torchdistills(seed, T, alpha):
    """Theirs weighs the labels by alpha, ours the teacher."""
    peer = pytest.importorskip("torchdistill.losses.mid_level")
    z, v, y = logits(seed), logits(seed + 1), labels(seed)
    theirs = peer.KDLoss("net", "output", "net", "output", temperature=T, alpha=alpha)
    net = Fixed(z)
    ours = sum(terms(hinton(net, Fixed(v), T=T, alpha=1 - alpha), net, y).values())
    outputs = {"net": {"output": z}}, {"net": {"output": v}}
    assert close(ours, theirs(*outputs, y))


def test_the_soft_term_alone_keeps_its_square_of_T():
    """torchdistill 1.1 loses it there: its loss is 16 times smaller at T = 4."""
    z, v, y = logits(0), logits(1), labels(0)
    net = Fixed(z)
    ours = sum(terms(hinton(net, Fixed(v), T=4.0, alpha=1.0), net, y).values())
    soft = F.kl_div((z / 4).log_softmax(-1), (v / 4).softmax(-1), reduction="batchmean")
    assert close(ours, 16 * soft)


sides = st.integers(2, 6)


@given(seeds, sides, sides)
def test_a_flow_is_torchdistills(seed, first, second):
    peer = pytest.importorskip("torchdistill.losses.mid_level")
    g = torch.Generator().manual_seed(seed)
    a = torch.randn(2, 3, first, first, generator=g)
    b = torch.randn(2, 4, second, second, generator=g)
    theirs = peer.FSPLoss.compute_fsp_matrix(a, b)
    assert torch.allclose(losses.fsp_matrix(a, b), theirs, atol=1e-5)


def test_a_known_net_is_known_to_torchmetrics(toy):
    peer = pytest.importorskip("torchmetrics.functional.classification")
    from kdsurvey.training import accuracy

    x, y = toy.test
    net = small()
    theirs = peer.multiclass_accuracy(net(x), y, 3, average="micro")
    assert accuracy(net, x, y) == pytest.approx(float(theirs))

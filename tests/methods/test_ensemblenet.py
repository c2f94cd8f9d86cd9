"""Li et al. 2019: the identity between mean head loss, ensemble loss and KL; the family
of losses; where it does not hold.
"""

import numpy as np
import pytest
import torch
from hypothesis import given as every
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from methods.branching import Y, batch, given, hard, kl, softmax
from methods.contract import Case, Example, small_net
from methods.given import draw
from patterns import small

from kdsurvey.branches import Mixed, branched
from kdsurvey.methods import ensemblenet


def headed(lam: float) -> Example:
    net = branched(small_net, 1, 3)
    return Example(ensemblenet(net, lam=lam), [net])


CONTRACT = {
    "ensemblenet, ensemble alone": Case(lambda: headed(lam=0.0), epochs=150),
    "ensemblenet, heads alone": Case(lambda: headed(lam=1.0)),
    "ensemblenet, co-distillation": Case(lambda: headed(lam=2.0)),
}
REFUSED = {
    "lam below 0": lambda: headed(lam=-0.5),
    "lam of infinity": lambda: headed(lam=float("inf")),
    "a net without branches": lambda: ensemblenet(small(), lam=1.0),
}

LOGITS = arrays(np.float64, (3, 4, 5), elements=st.floats(-30, 30, allow_nan=False))


def loss_of(net, **options):
    (stage,) = ensemblenet(net, **options)
    ((_, loss),) = stage.learn.items()
    return loss(batch(), 0.5)


@every(LOGITS)
def test_the_identity_is_exact_for_averaged_logits(z):
    """1/m sum_i H(y, q_i) = H(y, q) + 1/m sum_i KL(q || q_i), whatever the logits."""
    mean_of_heads = np.mean([hard(z_i) for z_i in z])
    together, gap = hard(z.mean(0)), np.mean([_kl(z.mean(0), z_i) for z_i in z])
    assert mean_of_heads == pytest.approx(together + gap, abs=1e-9)


def _kl(v: np.ndarray, z: np.ndarray) -> float:
    """KL without dividing: probabilities of far logits are 0."""
    log = [a - a.max(-1, keepdims=True) for a in (v, z)]
    log_p, log_q = (a - np.log(np.exp(a).sum(-1, keepdims=True)) for a in log)
    return (np.exp(log_p) * (log_p - log_q)).sum(1).mean()


def test_the_identity_is_false_for_averaged_probabilities():
    z = 2 * draw(0, 3, 4, 5)
    p = np.mean([softmax(z_i) for z_i in z], 0)
    gap = np.mean([(p * np.log(p / softmax(z_i))).sum(1).mean() for z_i in z])
    together = -np.log(p[np.arange(4), Y]).mean()
    assert abs(np.mean([hard(z_i) for z_i in z]) - together - gap) > 0.05


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_the_loss_against_numpy_in_both_forms(lam):
    z = 2 * draw(0, 3, 4, 5)
    terms = {name: term.item() for name, term in loss_of(given(*z), lam=lam).items()}
    together, gap = hard(z.mean(0)), np.mean([kl(z.mean(0), z_i, 1.0) for z_i in z])
    expected = {
        "heads": lam * np.mean([hard(z_i) for z_i in z]),
        "ensemble": (1 - lam) * together,
    }
    assert terms == pytest.approx(expected, rel=1e-10, abs=1e-14)
    assert sum(terms.values()) == pytest.approx(together + lam * gap, abs=1e-10)


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0, 2.0])
def test_the_slope_against_numpy(lam):
    """(lam (q_i - y) + (1 - lam) (q - y)) / m, which is that of the other form with a
    detached q: (q - y + lam (q_i - q)) / m.
    """
    z = 2 * draw(0, 3, 4, 5)
    onehot = np.eye(5)[Y]
    net = given(*(2 * draw(0, 3, 4, 5)))
    q = softmax(z.mean(0))
    sum(loss_of(net, lam=lam).values()).backward()
    for z_i, branch in zip(z, net.branches):
        slope = (lam * (softmax(z_i) - onehot) + (1 - lam) * (q - onehot)) / 3 / 4
        np.testing.assert_allclose(
            branch[0].features.grad, slope, rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(
            slope, (q - onehot + lam * (softmax(z_i) - q)) / 3 / 4, atol=1e-15
        )


@every(LOGITS)
def test_nothing_flows_through_the_ensemble_into_its_kl(z):
    """mean_i KL(q || q_i) has no slope in the mean of the logits, so that it does not
    matter whether q is detached.
    """
    z = torch.tensor(z)
    mean = z.mean(0).requires_grad_()
    log_q = mean.log_softmax(-1)
    (log_q.exp() * (log_q - z.log_softmax(-1))).sum(-1).mean().backward()
    assert mean.grad.abs().max() < 1e-12


def test_heads_and_their_ensemble_are_scored():
    z = draw(0, 3, 4, 5)
    net = given(*z)
    (stage,) = ensemblenet(net, lam=1.0)
    assert list(stage.score) == ["head 0", "head 1", "head 2", "ensemble"]
    x = torch.zeros(4, 1)
    np.testing.assert_allclose(stage.score["ensemble"](x).detach(), z.mean(0))
    np.testing.assert_allclose(stage.score["head 1"](x).detach(), z[1])
    assert isinstance(stage.score["ensemble"], Mixed)


def test_a_negative_lam_is_refused():
    with pytest.raises(ValueError, match=r"-0\.5"):
        ensemblenet(given(*draw(0, 2, 4, 5)), lam=-0.5)

"""Zhang et al. 2018: Algorithm 1 step by step in NumPy, what peers may see of each
other, and that peers beat a net alone.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from methods.branching import softmax
from methods.contract import Case, Example, small_net
from torch import nn

from kdsurvey.data import Data
from kdsurvey.methods import dml, plain
from kdsurvey.nets import conv, mlp
from kdsurvey.stage import Batch, watched
from kdsurvey.training import Config, train


def mutual(**options) -> Example:
    peers = [small_net(0), small_net(1), conv(2, 5, 7, classes=3, seed=2)]
    return Example(dml(peers, **options), peers)


CONTRACT = {
    "dml": Case(mutual),
    "dml, one pass": Case(lambda: mutual(turns=False)),
    "dml, ensemble": Case(lambda: mutual(target="ensemble", T=2.0)),
    "dml, few labels": Case(
        lambda: mutual(labelled=torch.arange(96, device="cpu") % 2 == 0), labelled=False
    ),
}
DEFAULTS = {
    "dml": {"T": 1.0, "target": "mean", "weight": 1.0, "turns": True, "labelled": None},
}
REFUSED = {
    "one peer": lambda: dml([small_net(0)]),
    "equal peers": lambda: dml([small_net(0), small_net(0)]),
    "another target": lambda: mutual(target="sum"),
    "weight below 0": lambda: mutual(weight=-1.0),
    "T = 0": lambda: mutual(T=0.0),
    "peers that are no nets": lambda: dml([small_net(0), None]),
    "weight that is no number": lambda: mutual(weight="1"),
    "weight of infinity": lambda: mutual(weight=float("inf")),
}

STEPS = Config(
    epochs=3, batch_size=12, lr=0.3, momentum=0.0, schedule="constant", device="cpu"
)


def linear(seed: int, classes: int = 4) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(5, classes, bias=False, dtype=torch.float64)


def some(n: int = 12) -> Data:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 5, generator=generator, dtype=torch.float64)
    return Data(
        (x, torch.arange(n) % 4), (x, torch.arange(n) % 4), tuple("abcd"), "numbers"
    )


def pull(k: int, W: list, x, onehot, labelled, T: float, weight: float) -> np.ndarray:
    """dL_k / dW_k by hand: q - y on labelled examples, and weight T (q_T - mean of the
    peers' p_T) on all.

    The slope of KL(p || q) in z is linear in p, so the mean of the KLs and the KL to
    the mean have the same one.
    """
    q, q_T = softmax(x @ W[k].T), softmax(x @ W[k].T / T)
    p_T = np.mean([softmax(x @ w.T / T) for l, w in enumerate(W) if l != k], 0)
    dz = labelled[:, None] * (q - onehot) / labelled.sum() + weight * T * (
        q_T - p_T
    ) / len(x)
    return dz.T @ x


@pytest.mark.parametrize("turns", [True, False])
@pytest.mark.parametrize("target", ["mean", "ensemble"])
@pytest.mark.parametrize(
    ("T", "weight", "share"), [(1.0, 1.0, 1.0), (3.0, 0.5, 1.0), (1.0, 1.0, 0.25)]
)
def test_three_steps_of_algorithm_1(turns, target, T, weight, share):
    """With turns each peer moves before the next one looks; without, all look at what
    was before the step.
    """
    data, peers = some(), [linear(seed) for seed in range(3)]
    x, onehot = data.train[0].numpy(), np.eye(4)[data.train[1]]
    labelled = np.arange(12) < 12 * share
    W = [peer.weight.detach().numpy().copy() for peer in peers]
    for _ in range(STEPS.epochs):
        before = [w.copy() for w in W]
        for k in range(3):
            W[k] = W[k] - STEPS.lr * pull(
                k, W if turns else before, x, onehot, labelled, T, weight
            )
    options = {} if share == 1 else {"labelled": torch.from_numpy(labelled)}
    train(
        dml(peers, T=T, weight=weight, target=target, turns=turns, **options),
        data,
        STEPS,
        progress=False,
    )
    for peer, w in zip(peers, W):
        np.testing.assert_allclose(peer.weight.detach(), w, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("target", ["mean", "ensemble"])
def test_the_values_of_the_terms(target):
    """The slopes of both targets are equal; the values are not: the mean of the KLs is
    above the KL to the mean.
    """
    data = some()
    peers = [linear(seed) for seed in range(3)]
    T = 2.0
    x, y = data.train
    (stage,) = dml(peers, T=T, target=target, weight=0.5)
    terms = stage.learn[peers[1]](Batch(x, y, torch.arange(12), x), 0.0)
    p0, q, p2 = (
        softmax(x.numpy() @ peer.weight.detach().numpy().T / T) for peer in peers
    )
    kl = [
        (p * np.log(p / q)).sum(1).mean()
        for p in ((p0, p2) if target == "mean" else ((p0 + p2) / 2,))
    ]
    hard = -np.log(
        softmax(x.numpy() @ peers[1].weight.detach().numpy().T)[np.arange(12), y]
    ).mean()
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(
        {"hard": hard, "mutual": 0.5 * T**2 * np.mean(kl)}
    )


@pytest.mark.parametrize("turns", [True, False])
def test_peers_that_are_watched_stay_as_they_are(turns, toy):
    """Bit for bit, batch-norm statistics and gradients too, on the turn of another; and
    they are watched as they train.
    """
    peers = [conv(2, 4, classes=3, seed=seed).train() for seed in range(3)]
    (stage,) = dml(peers, turns=turns)
    x, y = toy.train[0][:16], toy.train[1][:16]
    for learner, loss in stage.learn.items():
        others = [peer for peer in peers if turns and peer is not learner]
        before = [
            {name: value.clone() for name, value in peer.state_dict().items()}
            for peer in others
        ]
        sum(loss(Batch(x, y, torch.arange(16), x), 0.0).values()).backward()
        assert all(
            torch.equal(value, held[name])
            for peer, held in zip(others, before)
            for name, value in peer.state_dict().items()
        )
        assert not [
            p for peer in others for p in peer.parameters() if p.grad is not None
        ]
        for peer in peers:
            peer.zero_grad()
    in_train, in_eval = watched(peers[0], x), watched(peers[0].eval(), x)
    assert not torch.equal(in_train, in_eval) and not in_train.requires_grad


def test_a_peer_s_gradient_holds_nothing_of_the_others(toy):
    """At once, too: the slope of the joint loss in one peer is that of its own two terms."""
    peers = [mlp(128, 6, 3, seed=seed) for seed in range(2)]
    x, y = toy.train[0][:16], toy.train[1][:16]
    batch = Batch(x, y, torch.arange(16), x)
    (turns,), (once,) = dml(peers), dml(peers, turns=False)
    sum(once.learn[next(iter(once.learn))](batch, 0.0).values()).backward()
    found = [w.grad.clone() for w in peers[0].parameters()]
    peers[0].zero_grad()
    sum(turns.learn[peers[0]](batch, 0.0).values()).backward()
    assert all(torch.equal(a, w.grad) for a, w in zip(found, peers[0].parameters()))


def test_logits_a_thousand_apart_stay_finite():
    peers = [linear(seed) for seed in range(3)]
    x, y = 1000 * some().train[0], some().train[1]
    for target in ("mean", "ensemble"):
        (stage,) = dml(peers, target=target)
        assert all(
            term.isfinite()
            for term in stage.learn[peers[0]](
                Batch(x, y, torch.arange(12), x), 0.0
            ).values()
        )


def test_a_batch_without_labels_has_no_hard_term():
    peers, (x, y) = [linear(0), linear(1)], some().train
    (stage,) = dml(peers, labelled=torch.zeros(12, dtype=torch.bool))
    terms = stage.learn[peers[0]](Batch(x, y, torch.arange(12), x), 0.0)
    assert terms["hard"] == 0 and terms["mutual"] > 0


def test_peers_agree_more_than_independent_nets(toy):
    """The smallest thing that mutual learning promises, on each of three pairs."""
    quick = replace(STEPS, epochs=20, batch_size=32, lr=0.1)

    def gap(a: nn.Module, b: nn.Module) -> float:
        p, q = (torch.softmax(net(toy.test[0]), 1) for net in (a, b))
        return (p - q).abs().sum(1).mean().item()

    for seed in range(3):
        peers, alone = (
            [mlp(128, 16, 3, seed=seed + k) for k in (0, 10)] for _ in range(2)
        )
        train(dml(peers), toy, quick, progress=False)
        for net in alone:
            train(plain(net), toy, quick, progress=False)
        assert gap(*peers) < gap(*alone)


@pytest.mark.parametrize(
    ("peers", "options", "said"),
    [
        ([linear(0)], {}, "2 peers or more"),
        (
            [linear(0), linear(0)],
            {},
            "nets 0 and 1 have equal weights; give each a seed",
        ),
        ([linear(0), linear(1)], {"target": "sum"}, "not 2, 'sum', 1.0"),
        ([linear(0), linear(1)], {"weight": -1.0}, "weight >= 0"),
        ([linear(0), linear(1, classes=5)], {}, "same classes"),
        (
            [linear(0), linear(1)],
            {"T": 0.0},
            "temperature must be a positive finite number",
        ),
    ],
)
def test_errors_say_what_to_do(peers, options, said):
    with pytest.raises(ValueError, match=said):
        train(dml(peers, **options), some(), STEPS, progress=False)

"""Exercises of notebook 07."""

from dataclasses import replace

import torch
import torch.nn.functional as F

import kdsurvey as kd
from kdsurvey.data import mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.mutual_learning import experiments as lesson

z, peers = example(6, 4), example(3, 6, 4, seed=1)
y = torch.tensor([0, 1, 2, 3, 0, 1])
peer_loss = Exercise(
    "The loss of one peer",
    hints=(
        (
            "Two terms: cross-entropy with the labels, and the mean of the "
            "divergences from the others."
        ),
        (
            "The other peer is the target: p log(p / q), p of the other. Sum over "
            "classes, mean over the batch."
        ),
        (
            "F.kl_div takes log q first, then p: F.kl_div(z.log_softmax(1), "
            "v.detach().softmax(1), reduction='batchmean')."
        ),
    ),
)


@peer_loss.expects("a number")
def _(answer):
    return answer(z, peers, y).ndim == 0


@peer_loss.expects("peers that agree leave the hard loss")
def _(answer):
    return close(answer(z, z.expand(3, 6, 4), y), F.cross_entropy(z, y))


@peer_loss.expects("for two nets it is H(y, q) + KL(p || q)")
def _(answer):
    return close(answer(z, peers[:1], y), F.cross_entropy(z, y) + _kl(peers[0], z))


@peer_loss.expects("for four it is the mean over the three others")
def _(answer):
    return close(
        answer(z, peers, y), F.cross_entropy(z, y) + sum(_kl(v, z) for v in peers) / 3
    )


@peer_loss.expects("the others only watch")
def _(answer):
    return not _reached(answer)


@peer_loss.tried_on
def _(draw):
    return draw.logits(6, 4), draw.logits(draw.whole(2, 4), 6, 4), draw.labels(6, 4)


@peer_loss.solved_by
def _(z, peers, y):
    F = torch.nn.functional
    log_q = z.log_softmax(1)
    mutual = [
        F.kl_div(log_q, v.detach().softmax(1), reduction="batchmean") for v in peers
    ]
    return F.cross_entropy(z, y) + sum(mutual) / len(mutual)


@peer_loss.refuses
def _(z, peers, y):
    return torch.nn.functional.cross_entropy(z, y) + sum(
        torch.nn.functional.kl_div(
            z.log_softmax(1), v.softmax(1), reduction="batchmean"
        )
        for v in peers
    )


@peer_loss.refuses
def _(z, peers, y):
    """A sum over the peers."""
    return F.cross_entropy(z, y) + sum(_kl(v.detach(), z) for v in peers)


@peer_loss.refuses
def _(z, peers, y):
    """The divergence the wrong way round."""
    mutual = sum(_kl(z, v.detach()) for v in peers)
    return F.cross_entropy(z, y) + mutual / len(peers)


@peer_loss.refuses
def _(z, peers, y):
    """The others are reached."""
    return F.cross_entropy(z, y) + sum(_kl(v, z) for v in peers) / len(peers)


@peer_loss.refuses
def _(z, peers, y):
    """A mean over the classes."""
    mutual = sum(_kl(v.detach(), z) for v in peers) / z.shape[1]
    return F.cross_entropy(z, y) + mutual / len(peers)


@peer_loss.refuses
def _(z, peers, y):
    """The divergence from the mean of the logits."""
    return F.cross_entropy(z, y) + _kl(peers.detach().mean(0), z)


slope = Exercise(
    "One slope for two targets",
    hints=(
        (
            "For one image and one peer the slope of KL(p || q) in the logits of q "
            "is q - p."
        ),
        "It is linear in p: take the mean of the p first or last.",
        "The loss is a mean over the batch, so divide by its size.",
    ),
)


@slope.expects("a number for every image and class")
def _(answer):
    return answer(z, peers).shape == z.shape


@slope.expects("nothing pulls where all agree")
def _(answer):
    return close(answer(z, z.expand(3, 6, 4)), torch.zeros(6, 4))


@slope.expects("the classes pull against each other")
def _(answer):
    return close(answer(z, peers).sum(1), torch.zeros(6))


@slope.expects("it is the slope of the mean of the divergences")
def _(answer):
    return close(answer(z, peers), _slope(lambda z: sum(_kl(v, z) for v in peers) / 3))


@slope.expects("and of the divergence from the mean")
def _(answer):
    return close(
        answer(z, peers), _slope(lambda z: _kl(peers.softmax(2).mean(0).log(), z))
    )


@slope.tried_on
def _(draw):
    return draw.logits(6, 4), draw.logits(draw.whole(2, 4), 6, 4)


@slope.solved_by
def _(z, peers):
    return (z.softmax(1) - peers.softmax(2).mean(0)) / len(z)


@slope.refuses
def _(z, peers):
    return (z.softmax(1) - peers.mean(0).softmax(1)) / len(z)


slope.refuses(lambda z, peers: z.softmax(1) - peers.softmax(2).mean(0))
slope.refuses(lambda z, peers: (z.softmax(1) - peers.softmax(2)).sum(0) / len(z))
slope.refuses(lambda z, peers: (peers.softmax(2).mean(0) - z.softmax(1)) / len(z))
slope.refuses(lambda z, peers: (z - peers.mean(0)) / len(z))
slope.refuses(lambda z, peers: (z.softmax(1) - peers[0].softmax(1)) / len(z))


passes = Exercise(
    "What a step costs",
    hints=(
        "Back: every net learns once from a batch, whatever the order.",
        "At once, one pass forward of each net serves all.",
        (
            "By turns, each of the K nets needs its own pass and a fresh one of the"
            " K - 1 others."
        ),
    ),
)


@passes.expects("a net alone: one pass forward, one back")
def _(answer):
    return tuple(answer(1, True)) == tuple(answer(1, False)) == (1, 1)


@passes.expects("two at once: one each")
def _(answer):
    return tuple(answer(2, False)) == (2, 2)


@passes.expects("two by turns: each looks at the other anew")
def _(answer):
    return tuple(answer(2, True)) == (4, 2)


@passes.expects("five by turns")
def _(answer):
    return tuple(answer(5, True)) == (25, 5)


@passes.expects("five at once")
def _(answer):
    return tuple(answer(5, False)) == (5, 5)


@passes.tried_on
def _(draw):
    return draw.whole(2, 9), draw.one_of(True, False)


@passes.solved_by
def _(K, turns):
    return (K * K if turns else K), K


@passes.refuses
def _(K, turns):
    return (2 * K if turns else K, K)


passes.refuses(lambda K, turns: (K * (K - 1) if turns else K, K))
passes.refuses(lambda K, turns: (K, K))
passes.refuses(lambda K, turns: (K * K, K))
passes.refuses(lambda K, turns: (K * K, K * K) if turns else (K, K))
passes.refuses(lambda K, turns: (K, K * K if turns else K))


no_peer = Design(
    title="A net without a peer",
    hints=(
        "What does the net alone learn between its tenth and its fortieth epoch?",
        (
            "Train kd.nets.mlp(196, 128, 128, 10, seed=seed) with kd.methods.plain, at the "
            "lr, batch_size and schedule of the run above; then try other epochs."
        ),
        'kd.Config(batch_size=64, lr=0.05, schedule="cosine", seed=seed) lacks its epochs.',
    ),
    weights=50_000,
    margin=2,
)


@no_peer.deals
def _(seed):
    """About 2,000 digits, a fifth of whose labels is drawn anew."""
    return (lesson.digits(mnist_5k().hold_out(500).dealt(seed), seed),)


@no_peer.rival
def _(data, seed):
    """Learn from a peer for 40 epochs."""
    pair = lesson.peers(seed)
    config = replace(lesson.CONFIG, seed=seed)
    kd.train(kd.methods.dml(pair), data, config, progress=False)
    return pair[0]


def _alone(data, seed: int, epochs: int, **options) -> torch.nn.Module:
    """Train a net alone for so many epochs."""
    net = kd.nets.mlp(196, 128, 128, 10, seed=seed)
    config = replace(lesson.CONFIG, epochs=epochs)
    return on_labels(net, data, config, seed, **options)


@no_peer.solved_by
def _(data, seed):
    net = kd.nets.mlp(196, 128, 128, 10, seed=seed)
    config = kd.Config(
        epochs=8, batch_size=64, lr=0.05, schedule="cosine", nesterov=True, seed=seed
    )
    kd.train(kd.methods.plain(net), data, config, progress=False)
    return net


@no_peer.refuses
def _(data, seed):
    """As long as the peers."""
    return _alone(data, seed, epochs=40)


@no_peer.refuses
def _(data, seed):
    """As long as the peers, with a little smoothing."""
    return _alone(data, seed, epochs=40, smoothing=0.1)


@no_peer.refuses
def _(data, seed):
    """Hardly trained."""
    return _alone(data, seed, epochs=1)


@no_peer.refuses
def _(data, seed):
    """Too large."""
    return kd.nets.mlp(196, 256, 128, 10, seed=seed)


def _kl(v: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return F.kl_div(z.log_softmax(1), v.softmax(1), reduction="batchmean")


def _slope(loss) -> torch.Tensor:
    at = z.clone().requires_grad_()
    return torch.autograd.grad(loss(at), at)[0]


def _reached(f) -> bool:
    """Does the loss have a slope in the logits of the others?"""
    others, own = peers.clone().requires_grad_(), z.clone().requires_grad_()
    return (
        torch.autograd.grad(f(own, others, y), others, allow_unused=True)[0] is not None
    )


questions = read_questions(__package__)

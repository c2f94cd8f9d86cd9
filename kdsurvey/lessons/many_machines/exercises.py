"""Exercises of notebook 15."""

import copy
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

import kdsurvey as kd
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.many_machines.experiments import halves
from kdsurvey.lessons.taught import LONG, noisy_digits, wide_net
from kdsurvey.lessons.trial import Said

z, v, y = example(6, 4), example(6, 4, seed=1), torch.tensor([0, 1, 2, 3, 0, 1])

copy_loss = Exercise(
    "The loss of one copy",
    hints=(
        "Which of the two terms is there before the first exchange?",
        "if v is None: H(y, q); else H(y, q) + KL(p || q), p of the stale copy",
        (
            "The divergence is F.kl_div(z.log_softmax(1), v.detach().softmax(1), "
            "reduction='batchmean'); what is left is when to add it."
        ),
    ),
)


@copy_loss.expects("before the first exchange there are only labels")
def _(answer):
    return close(answer(z, None, y), F.cross_entropy(z, y))


@copy_loss.expects("a copy that says the same adds nothing")
def _(answer):
    return close(answer(z, z, y), F.cross_entropy(z, y))


@copy_loss.expects("afterwards it is H(y, q) + KL(p || q)")
def _(answer):
    return close(answer(z, v, y), F.cross_entropy(z, y) + _kl(v, z))


@copy_loss.expects("the stale copy does not learn from it")
def _(answer):
    stale, own = v.clone().requires_grad_(), z.clone().requires_grad_()
    loss = answer(own, stale, y)
    return torch.autograd.grad(loss, stale, allow_unused=True)[0] is None


@copy_loss.tried_on
def _(draw):
    return draw.logits(6, 4), draw.logits(6, 4), draw.labels(6, 4)


@copy_loss.solved_by
def _(z, v, y):
    F = torch.nn.functional
    hard = F.cross_entropy(z, y)
    if v is None:
        return hard
    p = v.detach().softmax(1)
    return hard + F.kl_div(z.log_softmax(1), p, reduction="batchmean")


@copy_loss.refuses
def _(z, v, y):
    """Before the first exchange it fails."""
    return F.cross_entropy(z, y) + _kl(v.detach(), z)


@copy_loss.refuses
def _(z, v, y):
    """The divergence the wrong way round."""
    mutual = 0 if v is None else _kl(z, v.detach())
    return F.cross_entropy(z, y) + mutual


@copy_loss.refuses
def _(z, v, y):
    """The stale copy is reached."""
    return F.cross_entropy(z, y) + (0 if v is None else _kl(v, z))


@copy_loss.refuses
def _(z, v, y):
    """A mean over the classes too."""
    mutual = 0 if v is None else _kl(v.detach(), z) / z.shape[1]
    return F.cross_entropy(z, y) + mutual


@copy_loss.refuses
def _(z, v, y):
    """The labels are dropped after the first exchange."""
    return F.cross_entropy(z, y) if v is None else _kl(v.detach(), z)


age = Exercise(
    "How old is the copy?",
    hints=(
        "When was the last exchange? The first one is at the step that ends the burn-in.",
        "before the burn-in ends: -1; then the steps since the last multiple of n",
        "Count from the end of the burn-in; the remainder of a division by n is left.",
    ),
)


@age.expects("during the burn-in there is no copy: -1")
def _(answer):
    return answer(0, 128, 10) == answer(127, 128, 10) == -1


@age.expects("the first copy is fresh")
def _(answer):
    return answer(128, 128, 10) == 0


@age.expects("a step later it is one step old")
def _(answer):
    return answer(129, 128, 10) == 1


@age.expects("after n steps there is a new one")
def _(answer):
    return answer(138, 128, 10) == 0 and answer(147, 128, 10) == 9


@age.expects("an exchange at every step keeps it fresh")
def _(answer):
    return {answer(step, 5, 1) for step in range(5, 20)} == {0}


@age.tried_on
def _(draw):
    return draw.whole(0, 60), draw.whole(1, 30), draw.whole(2, 12)


@age.solved_by
def _(step, burn_in, n):
    return -1 if step < burn_in else (step - burn_in) % n


age.refuses(lambda step, burn_in, n: -1 if step < burn_in else step % n)
age.refuses(lambda step, burn_in, n: (step - burn_in) % n)
age.refuses(lambda step, b, n: -1 if step <= b else (step - b) % n)
age.refuses(lambda step, b, n: -1 if step < b else min(step - b, n))
age.refuses(lambda step, b, n: -1 if step < b else n)


numbers = Exercise(
    "What goes over the wire",
    hints=(
        "What does one exchange send: all weights, or an answer to every image?",
        "numbers of one exchange, times the number of exchanges; the cheaper of the two",
        (
            "There are ceil(steps / n) exchanges, as the first comes at once; "
            "an answer has c numbers."
        ),
    ),
)


@numbers.expects("one exchange of weights")
def _(answer):
    return tuple(answer(43_018, 2_000, 10, 1, 1)) == (43_018, 20_000)


@numbers.expects("the first exchange comes at once")
def _(answer):
    return tuple(answer(5, 3, 2, 10, 100)) == (5, 6)


@numbers.expects("every 10 of 512 steps there are 52")
def _(answer):
    return tuple(answer(100, 7, 2, 512, 10)) == (5_200, 728)


@numbers.expects("predictions grow with the images, weights do not")
def _(answer):
    few, many = answer(100, 10, 2, 50, 5), answer(100, 1_000, 2, 50, 5)
    return few[0] == many[0] and many[1] == 100 * few[1]


@numbers.tried_on
def _(draw):
    sizes = draw.whole(10, 99), draw.whole(10, 99), draw.whole(2, 9)
    return *sizes, draw.whole(10, 99), draw.whole(2, 9)


@numbers.solved_by
def _(weights, images, classes, steps, n):
    exchanges = -(-steps // n)
    return weights * exchanges, images * classes * exchanges


@numbers.refuses
def _(weights, images, classes, steps, n):
    """The last, shorter interval is forgotten."""
    return weights * (steps // n), images * classes * (steps // n)


numbers.refuses(lambda w, images, c, steps, n: (w * steps, images * c * steps))
numbers.refuses(lambda w, images, c, steps, n: (w * -(-steps // n), images * c))
numbers.refuses(
    lambda w, images, c, steps, n: (w * -(-steps // n), images * -(-steps // n))
)
numbers.refuses(
    lambda w, m, c, steps, n: (w * (steps // n + 1), m * c * (steps // n + 1))
)


class Wire:
    """A slow wire between two machines, for so many exchanges."""

    def __init__(self, exchanges: int):
        self.left = exchanges

    def exchange(self, *nets: nn.Module) -> list[nn.Module]:
        """Return a copy of each net as it is now, frozen: what the others hear of it."""
        if not self.left:
            raise Said("the wire was used too often: no exchange is left")
        self.left -= 1
        return [copy.deepcopy(net).eval().requires_grad_(False) for net in nets]


HALF = replace(LONG, epochs=8)
seldom = Design(
    title="Two machines that write twice",
    hints=(
        (
            "Which of the wrong labels of your half does a net know by heart that has never "
            "seen your half?"
        ),
        (
            "Train a net on each half for a few epochs. Exchange copies; let each net learn "
            "from its labels and the other's copy, kd.methods.hinton; then once more."
        ),
        (
            "kd.methods.hinton(net, copy_of_the_other, T=1.0, alpha=0.5), plain in the first of "
            "three rounds; 4 epochs each, with batch_size=50: batches of 128 are 16 steps."
        ),
    ),
    weights=17_500,
    margin=2,
    seeds=(0, 1, 2, 3, 4),
)


@seldom.deals
def _(seed):
    """Half of 1,000 digits for each machine, two fifths of the labels drawn anew."""
    digits = noisy_digits(seed, count=1000)
    own, far = (replace(digits, train=half) for half in halves(digits, seed))
    return own, replace(far, test=far.held_out), Wire(2)


@seldom.rival
def _(data, other, wire, seed):
    """Hear of nobody; 4 epochs or 16 did worse on validation images than these 8."""
    return _unheard(data, seed)


def _unheard(data: Data, seed: int) -> nn.Module:
    """Train a net on one half alone."""
    return on_labels(wide_net(seed), data, HALF, seed)


@seldom.solved_by
def _(data, other, wire, seed):
    nets = [kd.nets.mlp(196, 64, 64, 10, seed=k + seed) for k in (0, 1000)]
    for step in range(3):
        alpha = 0.5 if step else 0.0  # nobody has been heard in the first round
        heard = wire.exchange(*nets) if step else nets
        how = kd.Config(
            epochs=4, batch_size=50, lr=0.1, schedule="cosine", nesterov=True, seed=seed
        )
        for net, far, half in zip(nets, reversed(heard), (data, other)):
            learn = kd.methods.hinton(net, far, T=1.0, alpha=alpha)
            kd.train(learn, half, how, progress=False)
    return nets[0]


@seldom.refuses
def _(data, other, wire, seed):
    """A fresh copy after every epoch: the wire is too slow for that."""
    net, far = wide_net(seed), wide_net(1000 + seed)
    for _ in range(12):
        (heard,) = wire.exchange(far)
        _listens(net, heard, data, seed, epochs=1)
    return net


@seldom.refuses
def _(data, other, wire, seed):
    """Listen before the other has learnt anything."""
    (heard,) = wire.exchange(wide_net(1000 + seed))
    return _listens(wide_net(seed), heard, data, seed)


@seldom.refuses
def _(data, other, wire, seed):
    """Listen to a copy of oneself, which knows the same wrong labels."""
    net = _unheard(data, seed)
    (own,) = wire.exchange(net)
    return _listens(net, own, data, seed)


def _listens(
    net: nn.Module, heard: nn.Module, data: Data, seed: int, epochs: int = 8
) -> nn.Module:
    """Train a net on one half and on what it heard."""
    how = replace(HALF, epochs=epochs, seed=seed)
    return fit(net, kd.methods.hinton(net, heard, T=1.0, alpha=0.5), data, how)


def _kl(v: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return F.kl_div(z.log_softmax(1), v.softmax(1), reduction="batchmean")


questions = read_questions(__package__)

"""Exercises of notebook 09."""

import copy
from dataclasses import replace

import torch

import kdsurvey as kd
from kdsurvey.data import mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.low_precision.experiments import CONFIG
from kdsurvey.surgery import lower, re_estimate

w = torch.linspace(-1.6, 1.6, 641)  # steps of 0.005
quantiser = Exercise(
    "k-bit weights",
    hints=(
        (
            "Clip to the range from -1 to 1, then round to the nearest multiple of "
            "a step."
        ),
        "With k bits there are n = 2^(k-1) - 1 steps on either side of 0.",
        "Multiply the clipped weight by n, round, divide by n.",
    ),
)


@quantiser.expects("two bits have 3 levels")
def _(answer):
    return len(answer(w, 2).unique()) == 3


@quantiser.expects("four bits have 15")
def _(answer):
    return len(answer(w, 4).unique()) == 15


@quantiser.expects("0 stays 0")
def _(answer):
    return close(answer(torch.zeros(3), 5), torch.zeros(3))


@quantiser.expects("what is above 1 becomes 1, what is below -1 becomes -1")
def _(answer):
    return close(answer(torch.tensor([1.6, -1.3]), 3), [1.0, -1.0])


@quantiser.expects("a weight and its negative have opposite levels")
def _(answer):
    return close(answer(w, 3), -answer(-w, 3))


@quantiser.expects("inside, no weight moves by more than half a step")
def _(answer):
    return bool((answer(inside(), 4) - inside()).abs().max() <= 0.5 / 7 + 1e-06)


@quantiser.expects("a level is its own level")
def _(answer):
    return close(answer(answer(w, 4), 4), answer(w, 4))


@quantiser.tried_on
def _(draw):
    return draw.uniform(30, low=-1.6, high=1.6), draw.whole(2, 6)


@quantiser.solved_by
def _(w, bits):
    n = 2 ** (bits - 1) - 1
    return (n * w.clamp(-1, 1)).round() / n


@quantiser.refuses
def _(w, bits):
    return (2**bits - 1) ** (-1) * ((2**bits - 1) * w.clamp(-1, 1)).round()


quantiser.refuses(lambda w, bits: _rounded(w, 2 ** (bits - 1) - 1))  # not clipped
quantiser.refuses(lambda w, bits: _rounded(w.clamp(-1, 1), 2 ** (bits - 1)))
quantiser.refuses(lambda w, bits: _rounded(w.clamp(-1, 1), bits))
quantiser.refuses(lambda w, bits: (w.clamp(-1, 1) * (2 ** (bits - 1) - 1)).round())
quantiser.refuses(
    lambda w, bits: (w.clamp(-1, 1) * (n := 2 ** (bits - 1) - 1)).floor() / n
)
quantiser.refuses(lambda w, bits: w.sign())


straight = Exercise(
    "The straight-through gradient",
    hints=(
        "The rounding is left out: what remains of the formula is the clipping.",
        (
            "Its slope is 1 where it does nothing, and 0 where it holds the weight "
            "at an end."
        ),
        "The gradient that comes from above, times (|w| <= 1).",
    ),
)


@straight.expects("inside the range the gradient passes")
def _(answer):
    return close(
        answer(torch.tensor([0.3, -0.9]), torch.tensor([2.0, -5.0])), [2.0, -5.0]
    )


@straight.expects("outside nothing passes")
def _(answer):
    return close(
        answer(torch.tensor([1.2, -1.6]), torch.tensor([2.0, -5.0])), [0.0, 0.0]
    )


@straight.expects("at both ends of the range it passes")
def _(answer):
    return close(answer(torch.tensor([1.0, -1.0]), torch.ones(2)), [1.0, 1.0])


@straight.expects("one example has nothing to do with the next")
def _(answer):
    return close(answer(w, pull).flip(0), answer(w.flip(0), pull.flip(0)))


@straight.tried_on
def _(draw):
    return draw.uniform(30, low=-1.6, high=1.6), draw.logits(30)


@straight.solved_by
def _(w, above):
    return above * (w.abs() <= 1)


@straight.refuses
def _(w, above):
    return above


straight.refuses(lambda w, above: above * (w.abs() < 1))
straight.refuses(lambda w, above: above * (w <= 1))  # one end alone
straight.refuses(lambda w, above: above * (w.abs() > 1))
straight.refuses(lambda w, above: above * w.clamp(-1, 1))
straight.refuses(lambda w, above: 1.0 * (w.abs() <= 1))
straight.refuses(lambda w, above: above.clamp(-1, 1))


size = Exercise(
    "Bytes of a layer",
    hints=(
        (
            "Dense: k bits for each weight. Sparse: a bit for each weight, and k "
            "bits for those that are not 0."
        ),
        "Each part ends on a whole byte: -(-bits // 8).",
        "min(bytes(k n), bytes(n) + bytes(k (n - zeros))).",
    ),
)


@size.expects("a thousand weights of 32 bits, none of them 0")
def _(answer):
    return answer(1000, 32, 0) == 4000


@size.expects("of 2 bits: a quarter of a byte each")
def _(answer):
    return answer(1000, 2, 0) == 250


@size.expects("bits that do not fill a byte take a whole one")
def _(answer):
    return answer(3, 3, 0) == 2


@size.expects("900 zeros: a bit each for all, and 4 bits for the rest")
def _(answer):
    return answer(1000, 4, 900) == 125 + 50


@size.expects("at 8 bits, 100 zeros of 1000 do not pay")
def _(answer):
    return answer(1000, 8, 100) == 1000


@size.tried_on
def _(draw):
    n = draw.whole(100, 999)
    return n, draw.whole(3, 9), draw.whole(0, n)


@size.solved_by
def _(n, k, zeros):
    def whole(bits):
        return -(-bits // 8)

    return min(whole(k * n), whole(n) + whole(k * (n - zeros)))


@size.refuses
def _(n, k, zeros):
    return k * (n - zeros) // 8


size.refuses(lambda n, k, zeros: -(-k * n // 8))  # dense alone
size.refuses(lambda n, k, zeros: -(-n // 8) - (-k * (n - zeros) // 8))  # sparse alone
size.refuses(lambda n, k, zeros: min(k * n, n + k * (n - zeros)))  # in bits
size.refuses(lambda n, k, zeros: min(k * n // 8, n // 8 + k * (n - zeros) // 8))
size.refuses(lambda n, k, zeros: min(k * n, n + k * (n - zeros)) / 8)
size.refuses(lambda n, k, zeros: min(-(-k * n // 8), -(-n // 8) - (-k * zeros // 8)))


FEW_BITS = {"weight_bits": 2, "activation_bits": 2, "top": 4.0}
FULL_EPOCHS = replace(CONFIG, epochs=5)
survivor = Design(
    title="A net that survives its rounding",
    hints=(
        (
            "The weights are rounded after your training. Could the net meet its rounding "
            "earlier, while it can still move?"
        ),
        (
            "Lower the given net as it will be lowered, and train that one: the full weights "
            "behind the rounding move, and batch norm sees what it will see."
        ),
        (
            "kd.surgery.lower(net, weight_bits=2, activation_bits=2, top=4.0), then "
            "kd.methods.plain for 6 epochs; the Config lacks its lr and its schedule."
        ),
    ),
    weights=4_610,
    margin=5,
)


@survivor.deals
def _(seed):
    """1,000 digits of 14 x 14, and a net of five layers of 16 that learnt from them."""
    digits = mnist_5k().hold_out(1000).halved().dealt(seed)
    few = digits.fraction(1000 / len(digits.train[0]), seed)
    net = kd.nets.mlp(196, *[16] * 5, 10, norm=True, seed=seed)
    return few, on_labels(net, few, FULL_EPOCHS, seed)


@survivor.served_as
def _(net):
    """Every net answers in low precision, however it was trained."""
    return lower(net, **FEW_BITS)


@survivor.rival
def _(data, net, seed):
    """Round the given net, and measure its batch norm anew."""
    return re_estimate(lower(copy.deepcopy(net), **FEW_BITS), data.train[0])


@survivor.solved_by
def _(data, net, seed):
    kd.surgery.lower(net, weight_bits=2, activation_bits=2, top=4.0)
    how = kd.Config(epochs=6, batch_size=64, lr=0.1, schedule="cosine", seed=seed)
    kd.train(kd.methods.plain(net), data, how, progress=False)
    return net


@survivor.refuses
def _(data, net, seed):
    """A better net of full precision, which is rounded all the same."""
    return on_labels(net, data, replace(CONFIG, epochs=3), seed)


@survivor.refuses
def _(data, net, seed):
    """Trained with weights of four bits, and served with two."""
    lower(net, **(FEW_BITS | {"weight_bits": 4}))
    return on_labels(net, data, replace(CONFIG, epochs=3), seed)


@survivor.refuses
def _(data, net, seed):
    """Trained rounded, but so slowly that hardly a weight changes its level."""
    lower(net, **FEW_BITS)
    return on_labels(net, data, replace(CONFIG, epochs=2, lr=1e-4), seed)


@survivor.refuses
def _(data, net, seed):
    """A wider net, which would lose less: too many weights."""
    return kd.nets.mlp(196, *[32] * 5, 10, norm=True, seed=seed)


def _rounded(w: torch.Tensor, n: int) -> torch.Tensor:
    return (n * w).round() / n


pull = example(641, seed=5)


def inside() -> torch.Tensor:
    """Weights of the range."""
    return w[w.abs() <= 1]


questions = read_questions(__package__)

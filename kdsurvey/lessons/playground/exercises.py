"""Exercises of notebook 14."""

import torch
from scipy import stats
from torch import nn

import kdsurvey as kd
from kdsurvey import measures
from kdsurvey.data import Data, mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.playground import experiments as lesson
from kdsurvey.training import accuracy

a, b = example(8, scale=1.0), example(8, scale=1.0, seed=1)
p = torch.softmax(example(200, 10), -1)
y = torch.arange(200) % 10
confidence, correct = p.max(-1).values, (p.argmax(-1) == y)
interval = Exercise(
    "The interval of a paired difference",
    hints=(
        "Only the differences matter: d = a - b.",
        (
            "The half width is t times the standard error, s.d. / sqrt(n), with n -"
            " 1 in the s.d."
        ),
        "scipy.stats.t.ppf(0.975, n - 1) is the t.",
    ),
)


@interval.expects("two numbers, the lower first")
def _(answer):
    return len(answer(a, b)) == 2 and answer(a, b)[0] < answer(a, b)[1]


@interval.expects("the mean difference lies in the middle")
def _(answer):
    return close(sum(answer(a, b)) / 2, (a - b).mean())


@interval.expects("what both arms gain alike changes nothing")
def _(answer):
    return close(answer(a + 5, b + 5), answer(a, b))


@interval.expects("swapped arms swap and negate the ends")
def _(answer):
    return close(answer(b, a), [-answer(a, b)[1], -answer(a, b)[0]])


@interval.expects("it is Student's, of n - 1 degrees of freedom")
def _(answer):
    return close(answer(a, b), _by_scipy())


@interval.tried_on
def _(draw):
    n = draw.whole(5, 12)
    return draw.logits(n), draw.logits(n)


@interval.solved_by
def _(a, b):
    from scipy import stats

    d = a - b
    half = stats.t.ppf(0.975, len(d) - 1) * d.std() / len(d) ** 0.5
    return d.mean() - half, d.mean() + half


@interval.refuses
def _(a, b):
    return ((a - b).mean() - (a - b).std(), (a - b).mean() + (a - b).std())


interval.refuses(lambda a, b: _around(a - b, 1.96 * _error(a - b)))  # the normal's
interval.refuses(lambda a, b: _around(a - b, _t(0.95, len(a) - 1) * _error(a - b)))
interval.refuses(lambda a, b: _around(a - b, _t(0.975, len(a)) * _error(a - b)))
interval.refuses(lambda a, b: _around(a - b, _t(0.975, len(a) - 1) * (a - b).std()))
interval.refuses(
    lambda a, b: _around(a - b, _t(0.975, 2 * len(a) - 2) * _error(a).hypot(_error(b)))
)


corrected = Exercise(
    "Thirty looks, one doubt",
    hints=(
        (
            "With 30 honest cells of no effect, 1 - 0.95**30 = 79 % of the maps "
            "have a p below 0.05."
        ),
        "Ask more of each cell the more cells you look at.",
        (
            "Bonferroni: compare each p with 0.05 / len(ps). (Holm's way finds a "
            "little more, and passes too.)"
        ),
    ),
)


@corrected.expects("one look needs no correction")
def _(answer):
    return [bool(k) for k in answer([0.04])] == [True]


@corrected.expects("none of thirty values of 0.04 is a finding")
def _(answer):
    return not any(answer([0.04] * 30))


@corrected.expects("one of 0.001 among thirty is")
def _(answer):
    return [bool(k) for k in answer([0.5] * 29 + [0.001])] == [False] * 29 + [True]


@corrected.expects("a smaller value never does worse than a larger")
def _(answer):
    return _ordered(answer)


@corrected.expects("of a thousand maps of pure chance, fewer than 70 have a finding")
def _(answer):
    return _false_alarms(answer) < 70


@corrected.tried_on
def _(draw):
    n = draw.whole(15, 30)
    low = [draw.number(0.00005, 0.0009) for _ in range(3)]
    ps = low + [draw.number(0.006, 0.9) for _ in range(n - 3)]
    return ([ps[k] for k in draw.order(n)],)  # Bonferroni's way and Holm's agree here


@corrected.solved_by
def _(ps):
    return [p < 0.05 / len(ps) for p in ps]


@corrected.refuses
def _(ps):
    return [p < 0.05 for p in ps]


corrected.refuses(lambda ps: [p < 0.05 / 30 for p in ps])  # however many looks
corrected.refuses(lambda ps: [p < 0.05 * len(ps) for p in ps])
corrected.refuses(lambda ps: [p == min(ps) for p in ps])
corrected.refuses(lambda ps: [p < 0.001 for p in ps])
corrected.refuses(lambda ps: [p < 0.05 / len(ps) ** 2 for p in ps])
corrected.refuses(lambda ps: [p < 0.05 / len(ps) ** 0.5 for p in ps])


calibration = Exercise(
    "Expected calibration error",
    hints=(
        (
            "Ten bins of equal width: bin k holds the confidences in (k / 10, (k + "
            "1) / 10]."
        ),
        (
            "In each bin, the distance between the mean confidence and the share of"
            " right answers."
        ),
        "Weigh each distance by the share of the images in its bin, and sum.",
    ),
)


@calibration.expects("sure and always right: 0")
def _(answer):
    return close(answer(torch.ones(10), torch.ones(10, dtype=torch.bool)), 0.0)


@calibration.expects("sure and right half of the time: one half")
def _(answer):
    return close(answer(torch.ones(10), torch.arange(10) % 2 == 0), 0.5)


@calibration.expects("the order of the images does not matter")
def _(answer):
    return close(
        answer(confidence.flip(0), correct.flip(0)), answer(confidence, correct)
    )


@calibration.expects("too sure in one bin and too modest in another do not cancel")
def _(answer):
    return close(answer(*_two_bins()), 0.25)


@calibration.expects("it is the package's")
def _(answer):
    return close(answer(confidence, correct), measures.calibration_error(p, y))


@calibration.tried_on
def _(draw):
    n = draw.whole(60, 150)
    return draw.uniform(n, low=0.3), draw.uniform(n) < 0.6


@calibration.solved_by
def _(confidence, correct):
    total = 0.0
    for k in range(10):
        inside = (confidence > k / 10) & (confidence <= (k + 1) / 10)
        if inside.any():
            gap = confidence[inside].double().mean() - correct[inside].double().mean()
            total += inside.double().mean() * gap.abs()
    return total


@calibration.refuses
def _(confidence, correct):
    return (confidence.mean() - correct.double().mean()).abs()


calibration.refuses(lambda confidence, correct: sum(_gaps(confidence, correct)) / 10)
calibration.refuses(lambda confidence, correct: max(_gaps(confidence, correct)))
calibration.refuses(
    lambda confidence, correct: (confidence - correct.double()).abs().mean()
)
calibration.refuses(
    lambda confidence, correct: (confidence - correct.double()).square().mean()
)
calibration.refuses(
    lambda confidence, correct: 100 * (confidence.mean() - correct.double().mean())
)


answered = Design(
    title="Answers for images that nobody took",
    hints=(
        "How many images does the teacher need before it can answer for one?",
        (
            "An image shifted by two pixels is a new one, and its label says nothing new. "
            "What does the teacher say of it?"
        ),
        "kd.Config(jitter=2) shifts the images of every step; kd.methods.hinton asks the "
        "teacher about the shifted ones.",
    ),
    weights=30_000,
    margin=1.5,
)


@answered.deals
def _(seed):
    """A tenth of the training images, and a teacher that has seen all of them."""
    digits = mnist_5k().hold_out(500).dealt(seed)
    teacher = lesson.teach(digits, lesson.TEACHERS[0], seed)
    return digits.fraction(0.1, seed), teacher.net


@answered.rival
def _(data, teacher, seed):
    """Shifted images without a teacher: the best of three ways on validation images."""
    nets = [
        _labelled(data, seed, lr, smoothing)
        for lr, smoothing in ((0.1, 0.0), (0.1, 0.1), (0.3, 0.1))
    ]
    return max(nets, key=lambda net: accuracy(net, *data.held_out))


def _labelled(data: Data, seed: int, lr: float, smoothing: float) -> nn.Sequential:
    net = kd.nets.mlp(784, 32, 10, seed=seed)
    how = kd.Config(epochs=60, batch_size=64, lr=lr, jitter=2)
    return on_labels(net, data, how, seed, smoothing=smoothing)


@answered.solved_by
def _(data, teacher, seed):
    net = kd.nets.mlp(784, 32, 10, seed=seed)
    how = kd.Config(epochs=60, batch_size=64, lr=0.1, jitter=2, seed=seed)
    kd.train(
        kd.methods.hinton(net, teacher, T=4.0, alpha=1.0), data, how, progress=False
    )
    return net


@answered.refuses
def _(data, teacher, seed):
    """The teacher, asked about the images that were taken, and no others."""
    net = kd.nets.mlp(784, 32, 10, seed=seed)
    how = kd.Config(epochs=60, batch_size=64, lr=0.1, seed=seed)
    kd.train(
        kd.methods.hinton(net, teacher, T=4.0, alpha=1.0), data, how, progress=False
    )
    return net


@answered.refuses
def _(data, teacher, seed):
    """Shifted images, and nobody who answers for them."""
    return _labelled(data, seed, 0.1, 0.2)


@answered.refuses
def _(data, teacher, seed):
    """As large as it likes."""
    return kd.nets.mlp(784, 300, 10, seed=seed)


def _around(d: torch.Tensor, half: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return d.mean() - half, d.mean() + half


def _error(d: torch.Tensor) -> torch.Tensor:
    """The standard error of the mean."""
    return d.std() / len(d) ** 0.5


def _t(share: float, freedom: int) -> float:
    return float(stats.t.ppf(share, freedom))


def _gaps(confidence: torch.Tensor, correct: torch.Tensor) -> list[torch.Tensor]:
    """Of each bin that is not empty, with no regard to how many it holds."""
    bins = (10 * confidence).ceil()
    return [
        (confidence[bins == k].mean() - correct[bins == k].double().mean()).abs()
        for k in bins.unique()
    ]


def _by_scipy() -> tuple[float, float]:
    low, high = stats.ttest_rel(a.double(), b.double()).confidence_interval(0.95)
    return float(low), float(high)


def _ordered(f) -> bool:
    ps = torch.linspace(0.0001, 0.2, 30).tolist()
    found = [bool(k) for k in f(ps)]
    return found == sorted(found, reverse=True) and found[0]


def _false_alarms(f) -> int:
    chance = torch.rand(1000, 30, generator=torch.Generator().manual_seed(0)).tolist()
    return sum(any(f(ps)) for ps in chance)


def _two_bins() -> tuple[torch.Tensor, torch.Tensor]:
    sure = torch.cat([torch.full((10,), 0.95), torch.full((10,), 0.55)])
    right = torch.cat(
        [torch.arange(10) < 7, torch.arange(10) < 8]
    )  # 0.7 for 0.95, 0.8 for 0.55: gaps of 0.25 and -0.25
    return sure, right


questions = read_questions(__package__)

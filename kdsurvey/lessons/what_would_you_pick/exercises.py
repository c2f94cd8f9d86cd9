"""Exercises of notebook 13."""

import torch

import kdsurvey as kd
from kdsurvey.data import mnist_5k
from kdsurvey.lessons import branched_nets
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.design import Design
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions

validation, test = example(4, 5).sigmoid(), example(4, 5, seed=1).sigmoid()
epochs = Exercise(
    "How many epochs a budget buys",
    hints=(
        "In one unit: what are `budget` epochs of one net worth in multiply-adds?",
        (
            "budget * alone multiply-adds an image, divided by those of a step of the arm; "
            "only whole epochs, and never above the budget."
        ),
        "int(budget * alone / own), and at least 1.",
    ),
)


@epochs.expects("one net has all of them")
def _(answer):
    return answer(15, 300, 300) == 15


@epochs.expects("three times as dear, a third of them")
def _(answer):
    return answer(15, 900, 300) == 5


@epochs.expects("whole epochs, never above the budget")
def _(answer):
    return answer(15, 1190, 300) == 3


@epochs.expects("one at least")
def _(answer):
    return answer(2, 900, 300) == 1


@epochs.tried_on
def _(draw):
    return draw.whole(10, 60), draw.whole(310, 990), draw.whole(100, 300)


@epochs.solved_by
def _(budget, own, alone):
    return max(1, budget * alone // own)


@epochs.refuses
def _(budget, own, alone):
    """Equal epochs for all."""
    return budget


epochs.refuses(lambda budget, own, alone: max(1, round(budget * alone / own)))
epochs.refuses(lambda budget, own, alone: max(1, -(-budget * alone // own)))
epochs.refuses(lambda budget, own, alone: budget * alone // own)
epochs.refuses(lambda budget, own, alone: max(1, budget * own // alone))

choose = Exercise(
    "The best try, without a look at the test",
    hints=(
        "Which of the two arrays may decide, and which is only reported?",
        (
            "Take the mean over seeds of the validation accuracies, find the row where it is "
            "largest, and return that row of the other array."
        ),
        "test[validation.mean(1).argmax()].",
    ),
)


@choose.expects("an accuracy for every seed")
def _(answer):
    return answer(validation, test).shape == (5,)


@choose.expects("it is a row of the test accuracies")
def _(answer):
    return any(close(answer(validation, test), row) for row in test)


@choose.expects("one try for all seeds, the best on validation images")
def _(answer):
    return close(answer(validation, test), test[validation.mean(1).argmax()])


@choose.expects("better test accuracies elsewhere change nothing")
def _(answer):
    last = validation.mean(1).argmax()
    others = torch.arange(4) != last
    return close(answer(validation, test + 0.5 * others[:, None]), test[last])


@choose.tried_on
def _(draw):
    settings = draw.whole(3, 6)
    return draw.uniform(settings, 5), draw.uniform(settings, 5)


@choose.solved_by
def _(validation, test):
    return test[validation.mean(1).argmax()]


@choose.refuses
def _(validation, test):
    """The best on the test: the winner's luck is counted as skill."""
    return test[test.mean(1).argmax()]


choose.refuses(lambda validation, test: test.max(0).values)
choose.refuses(lambda v, t: t[v.argmax(0), torch.arange(v.shape[1])])  # one a seed
choose.refuses(lambda validation, test: validation[validation.mean(1).argmax()])
choose.refuses(lambda validation, test: test[validation.max(1).values.argmax()])
choose.refuses(lambda validation, test: test[validation.mean(1).argmin()])

frontier = Exercise(
    "Which answers nothing beats",
    hints=(
        "When would nobody pick an answer?",
        (
            "Answer j beats i where it costs no more, is at least as accurate, and is better "
            "in one of the two. Ask for every pair."
        ),
        "beaten[i] is true for some j with cost[j] <= cost[i] and accuracy[j] >= accuracy[i] ...",
    ),
)
COST = torch.tensor([1.0, 2.0, 2.0, 3.0, 3.0])
GOOD = torch.tensor([0.90, 0.93, 0.91, 0.92, 0.95])


def _kept(answer, *given) -> list[bool]:
    return [bool(kept) for kept in answer(*given)]


@frontier.expects("the cheapest and the best stay; what costs more and is worse goes")
def _(answer):
    return _kept(answer, COST, GOOD) == [True, True, False, False, True]


@frontier.expects("of equals none beats the other")
def _(answer):
    return _kept(answer, torch.ones(3), torch.ones(3)) == [True] * 3


@frontier.expects("of two at one price the better stays")
def _(answer):
    cost, good = torch.tensor([1.0, 1.0]), torch.tensor([0.9, 0.8])
    return _kept(answer, cost, good) == [True, False]


@frontier.expects("of two equally good the cheaper stays")
def _(answer):
    cost, good = torch.tensor([2.0, 1.0]), torch.tensor([0.9, 0.9])
    return _kept(answer, cost, good) == [False, True]


@frontier.tried_on
def _(draw):
    n = draw.whole(6, 12)
    return (4 * draw.uniform(n)).round(), (10 * draw.uniform(n)).round() / 10


@frontier.solved_by
def _(cost, accuracy):
    kept = []
    for c, a in zip(cost, accuracy):
        as_good = (cost <= c) & (accuracy >= a)
        better = (cost < c) | (accuracy > a)
        kept.append(not (as_good & better).any())
    return kept


@frontier.refuses
def _(cost, accuracy):
    """Only what is the best of all."""
    return [a == accuracy.max() for a in accuracy]


frontier.refuses(lambda c, a: [not ((c < x) & (a > y)).any() for x, y in zip(c, a)])
frontier.refuses(lambda c, a: [((c <= x) & (a >= y)).sum() == 1 for x, y in zip(c, a)])
frontier.refuses(lambda c, a: [not ((c >= x) & (a < y)).any() for x, y in zip(c, a)])
frontier.refuses(lambda c, a: [not (a[c <= x] > y).any() for x, y in zip(c, a)])

served = Design(
    title="One net to serve, and wrong labels",
    hints=(
        "What harms this net: too few steps, or wrong labels learnt by heart?",
        (
            "Train branched_nets.small(seed) by kd.methods.plain with smoothing; give the "
            "Config a weight_decay, and let the images move by a pixel. Compare a few by "
            "check, which looks at validation images alone."
        ),
        "kd.methods.plain(net, smoothing=0.3), with weight_decay=5e-3 and jitter=1, 8 epochs.",
    ),
    weights=53_000,
    margin=1,
)


@served.deals
def _(seed):
    """2,000 digits of 14 x 14 pixels, a fifth of the labels drawn again."""
    return (branched_nets.digits(mnist_5k().hold_out(500), seed),)


@served.rival
def _(data, seed):
    """Learn from the labels; no rate from 0.02 to 0.1 did better on validation images."""
    return _alone(data, seed, epochs=10)


def _alone(data, seed, epochs, lr=0.05):
    """Train a net on the labels."""
    config = kd.Config(epochs=epochs, batch_size=64, lr=lr)
    return on_labels(branched_nets.small(seed), data, config, seed)


@served.solved_by
def _(data, seed):
    net = branched_nets.small(seed)
    config = kd.Config(epochs=8, batch_size=64, weight_decay=5e-3, jitter=1, seed=seed)
    kd.train(kd.methods.plain(net, smoothing=0.3), data, config, progress=False)
    return net


@served.refuses
def _(data, seed):
    """Three nets together: as good, and three times the weights."""
    return kd.nets.Ensemble([branched_nets.small(1000 * k + seed) for k in range(3)])


@served.refuses
def _(data, seed):
    """The rival's training, for longer."""
    return _alone(data, seed, epochs=11)


@served.refuses
def _(data, seed):
    """A higher rate."""
    return _alone(data, seed, epochs=5, lr=0.2)


questions = read_questions(__package__)

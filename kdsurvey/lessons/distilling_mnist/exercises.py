"""Exercises of notebook 02."""

import torch

import kdsurvey as kd
from kdsurvey import losses
from kdsurvey.data import mnist_5k
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design, best
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions

z, v = example(8, 10), example(8, 10, seed=1)
y, other = torch.arange(8), torch.arange(8).flip(0)
loss = Exercise(
    "The whole loss",
    hints=(
        "Two terms: (1 - alpha) times one, alpha times the other.",
        (
            "The soft one is a Kullback-Leibler divergence of the two softened "
            "answers; F.kl_div has a reduction='batchmean'."
        ),
        (
            "F.kl_div(log q, p, reduction='batchmean') * T**2, with log q from "
            "log_softmax."
        ),
    ),
)


@loss.expects("alpha = 0 is the hard loss, whatever the teacher says")
def _(answer):
    return close(answer(z, v, y, 4.0, 0.0), losses.cross_entropy(z, y))


@loss.expects("alpha = 1 does not look at the labels")
def _(answer):
    return close(answer(z, v, y, 4.0, 1.0), answer(z, v, other, 4.0, 1.0))


@loss.expects("a student that agrees with its teacher has no soft loss")
def _(answer):
    return close(answer(v, v, y, 4.0, 1.0), 0.0)


@loss.expects("the batch twice over costs the same")
def _(answer):
    return close(
        answer(*(torch.cat([t, t]) for t in (z, v, y)), 4.0, 0.5),
        answer(z, v, y, 4.0, 0.5),
    )


@loss.expects("at a high T the soft gradient does not fade")
def _(answer):
    return 0.8 < _pull(answer, 40.0) / _pull(answer, 20.0) < 1.25


@loss.expects("at alpha = 1 it is T² KL, summed over the classes")
def _(answer):
    return close(answer(z, v, y, 4.0, 1.0), 16 * losses.kl(v, z, 4.0))


@loss.tried_on
def _(draw):
    return (
        draw.logits(8, 10),
        draw.logits(8, 10),
        draw.labels(8, 10),
        draw.number(2, 5),
        draw.number(0.2, 0.8),
    )


@loss.solved_by
def _(z, v, y, T, alpha):
    p, log_q = torch.softmax(v / T, -1), torch.log_softmax(z / T, -1)
    soft = torch.nn.functional.kl_div(log_q, p, reduction="batchmean")
    return (1 - alpha) * torch.nn.functional.cross_entropy(z, y) + alpha * T**2 * soft


@loss.refuses
def _(z, v, y, T, alpha):
    """The mean over classes too, as torch's kl_div had it with reduction="mean"."""
    p, log_q = torch.softmax(v / T, -1), torch.log_softmax(z / T, -1)
    soft = torch.nn.functional.kl_div(log_q, p, reduction="none").mean()
    return (1 - alpha) * torch.nn.functional.cross_entropy(z, y) + alpha * T**2 * soft


@loss.refuses
def _(z, v, y, T, alpha):
    """Without T²."""
    return (1 - alpha) * losses.cross_entropy(z, y) + alpha * losses.kl(v, z, T)


@loss.refuses
def _(z, v, y, T, alpha):
    """T in place of T²."""
    return (1 - alpha) * losses.cross_entropy(z, y) + alpha * T * losses.kl(v, z, T)


@loss.refuses
def _(z, v, y, T, alpha):
    """The divergence the wrong way round."""
    return (1 - alpha) * losses.cross_entropy(z, y) + alpha * T**2 * losses.kl(z, v, T)


@loss.refuses
def _(z, v, y, T, alpha):
    """Alpha at the other term."""
    return alpha * losses.cross_entropy(z, y) + (1 - alpha) * T**2 * losses.kl(v, z, T)


@loss.refuses
def _(z, v, y, T, alpha):
    """The hard loss at T as well."""
    hard = losses.cross_entropy(z / T, y)
    return (1 - alpha) * hard + alpha * T**2 * losses.kl(v, z, T)


smoothing = Exercise(
    "How much smoothing?",
    hints=(
        "Smoothing s leaves the true class 1 - s + s / c.",
        "Set that equal to the confidence.",
        "s = (1 - confidence) c / (c - 1).",
    ),
)


@smoothing.expects("a sure teacher needs none")
def _(answer):
    return close(answer(1.0, 10), 0.0)


@smoothing.expects("a clueless one needs all")
def _(answer):
    return close(answer(0.1, 10), 1.0)


@smoothing.expects("the largest share becomes the confidence")
def _(answer):
    return all(
        close(1 - answer(p, c) + answer(p, c) / c, p)
        for p in (0.5, 0.9)
        for c in (4, 10)
    )


@smoothing.tried_on
def _(draw):
    return draw.number(0.3, 0.95), draw.whole(3, 30)


@smoothing.solved_by
def _(confidence, classes):
    return (1 - confidence) * classes / (classes - 1)


@smoothing.refuses
def _(confidence, classes):
    return 1 - confidence


smoothing.refuses(lambda confidence, c: (1 - confidence) * c)
smoothing.refuses(lambda confidence, c: (1 - confidence) * (c - 1) / c)
smoothing.refuses(lambda confidence, c: confidence * c / (c - 1))
smoothing.refuses(lambda confidence, c: (1 - confidence) / (c - 1))
smoothing.refuses(lambda confidence, c: 100 * (1 - confidence) * c / (c - 1))


together = Exercise(
    "Logits of an ensemble",
    hints=(
        "A mean.",
        "Of the logits, or of the log-probabilities: both give the same answer.",
        "torch.stack(list_of_logits).mean(0).",
    ),
)


@together.expects("an ensemble of one is that one")
def _(answer):
    return close(_p(answer([z])), _p(z))


@together.expects("the order of its members does not matter")
def _(answer):
    return close(_p(answer([z, v])), _p(answer([v, z])))


@together.expects("equal members change nothing")
def _(answer):
    return close(_p(answer([z, z, z])), _p(z))


@together.expects("its answer is the geometric mean of theirs")
def _(answer):
    return close(_p(answer([z, v])), _geometric())


@together.tried_on
def _(draw):
    return ([draw.logits(6, 4) for _ in range(draw.whole(2, 4))],)


@together.judged_by
def _(logits, members):
    """Logits are right whatever is added to all of an image."""
    return _p(logits)


@together.solved_by
def _(list_of_logits):
    return torch.stack(list_of_logits).mean(0)


@together.refuses
def _(members):
    return torch.stack([m.softmax(-1) for m in members]).mean(0)


together.refuses(lambda members: torch.stack(members).softmax(-1).mean(0).log())
together.refuses(lambda members: torch.stack(members).sum(0))
together.refuses(lambda members: torch.stack(members).amax(0))
together.refuses(lambda members: members[0])


few = Design(
    title="Few labels, and a teacher",
    hints=(
        "The net alone has a twentieth of the labels. What does the teacher know of those images?",
        (
            "Train kd.nets.mlp(784, 100, 10, seed=seed) with kd.methods.hinton, at a T above 1; "
            "then let the images move, so that the teacher is asked more often."
        ),
        "kd.Config(epochs=60, lr=0.1, jitter=2, seed=seed), with T = 4 and alpha = 1.",
    ),
    weights=80_000,
    margin=2,
)


@few.deals
def _(seed):
    """A net that learnt from 3,500 digits, and a twentieth of those."""
    digits = mnist_5k().hold_out(500).dealt(seed)
    config = kd.Config(epochs=10, jitter=2)
    teacher = on_labels(kd.nets.mlp(784, 200, 10, seed=seed), digits, config, seed)
    return digits.fraction(0.05, seed), teacher


@few.rival
def _(data, teacher, seed):
    """Learn from the few labels, jittered, at a rate chosen on validation images."""

    tried = [_alone(data, seed, lr=lr) for lr in (0.1, 0.3)]
    return best(tried, data)


def _alone(data, seed, lr=0.1, epochs=60, smoothing=0.0):
    """Train a net on the few labels."""
    net = kd.nets.mlp(784, 100, 10, seed=seed)
    config = kd.Config(epochs=epochs, lr=lr, jitter=2)
    return on_labels(net, data, config, seed, smoothing=smoothing)


@few.solved_by
def _(data, teacher, seed):
    net = kd.nets.mlp(784, 100, 10, seed=seed)
    config = kd.Config(epochs=60, lr=0.1, jitter=2, seed=seed)
    kd.train(
        kd.methods.hinton(net, teacher, T=4.0, alpha=1.0), data, config, progress=False
    )
    return net


@few.refuses
def _(data, teacher, seed):
    """The teacher itself, which is too large."""
    return teacher


@few.refuses
def _(data, teacher, seed):
    """No weight on the teacher's answers."""
    net = kd.nets.mlp(784, 100, 10, seed=seed)
    config = kd.Config(epochs=30, jitter=2, seed=seed)
    return fit(net, kd.methods.hinton(net, teacher, alpha=0.0), data, config)


@few.refuses
def _(data, teacher, seed):
    """Smoothed labels: as unsure as a teacher, and no wiser."""
    return _alone(data, seed, epochs=30, smoothing=0.1)


def _p(logits: torch.Tensor) -> torch.Tensor:
    return torch.softmax(logits, -1)


def _geometric() -> torch.Tensor:
    product = (_p(z) * _p(v)).sqrt()
    return product / product.sum(-1, keepdim=True)


def _pull(f, T: float) -> float:
    student = z.clone().requires_grad_()
    return torch.autograd.grad(f(student, v, y, T, 1.0), student)[0].norm().item()


questions = read_questions(__package__)

"""Exercises of notebook 01."""

import torch

import kdsurvey as kd
from kdsurvey import losses
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.design import Design, best
from kdsurvey.lessons.exercise import Exercise, close, example, read_questions
from kdsurvey.lessons.taught import few_digits_and_teacher, small_net
from kdsurvey.stage import Stage, Teacher

z, v = example(6, 10), example(6, 10, seed=1)
soften = Exercise(
    "Softmax with a temperature",
    hints=(
        "What becomes of a softmax when a constant is subtracted from a row of logits?",
        (
            "Divide the logits by T; subtract each row's largest; exponentiate; divide by "
            "the row's sum."
        ),
        "torch.softmax does all of that but the first step. Over which dimension?",
    ),
)


@soften.expects("each row sums to 1")
def _(answer):
    return close(answer(z, 3.0).sum(1), torch.ones(6))


@soften.expects("T = 1 is the ordinary softmax")
def _(answer):
    return close(answer(z, 1.0), torch.softmax(z, 1))


@soften.expects("a very high T gives every class the same")
def _(answer):
    return close(answer(z, 1000000.0), torch.full((6, 10), 0.1), 0.0001)


@soften.expects("no T changes which class is largest")
def _(answer):
    return torch.equal(answer(z, 0.5).argmax(1), answer(z, 50.0).argmax(1))


@soften.expects("a logit of 1000 gives no nan")
def _(answer):
    return bool(torch.isfinite(answer(torch.tensor([[1000.0, 0.0]]), 1.0)).all())


@soften.tried_on
def _(draw):
    return draw.logits(6, 10), draw.number(1.5, 5)


@soften.solved_by
def _(z, T):
    return torch.softmax(z / T, dim=-1)


@soften.refuses
def _(z, T):
    return torch.exp(z / T) / torch.exp(z / T).sum(-1, keepdim=True)


soften.refuses(lambda z, T: torch.softmax(z / T**2, -1))
soften.refuses(lambda z, T: torch.softmax(z * T, -1))
soften.refuses(lambda z, T: torch.softmax(z, -1) / T)
soften.refuses(lambda z, T: torch.softmax(z / T, 0))  # over the images
soften.refuses(lambda z, T: torch.softmax(z, -1))


gradient = Exercise(
    "The gradient of the soft loss by the logits",
    hints=(
        "Which part of KL depends on z at all, and by which factor does z enter it?",
        (
            "p = softmax of v / T; q = softmax of z / T; the gradient of KL by the logits "
            "z / T is q - p; the chain rule takes it to z."
        ),
        "With p and q computed, return (q - p) times the derivative of z / T by z.",
    ),
)


@gradient.expects("one number a logit")
def _(answer):
    return answer(z, v, 3.0).shape == z.shape


@gradient.expects("it vanishes where student and teacher agree")
def _(answer):
    return close(answer(v, v, 3.0), torch.zeros(6, 10))


@gradient.expects("over the classes it sums to 0")
def _(answer):
    return close(answer(z, v, 3.0).sum(1), torch.zeros(6))


@gradient.expects("it is what automatic differentiation finds")
def _(answer):
    return close(answer(z, v, 3.0), _by_autograd(3.0))


@gradient.tried_on
def _(draw):
    return draw.logits(6, 10), draw.logits(6, 10), draw.number(1.5, 5)


@gradient.solved_by
def _(z, v, T):
    return (torch.softmax(z / T, -1) - torch.softmax(v / T, -1)) / T


@gradient.refuses
def _(z, v, T):
    return torch.softmax(z / T, -1) - torch.softmax(v / T, -1)


gradient.refuses(lambda z, v, T: T * ((z / T).softmax(-1) - (v / T).softmax(-1)))
gradient.refuses(lambda z, v, T: ((v / T).softmax(-1) - (z / T).softmax(-1)) / T)
gradient.refuses(lambda z, v, T: ((z / T).softmax(-1) - (v / T).softmax(-1)) / T**2)
gradient.refuses(lambda z, v, T: (z.softmax(-1) - v.softmax(-1)) / T)
gradient.refuses(lambda z, v, T: (z - v) / T)


balance = Exercise(
    "The alpha that T squared hides",
    hints=(
        "What is the weight of KL over that of H, without T², and with it?",
        "Set a T² / (1 - a) equal to alpha / (1 - alpha), and solve for a.",
        "a T² (1 - alpha) = alpha (1 - a): bring the terms with a to one side.",
    ),
)


@balance.expects("at T = 1 nothing is hidden")
def _(answer):
    return close(answer(0.9, 1.0), 0.9)


@balance.expects("the ends stay the ends")
def _(answer):
    return close(answer(0.0, 20.0), 0.0) and close(answer(1.0, 20.0), 1.0)


@balance.expects("the two terms keep the ratio they had without T squared")
def _(answer):
    return all(_same_ratio(answer, a, T) for a in (0.1, 0.9) for T in (2.0, 20.0))


@balance.tried_on
def _(draw):
    return draw.number(0.1, 0.9), draw.number(1.5, 10)


@balance.solved_by
def _(alpha, T):
    return alpha / (alpha + (1 - alpha) * T**2)


@balance.refuses
def _(alpha, T):
    return alpha / T**2


balance.refuses(lambda alpha, T: alpha * T**2 / (alpha * T**2 + 1 - alpha))
balance.refuses(lambda alpha, T: alpha / (alpha + (1 - alpha) * T))
balance.refuses(lambda alpha, T: alpha)
balance.refuses(lambda alpha, T: (1 - alpha) / (1 - alpha + alpha * T**2))


def _by_autograd(T: float) -> torch.Tensor:
    student = z.clone().requires_grad_()
    return torch.autograd.grad(losses.kl(v, student, T) * len(z), student)[0]


def _same_ratio(f, alpha: float, T: float) -> bool:
    a = f(alpha, T)
    return close(a * T**2 * (1 - alpha), alpha * (1 - a))


mended = Design(
    title="T² forgotten, and half mended",
    hints=(
        "Without T², how much of alpha = 0.9 is left at T = 20? A higher rate mends what of it?",
        (
            "Train kd.nets.mlp(196, 30, 10, seed=seed) by kd.methods.hinton, which has the "
            "factor, 60 steps in all; try T = 1, 4 and 20. What does T ask of the rate?"
        ),
        "T = 4, alpha = 0.9 and kd.Config(epochs=30, lr=0.2, seed=seed).",
    ),
    weights=7_000,
    steps=60,
    margin=4,
    seeds=(0, 1, 2, 3, 4),
)


@mended.deals
def _(seed):
    """180 digits, and a net that learnt from 3,000."""
    return few_digits_and_teacher(seed)


@mended.rival
def _(data, teacher, seed):
    """Forget T² at T = 20, and mend the step: the better of two rates on validation images."""
    tried = [_by(_forgotten, data, teacher, seed, lr=lr) for lr in (0.3, 1.0)]
    return best(tried, data)


def _forgotten(z, v, y) -> torch.Tensor:
    return 0.1 * losses.cross_entropy(z, y) + 0.9 * losses.kl(v, z, 20.0)


def _by(loss, data, teacher, seed, lr=0.2) -> torch.nn.Module:
    """Train a student by a loss of its logits z, the teacher's v and the labels y."""
    student, frozen = small_net(seed), Teacher(teacher)

    def terms(batch, progress):
        return {"loss": loss(student(batch.x), frozen(batch), batch.y)}

    stage = Stage("distil", {student: terms}, score={"student": student})
    return fit(student, iter([stage]), data, kd.Config(epochs=30, lr=lr, seed=seed))


@mended.solved_by
def _(data, teacher, seed):
    student = kd.nets.mlp(196, 30, 10, seed=seed)
    stages = kd.methods.hinton(student, teacher, T=4.0, alpha=0.9)
    kd.train(stages, data, kd.Config(epochs=30, lr=0.2, seed=seed), progress=False)
    return student


@mended.refuses
def _(data, teacher, seed):
    """The labels alone."""
    return on_labels(small_net(seed), data, kd.Config(epochs=30, lr=0.2), seed)


@mended.refuses
def _(data, teacher, seed):
    """A temperature below 1, which makes the teacher surer still."""
    return _by(lambda z, v, y: 0.09 * losses.kl(v, z, 0.3), data, teacher, seed)


@mended.refuses
def _(data, teacher, seed):
    """T² forgotten, and nothing mended."""
    return _by(_forgotten, data, teacher, seed)


@mended.refuses
def _(data, teacher, seed):
    """The student's answer softened, the teacher's not."""
    return _by(lambda z, v, y: losses.kl(v, z / 8.0), data, teacher, seed)


questions = read_questions(__package__)

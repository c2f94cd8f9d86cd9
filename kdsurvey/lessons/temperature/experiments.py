"""Notebook 01: what a temperature does to a teacher's answers and to the gradients that
a student gets from them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.lessons.arms import fit
from kdsurvey.lessons.rows import accuracies
from kdsurvey.losses import cross_entropy, entropy, kl, soften
from kdsurvey.records import experiment
from kdsurvey.stage import Stage, Teacher
from kdsurvey.training import Config

CONFIG = Config(epochs=12, batch_size=128, lr=0.1)
TEACHER = replace(CONFIG, jitter=2)
TEMPERATURES = (0.5, 1.0, 2.0, 4.0, 8.0, 20.0, 50.0)
FIRST_EPOCH = replace(CONFIG, epochs=1, schedule="constant", lr=0.02)
LOOKED_AT = 500  # training images whose gradients are measured
SHARE = 0.1  # of the images, in `weights_compared`
STUDENT = replace(CONFIG, epochs=60)
RATES = (0.03, 0.1, 0.3, 1.0)
T_PAPER = 20.0
ALPHA = 0.9
ALPHAS = (0.0, 0.1, 0.5, 0.9, 1.0)


def taught(data: Data, seed: int) -> nn.Sequential:
    """Train a teacher with two hidden layers of 100 on images jittered by up to 2 pixels."""
    net = nets.mlp(784, 100, 100, 10, seed=seed)
    on_labels(net, data, TEACHER, seed)
    return net


def at_temperature(T: float) -> str:
    """Return the name of the arm with soft targets at T."""
    return f"T = {T:g}"


def logits(net: nn.Module, x: Tensor) -> Tensor:
    """Return the logits (n, c) of a net in eval mode."""
    return Teacher(net).logits(x)


def untrained_logits(x: Tensor) -> Tensor:
    """Return the logits (n, c) of a student of 30 units that has learnt nothing yet."""
    return logits(nets.mlp(784, 30, 30, 10, seed=0), x)


def doubtful(
    v: Tensor, x: Tensor, y: Tensor, T: float, n: int
) -> tuple[np.ndarray, list[str]]:
    """Return the n images with the most softened mass on one wrong class, and "label >
    that class" for each.
    """
    p = soften(v, T).scatter(1, y[:, None], 0.0)  # (n, c), the wrong classes
    mass, second = p.max(1)
    top = mass.argsort(descending=True)[:n]
    return x[top, 0].numpy(), [f"{y[i]} > {second[i]}" for i in top]


def second_thought(v: Tensor, y: Tensor, T: float, sure: float = 0.99) -> int:
    """Find the image that a teacher gets right, with at least the probability `sure` at
    T = 1, and whose second class has the most softened mass at T. Returns its index.

    v: (n, c) logits; y: (n,) labels. Raises ValueError where it is sure of none.
    """
    confidence, answer = soften(v).max(1)
    settled = (answer == y) & (confidence >= sure)
    if not settled.any():
        raise ValueError(
            f"second_thought: the teacher is right and {sure:g} sure of none of "
            f"{len(y)} images; lower `sure`"
        )
    second = soften(v, T).topk(2, 1).values[:, 1]
    return int(second.where(settled, -1.0).argmax())


def nearest_class(x: Tensor, y: Tensor, classes: int = 10) -> Tensor:
    """Find the class, other than its own, whose mean image is nearest to each image in
    pixels; no net is asked. Returns (n,).
    """
    means = torch.stack([x[y == c].mean(0).flatten() for c in range(classes)])  # (c, d)
    distance = torch.cdist(x.flatten(1), means)  # (n, c)
    return distance.scatter(1, y[:, None], float("inf")).argmin(1)


def mass_on_nearest(v: Tensor, x: Tensor, y: Tensor, T: float) -> tuple[float, float]:
    """Return the mean softened probability of the class that looks most alike, and that
    of the other wrong classes on average.
    """
    p = soften(v, T)  # (n, c)
    near = nearest_class(x, y)
    on_near = p.gather(1, near[:, None])[:, 0]
    on_label = p.gather(1, y[:, None])[:, 0]
    others = (1 - on_label - on_near) / (p.shape[1] - 2)
    return on_near.mean().item(), others.mean().item()


def gradients(
    net: nn.Module, x: Tensor, y: Tensor, v: Tensor, T: float | None
) -> Tensor:
    """Compute the gradient of each example's loss by all weights, (n, weights): of T^2
    KL at T, or of the hard loss where T is None.
    """
    weights = {name: w.detach() for name, w in net.named_parameters()}

    def loss(weights, x, y, v):
        z = functional_call(net, weights, (x[None],))
        return cross_entropy(z, y[None]) if T is None else T**2 * kl(v[None], z, T)

    each = vmap(grad(loss), in_dims=(None, 0, 0, 0))(weights, x, y, v)
    return torch.cat([g.flatten(1) for g in each.values()], 1)


def noise_to_signal(g: Tensor) -> float:
    """Compute the variance of the gradients g (n, weights) between examples, over the
    squared length of their mean: no unit, no scale.
    """
    mean = g.mean(0)
    variance = (g - mean).square().sum(1).mean()
    return (variance / mean.square().sum()).item()


def information(v: Tensor, T: float) -> float:
    """Compute how much the softened answers (n, c) tell about which of the n images is
    meant, in nats: the entropy of their mean less the mean of their entropies.
    """
    mean = soften(v, T).mean(0)
    return (entropy(mean.log()) - entropy(v, T).mean()).item()


def likeness(v: Tensor, x: Tensor, y: Tensor, T: float, classes: int = 10) -> float:
    """Compute the rank correlation, over the wrong classes of a class, of their softened
    mass with the nearness of their mean images in pixels; the mean over classes.
    """
    p = soften(v, T)
    mass = torch.stack([p[y == c].mean(0) for c in range(classes)])  # (c, c)
    means = torch.stack([x[y == c].mean(0).flatten() for c in range(classes)])
    nearness = -torch.cdist(means, means)
    wrong = ~torch.eye(classes, dtype=torch.bool)
    pairs = zip(mass[wrong].view(classes, -1), nearness[wrong].view(classes, -1))
    return sum(map(_rank_correlation, *zip(*pairs))) / classes


def _rank_correlation(a: Tensor, b: Tensor) -> float:
    ranks = torch.stack([part.argsort().argsort().float() for part in (a, b)])
    return torch.corrcoef(ranks)[0, 1].item()


def answers(teacher: nn.Module, data: Data, T: float) -> dict[str, float]:
    """Measure a teacher's softened answers on test images: their entropy and
    `information` in nats, their `likeness`, and the mean mass on the class that looks
    most alike and on the others.
    """
    x, y = data.test
    v = logits(teacher, x)
    near, others = mass_on_nearest(v, x, y, T)
    return {
        "entropy": entropy(v, T).mean().item(),
        "information": information(v, T),
        "likeness": likeness(v, x, y, T),
        "mass on nearest": near,
        "mass on others": others,
    }


def pull(
    net: nn.Module, x: Tensor, y: Tensor, v: Tensor, T: float | None
) -> dict[str, float]:
    """Measure the gradients of T^2 KL at T, of the hard loss where T is None: their
    `noise_to_signal`, and their mean length in the logits and in the weights.
    """
    in_weights = gradients(net, x, y, v, T)
    z = logits(net, x)
    if T is None:
        in_logits = gradient_of(lambda v, z, T: cross_entropy(z, y), v, z, 1.0)
    else:
        in_logits = T**2 * gradient_of(kl, v, z, T)
    return {
        "noise": noise_to_signal(in_weights),
        "in weights": in_weights.norm(dim=1).mean().item(),
        "in logits": in_logits.norm(dim=1).mean().item(),
    }


@experiment(
    settings={
        "config": CONFIG,
        "teacher": TEACHER,
        "first_epoch": FIRST_EPOCH,
        "temperatures": TEMPERATURES,
        "looked_at": LOOKED_AT,
    },
)
def softened(data: Data, seed: int) -> list[dict]:
    """Measure a teacher's answers at each temperature, and the gradients that they give
    a student of 30 units after one epoch on the labels.

    The seed draws the parts of the data, the teacher and the student.
    """
    teacher = taught(data, seed)
    net = nets.mlp(784, 30, 30, 10, seed=seed)
    on_labels(net, data, FIRST_EPOCH, seed)
    x, y = (part[:LOOKED_AT] for part in data.train)
    v = logits(teacher, x)
    hard = {"arm": "hard", "seed": seed, **pull(net, x, y, v, None)}
    soft = [
        {"arm": at_temperature(T), "seed": seed, "T": T}
        | answers(teacher, data, T)
        | pull(net, x, y, v, T)
        for T in TEMPERATURES
    ]
    return [hard, *soft]


def gradient_of(
    loss: Callable[[Tensor, Tensor, float], Tensor], v: Tensor, z: Tensor, T: float
) -> Tensor:
    """Compute the gradient (n, c) of each example's loss(v, z, T) by the student's
    logits z.
    """
    z = z.clone().requires_grad_()
    return torch.autograd.grad(loss(v, z, T) * len(z), z)[0]


def limit_error(v: Tensor, z: Tensor, T: float) -> float:
    """Compute how far T^2 times the soft gradient is from its limit, (z - v) / N with
    both centred, relative to the limit's length.
    """
    gradient = T**2 * gradient_of(kl, v, z, T)  # (n, N)
    centred_z = z - z.mean(1, keepdim=True)
    centred_v = v - v.mean(1, keepdim=True)
    limit = (centred_z - centred_v) / z.shape[1]
    return ((gradient - limit).norm() / limit.norm()).item()


def gradient_norm(v: Tensor, z: Tensor, T: float) -> float:
    """Return the mean length of the gradient of KL at T by the logits, without T^2."""
    gradient = gradient_of(kl, v, z, T)
    return gradient.norm(dim=1).mean().item()


def hidden_alpha(alpha: float, T: float) -> float:
    """Return the weight that, with T^2, keeps the ratio of the terms without T^2."""
    return alpha / (alpha + (1 - alpha) * T**2)


def hidden_step(alpha: float, T: float) -> float:
    """Return by what the whole gradient is multiplied where T^2 is forgotten, beside the
    ratio of its terms.
    """
    return 1 - alpha + alpha / T**2


@dataclass(frozen=True)
class Weighing:
    """An arm of `weights_compared`: a weight of the soft term.

    name: what rows call it. alpha: the weight; square: whether T^2 stands before the
    soft term; step: what the whole loss is multiplied by; rates: the learning rates that
    it is trained at.
    """

    name: str
    alpha: float
    square: bool = True
    step: float = 1.0
    rates: tuple[float, ...] = RATES


def at_alpha(alpha: float) -> str:
    """Return the name of the arm with T^2 and this weight."""
    return f"alpha = {alpha:g}"


RATIO = hidden_alpha(ALPHA, T_PAPER)
STEP = hidden_step(ALPHA, T_PAPER)
ONE_RATE = (CONFIG.lr,)
FORGOTTEN = "T² forgotten"
WRONG_RATIO = "ratio wrong, step right"
WRONG_STEP = "ratio right, step wrong"
WEIGHINGS = (
    *(Weighing(at_alpha(alpha), alpha) for alpha in ALPHAS),
    # At its own rates, T² forgotten is this arm: only the step differs
    Weighing(WRONG_RATIO, RATIO),
    Weighing(WRONG_STEP, ALPHA, step=STEP, rates=ONE_RATE),
    Weighing(FORGOTTEN, ALPHA, square=False, rates=ONE_RATE),
)


def weighed(
    student: nn.Module,
    teacher: nn.Module | Teacher,
    alpha: Tensor,
    square: Tensor,
    step: Tensor,
) -> Iterator[Stage]:
    """L = step ((1 - alpha) H(y, q) + alpha square KL(p_T || q_T)), for a stack of
    students with one alpha, square and step each, (s,).
    """
    teacher = Teacher(teacher)

    def loss(batch, progress):
        z = student(batch.x)
        hard = cross_entropy(z, batch.y)  # (s,)
        soft = kl(teacher(batch), z, T_PAPER)
        return {
            "hard": step * (1 - alpha) * hard,
            "soft": step * alpha * square * soft,
        }

    yield Stage("distil", {student: loss}, score={"student": student})


@experiment(
    settings={
        "config": CONFIG,
        "teacher": TEACHER,
        "student": STUDENT,
        "share": SHARE,
        "rates": RATES,
        "t_paper": T_PAPER,
        "alpha": ALPHA,
        "alphas": ALPHAS,
        "weighings": WEIGHINGS,
        "ratio": RATIO,
        "step": STEP,
        "one_rate": ONE_RATE,
    },
)
def weights_compared(data: Data, seed: int) -> list[dict]:
    """Train students of 100 units on a tenth of the images: one a weight of the soft
    term and a learning rate, with T^2, and with what forgetting it changes.

    The seed draws the parts of the data, the teacher, the tenth and the students, which
    train as one stack: without weight decay, a loss multiplied by a factor is a learning
    rate multiplied by it.
    """
    teacher = taught(data, seed)
    few = data.fraction(SHARE, seed)
    runs = [(weighing, lr) for weighing in WEIGHINGS for lr in weighing.rates]
    students = sweeps.stack([nets.mlp(784, 100, 100, 10, seed=seed)] * len(runs))
    alpha, square, step = torch.tensor([_factors(*run) for run in runs]).T
    stages = weighed(students, teacher, alpha, square, step)
    fit(students, stages, few, replace(STUDENT, seed=seed))
    return [
        {"arm": weighing.name, "seed": seed, "lr": lr, **accuracies(net, few)}
        for (weighing, lr), net in zip(runs, sweeps.unstack(students))
    ]


def _factors(weighing: Weighing, lr: float) -> tuple[float, float, float]:
    """Return alpha, what stands for T^2, and the step, as `weighed` takes them."""
    square = T_PAPER**2 if weighing.square else 1.0
    return weighing.alpha, square, weighing.step * lr / STUDENT.lr

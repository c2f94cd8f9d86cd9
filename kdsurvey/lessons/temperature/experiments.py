"""Notebook 01: what a temperature does to a teacher's answers and to the gradients that
a student gets from them.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from kdsurvey import nets, sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.alone import on_labels
from kdsurvey.losses import cross_entropy, kl, soften
from kdsurvey.methods import hinton, plain
from kdsurvey.stage import Teacher
from kdsurvey.training import Config, train

CONFIG = Config(epochs=12, batch_size=128, lr=0.1)
SEEDS = (0, 1, 2, 3, 4)
TEMPERATURES = (0.5, 1.0, 2.0, 4.0, 8.0, 20.0, 50.0)


def teachers(
    data: Data, width: int = 100, seeds: tuple[int, ...] = SEEDS
) -> list[nn.Sequential]:
    """Train one small teacher a seed, as a stack, on images jittered by up to 2 pixels."""
    stack = sweeps.stack([nets.mlp(784, width, width, 10, seed=s) for s in seeds])
    train(plain(stack), data, replace(CONFIG, seed=seeds, jitter=2))
    return sweeps.unstack(stack)


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


def gradient_noise(
    data: Data, teacher: nn.Module, seed: int, epochs: int, n: int = 500
) -> dict[str, float]:
    """Compute `noise_to_signal` with hard targets and at each temperature, for one
    student of 30 units after some epochs of training.

    n: training images that are looked at. Returns "hard" and "T = 4" ... -> noise.
    """
    net = nets.mlp(784, 30, 30, 10, seed=seed)
    if epochs:
        config = replace(CONFIG, epochs=epochs, schedule="constant", lr=0.02)
        on_labels(net, data, config, seed)
    x, y = (part[:n] for part in data.train)
    v = logits(teacher, x)
    targets = {"hard": None} | {f"T = {T:g}": T for T in TEMPERATURES}
    return {
        name: noise_to_signal(gradients(net, x, y, v, T)) for name, T in targets.items()
    }


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


def hard_weight(
    data: Data,
    teacher: nn.Module,
    alphas: tuple[float, ...],
    T: float,
    seeds: tuple[int, ...] = SEEDS,
) -> list[dict]:
    """Train students of 100 units on a tenth of the data, one a weight alpha and seed,
    as one stack.

    Returns rows with arm (the weight), seed and accuracy in [0, 1].
    """
    jobs = [(alpha, seed) for alpha in alphas for seed in seeds]
    stack = sweeps.stack([nets.mlp(784, 100, 100, 10, seed=seed) for _, seed in jobs])
    weights = torch.tensor([alpha for alpha, _ in jobs])
    stages = hinton(stack, teacher, T=T, alpha=weights)
    config = replace(CONFIG, epochs=60, seed=tuple(seed for _, seed in jobs))
    last_epoch = train(stages, data.fraction(0.1), config)[-len(jobs) :]
    return [
        {"arm": alpha, "seed": seed, "accuracy": row["student test accuracy"]}
        for (alpha, seed), row in zip(jobs, last_epoch)
    ]

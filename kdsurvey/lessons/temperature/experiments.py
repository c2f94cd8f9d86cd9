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
    """One small teacher a seed, trained as a stack on images jittered by up to 2 pixels."""
    stack = sweeps.stack([nets.mlp(784, width, width, 10, seed=s) for s in seeds])
    train(plain(stack), data, replace(CONFIG, seed=seeds, jitter=2))
    return sweeps.unstack(stack)


def logits(net: nn.Module, x: Tensor) -> Tensor:
    """(n, c) logits of a net in eval mode."""
    return Teacher(net).logits(x)


def untrained_logits(x: Tensor) -> Tensor:
    """(n, c) logits of a student of 30 units that has learnt nothing yet."""
    return logits(nets.mlp(784, 30, 30, 10, seed=0), x)


def doubtful(
    v: Tensor, x: Tensor, y: Tensor, T: float, n: int
) -> tuple[np.ndarray, list[str]]:
    """The n images with the most softened mass on one wrong class, and "label > that
    class" for each.
    """
    p = soften(v, T).scatter(1, y[:, None], 0.0)  # (n, c), the wrong classes
    mass, second = p.max(1)
    top = mass.argsort(descending=True)[:n]
    return x[top, 0].numpy(), [f"{y[i]} > {second[i]}" for i in top]


def nearest_class(x: Tensor, y: Tensor, classes: int = 10) -> Tensor:
    """(n,): the class, other than its own, whose mean image is nearest to each image in
    pixels. No net is asked.
    """
    means = torch.stack([x[y == c].mean(0).flatten() for c in range(classes)])  # (c, d)
    distance = torch.cdist(x.flatten(1), means)  # (n, c)
    return distance.scatter(1, y[:, None], float("inf")).argmin(1)


def mass_on_nearest(v: Tensor, x: Tensor, y: Tensor, T: float) -> tuple[float, float]:
    """Mean softened probability of the class that looks most alike, and of the other
    wrong classes on average.
    """
    p, near = soften(v, T), nearest_class(x, y)
    on_near = p.gather(1, near[:, None])[:, 0]
    others = (1 - p.gather(1, y[:, None])[:, 0] - on_near) / (p.shape[1] - 2)
    return on_near.mean().item(), others.mean().item()


def gradients(
    net: nn.Module, x: Tensor, y: Tensor, v: Tensor, T: float | None
) -> Tensor:
    """(n, weights): the gradient of each example's loss by all weights, T^2 KL at T, or
    the hard loss where T is None.
    """
    weights = {name: w.detach() for name, w in net.named_parameters()}

    def loss(weights, x, y, v):
        z = functional_call(net, weights, (x[None],))
        return cross_entropy(z, y[None]) if T is None else T**2 * kl(v[None], z, T)

    each = vmap(grad(loss), in_dims=(None, 0, 0, 0))(weights, x, y, v)
    return torch.cat([g.flatten(1) for g in each.values()], 1)


def noise_to_signal(g: Tensor) -> float:
    """Variance of the gradients g (n, weights) between examples, over the squared
    length of their mean: no unit, no scale.
    """
    mean = g.mean(0)
    return ((g - mean).square().sum(1).mean() / mean.square().sum()).item()


def gradient_noise(
    data: Data, teacher: nn.Module, seed: int, epochs: int, n: int = 500
) -> dict[str, float]:
    """noise_to_signal with hard targets and at each temperature, for one student of 30
    units after some epochs of training.
    """
    net = nets.mlp(784, 30, 30, 10, seed=seed)
    if epochs:
        train(
            plain(net),
            data,
            replace(CONFIG, seed=seed, epochs=epochs, schedule="constant", lr=0.02),
            progress=False,
        )
    x, y = (part[:n] for part in data.train)
    v = logits(teacher, x)
    return {
        ("hard" if T is None else f"T = {T:g}"): noise_to_signal(
            gradients(net, x, y, v, T)
        )
        for T in (None, *TEMPERATURES)
    }


def gradient_of(
    loss: Callable[[Tensor, Tensor, float], Tensor], v: Tensor, z: Tensor, T: float
) -> Tensor:
    """(n, c): the gradient of each example's loss(v, z, T) by the student's logits z."""
    z = z.clone().requires_grad_()
    return torch.autograd.grad(loss(v, z, T) * len(z), z)[0]


def limit_error(v: Tensor, z: Tensor, T: float) -> float:
    """How far T^2 times the soft gradient is from its limit, (z - v) / N with both
    centred, relative to the limit's length.
    """
    gradient = T**2 * gradient_of(kl, v, z, T)  # (n, N)
    centred = ((z - z.mean(1, keepdim=True)) - (v - v.mean(1, keepdim=True))) / z.shape[
        1
    ]
    return ((gradient - centred).norm() / centred.norm()).item()


def gradient_norm(v: Tensor, z: Tensor, T: float) -> float:
    """Mean length of the gradient of KL at T by the logits, without T^2."""
    gradient = gradient_of(kl, v, z, T)
    return gradient.norm(dim=1).mean().item()


def hard_weight(
    data: Data,
    teacher: nn.Module,
    alphas: tuple[float, ...],
    T: float,
    seeds: tuple[int, ...] = SEEDS,
) -> list[dict]:
    """Students of 100 units on a tenth of the data, one a weight alpha and seed, as one stack."""
    jobs = [(alpha, seed) for alpha in alphas for seed in seeds]
    stack = sweeps.stack([nets.mlp(784, 100, 100, 10, seed=seed) for _, seed in jobs])
    config = replace(CONFIG, epochs=60, seed=tuple(seed for _, seed in jobs))
    rows = train(
        hinton(stack, teacher, T=T, alpha=torch.tensor([a for a, _ in jobs])),
        data.fraction(0.1),
        config,
    )
    last = rows[-len(jobs) :]
    return [
        {"arm": alpha, "seed": seed, "accuracy": r["student test accuracy"]}
        for (alpha, seed), r in zip(jobs, last)
    ]

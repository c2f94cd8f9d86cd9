"""Exercises of notebook 06."""

import torch
import torch.nn.functional as F

from kdsurvey.lessons.exercise import Exercise, close, example

x = example(50, 4)
W = example(4, 3, seed=1)
W2 = example(3, 2, seed=2)
g = torch.tensor([0, 1, 2, 0, 2, 2])
maps = example(2, 5, 6, 6, seed=3)
a = example(8, 3, scale=0.1, seed=4) + 5

widen = Exercise(
    "Wider, by hand",
    (
        ("U has a column a unit, U' a row a unit", lambda f: [tuple(u.shape) for u in f(W, W2, g)] == [(4, 6), (6, 2)]),
        ("every column of U is one of W", lambda f: close(f(W, W2, g)[0], W[:, g])),
        ("the function is the same", lambda f: close(_function(*f(W, W2, g)), _function(W, W2))),
        ("copies of a unit speak with one voice", lambda f: all(close(f(W, W2, g)[1][i], f(W, W2, g)[1][j]) for i, j in ((0, 3), (2, 4), (4, 5)))),
        ("without copies nothing changes", lambda f: close(f(W, W2, g[:3])[0], W) and close(f(W, W2, g[:3])[1], W2)),
    ),
    (
        "g says of which old unit each new unit is a copy: that is an index.",
        "How many copies has unit g(j)? Compare g with itself: (g[:, None] == g).sum(1).",
        "U = W[:, g], U' = W'[g] divided by the number of copies, a row at a time.",
    ),
    "def answer(W, W2, g):\n    copies = (g[:, None] == g).sum(1)\n    return W[:, g], W2[g] / copies[:, None]\n",
)  # fmt: skip

identity = Exercise(
    "A convolution that does nothing",
    (
        (
            "the shape of n kernels for n channels",
            lambda f: tuple(f(5, 3).shape) == (5, 5, 3, 3),
        ),
        (
            "for k = 3, five maps come back as they are",
            lambda f: close(F.conv2d(maps, f(5, 3), padding=1), maps),
        ),
        ("for k = 5 too", lambda f: close(F.conv2d(maps, f(5, 5), padding=2), maps)),
        ("and for k = 1", lambda f: close(F.conv2d(maps, f(5, 1)), maps)),
    ),
    (
        "Each channel has to reach itself and no other.",
        "Of a kernel's k x k weights one is 1: the one that lies on the pixel itself.",
        "Zeros, then a 1 at [i, i, k // 2, k // 2] for every channel i.",
    ),
    "def answer(n, k):\n    U, i = torch.zeros(n, n, k, k), torch.arange(n)\n    U[i, i, k // 2, k // 2] = 1.0\n    return U\n",
)

undo = Exercise(
    "A batch norm that undoes itself",
    (
        ("a gamma and a beta a unit", lambda f: [tuple(v.shape) for v in f(a, 0.1)] == [(3,), (3,)]),
        ("in train mode the batch comes back as it is", lambda f: close(_normed(a, *f(a, 1e-5), 1e-5), a)),
        ("also where eps is large", lambda f: close(_normed(a, *f(a, 0.1), 0.1), a)),
        ("a unit that never moves comes back too", lambda f: close(_normed(torch.ones(8, 3), *f(torch.ones(8, 3), 1e-5), 1e-5), torch.ones(8, 3))),
    ),
    (
        "Batch norm subtracts the batch's mean and divides by sqrt(var + eps).",
        "beta brings the mean back, gamma the scale; eps belongs to the scale.",
        "Batch norm's variance divides by n: a.var(0, correction=0).",
    ),
    "def answer(a, eps):\n    return (a.var(0, correction=0) + eps).sqrt(), a.mean(0)\n",
)  # fmt: skip


def _function(W: torch.Tensor, W2: torch.Tensor) -> torch.Tensor:
    return torch.relu(x @ W) @ W2


def _normed(
    a: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, eps: float
) -> torch.Tensor:
    return F.batch_norm(a, None, None, gamma, beta, training=True, eps=eps)


questions = (
    (
        "A unit gets two copies, so there are three of it. What becomes of its outgoing weights?",
        [
            ("The copies get 0, the original keeps its weights", "Then the copies would be useless, though the function would stay.", False),
            ("Each of the three gets a third", "Yes: the original too. The sum is what it was.", True),
            ("Each of the three keeps them", "Then the unit would count three times.", False),
        ],
    ),
    (
        "Why must copies get noise before they train on?",
        [
            ("Because the optimiser needs gradients that are not 0", "They have gradients: all the same ones.", False),
            ("Because equal units get equal gradients, so they stay equal", "Yes: the wider net would learn what the narrow one could.", True),
            ("Because batch norm divides by their variance", "That is over the batch, not over the units.", False),
        ],
    ),
    (
        "A deeper net starts with gamma = 1 and beta = 0 in its new batch norm. When is it the same function?",
        [
            ("in eval mode", "Yes: the running mean is 0 and the running variance 1. In training the batch's own are used.", True),
            ("in train mode", "There the batch is normalised, and gamma and beta do not undo it.", False),
            ("in both", "Only one of them uses the running statistics.", False),
        ],
    ),
)  # fmt: skip

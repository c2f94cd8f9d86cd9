"""Exercises of notebook 11."""

import torch
import torch.nn.functional as F

from kdsurvey.lessons.exercise import Exercise, close, example

a = example(6, 3, scale=1.5, seed=5)  # what the gate's ReLU gets
z, g = example(3, 6, 4, seed=6), example(6, 3, scale=1.0, seed=7).softmax(1)
y = torch.tensor([0, 1, 2, 3, 0, 1])

weights = Exercise(
    "The gate's weights",
    (
        ("one weight an image and branch", lambda f: f(a).shape == a.shape),
        ("they sum to 1 for every image", lambda f: close(f(a).sum(1), torch.ones(6))),
        ("all values negative: all branches alike", lambda f: close(f(-a.abs()), torch.full((6, 3), 1 / 3))),
        ("how negative makes no difference", lambda f: close(f(torch.tensor([[1.0, -0.1, -9.0]])), f(torch.tensor([[1.0, -5.0, 0.0]])))),
        ("where nothing is negative it is a softmax", lambda f: close(f(a.abs()), a.abs().softmax(1))),
    ),
    (
        "First the ReLU, then the softmax over the branches.",
        "A negative value counts as 0; the softmax gives it the weight exp(0) over the sum, not 0.",
        "a.relu().softmax(1).",
    ),
    "def answer(a):\n    return a.relu().softmax(1)\n",
)  # fmt: skip

one_loss = Exercise(
    "The loss of ONE",
    (
        ("a number", lambda f: f(z, g, y, 3.0).ndim == 0),
        ("branches that agree leave m + 1 cross-entropies", lambda f: close(f(z[:1].expand(3, 6, 4), g, y, 3.0), 4 * F.cross_entropy(z[0], y))),
        ("twice the branches with half the weights: sums, not means", lambda f: close(f(torch.cat([z, z]), torch.cat([g, g], 1) / 2, y, 3.0), 2 * f(z, g, y, 3.0) - F.cross_entropy(_mixed(z, g), y))),
        ("the divergence has T², the teacher first", lambda f: close(f(z, g, y, 2.0) - f(z, g, y, 5.0), _kl(2.0) - _kl(5.0), 1e-4)),
        ("the gate learns from the labels alone", lambda f: close(*(_slope(f, T) for T in (2.0, 5.0)))),
    ),
    (
        "z_e = torch.einsum('nm,mnc->nc', g, z). Then m cross-entropies, one more for z_e, and m divergences, all summed.",
        "The teacher only teaches: detach z_e in the divergence, or the gate learns to please the branches.",
        "T * T * F.kl_div((z_i / T).log_softmax(1), (z_e.detach() / T).softmax(1), reduction='batchmean') for each branch i.",
    ),
    "def answer(z, g, y, T):\n"
    "    F = torch.nn.functional\n"
    "    z_e = torch.einsum('nm,mnc->nc', g, z)\n"
    "    p_e = (z_e.detach() / T).softmax(1)\n"
    "    hard = sum(F.cross_entropy(z_i, y) for z_i in z) + F.cross_entropy(z_e, y)\n"
    "    return hard + T * T * sum(F.kl_div((z_i / T).log_softmax(1), p_e, reduction='batchmean') for z_i in z)\n",
)  # fmt: skip

cost = Exercise(
    "What sharing saves",
    (
        (
            "one branch is a net: trunk and branch",
            lambda f: close(f(30, 70, 4)[0], 100),
        ),
        ("the trunk runs once for all of them", lambda f: close(f(30, 70, 4)[1], 310)),
        ("separate nets share nothing", lambda f: close(f(30, 70, 4)[2], 400)),
        (
            "without a trunk nothing is saved",
            lambda f: close(f(0, 50, 3)[1], f(0, 50, 3)[2]),
        ),
        (
            "a single branch is a net alone",
            lambda f: close(f(30, 70, 1), (100, 100, 100)),
        ),
    ),
    (
        "Count what one answer runs: the trunk, and how many branches?",
        "All branches together: trunk + m branch.",
        "m separate nets: m (trunk + branch).",
    ),
    "def answer(trunk, branch, m):\n    return trunk + branch, trunk + m * branch, m * (trunk + branch)\n",
)


def _mixed(z: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    return torch.einsum("nm,mnc->nc", g, z)


def _kl(T: float) -> torch.Tensor:
    """T^2 times the sum of the divergences, for the logits and the weights of this module."""
    p = (_mixed(z, g) / T).softmax(1)
    return T**2 * sum(
        F.kl_div((z_i / T).log_softmax(1), p, reduction="batchmean") for z_i in z
    )


def _slope(f, T: float) -> torch.Tensor:
    """What reaches the weights g."""
    given = g.clone().requires_grad_()
    return torch.autograd.grad(f(z, given, y, T), given)[0]


questions = (
    (
        "The gate gets its gradient from one term of the loss. From which?",
        [
            ("the divergence, in which its ensemble is the teacher", "The teacher is detached there: nothing reaches the gate.", False),
            ("the cross-entropy of the ensemble", "Yes. Without that term the gate would stay as it was drawn.", True),
            ("the cross-entropies of the branches", "No gate occurs in them.", False),
        ],
    ),
    (
        "Why is a gate's lowest weight never near 0, early in training?",
        [
            ("because its learning rate is small", "The floor is there at any rate.", False),
            ("because the ReLU comes before the softmax", "Yes: what is negative counts as 0, and exp(0) is 1.", True),
            ("because the branches are equally good", "The gate does not know yet how good they are.", False),
        ],
    ),
    (
        "Three branches share nearly nothing of the cost, one net of three. What has ONE to offer then?",
        [
            ("training at a third of the cost", "Only the trunk is shared: see the table of multiply-adds.", False),
            ("an ensemble that is cheaper to serve", "With all branches served it costs nearly what three nets cost.", False),
            ("a single branch that learnt from three", "Yes, and it is served alone at the cost of one.", True),
        ],
    ),
)  # fmt: skip

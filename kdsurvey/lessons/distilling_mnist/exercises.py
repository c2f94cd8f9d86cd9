"""Exercises of notebook 02."""

import torch

from kdsurvey import losses
from kdsurvey.lessons.exercise import Exercise, close, example

z, v = example(8, 10), example(8, 10, seed=1)
y, other = torch.arange(8), torch.arange(8).flip(0)

loss = Exercise(
    "The whole loss",
    (
        ("alpha = 0 is the hard loss, whatever the teacher says", lambda f: close(f(z, v, y, 4.0, 0.0), losses.cross_entropy(z, y))),
        ("alpha = 1 does not look at the labels", lambda f: close(f(z, v, y, 4.0, 1.0), f(z, v, other, 4.0, 1.0))),
        ("a student that agrees with its teacher has no soft loss", lambda f: close(f(v, v, y, 4.0, 1.0), 0.0)),
        ("the batch twice over costs the same", lambda f: close(f(*(torch.cat([t, t]) for t in (z, v, y)), 4.0, 0.5), f(z, v, y, 4.0, 0.5))),
        ("at a high T the soft gradient does not fade", lambda f: 0.8 < _pull(f, 40.0) / _pull(f, 20.0) < 1.25),
        ("the soft term sums over the classes", lambda f: close(f(z, v, y, 4.0, 1.0), 16 * losses.kl(v, z, 4.0))),
    ),
    (
        "Two terms: (1 - alpha) times one, alpha times the other.",
        "The soft one is a Kullback-Leibler divergence of the two softened answers; F.kl_div has a reduction='batchmean'.",
        "F.kl_div(log q, p, reduction='batchmean') * T**2, with log q from log_softmax.",
    ),
    "def answer(z, v, y, T, alpha):\n"
    "    p, log_q = torch.softmax(v / T, -1), torch.log_softmax(z / T, -1)\n"
    "    soft = torch.nn.functional.kl_div(log_q, p, reduction='batchmean')\n"
    "    return (1 - alpha) * torch.nn.functional.cross_entropy(z, y) + alpha * T**2 * soft\n",
)  # fmt: skip

smoothing = Exercise(
    "How much smoothing?",
    (
        ("a sure teacher needs none", lambda f: close(f(1.0, 10), 0.0)),
        ("a clueless one needs all", lambda f: close(f(0.1, 10), 1.0)),
        ("the largest share becomes the confidence", lambda f: all(close(1 - f(p, c) + f(p, c) / c, p) for p in (0.5, 0.9) for c in (4, 10))),
    ),
    ("Smoothing s leaves the true class 1 - s + s / c.", "Set that equal to the confidence.", "s = (1 - confidence) c / (c - 1)."),
    "def answer(confidence, classes):\n    return (1 - confidence) * classes / (classes - 1)\n",
)  # fmt: skip

together = Exercise(
    "Logits of an ensemble",
    (
        ("an ensemble of one is that one", lambda f: close(_p(f([z])), _p(z))),
        (
            "the order of its members does not matter",
            lambda f: close(_p(f([z, v])), _p(f([v, z]))),
        ),
        ("equal members change nothing", lambda f: close(_p(f([z, z, z])), _p(z))),
        (
            "its answer is the geometric mean of theirs",
            lambda f: close(_p(f([z, v])), _geometric()),
        ),
    ),
    (
        "A mean.",
        "Of the logits, or of the log-probabilities: both give the same answer.",
        "torch.stack(list_of_logits).mean(0).",
    ),
    "def answer(list_of_logits):\n    return torch.stack(list_of_logits).mean(0)\n",
)


def _p(logits: torch.Tensor) -> torch.Tensor:
    return torch.softmax(logits, -1)


def _geometric() -> torch.Tensor:
    product = (_p(z) * _p(v)).sqrt()
    return product / product.sum(-1, keepdim=True)


def _pull(f, T: float) -> float:
    student = z.clone().requires_grad_()
    return torch.autograd.grad(f(student, v, y, T, 1.0), student)[0].norm().item()


questions = (
    (
        "A student learns from soft targets only. Which of these does it not need?",
        [
            ("images", "It learns on images; only their labels are idle.", False),
            ("labels", "Yes: the transfer set may be unlabelled.", True),
            ("a teacher", "The targets are the teacher's.", False),
        ],
    ),
    (
        "Why is 'the same net, same steps, no teacher' not control enough?",
        [
            (
                "Because the teacher's own tricks might have done it without the teacher",
                "Yes: train the small net well, too.",
                True,
            ),
            (
                "Because it has too few weights",
                "Both arms have the same weights.",
                False,
            ),
            (
                "Because it starts from other weights",
                "Paired arms start from the same.",
                False,
            ),
        ],
    ),
    (
        "A narrow student does best at a moderate temperature. Why not at a high one?",
        [
            ("Its softmax overflows", "It subtracts the maximum first.", False),
            (
                "The T² factor makes the steps too large",
                "T² keeps the gradient's size, it does not inflate it.",
                False,
            ),
            (
                "It cannot match every logit, and a high T asks for all of them",
                "Yes: at a lower T the hopeless classes count for less.",
                True,
            ),
        ],
    ),
)

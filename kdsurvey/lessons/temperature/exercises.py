"""Exercises of notebook 01."""

import torch

from kdsurvey import losses
from kdsurvey.lessons.exercise import Exercise, close, example

z, v = example(6, 10), example(6, 10, seed=1)

soften = Exercise(
    "Softmax with a temperature",
    (
        ("each row sums to 1", lambda f: close(f(z, 3.0).sum(1), torch.ones(6))),
        (
            "T = 1 is the ordinary softmax",
            lambda f: close(f(z, 1.0), torch.softmax(z, 1)),
        ),
        (
            "a very high T gives every class the same",
            lambda f: close(f(z, 1e6), torch.full((6, 10), 0.1), 1e-4),
        ),
        (
            "no T changes which class is largest",
            lambda f: torch.equal(f(z, 0.5).argmax(1), f(z, 50.0).argmax(1)),
        ),
        (
            "a logit of 1000 gives no nan",
            lambda f: bool(torch.isfinite(f(torch.tensor([[1000.0, 0.0]]), 1.0)).all()),
        ),
    ),
    (
        "Divide first.",
        "Then exponentiate, and divide by the sum over classes.",
        "torch.softmax subtracts the maximum for you.",
    ),
    "def answer(z, T):\n    return torch.softmax(z / T, dim=-1)\n",
)

gradient = Exercise(
    "The gradient of the soft loss by the logits",
    (
        ("one number a logit", lambda f: f(z, v, 3.0).shape == z.shape),
        (
            "it vanishes where student and teacher agree",
            lambda f: close(f(v, v, 3.0), torch.zeros(6, 10)),
        ),
        (
            "over the classes it sums to 0",
            lambda f: close(f(z, v, 3.0).sum(1), torch.zeros(6)),
        ),
        (
            "it is what automatic differentiation finds",
            lambda f: close(f(z, v, 3.0), _by_autograd(3.0)),
        ),
    ),
    (
        "By the chain rule, z / T gives a factor.",
        "The gradient of a cross-entropy by its logits is q - p.",
        "(q - p) / T.",
    ),
    "def answer(z, v, T):\n    return (torch.softmax(z / T, -1) - torch.softmax(v / T, -1)) / T\n",
)

balance = Exercise(
    "The alpha that T squared hides",
    (
        ("at T = 1 nothing is hidden", lambda f: close(f(0.9, 1.0), 0.9)),
        ("the ends stay the ends", lambda f: close(f(0.0, 20.0), 0.0) and close(f(1.0, 20.0), 1.0)),
        ("the two terms keep the ratio they had without T squared", lambda f: all(_same_ratio(f, a, T) for a in (0.1, 0.9) for T in (2.0, 20.0))),
    ),
    (
        "Without T², the soft term weighs alpha and the hard one 1 - alpha.",
        "You want a with a T² / (1 - a) = alpha / (1 - alpha).",
        "Solve for a: a = alpha / (alpha + (1 - alpha) T²).",
    ),
    "def answer(alpha, T):\n    return alpha / (alpha + (1 - alpha) * T**2)\n",
)  # fmt: skip


def _by_autograd(T: float) -> torch.Tensor:
    student = z.clone().requires_grad_()
    return torch.autograd.grad(losses.kl(v, student, T) * len(z), student)[0]


def _same_ratio(f, alpha: float, T: float) -> bool:
    a = f(alpha, T)
    return close(a * T**2 * (1 - alpha), alpha * (1 - a))


questions = (
    (
        "Soft targets only, no labels, plain SGD. You forget T². What happens?",
        [
            (
                "The student learns the wrong thing",
                "The direction of the gradient is unchanged.",
                False,
            ),
            (
                "It is as if the learning rate were divided by T²",
                "Yes: with one term, T² only scales the step.",
                True,
            ),
            (
                "Nothing at all",
                "The step is T² times smaller: at T = 20, four hundred times.",
                False,
            ),
        ],
    ),
    (
        "At which temperature do very negative teacher logits matter least?",
        [
            (
                "at a low one",
                "Yes: their probability, and so their gradient, is close to nothing.",
                True,
            ),
            ("at a high one", "There every logit counts, as in regression.", False),
            ("they always matter alike", "Only in the limit of high T.", False),
        ],
    ),
    (
        "A library calls kl_div with reduction='mean' on 100 classes. Its soft term is …",
        [
            ("a hundred times too strong", "The other way round.", False),
            (
                "right, if the batch is large",
                "The batch size cancels; the classes do not.",
                False,
            ),
            (
                "a hundred times too weak",
                "Yes: the sum over classes became a mean.",
                True,
            ),
        ],
    ),
)

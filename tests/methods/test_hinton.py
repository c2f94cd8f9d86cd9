"""Hinton, Vinyals & Dean 2015: the balance of the two terms, the ends of alpha, and
that it learns real digits.
"""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from methods.contract import Case, distilled
from patterns import small
from torch import nn

from kdsurvey.losses import cross_entropy, soft_cross_entropy
from kdsurvey.methods import hinton, plain
from kdsurvey.nets import mlp, parameters
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import Config, train

CONTRACT = {
    "hinton": Case(lambda: distilled(hinton)),
    "hinton, soft alone": Case(lambda: distilled(hinton, alpha=1.0), labelled=False),
    "hinton, hard alone": Case(lambda: distilled(hinton, alpha=0.0)),
    "hinton, T = 1": Case(lambda: distilled(hinton, T=1.0)),
    "hinton, T = 20": Case(lambda: distilled(hinton, T=20.0)),
    "hinton, tensors": Case(
        lambda: distilled(hinton, T=torch.tensor(4.0), alpha=torch.tensor(0.5))
    ),
}
DEFAULTS = {
    "hinton": {"T": 4.0, "alpha": 0.9},
}
REFUSED = {
    "alpha below 0": lambda: distilled(hinton, alpha=-0.1),
    "alpha above 1": lambda: distilled(hinton, alpha=1.1),
    "T = 0": lambda: distilled(hinton, T=0.0),
    "T below 0, a tensor": lambda: distilled(hinton, T=torch.tensor(-1.0)),
    "T that is no number": lambda: distilled(hinton, T="4"),
    "no T": lambda: distilled(hinton, T=None),
    "alpha above 1, a tensor": lambda: distilled(hinton, alpha=torch.tensor(1.5)),
    "one alpha of a stack": lambda: distilled(hinton, alpha=torch.tensor([0.5, 2.0])),
    "alpha that is no number": lambda: distilled(hinton, alpha="0.5"),
    "no teacher": lambda: hinton(small(), None),
    "a class as student": lambda: hinton(nn.Linear, small()),
}


def logits(seed: int, n: int = 8, classes: int = 10) -> torch.Tensor:
    return 3 * torch.randn(
        n, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


class Given(nn.Module):
    """A net whose logits are its weights: x holds the numbers of the rows."""

    def __init__(self, z: torch.Tensor):
        super().__init__()
        self.z = nn.Parameter(z.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.z[x[:, 0].long()]


def terms_of(
    z: torch.Tensor, v: torch.Tensor, **options
) -> tuple[Given, dict[str, torch.Tensor]]:
    student, n = Given(z), len(z)
    (stage,) = hinton(student, Given(v), **options)
    x = torch.arange(n)[:, None].double()
    return student, stage.learn[student](
        Batch(x, torch.arange(n) % z.shape[1], torch.arange(n), x), 0.0
    )


def gradient(loss: torch.Tensor, student: Given) -> torch.Tensor:
    return torch.autograd.grad(loss, student.z, retain_graph=True)[0]


@given(st.integers(0, 999), st.floats(0.5, 20), st.floats(0.01, 1))
def test_the_soft_term_is_alpha_times_t_squared_times_kl(seed, T, alpha):
    """The reference is PyTorch's KLDivLoss with batchmean, at every temperature and weight."""
    z, v = logits(seed), logits(seed + 1)
    student, terms = terms_of(z, v, T=T, alpha=alpha)
    kl = nn.KLDivLoss(reduction="batchmean")(
        torch.log_softmax(student.z / T, 1), torch.softmax(v / T, 1)
    )
    ours, reference = gradient(terms["soft"], student), gradient(T**2 * kl, student)
    assert terms["soft"].item() == pytest.approx(alpha * T**2 * kl.item(), rel=1e-9)
    assert (ours.norm() / (alpha * reference.norm())).item() == pytest.approx(
        1, rel=1e-9
    )
    assert torch.cosine_similarity(
        ours.flatten(), reference.flatten(), dim=0
    ).item() == pytest.approx(1, rel=1e-9)


@given(st.integers(0, 999), st.floats(0.5, 20), st.floats(0, 1))
def test_the_gradient_is_that_of_the_paper_s_cross_entropies(seed, T, alpha):
    z, v = logits(seed), logits(seed + 1)
    student, terms = terms_of(z, v, T=T, alpha=alpha)
    hard = cross_entropy(student.z, torch.arange(8))
    soft = T**2 * soft_cross_entropy(v, student.z, T)
    expected = gradient((1 - alpha) * hard + alpha * soft, student)
    torch.testing.assert_close(
        gradient(sum(terms.values()), student), expected, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("T", [0.5, 1.0, 4.0, 20.0])
def test_alpha_at_both_ends(T):
    z, v = logits(1), logits(2)
    student, terms = terms_of(z, v, T=T, alpha=0.0)
    assert terms["soft"].item() == 0 and terms["hard"].item() == pytest.approx(
        cross_entropy(z, torch.arange(8)).item()
    )
    student, terms = terms_of(z, v, T=T, alpha=1.0)
    assert terms["hard"].item() == 0 and not gradient(terms["hard"], student).any()
    by_hand = T**2 * (torch.softmax(z / T, 1) - torch.softmax(v / T, 1)) / T / 8
    torch.testing.assert_close(
        gradient(terms["soft"], student), by_hand, rtol=1e-9, atol=1e-12
    )


def test_t_squared_keeps_the_balance():
    """From T = 5 to T = 100 the soft gradient stays as large, where without T^2 it
    would fall 400-fold.
    """
    z, v = logits(1, n=200), logits(2, n=200)
    norms = [
        gradient(terms["soft"], student).norm().item()
        for student, terms in (
            terms_of(z, v, T=T, alpha=1.0) for T in (5.0, 20.0, 100.0)
        )
    ]
    assert max(norms) / min(norms) < 1.1


def test_hot_targets_match_logits():
    z, v = logits(1), logits(2)
    student, terms = terms_of(z, v, T=10_000.0, alpha=1.0)
    centred = (z - z.mean(1, keepdim=True)) - (v - v.mean(1, keepdim=True))
    torch.testing.assert_close(
        gradient(terms["soft"], student), centred / 10 / 8, rtol=1e-2, atol=1e-4
    )


def test_a_constant_on_the_teacher_s_logits_changes_nothing():
    (_, one), (_, other) = (
        terms_of(logits(1), logits(2), T=3.0),
        terms_of(logits(1), logits(2) + 50, T=3.0),
    )
    assert one["soft"].item() == pytest.approx(other["soft"].item(), rel=1e-9)


def test_a_tensor_is_read_when_the_loss_is_taken():
    """A slider moves the temperature and the weight while a net trains."""
    T = torch.tensor(1.0)
    alpha = torch.tensor(0.0)
    z = logits(1)
    v = logits(2)
    student = Given(z)
    (stage,) = hinton(student, Given(v), T=T, alpha=alpha)
    x = torch.arange(8)[:, None].double()
    batch = Batch(x, torch.arange(8), torch.arange(8), x)
    for temperature, weight in ((1.0, 0.0), (4.0, 0.3), (9.0, 1.0)):
        T.fill_(temperature)
        alpha.fill_(weight)
        _, expected = terms_of(z, v, T=temperature, alpha=weight)
        found = stage.learn[student](batch, 0.0)
        assert {k: t.item() for k, t in found.items()} == pytest.approx(
            {k: t.item() for k, t in expected.items()}, rel=1e-6
        )


def test_soft_targets_alone_need_no_labels(toy):
    """Labels that are all wrong make no difference at alpha = 1, and do at any other."""
    x, y = toy.train
    wrong = replace(toy, train=(x, (y + 1) % 3), validation=None)
    config = Config(epochs=1, batch_size=32, device="cpu")
    teacher = Teacher(mlp(128, 8, 3, seed=1))
    for alpha, alike in ((1.0, True), (0.9, False)):
        students = [mlp(128, 8, 3, seed=2) for _ in range(2)]
        for student, data in zip(students, (toy, wrong)):
            train(hinton(student, teacher, alpha=alpha), data, config, progress=False)
        assert (
            all(torch.equal(a, b) for a, b in zip(*(s.parameters() for s in students)))
            == alike
        )


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alpha_out_of_range(alpha):
    with pytest.raises(
        ValueError, match=r"alpha weighs the soft term and lies in \[0, 1\]"
    ):
        hinton(mlp(4, 3), mlp(4, 3), alpha=alpha)


@pytest.mark.parametrize("T", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature_out_of_range(T):
    with pytest.raises(
        ValueError, match="temperature must be a positive finite number"
    ):
        terms_of(logits(1), logits(2), T=T)


def test_nets_that_differ_in_classes():
    with pytest.raises(ValueError, match=r"\(8, 12\).*\(8, 10\).*same classes"):
        terms_of(logits(1), logits(2, classes=12))


def test_learns_real_digits_at_its_defaults(digits):
    """A net of 20 units a layer gets near its teacher, with the labels and without a single one."""
    teacher, config = mlp(784, 100, 10, seed=0), Config(epochs=6, device="cpu")
    by_labels = train(plain(teacher), digits, config, progress=False)[-1][
        "net test accuracy"
    ]
    assert by_labels > 0.9
    for options in ({}, {"alpha": 1.0}):
        student = mlp(784, 20, 20, 10, seed=1)
        rows = train(
            hinton(student, teacher, **options), digits, config, progress=False
        )
        assert parameters(student) < parameters(teacher) / 4
        assert rows[-1]["student test accuracy"] > by_labels - 0.06
        assert rows[-1]["soft"] < rows[0]["soft"] / 3


@pytest.mark.parametrize("values", [{"alpha": [0.0, 0.5]}, {"T": [1.0, 4.0, 9.0]}])
def test_one_net_does_not_learn_from_a_stack_of_values(values, toy):
    """Its rows would be those of members that do not exist."""
    values = {name: torch.tensor(value) for name, value in values.items()}
    stages = hinton(small(), small(seed=1), **values)
    with pytest.raises(ValueError, match="for a stack of so many nets"):
        train(stages, toy, Config(epochs=1, device="cpu"), progress=False)

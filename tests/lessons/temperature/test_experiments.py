"""Notebook 01's measures, against the same by hand."""

import pytest
import torch

from kdsurvey.lessons.temperature import experiments
from kdsurvey.losses import cross_entropy, kl, soften
from kdsurvey.nets import mlp


@pytest.fixture
def answers():
    """Logits of a student and a teacher, and labels: 6 images, 4 classes."""
    generator = torch.Generator().manual_seed(0)
    z, v = torch.randn(2, 6, 4, generator=generator)
    return z, v, torch.arange(6) % 4


def test_the_nearest_class_is_another_one():
    x = torch.tensor([0.0, 0.1, 1.0, 1.1, 5.0, 5.1]).reshape(6, 1, 1, 1)
    y = torch.tensor([0, 0, 1, 1, 2, 2])
    assert experiments.nearest_class(x, y, 3).tolist() == [1, 1, 0, 0, 1, 1]


def test_mass_on_the_nearest_class_and_on_the_others():
    x = torch.cat([torch.arange(10.0)] * 2).reshape(20, 1, 1, 1)
    y = torch.arange(10).repeat(2)
    v = torch.randn(20, 10, generator=torch.Generator().manual_seed(1))
    near = experiments.nearest_class(x, y)
    p = soften(v, 4.0)
    on_near, others = experiments.mass_on_nearest(v, x, y, 4.0)
    assert on_near == pytest.approx(p[torch.arange(20), near].mean().item(), rel=1e-5)
    mask = torch.ones_like(p).bool()
    mask[torch.arange(20), near] = mask[torch.arange(20), y] = False
    assert others == pytest.approx(p[mask].mean().item(), rel=1e-5)


@pytest.mark.parametrize("T", [None, 3.0])
def test_gradients_are_those_of_each_example_alone(answers, T):
    _, v, y = answers
    net, x = mlp(5, 4, 4, seed=0), torch.rand(6, 5)
    each = experiments.gradients(net, x, y, v, T)
    for k in range(6):
        z = net(x[k : k + 1])
        soft = cross_entropy(z, y[k : k + 1])
        if T is not None:
            soft = T**2 * kl(v[k : k + 1], z, T)
        parts = torch.autograd.grad(soft, list(net.parameters()))
        alone = torch.cat([part.flatten() for part in parts])
        assert torch.allclose(each[k], alone, atol=1e-6)


def test_noise_to_signal_has_no_scale(answers):
    g = torch.tensor([[1.0, 0.0], [3.0, 0.0]])
    assert experiments.noise_to_signal(g) == pytest.approx(1 / 4)
    assert experiments.noise_to_signal(7 * g) == pytest.approx(1 / 4)


def test_the_gradient_nears_logit_matching(answers):
    z, v, _ = answers
    far, near = (experiments.limit_error(v, z, T) for T in (10.0, 1000.0))
    assert near < 0.01 < far
    gradient = experiments.gradient_of(kl, v, z, 2.0)
    assert torch.allclose(gradient, (soften(z, 2.0) - soften(v, 2.0)) / 2, atol=1e-6)
    norm = gradient.norm(dim=1).mean().item()
    assert experiments.gradient_norm(v, z, 2.0) == pytest.approx(norm)


def test_doubtful_images_come_with_label_and_second_opinion():
    x, y = torch.rand(3, 1, 2, 2), torch.tensor([0, 1, 2])
    v = torch.tensor([[9.0, 0.0, 0.0], [4.0, 5.0, 0.0], [0.0, 3.0, 3.1]])
    images, titles = experiments.doubtful(v, x, y, T=1.0, n=2)
    assert titles == ["2 > 1", "1 > 0"]
    assert (images[0] == x[2, 0].numpy()).all()

"""Notebook 01's measures, against the same by hand."""

import math
from dataclasses import replace

import pytest
import torch

from kdsurvey import sweeps
from kdsurvey.data import Data
from kdsurvey.lessons.temperature import experiments
from kdsurvey.lessons.temperature.experiments import ALPHA, RATIO, STEP, T_PAPER
from kdsurvey.losses import cross_entropy, kl, soften
from kdsurvey.methods import hinton
from kdsurvey.nets import mlp
from kdsurvey.stage import Batch, Teacher
from kdsurvey.training import train


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


def test_a_second_thought_is_that_of_an_image_that_is_settled():
    v = torch.tensor([[9.0, 1, 0], [9.0, 3, 0], [9.0, 8, 0], [0.0, 9, 5]])
    y = torch.tensor([0, 0, 0, 0])  # the third is in doubt, the last one wrong
    assert experiments.second_thought(v, y, T=4.0, sure=0.9) == 1
    with pytest.raises(ValueError, match=r"right and 0\.9 sure of none of 4 images"):
        experiments.second_thought(v, y + 2, T=4.0, sure=0.9)


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


def test_information_falls_from_the_classes_to_nothing():
    sure = 1000 * torch.eye(4).repeat(3, 1)
    assert experiments.information(sure, 1.0) == pytest.approx(math.log(4), abs=1e-5)
    assert experiments.information(sure, 1e7) == pytest.approx(0, abs=1e-5)
    alike = torch.randn(1, 4).expand(6, 4)
    assert experiments.information(alike, 1.0) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
def test_likeness_is_1_where_near_classes_get_the_mass(sign):
    places = torch.tensor([0.0, 1.0, 3.0, 7.0])
    x, y = places.repeat(2).view(8, 1, 1, 1), torch.arange(4).repeat(2)
    v = -sign * (places[y][:, None] - places).abs()
    assert experiments.likeness(v, x, y, 2.0, 4) == pytest.approx(sign)


def test_the_pull_of_a_target_is_measured_in_logits_and_weights(answers):
    _, v, y = answers
    net, x = mlp(5, 4, 4, seed=0), torch.rand(6, 5)
    for T in (None, 3.0):
        each = experiments.gradients(net, x, y, v, T)
        measured = experiments.pull(net, x, y, v, T)
        assert measured["noise"] == pytest.approx(experiments.noise_to_signal(each))
        assert measured["in weights"] == pytest.approx(each.norm(dim=1).mean().item())
    z = net(x).detach()
    soft = 3.0 * (soften(z, 3.0) - soften(v, 3.0))
    assert measured["in logits"] == pytest.approx(soft.norm(dim=1).mean().item())
    hard = soften(z) - torch.eye(4)[y]
    in_logits = experiments.pull(net, x, y, v, None)["in logits"]
    assert in_logits == pytest.approx(hard.norm(dim=1).mean().item())


def test_forgetting_the_square_changes_the_ratio_and_the_step():
    x, y = torch.rand(6, 1, 1, 5), torch.arange(6) % 4
    teacher = mlp(5, 4, 4, seed=1)
    batch = Batch(x, y, torch.arange(6), x)

    def slope(stage, net):
        total = sum(term.sum() for term in stage.learn[net](batch, 0.5).values())
        return torch.autograd.grad(total, list(net.parameters()))

    net = sweeps.stack([mlp(5, 4, 4, seed=0)])
    one = torch.ones(1)
    (bug,) = experiments.weighed(net, teacher, ALPHA * one, one, one)
    (right,) = hinton(net, teacher, T=T_PAPER, alpha=RATIO)
    for wrong, good in zip(slope(bug, net), slope(right, net)):
        assert torch.allclose(wrong, STEP * good, atol=1e-6)
    assert pytest.approx(0.022, abs=5e-4) == RATIO
    assert pytest.approx(0.102, abs=5e-4) == STEP


@pytest.fixture
def spots():
    """240 images of 28 x 28 pixels and 10 classes in three parts."""
    x, y = torch.rand(240, 1, 28, 28), torch.arange(240) % 10
    for k in range(10):
        x[y == k, :, k] += 0.8
    x = x / x.max()
    parts = [(x[a:b], y[a:b]) for a, b in ((0, 120), (120, 180), (180, 240))]
    return Data(parts[0], parts[1], tuple("0123456789"), "spots", parts[2])


@pytest.fixture
def short(monkeypatch):
    for name in ("TEACHER", "STUDENT"):
        config = replace(getattr(experiments, name), epochs=2, device="cpu")
        monkeypatch.setattr(experiments, name, config)
    monkeypatch.setattr(experiments, "SHARE", 0.5)


def test_a_member_of_the_stack_is_the_run_that_it_says(spots, short):
    rows = experiments.weights_compared(spots, 3)
    accuracy = {(row["arm"], row["lr"]): row["accuracy"] for row in rows}
    names = [weighing.name for weighing in experiments.WEIGHINGS]
    assert list(dict.fromkeys(row["arm"] for row in rows)) == names
    assert len(accuracy) == len(rows) == 6 * 4 + 2 and {
        row["seed"] for row in rows
    } == {3}
    dealt = spots.dealt(3)
    teacher = Teacher(experiments.taught(dealt, 3))
    few = dealt.fraction(0.5, 3)
    for alpha, lr in ((0.9, 0.1), (0.5, 0.03)):
        net = mlp(784, 100, 100, 10, seed=3)
        config = replace(experiments.STUDENT, lr=lr, seed=3)
        stages = hinton(net, teacher, T=20.0, alpha=alpha)
        last = train(stages, few, config, progress=False)[-1]
        assert accuracy[f"alpha = {alpha}", lr] == pytest.approx(
            last["student test accuracy"], abs=1.01 / 60
        )


def test_a_seed_has_its_own_images_and_teacher(spots, short, monkeypatch):
    asked = []

    def taught(data, seed):
        asked.append((data.source, seed))
        return mlp(784, 5, 10, seed=seed)

    monkeypatch.setattr(experiments, "taught", taught)
    rows = [row for seed in (0, 1) for row in experiments.softened(spots, seed)]
    assert asked == [(spots.dealt(seed).source, seed) for seed in (0, 1)]
    arms = ["hard", *(f"T = {T:g}" for T in experiments.TEMPERATURES)]
    assert [row["arm"] for row in rows] == 2 * arms
    assert rows[1]["entropy"] != rows[9]["entropy"] and "entropy" not in rows[0]

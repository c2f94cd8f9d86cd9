"""The temperature panel says and shows what the formulas give."""

import math

import numpy as np
import pytest
import torch

from kdsurvey.panels import temperature
from kdsurvey.panels.temperature.softened import softened
from kdsurvey.pictures import Bars

V = torch.tensor([[4.0, 1.0, 0.0], [0.0, 2.0, -1.0]])
Z = torch.tensor([[1.0, 0.5, -0.5], [0.3, 0.1, 0.0]])
X, Y = torch.rand(2, 1, 5, 5), torch.tensor([0, 1])


def numbers(panel):
    """Return the table, class -> numbers."""
    (table,) = panel.table
    return {name: list(map(float, values)) for name, *values in table.rows}


@pytest.mark.parametrize("T", [0.5, 1.0, 7.0])
@pytest.mark.parametrize("squared", [True, False])
def test_the_gradient_is_that_of_the_loss(T, squared):
    v, z = V[0].double(), Z[0].double().requires_grad_()
    loss = -(torch.softmax(v / T, 0) * torch.log_softmax(z / T, 0)).sum() * (
        T**2 if squared else 1
    )
    (expected,) = torch.autograd.grad(loss, z)
    np.testing.assert_allclose(
        softened(v, z.detach(), T, squared).g, expected, atol=1e-12
    )


def test_slider_moves_status_picture_and_table():
    panel = temperature(X, Y, V, Z, ("a", "b", "c"), T=1.0)
    panel.check()
    picture = panel.png
    panel.T.slider.value = 4.0
    panel.settle()
    panel.check()
    p = np.exp(np.array([1, 0.25, 0])) / np.exp(np.array([1, 0.25, 0])).sum()
    q = (
        np.exp(np.array([0.25, 0.125, -0.125]))
        / np.exp(np.array([0.25, 0.125, -0.125])).sum()
    )
    shown = np.array([numbers(panel)[name] for name in "abc"])
    expected = [p, q, 4 * (q - p)]
    np.testing.assert_allclose(shown, np.stack(expected, 1), atol=6e-5)
    for name, heights in zip("pqg", expected):
        (bars,) = panel.picture.charts[name].marks_of(Bars)
        np.testing.assert_allclose(bars.y, heights, atol=1e-6)
    entropy = -(p * np.log(p)).sum()
    assert panel.status.startswith(
        f"T = 4: the teacher's entropy is {entropy:.3f} nats, {entropy / math.log(3):.0%} of log 3"
    )
    assert panel.png != picture


def test_the_square_is_a_factor_of_the_gradient_alone():
    panel = temperature(X, Y, V, Z, T=5.0)
    with_square = numbers(panel)
    panel.squared.value = False
    panel.settle()
    for name, (p, q, g) in numbers(panel).items():
        assert with_square[name][:2] == [p, q]
        assert g == pytest.approx(with_square[name][2] / 25, abs=1e-4)


def test_buttons_go_round_the_images():
    panel = temperature(X, Y, V, Z)
    panel.before.click()
    assert panel.image.value == 1
    panel.settle()
    assert panel.table[0].caption == "Image 1 (label 1) at T = 1"
    panel.after.click()
    assert panel.image.value == 0


def test_arrays_flat_images_and_no_student():
    panel = temperature(np.random.rand(2, 5, 5), [0, 1], V.numpy())
    panel.check()
    assert all(len(values) == 1 for values in numbers(panel).values())
    assert panel.squared not in panel.box.children[2].children


def test_hot_is_flat():
    panel = temperature(X, Y, V, T=50.0)
    assert "100% of log 3" in panel.status


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": [0]}, "need n images"),
        ({"images": X[:1]}, "need n images"),
        ({"student_logits": Z[:, :2]}, "differ"),
        ({"classes": "ab"}, "2 classes are named"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        temperature(
            **{"images": X, "labels": Y, "teacher_logits": V, "student_logits": Z}
            | change
        )


def test_a_link_makes_the_same_picture():
    giver, taker = temperature(X, Y, V, Z), temperature(X, Y, V, Z)
    giver.T.box.value = 7.3
    giver.image.value = 1
    giver.squared.value = False
    taker.paste(giver.link)
    giver.settle()
    taker.settle()
    assert taker.png == giver.png and taker.table == giver.table


def test_one_scale_of_the_gradient_holds_at_every_temperature():
    panel = temperature(X, Y, V, Z)
    limits = set()
    for T in (0.5, 1.0, 7.0, 50.0):
        for squared in (False, True):
            panel.T.value, panel.squared.value = T, squared
            panel.settle()
            chart = panel.picture.charts["g"]
            limits.add(chart.y.limits)
            (bars,) = chart.marks_of(Bars)
            assert max(map(abs, bars.y)) < chart.y.limits[1]
    assert len(limits) == 1

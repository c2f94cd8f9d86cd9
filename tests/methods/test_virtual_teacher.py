"""Yuan et al. 2020: a teacher made by hand, against NumPy and against label smoothing."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from methods.branching import Y, batch, hard, kl
from methods.contract import Case, Example, small_net
from methods.given import Given, draw

from kdsurvey.methods import plain, virtual_teacher


def taught(**options) -> Example:
    student = small_net(0)
    return Example(virtual_teacher(student, **options), [student])


CONTRACT = {"virtual teacher": Case(taught)}
DEFAULTS = {
    "virtual_teacher": {"T": 20.0, "alpha": 0.1, "a": 0.99},
}
REFUSED = {
    "alpha below 0": lambda: taught(alpha=-0.1),
    "a = 1": lambda: taught(a=1.0),
    "T = 0": lambda: taught(T=0.0),
    "a that is no number": lambda: taught(a="0.9"),
    "no student": lambda: virtual_teacher(None),
}


def terms(z: np.ndarray, stages) -> tuple[Given, dict[str, torch.Tensor]]:
    """Return a net whose logits are z (4, c), and the terms of the one stage of stages(net)."""
    student = Given(z)
    (stage,) = stages(student)
    return student, stage.learn[student](batch(), 0.0)


def slope(z: np.ndarray, stages) -> torch.Tensor:
    student, losses = terms(z, stages)
    return torch.autograd.grad(sum(losses.values()), student.features)[0]


@given(st.integers(0, 999), st.floats(0.5, 30), st.floats(0, 1), st.floats(0.4, 0.99))
def test_the_loss_against_numpy(seed, T, alpha, a):
    z = draw(seed, 4, 3)
    _, ours = terms(z, lambda net: virtual_teacher(net, T=T, alpha=alpha, a=a))
    p = np.full((4, 3), (1 - a) / 2)
    p[np.arange(4), Y] = a
    virtual = alpha * kl(np.log(p), z, T)
    assert ours["virtual"].item() == pytest.approx(virtual, rel=1e-8, abs=1e-12)
    assert ours["hard"].item() == pytest.approx((1 - alpha) * hard(z), rel=1e-10)


@pytest.mark.parametrize(("alpha", "a"), [(0.1, 0.99), (0.5, 0.6), (1.0, 0.9)])
def test_at_temperature_1_it_is_label_smoothing(alpha, a):
    z = draw(1, 4, 3)
    smoothing = alpha * (1 - a) * 3 / 2
    virtual = slope(z, lambda net: virtual_teacher(net, T=1.0, alpha=alpha, a=a))
    smoothed = slope(z, lambda net: plain(net, smoothing=smoothing))
    torch.testing.assert_close(virtual, smoothed, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("T", "sure"), [(1.0, 0.99), (20.0, 0.3944)])
def test_a_hotter_teacher_is_less_sure_but_still_right(T, sure):
    """The paper's T = 20 leaves little more than 1 / c for the right class."""
    slopes = slope(np.zeros((4, 3)), lambda net: virtual_teacher(net, T=T, alpha=1.0))
    p_T = 1 / 3 - 4 * T * slopes[range(4), Y]  # the slope is (q_T - p_T) / (n T)
    assert p_T.tolist() == pytest.approx([sure] * 4, abs=1e-4)


@pytest.mark.parametrize(
    "wrong", [{"alpha": -0.1}, {"alpha": 1.1}, {"a": 1.0}, {"a": 0.0}]
)
def test_bad_input_is_named(wrong):
    with pytest.raises(ValueError, match="virtual_teacher: alpha in"):
        virtual_teacher(Given(np.zeros((4, 3))), **wrong)


def test_a_teacher_that_is_not_right_is_refused():
    with pytest.raises(
        ValueError, match=r"not the most probable; give an a above 0\.333"
    ):
        terms(np.zeros((4, 3)), lambda net: virtual_teacher(net, a=1 / 3))


def test_the_members_of_a_stack_have_the_losses_that_they_have_alone():
    z = draw(3, 2, 4, 3)
    _, together = terms(z, lambda net: virtual_teacher(net, T=2.0))
    for member in range(2):
        _, alone = terms(z[member], lambda net: virtual_teacher(net, T=2.0))
        for name, loss in alone.items():
            assert together[name][member].item() == pytest.approx(loss.item(), rel=1e-9)

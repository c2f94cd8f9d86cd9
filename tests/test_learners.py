"""The nets that learn, looked at while they do."""

import sys
from contextlib import suppress

import pytest
import torch
from torch import nn

from kdsurvey import learners

X = torch.zeros(5, 4)


class Own(nn.Linear):
    """Of the package, as far as its name says."""


Own.__module__ = "kdsurvey.made_up"


def test_a_learner_returns_logits_of_all_classes_inside_and_is_free_after_it():
    net, other = nn.Linear(4, 2), nn.Linear(4, 3)
    with learners.looked_at([net, other], 3):
        other(X)
        message = r"^Linear returns \(5, 2\), logits of 2 classes; the data has 3$"
        with pytest.raises(ValueError, match=message):
            net(X)
    net(X)
    with learners.looked_at([net], 2):
        net(X)


def test_a_net_of_the_package_may_return_what_are_no_logits():
    net = Own(4, 2)
    with learners.looked_at([net], 3):
        assert net(X).shape == (5, 2)


def test_a_learner_that_fails_on_its_inputs_is_named_with_their_shape():
    net, outer = nn.Linear(6, 3), nn.Sequential(nn.Linear(4, 3))
    with (
        pytest.raises(
            ValueError, match=r"^Linear does not take inputs of shape \(4,\)"
        ),
        learners.looked_at([net], 3),
    ):
        net(X)
    with pytest.raises(RuntimeError, match=r"^mine$"), learners.looked_at([outer], 3):
        outer(X)
        raise RuntimeError("mine")


def test_the_device_of_a_net_is_that_of_its_weights():
    assert (
        learners.home(nn.Linear(2, 2, device="meta"), torch.device("cpu")).type
        == "meta"
    )
    assert learners.home(nn.ReLU(), torch.device("meta")).type == "meta"


def test_frozen_parts_stay_in_eval_mode():
    frozen = (
        nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).requires_grad_(False).eval()
    )
    loose = nn.BatchNorm1d(4).eval()
    net = nn.Sequential(frozen, loose, nn.Dropout(), nn.Linear(4, 3))
    still = learners.frozen_parts([net])
    assert set(still) == set(frozen.modules())
    learners.to_train([net], still)
    modes = [part.training for part in net]
    assert modes == [False, True, True, True] and not frozen[1].training
    frozen.train()
    assert learners.frozen_parts([net]) == []


def test_learners_are_back_home_even_after_an_error():
    net = nn.Linear(2, 2)
    with pytest.raises(KeyError), learners.visiting([net], torch.device("cpu")):
        raise KeyError
    assert net.weight.device.type == "cpu"


@pytest.mark.parametrize("moment", range(1, 13))
def test_whenever_an_interrupt_comes_no_hook_is_left(moment):
    """Up to the line that takes the hooks away, before which no signal is looked at."""
    net = nn.Sequential(nn.Linear(4, 3))
    left = moment

    def interrupt(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename != learners.__file__:
            return None
        left -= event == "line"
        if left == 0:
            left = -1
            raise KeyboardInterrupt
        return interrupt

    tracer = sys.gettrace()  # coverage's, where there is one
    sys.settrace(interrupt)
    try:
        with suppress(KeyboardInterrupt), learners.looked_at([net], 3):
            pass
    finally:
        sys.settrace(tracer)
    assert left == -1
    assert not net._forward_hooks and not net._forward_pre_hooks

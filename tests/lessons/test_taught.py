"""The small digits, and the nets for them, with which several designs begin."""

import pytest
import torch

from kdsurvey import nets
from kdsurvey.lessons import taught
from kdsurvey.lessons.alone import on_labels
from kdsurvey.training import accuracy


def parts(data):
    return data.train, data.validation, data.test


@pytest.fixture(scope="module")
def dealt():
    return taught.digits_and_teacher(0)


def test_a_seed_deals_its_own_digits_to_three_parts(dealt):
    digits, _ = dealt
    assert [len(x) for x, _ in parts(digits)] == [3000, 1000, 1000]
    assert {x.shape[1:] for x, _ in parts(digits)} == {(1, 14, 14)}
    assert not torch.equal(digits.train[0], taught.small_digits(1).train[0])


def test_a_teacher_has_learnt_all_digits_however_few_there_are(dealt):
    digits, teacher = dealt
    few, same = taught.few_digits_and_teacher(0)
    assert same is teacher and accuracy(teacher, *digits.test) > 0.88
    assert len(few.train[0]) == 180
    assert torch.equal(few.test[0], digits.test[0])


def test_nets_have_the_weights_that_the_exercises_count():
    for net, weights in ((taught.small_net(0), 6220), (taught.wide_net(0), 17418)):
        assert nets.parameters(net) == weights
        assert net(torch.zeros(1, 1, 14, 14)).shape == (1, 10)


def test_a_wide_net_learns_wrong_labels_by_heart():
    """Of the labels 36 % are wrong: two fifths are redrawn, a tenth of those as they were."""
    noisy = taught.noisy_digits(0, count=1000)
    assert len(noisy.train[0]) == 1000
    net = on_labels(taught.wide_net(0), noisy, taught.LONG, 0)
    assert accuracy(net, *noisy.train) > 0.84
    assert accuracy(net, *noisy.test) < 0.8

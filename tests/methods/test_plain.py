"""Training without a teacher: the labels alone, and label smoothing."""

import numpy as np
import pytest
import torch
from methods.contract import Case, Example, small_net
from methods.given import Given, draw
from patterns import small

from kdsurvey.methods import plain
from kdsurvey.stage import Batch


def labels_alone(**options) -> Example:
    net = small_net(0)
    return Example(plain(net, **options), [net])


CONTRACT = {
    "plain": Case(labels_alone),
    "plain, smoothed": Case(lambda: labels_alone(smoothing=0.1), labelled=False),
}
DEFAULTS = {
    "plain": {"smoothing": 0.0},
}
REFUSED = {
    "smoothing below 0": lambda: labels_alone(smoothing=-0.1),
    "smoothing = 1": lambda: labels_alone(smoothing=1.0),
    "nets in a list": lambda: plain([small()]),
    "smoothing that is no number": lambda: plain(small(), smoothing="0.1"),
}


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
def test_the_loss_is_the_cross_entropy_with_smoothed_labels(smoothing):
    z = draw(0, 5, 4)
    y = np.array([0, 1, 2, 3, 1])
    u = (1 - smoothing) * np.eye(4)[y] + smoothing / 4
    log_q = z - np.log(np.exp(z).sum(1, keepdims=True))
    (stage,) = plain(Given(z), smoothing=smoothing)
    ((_, loss),) = stage.learn.items()
    x = torch.zeros(5, 1)
    batch = Batch(x, torch.from_numpy(y), torch.arange(5), x)
    (term,) = loss(batch, 0.0).values()
    assert term.item() == pytest.approx(
        -(u * log_q).sum(1).mean(), rel=1e-6
    )  # u is float32

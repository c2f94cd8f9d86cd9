"""Images for matplotlib: in grey and in colour."""

import torch

from kdsurvey.panels.kit.images import pictures


def test_pictures_in_grey_and_in_colour():
    x = torch.rand(2, 3, 4, 5)
    assert pictures(x).shape == (2, 4, 5, 3) and pictures(x[:, :1]).shape == (2, 4, 5)
    assert pictures(x)[1, 2, 3, 0] == x[1, 0, 2, 3]

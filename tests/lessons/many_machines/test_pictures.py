"""What the pictures of codistillation show of given rows."""

import numpy as np
import pandas as pd
import pytest
from lessons.favoured import some_rows

from kdsurvey.data import mnist_5k
from kdsurvey.lessons.many_machines import pictures
from kdsurvey.nets import mlp


def test_what_an_exchange_is_worth():
    rows = some_rows(
        **{
            "never": 0.5,
            "every 1": 0.6,
            "every 100": 0.55,
            "never, label smoothing": 0.9,
        }
    ).assign(noise=0.2)
    right = rows.assign(
        noise=0.0, accuracy=rows["accuracy"] - (rows["arm"] == "never") * 0.1
    )
    found = pictures.staleness(pd.concat([rows, right]))
    assert list(found) == [
        "20 % of the labels redrawn, 20 epochs",
        "labels right, 20 epochs",
    ]
    wrong, clean = found.values()
    assert wrong == pytest.approx(
        np.array([[10, 5], [10, 5]])
    ) and clean == pytest.approx(np.array([[20, 15], [20, 15]]))


def test_images_in_dispute_are_those_on_which_two_nets_differ():
    digits = mnist_5k().hold_out(500)
    pair = mlp(784, 10, seed=0), mlp(784, 10, seed=1)
    images, titles = pictures.disputed(pair, digits, 6)
    assert images.shape == (6, 28, 28) and images.min() == 0 and images.max() == 1
    x, y = digits.test
    answers = zip(y, *(net(x).argmax(1) for net in pair))
    expected = [f"{label}: {a}, {b}" for label, a, b in answers if a != b]
    assert titles == expected[:6]
